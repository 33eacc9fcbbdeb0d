-- title: What do my pauses cost?
-- about: A cache that expired while nobody asked is written anew. Beside it, what an hour of life for every cache
--   entry would have cost more.
-- columns:
--   project               varchar  Project; NULL = the logs name no folder.
--   expired_miss_count    bigint   Calls that found their cache expired.
--   pause_cost_usd        decimal  What that cost; NULL = without a price.
--   would_be_1h_cost_usd  decimal  What writing the five-minute entries for an hour would have cost more; NULL = no such price.
--   unpriced_call_count   bigint   Calls without a price: the money is a lower bound.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

misses AS (
    SELECT x.session_id, count(*) AS miss_count
    FROM context_steps_v1 AS x
    SEMI JOIN scope AS s USING (session_id)
    WHERE x.miss_cause = 'expired'
    GROUP BY x.session_id
),

writes AS (
    SELECT c.session_id, sum(c.cache_creation_5m_input_tokens * (c.r_w1 - c.r_w5) * coalesce(c.mult, 1)) / 1000000 AS more_usd
    FROM model_call_costs_v1 AS c
    SEMI JOIN scope AS s USING (session_id)
    WHERE c.cache_creation_5m_input_tokens > 0
    GROUP BY c.session_id
)

SELECT
    s.project,
    sum(m.miss_count)::BIGINT AS expired_miss_count,
    sum(k.pause_cost_usd)::DECIMAL(24, 12) AS pause_cost_usd,
    sum(w.more_usd)::DECIMAL(24, 12) AS would_be_1h_cost_usd,
    sum(k.unpriced_call_count)::BIGINT AS unpriced_call_count
FROM scope AS s
JOIN misses AS m USING (session_id)
LEFT JOIN session_metrics_v1 AS k USING (session_id)
LEFT JOIN writes AS w USING (session_id)
GROUP BY s.project
ORDER BY pause_cost_usd DESC NULLS LAST, s.project
LIMIT $limit
