"""how good a result is: the rate factor that it was encoded at and the VMAF that was measured"""

from alembic import op

revision = "0005"
down_revision = "0004"

QUALITY = """
ALTER TABLE transactions ADD COLUMN quality jsonb;
COMMENT ON COLUMN transactions.quality IS
    'Of the encoded result: {"crf", "vmaf", "p5"}, the last two null where nothing was measured. Null where the picture'
    ' was copied, and of rows that older code completed.';
"""
NO_QUALITY = "ALTER TABLE transactions DROP COLUMN quality"


def upgrade() -> None:
    op.execute(QUALITY)


def downgrade() -> None:
    op.execute(NO_QUALITY)
