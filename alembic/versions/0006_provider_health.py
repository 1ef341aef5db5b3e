"""The newest attempts at each provider, from which its health follows.

Revision: 0006.
"""

import sqlalchemy as sa

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "provider_health",
        sa.Column("provider_id", sa.String(length=36), nullable=False),
        sa.Column("configuration", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.JSON(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["provider.id"], name=op.f("fk_provider_health_provider_id_provider"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("provider_id", name=op.f("pk_provider_health")),
    )
    op.create_index(op.f("ix_provider_health_seq"), "provider_health", ["seq"])


def downgrade() -> None:
    raise RuntimeError("Going back is not supported. Restore a backup instead.")
