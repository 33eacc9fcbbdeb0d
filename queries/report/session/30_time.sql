-- title: Where the time went
-- kind: facts
-- note: The main run. Model and tool time are derived from the instants of the log; tool time contains approvals where the log does not report them.
SELECT
    t.span_ms,
    t.active_ms,
    t.model_ms,
    t.tool_ms,
    t.approval_ms,
    t.retry_wait_ms,
    t.compaction_ms,
    t.user_ms,
    t.idle_ms,
    t.suspended_ms,
    t.unknown_ms
FROM session_time_v1 AS t
WHERE t.session_id = $session
