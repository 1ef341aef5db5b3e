"""When the recovery kit of a master key was taken, and when somebody said that it is kept.

Revision: 0004.
"""

import sqlalchemy as sa

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("crypto_key", sa.Column("kit_issued_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("crypto_key", sa.Column("kit_acknowledged_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    raise RuntimeError("Going back is not supported. Restore a backup instead.")
