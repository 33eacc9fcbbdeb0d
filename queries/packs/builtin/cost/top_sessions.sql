-- title: Which sessions were the most expensive, and what drove them?
-- about: Whole sessions that overlap the time, with their sub-agents. A phase is what a call had done: verify, edit,
--   explore, delegate, other, or answer.
-- columns:
--   session_id           varchar  The session.
--   title                varchar  Title, where it is stored.
--   cost_usd             decimal  Cost of the priced calls.
--   top_phase            varchar  Phase that cost the most.
--   top_phase_share      double   Its part of the cost.
--   waste_ratio          double   Part of the cost that bought nothing, at least.
--   cache_hit_ratio      double   Cache reads over input, where known.
--   subagent_share       double   Part of the cost that sub-agents took.
--   unpriced_call_count  bigint   Calls without a price: the money is a lower bound.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

top AS (
    SELECT s.session_id, s.title, m.cost_usd, m.waste_ratio, m.cache_hit_ratio, m.delegation_ratio, m.unpriced_call_count
    FROM session_metrics_v1 AS m
    JOIN scope AS s USING (session_id)
    ORDER BY m.cost_usd DESC NULLS LAST, s.session_id
    LIMIT $limit
),

phases AS (
    SELECT p.session_id, arg_max(p.phase, p.cost_usd) AS phase, max(p.cost_usd) AS cost_usd
    FROM phase_costs_v1 AS p
    SEMI JOIN top USING (session_id)
    GROUP BY p.session_id
)

SELECT
    t.session_id,
    t.title,
    t.cost_usd,
    p.phase AS top_phase,
    p.cost_usd::DOUBLE / nullif(t.cost_usd, 0)::DOUBLE AS top_phase_share,
    t.waste_ratio,
    t.cache_hit_ratio,
    t.delegation_ratio AS subagent_share,
    t.unpriced_call_count
FROM top AS t
LEFT JOIN phases AS p USING (session_id)
ORDER BY t.cost_usd DESC NULLS LAST, t.session_id
