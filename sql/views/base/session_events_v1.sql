-- summary: What happened in a session beside messages and calls.
-- grain: event_id
-- status: current
-- since: 0.1.0
-- columns:
--   event_id       The event.
--   session_id     Its session.
--   run_id         Its run.
--   turn_id        Its turn.
--   seq            Order within the session.
--   occurred_at    Instant, UTC.
--   event          interrupt, approval_requested, approval_resolved, compaction, compaction_start, compaction_end, model_changed, mode_changed, hook, rewind, limit_seen, version_changed, workspace_changed, branch_changed.
--   tokens_before  Context before, tokens.
--   tokens_after   Context after, tokens.
--   duration_ms    Duration, milliseconds.
--   detail         A name or short class.
--   source_id      File.
--   line           Line.
SELECT
    e.event_id,
    e.session_id,
    e.run_id,
    e.turn_id,
    e.seq,
    e.occurred_at,
    e.event,
    e.tokens_before,
    e.tokens_after,
    e.duration_ms,
    e.detail,
    e.source_id,
    e.line
FROM raw.events AS e
ANTI JOIN raw.copies AS d ON d.source_id = e.source_id AND d.line = e.line
