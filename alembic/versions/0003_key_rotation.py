"""When a provider's key was used last, and which key it takes the place of.

Revision: 0003.
"""

import sqlalchemy as sa

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("credential", sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("credential", sa.Column("replaces", sa.String(length=36), nullable=True))


def downgrade() -> None:
    raise RuntimeError("Going back is not supported. Restore a backup instead.")
