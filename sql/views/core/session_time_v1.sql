-- summary: The time budget of each session's main run: the parts add up to the span.
-- grain: session_id
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id     The session.
--   span_ms        From the first to the last event.
--   model_ms       The model worked.
--   tool_ms        Tools worked; holds approvals where the log does not show them.
--   approval_ms    Waited for the user's approval.
--   retry_wait_ms  Waited after an API error.
--   compaction_ms  The context was compacted.
--   user_ms        The user read and wrote, up to 10 minutes of each gap.
--   idle_ms        What the gaps of user and approval have beyond 10 minutes.
--   suspended_ms   What the gaps of all others have beyond 60 minutes: the machine slept.
--   unknown_ms     Nobody can say.
--   active_ms      All parts but idle and suspended.
WITH cutoffs AS (
    SELECT
        coalesce(max(num) FILTER (WHERE key = 'time.idle_cutoff_ms'), 600000)::BIGINT AS idle_cutoff_ms,
        coalesce(max(num) FILTER (WHERE key = 'time.suspend_cutoff_ms'), 3600000)::BIGINT AS suspend_cutoff_ms
    FROM settings_v1
),

gaps AS (
    SELECT
        g.session_id, g.owner, g.gap_ms,
        CASE
            WHEN g.owner IN ('user', 'approval') THEN least(g.gap_ms, c.idle_cutoff_ms)
            WHEN g.owner = 'unknown' THEN g.gap_ms
            ELSE least(g.gap_ms, c.suspend_cutoff_ms)
        END AS own_ms
    FROM timeline_gaps_v1 AS g
    CROSS JOIN cutoffs AS c
    WHERE g.run_kind = 'main'
)

SELECT
    session_id,
    sum(gap_ms)::BIGINT AS span_ms,
    coalesce(sum(own_ms) FILTER (WHERE owner = 'model'), 0)::BIGINT AS model_ms,
    coalesce(sum(own_ms) FILTER (WHERE owner = 'tool'), 0)::BIGINT AS tool_ms,
    coalesce(sum(own_ms) FILTER (WHERE owner = 'approval'), 0)::BIGINT AS approval_ms,
    coalesce(sum(own_ms) FILTER (WHERE owner = 'retry_wait'), 0)::BIGINT AS retry_wait_ms,
    coalesce(sum(own_ms) FILTER (WHERE owner = 'compaction'), 0)::BIGINT AS compaction_ms,
    coalesce(sum(own_ms) FILTER (WHERE owner = 'user'), 0)::BIGINT AS user_ms,
    coalesce(sum(gap_ms - own_ms) FILTER (WHERE owner IN ('user', 'approval')), 0)::BIGINT AS idle_ms,
    coalesce(sum(gap_ms - own_ms) FILTER (WHERE owner NOT IN ('user', 'approval')), 0)::BIGINT AS suspended_ms,
    coalesce(sum(own_ms) FILTER (WHERE owner = 'unknown'), 0)::BIGINT AS unknown_ms,
    sum(own_ms)::BIGINT AS active_ms
FROM gaps
GROUP BY session_id
