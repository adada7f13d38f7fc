"""transactions and idempotency keys"""

from alembic import op

revision = "0001"
down_revision = None

TRANSACTIONS = """
CREATE TABLE transactions (
    transaction_id         uuid PRIMARY KEY,
    user_id                uuid NOT NULL,
    filename               text NOT NULL,
    content_type           text NOT NULL,
    declared_size          bigint CHECK (declared_size >= 0),
    declared_sha256        text CHECK (declared_sha256 ~ '^[0-9a-f]{64}$'),
    upload_expires_at      timestamptz NOT NULL,

    uploads_bucket         text NOT NULL,
    stored_path_original   text NOT NULL,
    stored_at              timestamptz,
    source_etag            text,
    source_size            bigint,
    converted_bucket       text NOT NULL,
    stored_path_converted  text,
    converted_size         bigint,
    converted_sha256       text,

    original_format        text NOT NULL,
    original_codec         text,
    target_format          text NOT NULL DEFAULT 'mp4',
    target_codec           text NOT NULL DEFAULT 'h265',
    options                jsonb NOT NULL,
    encoder                text,
    media                  jsonb,

    status                 text NOT NULL DEFAULT 'Pending'
        CHECK (status IN ('Pending', 'Converting', 'Retrying', 'Completed', 'Failed', 'Expired')),
    error_code             text,
    error_reason           text,

    attempt                integer NOT NULL DEFAULT 0,
    attempts_base          integer NOT NULL DEFAULT 0,
    message_id             text,
    worker                 text,
    lease_until            timestamptz,
    retry_at               timestamptz,
    progress               jsonb,
    converting_since       timestamptz,
    converting_until       timestamptz,

    reissues               integer NOT NULL DEFAULT 0,
    reconcile_at           timestamptz NOT NULL DEFAULT now(),
    swept_at               timestamptz,

    start_time             timestamptz NOT NULL DEFAULT now(),
    updated_time           timestamptz NOT NULL DEFAULT now(),

    CHECK (status <> 'Completed' OR (stored_path_converted IS NOT NULL AND converted_sha256 IS NOT NULL)),
    CHECK (status <> 'Failed' OR (error_code IS NOT NULL AND error_reason IS NOT NULL)),
    UNIQUE (uploads_bucket, stored_path_original)
);
COMMENT ON COLUMN transactions.stored_at IS 'When the object was first heard of; orders the queue.';
COMMENT ON COLUMN transactions.attempt IS 'Number of claims so far: the fencing token of the newest one.';
COMMENT ON COLUMN transactions.attempts_base IS
    'Claims that do not count against the limit: those before a redrive, and those a stopping worker gave back.';
COMMENT ON COLUMN transactions.message_id IS 'The queue''s id of the message that the newest claim was made under.';
COMMENT ON COLUMN transactions.options IS
    'What the client asked for and our defaults of that day: a retry never takes newer ones.';

CREATE INDEX transactions_user ON transactions (user_id, start_time DESC);
CREATE INDEX transactions_waiting ON transactions (stored_at) WHERE status IN ('Pending', 'Retrying');
CREATE INDEX transactions_reconcile ON transactions (reconcile_at)
    WHERE status IN ('Pending', 'Converting', 'Retrying', 'Expired');
CREATE INDEX transactions_unswept ON transactions (updated_time)
    WHERE status IN ('Completed', 'Failed') AND swept_at IS NULL;
"""

IDEMPOTENCY_KEYS = """
CREATE TABLE idempotency_keys (
    user_id          uuid NOT NULL,
    endpoint         text NOT NULL,
    key              text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint      text NOT NULL,
    transaction_ids  uuid[] NOT NULL,
    created_time     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, endpoint, key)
);
"""


def upgrade() -> None:
    op.execute(TRANSACTIONS)
    op.execute(IDEMPOTENCY_KEYS)


def downgrade() -> None:
    op.execute("DROP TABLE idempotency_keys")
    op.execute("DROP TABLE transactions")
