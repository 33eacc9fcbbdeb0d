-- title: What does each model cost me?
-- about: List price per model, calls at their own instant. A model without a price is a row without a cost.
-- columns:
--   model                          varchar  Model after the aliases, else the name in the log; NULL = not in the log.
--   model_call_count               bigint   Calls that answered.
--   cost_usd                       decimal  Cost of the priced calls; NULL = none is priced.
--   share                          double   Part of the cost of all.
--   input_tokens                   bigint   Input, cached input included.
--   output_tokens                  bigint   Output, reasoning included.
--   cache_hit_ratio                double   Cache reads over the input of calls with known cache reads.
--   usd_per_million_output_tokens  double   All costs per million output tokens, priced calls only.
--   unpriced_call_count            bigint   Calls without a price: the money is a lower bound.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
)

SELECT
    coalesce(c.model, c.response_model) AS model,
    count(*) FILTER (WHERE c.status IN ('ok', 'interrupted')) AS model_call_count,
    sum(c.cost_usd)::DECIMAL(24, 12) AS cost_usd,
    sum(c.cost_usd)::DOUBLE / nullif(sum(sum(c.cost_usd)) OVER (), 0)::DOUBLE AS share,
    sum(c.input_tokens)::BIGINT AS input_tokens,
    sum(c.output_tokens)::BIGINT AS output_tokens,
    sum(c.cache_read_input_tokens)::DOUBLE
        / nullif(sum(c.input_tokens) FILTER (WHERE c.cache_read_input_tokens IS NOT NULL), 0) AS cache_hit_ratio,
    1000000 * sum(c.cost_usd)::DOUBLE
        / nullif(sum(c.output_tokens) FILTER (WHERE c.cost_usd IS NOT NULL), 0) AS usd_per_million_output_tokens,
    count(*) - count(c.cost_usd) AS unpriced_call_count
FROM model_call_costs_v1 AS c
SEMI JOIN scope AS s USING (session_id)
WHERE ($since::TIMESTAMPTZ IS NULL OR c.occurred_at >= $since::TIMESTAMPTZ)
    AND ($until::TIMESTAMPTZ IS NULL OR c.occurred_at < $until::TIMESTAMPTZ)
    AND ($model::VARCHAR[] IS NULL OR list_has_any($model::VARCHAR[], [c.model, c.response_model, c.price_model]))
GROUP BY 1
ORDER BY cost_usd DESC NULLS LAST, model
LIMIT $limit
