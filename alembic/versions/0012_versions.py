"""Versions of keys, app keys and accounts, and what each version of a row changed.

Revision: 0012. The columns of rows with a MAC may be NULL, which leaves the MACs as they are.
"""

import sqlalchemy as sa

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("credential", sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.add_column("client_key", sa.Column("version", sa.Integer(), nullable=True))
    op.add_column("client_key", sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("user_account", sa.Column("version", sa.Integer(), nullable=True))
    op.create_table(
        "revision_note",
        sa.Column("resource_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("actor_type", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.Column("actor_name", sa.String(length=254), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("resource_id", "version", name=op.f("pk_revision_note")),
    )


def downgrade() -> None:
    raise RuntimeError("Going back is not supported. Restore a backup instead.")
