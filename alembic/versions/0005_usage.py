"""Usage by the hour, the names of what was used, and the last batch of each writer.

Revision: 0005.
"""

import sqlalchemy as sa

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SUMS = ("requests", "errors", "reported", "tokens_in", "tokens_out", "tokens_cached", "priced", "cost", "began_ms", "total_ms")
CLASSES = 16


def upgrade() -> None:
    op.create_table(
        "usage_hour",
        sa.Column("hour", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("provider_id", sa.String(length=36), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("credential_id", sa.String(length=36), nullable=False),
        sa.Column("client_key_id", sa.String(length=36), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in SUMS),
        *(sa.Column(f"{what}_{number}", sa.Integer(), nullable=False) for what in ("began", "total") for number in range(CLASSES)),
        sa.PrimaryKeyConstraint("hour", "provider_id", "model", "credential_id", "client_key_id", name=op.f("pk_usage_hour")),
    )
    op.create_table(
        "usage_name",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("seen_hour", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_name")),
    )
    op.create_table(
        "usage_batch",
        sa.Column("writer_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("writer_id", name=op.f("pk_usage_batch")),
    )


def downgrade() -> None:
    raise RuntimeError("Going back is not supported. Restore a backup instead.")
