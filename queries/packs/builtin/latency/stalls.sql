-- title: Where did it hang?
-- about: Gaps in which the model, a tool, an approval, a compaction or the wait after an API error held a run up, in
--   all runs. The user is no stall.
-- params:
--   min_s double = 120  Shorter ones are left out.
-- columns:
--   session_id  varchar      The session.
--   started_at  timestamptz  Begin of the gap.
--   gap_s       double       Its length.
--   owner       varchar      model, tool, approval, compaction or retry_wait.
--   before      varchar      Event before it.
--   after       varchar      Event that ended it.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
)

SELECT g.session_id, g.occurred_at AS started_at, g.gap_ms / 1000.0::DOUBLE AS gap_s, g.owner, g.ev AS before, g.next_ev AS after
FROM timeline_gaps_v1 AS g
SEMI JOIN scope AS s USING (session_id)
WHERE g.owner IN ('model', 'tool', 'approval', 'compaction', 'retry_wait')
    AND ($min_s::DOUBLE IS NULL OR g.gap_ms >= 1000 * $min_s::DOUBLE)
    AND ($since::TIMESTAMPTZ IS NULL OR g.occurred_at >= $since::TIMESTAMPTZ)
    AND ($until::TIMESTAMPTZ IS NULL OR g.occurred_at < $until::TIMESTAMPTZ)
ORDER BY g.gap_ms DESC, g.session_id, g.occurred_at
LIMIT $limit
