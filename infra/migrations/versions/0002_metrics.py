"""what the workers counted"""

from alembic import op

revision = "0002"
down_revision = "0001"

METRICS = """
CREATE TABLE metrics (
    sample  text NOT NULL,
    labels  jsonb NOT NULL,
    value   double precision NOT NULL,
    PRIMARY KEY (sample, labels)
);
COMMENT ON TABLE metrics IS 'Sums over all workers, living and dead, as Prometheus names the samples.';
"""


def upgrade() -> None:
    op.execute(METRICS)


def downgrade() -> None:
    op.execute("DROP TABLE metrics")
