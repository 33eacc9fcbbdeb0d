-- title: Where do tests keep failing in the same way?
-- about: The same check failing again after an edit; stalled when its error lines are the same.
-- columns:
--   session_id           varchar  The session.
--   program              varchar  Program of the check.
--   cycle_count          bigint   Failures again after at least one edit.
--   stalled_cycle_count  bigint   Of them, with the same error lines.
--   edit_count           bigint   Edits in between.
--   cost_usd             decimal  Cost of the whole session; NULL = without a price.
--   unpriced_call_count  bigint   Calls without a price: the money is a lower bound.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

cycles AS (
    SELECT
        v.session_id,
        v.program,
        count(*) AS cycle_count,
        count(*) FILTER (WHERE v.is_stalled) AS stalled_cycle_count,
        sum(v.edit_between_count)::BIGINT AS edit_count
    FROM verification_runs_v1 AS v
    SEMI JOIN scope AS s USING (session_id)
    WHERE v.is_cycle
    GROUP BY v.session_id, v.program
)

SELECT
    c.session_id, c.program, c.cycle_count, c.stalled_cycle_count, c.edit_count, m.cost_usd, coalesce(m.unpriced_call_count, 0)::BIGINT AS unpriced_call_count
FROM cycles AS c
LEFT JOIN session_metrics_v1 AS m USING (session_id)
ORDER BY c.stalled_cycle_count DESC, c.cycle_count DESC, c.session_id, c.program
LIMIT $limit
