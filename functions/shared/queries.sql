-- The statements of the repository, by name. State changes are conditional: the WHERE is the lock.

-- name: insert
INSERT INTO transactions (transaction_id, user_id, filename, content_type, declared_size, declared_sha256,
                          upload_expires_at, uploads_bucket, stored_path_original, converted_bucket, original_format,
                          target_format, options, reconcile_at)
VALUES (%(transaction_id)s, %(user_id)s, %(filename)s, %(content_type)s, %(declared_size)s, %(declared_sha256)s,
        %(upload_expires_at)s, %(uploads_bucket)s, %(stored_path_original)s, %(converted_bucket)s, %(original_format)s,
        coalesce(%(options)s::jsonb ->> 'container', 'mp4'), %(options)s,
        now() + make_interval(secs => %(reconcile_in_s)s))

-- name: remember_key
-- An open claim on the key by another db transaction makes this one wait for its outcome.
INSERT INTO idempotency_keys (user_id, endpoint, key, fingerprint, transaction_ids)
VALUES (%(user_id)s, %(endpoint)s, %(key)s, %(fingerprint)s, %(transaction_ids)s::uuid[])
ON CONFLICT DO NOTHING
RETURNING key

-- name: recall_key
SELECT fingerprint, transaction_ids::text[] AS transaction_ids FROM idempotency_keys
 WHERE user_id = %(user_id)s AND endpoint = %(endpoint)s AND key = %(key)s

-- name: forget
WITH gone AS (
    DELETE FROM transactions
     WHERE transaction_id = ANY(%(ids)s::uuid[]) AND stored_at IS NULL AND status IN ('Pending', 'Expired')
    RETURNING transaction_id)
DELETE FROM idempotency_keys WHERE transaction_ids && ARRAY(SELECT transaction_id FROM gone)

-- name: extend_link
UPDATE transactions
   SET upload_expires_at = %(upload_expires_at)s, status = 'Pending', updated_time = now(),
       reconcile_at = now() + make_interval(secs => %(reconcile_in_s)s)
 WHERE transaction_id = %(transaction_id)s AND user_id = %(user_id)s
   AND status IN ('Pending', 'Expired') AND stored_at IS NULL
RETURNING transaction_id

-- name: get
-- Named columns, not all: the statement that pollers run.
SELECT transaction_id, user_id, filename, content_type, uploads_bucket, stored_path_original, stored_at, source_size,
       source_etag, converted_bucket, stored_path_converted, converted_size, converted_sha256, original_format,
       original_codec, target_format, target_codec, options, media, status, error_code, error_reason, attempt, worker,
       progress, result, result_reason, dropped, warnings, receipt_key, previews, quality,
       converting_since, converting_until, start_time, updated_time
  FROM transactions
 WHERE transaction_id = %(transaction_id)s

-- name: queue_ahead
-- A statement of its own: planning it costs more than reading a row, and few rows wait.
SELECT count(*) AS ahead FROM transactions WHERE status IN ('Pending', 'Retrying') AND stored_at < %(stored_at)s

-- name: note_stored
-- An expired row waits for a worker again.
UPDATE transactions
   SET status = 'Pending', stored_at = now(), source_etag = %(etag)s, source_size = %(size)s, updated_time = now(),
       reissues = 0, reconcile_at = now() + make_interval(secs => %(reconcile_in_s)s)
 WHERE uploads_bucket = %(bucket)s AND stored_path_original = %(key)s
   AND stored_at IS NULL AND status IN ('Pending', 'Expired')
RETURNING transaction_id

