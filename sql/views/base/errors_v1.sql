-- summary: Failures of the provider, of tools, of hooks and of the agent itself.
-- grain: error_id
-- status: current
-- since: 0.1.0
-- columns:
--   error_id        The error.
--   session_id      Its session.
--   run_id          Its run.
--   turn_id         Its turn.
--   seq             Order within the session.
--   occurred_at     Instant, UTC.
--   source          api, tool, agent, hook.
--   error_type      rate_limit, overloaded, timeout, auth, invalid_request, context_length, network, server, api_retry, unknown.
--   http_status     HTTP status.
--   retry_after_ms  Wait before the next attempt, milliseconds.
--   attempt         Attempt number.
--   is_final        No further attempt was made.
--   message_hash    Hash of the message.
--   source_id       File.
--   line            Line.
SELECT
    e.error_id,
    e.session_id,
    e.run_id,
    e.turn_id,
    e.seq,
    e.occurred_at,
    e.source,
    coalesce(e.error_type, 'unknown') AS error_type,
    e.http_status::INTEGER AS http_status,
    e.retry_after_ms,
    e.attempt::INTEGER AS attempt,
    e.is_final,
    e.message_hash,
    e.source_id,
    e.line
FROM raw.errors AS e
ANTI JOIN raw.copies AS d ON d.source_id = e.source_id AND d.line = e.line
