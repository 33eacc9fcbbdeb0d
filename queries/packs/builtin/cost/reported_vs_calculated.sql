-- title: Does the agent's own figure agree?
-- about: Sessions whose log states a cost, and where the list price differs from it by more than a share of it.
-- params:
--   min_difference double = 0.05  Differences up to this share are left out.
-- columns:
--   agent                varchar  The agent.
--   session_id           varchar  The session.
--   reported_cost_usd    decimal  What the log says.
--   cost_usd             decimal  List price of the tokens; NULL = without a price.
--   ratio                double   The second over the first.
--   unpriced_call_count  bigint   Calls without a price: the money is a lower bound.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
)

SELECT
    s.agent,
    m.session_id,
    m.reported_cost_usd,
    m.cost_usd,
    m.cost_usd::DOUBLE / nullif(m.reported_cost_usd, 0)::DOUBLE AS ratio,
    m.unpriced_call_count
FROM session_metrics_v1 AS m
JOIN scope AS s USING (session_id)
WHERE m.reported_cost_usd IS NOT NULL
    AND (
        $min_difference::DOUBLE IS NULL
        OR m.cost_usd IS NULL
        OR abs(m.cost_usd - m.reported_cost_usd)::DOUBLE > $min_difference::DOUBLE * m.reported_cost_usd::DOUBLE
    )
ORDER BY abs(m.cost_usd - m.reported_cost_usd) DESC NULLS LAST, m.session_id
LIMIT $limit