-- name: claim
-- Take the transaction unless a live lease or a running retry delay holds it.
UPDATE transactions
   SET status = 'Converting', attempt = attempt + 1, message_id = %(message_id)s, worker = %(worker)s,
       lease_until = now() + make_interval(secs => %(lease_s)s), retry_at = NULL,
       stored_at = coalesce(stored_at, now()), source_etag = %(etag)s, source_size = %(size)s,
       error_code = NULL, error_reason = NULL,
       progress = '{"stage": "fetch", "percent": 0.0}', converting_since = now(), converting_until = NULL,
       reissues = 0, reconcile_at = now() + make_interval(secs => %(lease_s)s), updated_time = now()
 WHERE uploads_bucket = %(bucket)s AND stored_path_original = %(key)s
   AND (source_etag IS NULL OR source_etag = %(etag)s)
   AND attempt - attempts_base < %(attempts_limit)s
   AND (status IN ('Pending', 'Expired')
        OR (status = 'Retrying' AND (retry_at IS NULL OR retry_at <= now()))
        OR (status = 'Converting' AND lease_until < now()))
RETURNING transaction_id, attempt, attempts_base, converted_bucket, options

-- name: why_not_claimed
SELECT transaction_id, status, message_id, attempt, attempts_base,
       source_etag IS NOT NULL AND source_etag <> %(etag)s AS superseded,
       extract(epoch FROM coalesce(lease_until, retry_at) - now())::float AS held_s
  FROM transactions
 WHERE uploads_bucket = %(bucket)s AND stored_path_original = %(key)s

-- name: renew
UPDATE transactions
   SET lease_until = now() + make_interval(secs => %(lease_s)s), progress = %(progress)s,
       reconcile_at = now() + make_interval(secs => %(lease_s)s), updated_time = now()
 WHERE transaction_id = %(transaction_id)s AND attempt = %(attempt)s AND status = 'Converting'
RETURNING transaction_id

-- name: record_media
UPDATE transactions
   SET original_format = %(original_format)s, original_codec = %(original_codec)s, media = %(media)s,
       encoder = coalesce(encoder, %(encoder)s),
       source_size = coalesce((%(media)s::jsonb ->> 'size')::bigint, source_size), updated_time = now()
 WHERE transaction_id = %(transaction_id)s AND attempt = %(attempt)s AND status = 'Converting'
RETURNING transaction_id

-- name: complete
UPDATE transactions
   SET status = 'Completed', stored_path_converted = %(key)s, converted_size = %(size)s,
       converted_sha256 = %(sha256)s, result = %(outcome)s, result_reason = %(reason)s,
       target_format = %(target_format)s, target_codec = %(target_codec)s, dropped = %(dropped)s,
       warnings = %(warnings)s, receipt_key = %(receipt_key)s, previews = %(previews)s, quality = %(quality)s,
       progress = '{"stage": "done", "percent": 100.0}', lease_until = NULL,
       error_code = NULL, error_reason = NULL, converting_until = now(), updated_time = now()
 WHERE transaction_id = %(transaction_id)s AND attempt = %(attempt)s AND status = 'Converting'
RETURNING transaction_id

-- name: completed_with
SELECT transaction_id FROM transactions
 WHERE transaction_id = %(transaction_id)s AND status = 'Completed' AND stored_path_converted = %(key)s

-- name: fail
UPDATE transactions
   SET status = 'Failed', error_code = %(error_code)s, error_reason = %(error_reason)s, lease_until = NULL,
       converting_until = now(), updated_time = now()
 WHERE transaction_id = %(transaction_id)s AND attempt = %(attempt)s AND status = 'Converting'
RETURNING transaction_id

-- name: retry
UPDATE transactions
   SET status = 'Retrying', retry_at = now() + make_interval(secs => %(delay_s)s), lease_until = NULL,
       attempts_base = attempts_base + %(given_back)s, error_code = %(error_code)s, error_reason = %(error_reason)s,
       converting_until = now(), reconcile_at = now() + make_interval(secs => %(reconcile_in_s)s), updated_time = now()
 WHERE transaction_id = %(transaction_id)s AND attempt = %(attempt)s AND status = 'Converting'
RETURNING transaction_id

