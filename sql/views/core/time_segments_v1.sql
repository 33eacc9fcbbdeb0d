-- summary: The time of each run as a row of segments, each with its owner: session_time, before it is summed up.
-- grain: none
-- status: current
-- since: 0.1.0
-- columns:
--   session_id   The session.
--   run_id       The run.
--   run_kind     main, subagent ...
--   turn_id      The turn that is under way.
--   seq          Order of the event that begins the gap.
--   started_at   [UTC] Begin.
--   ended_at     [UTC] End.
--   duration_ms  Length.
--   owner        model, tool, approval, retry_wait, compaction, user, idle, suspended or unknown: whose time it was, as in session_time.
WITH cutoffs AS (
    SELECT
        coalesce(max(num) FILTER (WHERE key = 'time.idle_cutoff_ms'), 600000)::BIGINT AS idle_cutoff_ms,
        coalesce(max(num) FILTER (WHERE key = 'time.suspend_cutoff_ms'), 3600000)::BIGINT AS suspend_cutoff_ms
    FROM settings_v1
),

gaps AS (
    SELECT
        g.session_id, g.run_id, g.run_kind, g.turn_id, g.seq, g.occurred_at, g.next_at, g.owner, g.gap_ms,
        CASE
            WHEN g.owner IN ('user', 'approval') THEN least(g.gap_ms, c.idle_cutoff_ms)
            WHEN g.owner = 'unknown' THEN g.gap_ms
            ELSE least(g.gap_ms, c.suspend_cutoff_ms)
        END AS own_ms
    FROM timeline_gaps_v1 AS g
    CROSS JOIN cutoffs AS c
    WHERE g.gap_ms > 0
)

SELECT
    session_id, run_id, run_kind, turn_id, seq,
    occurred_at AS started_at,
    CASE WHEN own_ms = gap_ms THEN next_at ELSE occurred_at + to_milliseconds(own_ms) END AS ended_at,
    own_ms AS duration_ms,
    owner
FROM gaps
WHERE own_ms > 0
UNION ALL
SELECT
    session_id, run_id, run_kind, turn_id, seq,
    occurred_at + to_milliseconds(own_ms),
    next_at,
    gap_ms - own_ms,
    CASE WHEN owner IN ('user', 'approval') THEN 'idle' ELSE 'suspended' END
FROM gaps
WHERE own_ms < gap_ms
