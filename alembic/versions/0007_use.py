"""What use changes leaves the rows of people, sessions and client keys: last sign-in, last seen, last call.

Revision: 0007.
"""

import sqlalchemy as sa

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _use_of("user_account", "user_id", sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=False))
    op.execute(
        "INSERT INTO user_account_use (user_id, signed_in_at)"
        " SELECT id, last_login_at FROM user_account WHERE last_login_at IS NOT NULL"
    )
    op.drop_column("user_account", "last_login_at")

    _use_of("user_session", "session_id", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False))
    op.execute("INSERT INTO user_session_use (session_id, seen_at) SELECT id, seen_at FROM user_session")
    op.drop_column("user_session", "seen_at")

    _use_of(
        "client_key",
        "client_key_id",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model", sa.String(length=260), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("ms", sa.Integer(), nullable=False),
    )
    op.execute(
        "INSERT INTO client_key_use (client_key_id, at, model, status, ms)"
        " SELECT id, last_used_at, coalesce(last_model, ''), coalesce(last_status, 0), coalesce(last_ms, 0)"
        " FROM client_key WHERE last_used_at IS NOT NULL"
    )
    for name in ("last_used_at", "last_model", "last_status", "last_ms"):
        op.drop_column("client_key", name)


def _use_of(table: str, key: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        f"{table}_use",
        sa.Column(key, sa.String(length=36), nullable=False),
        *columns,
        sa.ForeignKeyConstraint([key], [f"{table}.id"], name=op.f(f"fk_{table}_use_{key}_{table}"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint(key, name=op.f(f"pk_{table}_use")),
    )


def downgrade() -> None:
    raise RuntimeError("Going back is not supported. Restore a backup instead.")
