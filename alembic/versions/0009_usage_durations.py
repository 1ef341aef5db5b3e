"""The first durations of each row of usage as they were: of few calls, percentiles are read off the values themselves.

Revision: 0009.
"""

import sqlalchemy as sa

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("began_list", "total_list"):
        op.add_column("usage_hour", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")))


def downgrade() -> None:
    raise RuntimeError("Going back is not supported. Restore a backup instead.")
