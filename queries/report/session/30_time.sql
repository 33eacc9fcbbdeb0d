-- title: Where the time went
-- kind: facts
-- note: The main run, by the instants in the log. Tool time contains approvals where the log does not report them.
-- label: span_ms = from first to last
-- label: active_ms = at work
-- label: retry_wait_ms = waiting for the provider
-- label: user_ms = waiting for the user
-- label: suspended_ms = asleep
-- label: unknown_ms = cannot be told
-- optional: model_ms, tool_ms, approval_ms, retry_wait_ms, compaction_ms, user_ms, idle_ms, suspended_ms, unknown_ms
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
