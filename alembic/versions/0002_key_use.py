"""When a client key was used last, and how that call ended.

Revision: 0002.
"""

import sqlalchemy as sa

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("client_key", sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("client_key", sa.Column("last_model", sa.String(length=260), nullable=True))
    op.add_column("client_key", sa.Column("last_status", sa.Integer(), nullable=True))
    op.add_column("client_key", sa.Column("last_ms", sa.Integer(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("Going back is not supported. Restore a backup instead.")
