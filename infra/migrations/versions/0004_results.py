"""what a conversion delivered: how it came about, what it left out, and what lies beside it"""

from alembic import op

revision = "0004"
down_revision = "0003"

RESULTS = """
ALTER TABLE transactions
    ADD COLUMN result text CHECK (result IN ('converted', 'remuxed', 'kept_original')),
    ADD COLUMN result_reason text,
    ADD COLUMN dropped jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN warnings jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN receipt_key text,
    ADD COLUMN previews jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN transactions.result IS
    'Null until Completed; of rows that older code completed it stays null, and they are converted.';
COMMENT ON COLUMN transactions.previews IS 'Keys in the converted bucket, by the name of the preview.';
"""
NO_RESULTS = """
ALTER TABLE transactions
    DROP COLUMN result, DROP COLUMN result_reason, DROP COLUMN dropped, DROP COLUMN warnings,
    DROP COLUMN receipt_key, DROP COLUMN previews
"""


def upgrade() -> None:
    op.execute(RESULTS)


def downgrade() -> None:
    op.execute(NO_RESULTS)
