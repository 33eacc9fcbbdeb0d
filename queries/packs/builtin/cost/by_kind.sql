-- title: Input, cache or output?
-- about: Tokens and list price of the five disjoint counters. Reasoning is inside output.
-- columns:
--   kind                 varchar  uncached_input, cache_read, cache_write_5m, cache_write_1h or output.
--   tokens               bigint   Tokens; NULL = no log says.
--   cost_usd             decimal  Their cost in the priced calls.
--   share                double   Part of the cost of all.
--   unpriced_call_count  bigint   Calls without a price: the money is a lower bound.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

sums AS (
    SELECT
        sum(c.uncached_input_tokens)::BIGINT AS t1, sum(c.uncached_input_cost_usd) AS c1,
        sum(c.cache_read_input_tokens)::BIGINT AS t2, sum(c.cache_read_cost_usd) AS c2,
        sum(c.cache_creation_5m_input_tokens)::BIGINT AS t3, sum(c.cache_creation_5m_cost_usd) AS c3,
        sum(c.cache_creation_1h_input_tokens)::BIGINT AS t4, sum(c.cache_creation_1h_cost_usd) AS c4,
        sum(c.output_tokens)::BIGINT AS t5, sum(c.output_cost_usd) AS c5,
        sum(c.cost_usd) AS cost_usd,
        count(*) - count(c.cost_usd) AS unpriced_call_count
    FROM model_call_costs_v1 AS c
    SEMI JOIN scope AS s USING (session_id)
    WHERE ($since::TIMESTAMPTZ IS NULL OR c.occurred_at >= $since::TIMESTAMPTZ)
    AND ($until::TIMESTAMPTZ IS NULL OR c.occurred_at < $until::TIMESTAMPTZ)
        AND ($model::VARCHAR[] IS NULL OR list_has_any($model::VARCHAR[], [c.model, c.response_model, c.price_model]))
    HAVING count(*) > 0
)

SELECT
    k.kind,
    [t1, t2, t3, t4, t5][k.i] AS tokens,
    ([c1, c2, c3, c4, c5][k.i])::DECIMAL(24, 12) AS cost_usd,
    ([c1, c2, c3, c4, c5][k.i])::DOUBLE / nullif(cost_usd, 0)::DOUBLE AS share,
    unpriced_call_count
FROM sums
CROSS JOIN (VALUES (1, 'uncached_input'), (2, 'cache_read'), (3, 'cache_write_5m'), (4, 'cache_write_1h'), (5, 'output')) AS k (i, kind)
ORDER BY k.i
LIMIT $limit
