"""the index of rows to sweep holds those that were swept in their first hour, too"""

from alembic import op

revision = "0003"
down_revision = "0002"

DROP = "DROP INDEX transactions_unswept"
UNSWEPT = """
CREATE INDEX transactions_unswept ON transactions (updated_time)
    WHERE status IN ('Completed', 'Failed') AND (swept_at IS NULL OR swept_at - updated_time < interval '1 hour')
"""
UNSWEPT_ONCE = """
CREATE INDEX transactions_unswept ON transactions (updated_time)
    WHERE status IN ('Completed', 'Failed') AND swept_at IS NULL
"""


def upgrade() -> None:
    op.execute(DROP)
    op.execute(UNSWEPT)


def downgrade() -> None:
    op.execute(DROP)
    op.execute(UNSWEPT_ONCE)
