-- title: How do sessions end?
-- about: Whole sessions that overlap the time, by their end state.
-- columns:
--   agent                varchar  The agent.
--   end_state            varchar  completed, unanswered, interrupted, ... unknown.
--   session_count        bigint   Sessions.
--   share                double   Part of the sessions of the agent.
--   median_cost_usd      double   Median cost of those with a price.
--   unpriced_call_count  bigint   Calls without a price: the money is a lower bound.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
)

SELECT
    s.agent,
    m.end_state,
    count(*) AS session_count,
    count(*)::DOUBLE / (sum(count(*)) OVER (PARTITION BY s.agent))::DOUBLE AS share,
    median(m.cost_usd)::DOUBLE AS median_cost_usd,
    coalesce(sum(m.unpriced_call_count), 0)::BIGINT AS unpriced_call_count
FROM session_metrics_v1 AS m
JOIN scope AS s USING (session_id)
GROUP BY s.agent, m.end_state
ORDER BY s.agent, session_count DESC, m.end_state
LIMIT $limit