-- name: dead_letter
-- Only a row that nobody works on: a live lease elsewhere may still succeed, and a redrive came later than the letter.
UPDATE transactions
   SET status = 'Failed', lease_until = NULL, retry_at = NULL,
       error_code = coalesce(error_code, %(error_code)s),
       error_reason = %(prefix)s || replace(coalesce(error_reason, %(error_reason)s), %(retried)s, %(given_up)s),
       converting_until = coalesce(converting_until, now()), updated_time = now()
 WHERE uploads_bucket = %(bucket)s AND stored_path_original = %(key)s
   AND status NOT IN ('Completed', 'Failed') AND (lease_until IS NULL OR lease_until < now())
   AND NOT (status = 'Retrying' AND attempt = attempts_base)
RETURNING transaction_id

-- name: redrive
UPDATE transactions
   SET status = 'Retrying', attempts_base = attempt, retry_at = NULL, lease_until = NULL, swept_at = NULL,
       reissues = 0, reconcile_at = now() + make_interval(secs => %(reconcile_in_s)s), updated_time = now()
 WHERE transaction_id = %(transaction_id)s AND status = 'Failed' AND source_etag IS NOT NULL
RETURNING uploads_bucket, stored_path_original, source_size, source_etag

-- name: failed_ids
SELECT transaction_id FROM transactions WHERE status = 'Failed' AND source_etag IS NOT NULL ORDER BY updated_time

-- name: due_for_reconciling
SELECT transaction_id, user_id, status, uploads_bucket, stored_path_original, source_etag, source_size, reissues,
       upload_expires_at + make_interval(secs => %(expire_after_s)s) < now() AS overdue,
       upload_expires_at + make_interval(secs => %(expire_after_s)s) < now() - interval '1 day' AS long_gone
  FROM transactions
 WHERE status IN ('Pending', 'Converting', 'Retrying', 'Expired') AND reconcile_at < now()
   AND (status <> 'Converting' OR lease_until < now())
   AND (status <> 'Retrying' OR retry_at IS NULL OR retry_at < now())
 ORDER BY reconcile_at
 LIMIT %(limit)s

-- name: reconciled
-- Unless somebody has taken the row meanwhile: its lease says then when to look again.
UPDATE transactions
   SET reissues = %(reissues)s, reconcile_at = coalesce(now() + make_interval(secs => %(wait_s)s), 'infinity')
 WHERE transaction_id = %(transaction_id)s AND reconcile_at < now()

-- name: expire
UPDATE transactions SET status = 'Expired', updated_time = now()
 WHERE transaction_id = %(transaction_id)s AND status = 'Pending' AND stored_at IS NULL
   AND upload_expires_at + make_interval(secs => %(expire_after_s)s) < now()
RETURNING transaction_id

-- name: unswept
-- Once soon after the row's end and once an hour later: an attempt that was cut off from us may publish after the first.
SELECT transaction_id, converted_bucket, stored_path_converted, attempt FROM transactions
 WHERE status IN ('Completed', 'Failed') AND (swept_at IS NULL OR swept_at - updated_time < interval '1 hour')
   AND updated_time < now() - CASE WHEN swept_at IS NULL THEN make_interval(secs => %(after_s)s) ELSE '1 hour' END
 ORDER BY updated_time LIMIT %(limit)s

-- name: swept
UPDATE transactions SET swept_at = now()
 WHERE transaction_id = %(transaction_id)s AND status IN ('Completed', 'Failed')

-- name: count_by_status
SELECT status, count(*) AS count FROM transactions GROUP BY status

-- name: add_to_metrics
-- In one order, so that workers that write at once wait for each other and never in a circle.
INSERT INTO metrics (sample, labels, value)
SELECT * FROM unnest(%(samples)s::text[], %(labels)s::jsonb[], %(values)s::float8[]) ORDER BY 1, 2
    ON CONFLICT (sample, labels) DO UPDATE SET value = metrics.value + excluded.value

-- name: metrics
SELECT sample, labels, value FROM metrics ORDER BY sample, labels

-- name: ping
SELECT version_num FROM alembic_version
