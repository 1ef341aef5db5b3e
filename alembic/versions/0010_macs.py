"""MACs for the rows that let somebody in or allow something, and for the end of the audit.

Revision: 0010. A migration has no master key: the rows get their MACs at the next start (app/services/keyring.py). Sessions are not
taken over; everybody signs in again.
"""

import sqlalchemy as sa

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = ("user_account", "user_session", "client_key", "client_key_grant", "egress_approval", "audit_head")


def upgrade() -> None:
    op.execute("DELETE FROM user_session_use")
    op.execute("DELETE FROM user_session")
    for table in TABLES:
        op.add_column(table, sa.Column("mac", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("Going back is not supported. Restore a backup instead.")
