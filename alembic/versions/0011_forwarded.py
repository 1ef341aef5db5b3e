"""When a process saw X-Forwarded-For of a peer that is no proxy it was told of, and which peer.

Revision: 0011.
"""

import sqlalchemy as sa

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("worker_heartbeat", sa.Column("forwarded_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("worker_heartbeat", sa.Column("forwarded_by", sa.String(length=64), nullable=False, server_default=sa.text("''")))


def downgrade() -> None:
    raise RuntimeError("Going back is not supported. Restore a backup instead.")
