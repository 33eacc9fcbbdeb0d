-- summary: What each model was used for and what it cost, per agent.
-- grain: agent, provider, model
-- status: current
-- since: 0.1.0
-- columns:
--   agent                          The agent.
--   provider                       Provider whose price applies; NULL = unpriced.
--   model                          Model after the aliases, else as logged.
--   model_call_count               Calls.
--   session_count                  Sessions that used it.
--   cost_usd                       Cost of the priced calls.
--   unpriced_call_count            Calls without a cost.
--   input_tokens                   All input.
--   output_tokens                  Output, reasoning included.
--   cache_hit_ratio                Cache reads over input, of the calls whose cache reads are known.
--   reasoning_ratio                Reasoning over output, of the calls where it is known.
--   usd_per_million_output_tokens  [USD] All costs over the output.
WITH sessions AS (
    SELECT
        c.session_id,
        c.price_provider,
        coalesce(c.model, c.response_model) AS model,
        count(*) AS model_call_count,
        sum(p.cost_usd) AS cost_usd,
        count(*) - count(p.cost_usd) AS unpriced_call_count,
        sum(c.input_tokens) AS input_tokens,
        sum(c.output_tokens) AS output_tokens,
        sum(c.cache_read_input_tokens) AS cache_read_input_tokens,
        sum(c.input_tokens) FILTER (WHERE c.cache_read_input_tokens IS NOT NULL) AS input_tokens_with_cache_info,
        sum(c.reasoning_output_tokens) AS reasoning_output_tokens,
        sum(c.output_tokens) FILTER (WHERE c.reasoning_output_tokens IS NOT NULL) AS output_tokens_with_reasoning_info
    FROM model_calls_v1 AS c
    LEFT JOIN call_costs_v1 AS p USING (model_call_id)
    GROUP BY c.session_id, c.price_provider, coalesce(c.model, c.response_model)
)

SELECT
    s.agent,
    u.price_provider AS provider,
    u.model,
    sum(u.model_call_count)::BIGINT AS model_call_count,
    count(*) AS session_count,
    sum(u.cost_usd)::DECIMAL(24,12) AS cost_usd,
    sum(u.unpriced_call_count)::BIGINT AS unpriced_call_count,
    sum(u.input_tokens)::BIGINT AS input_tokens,
    sum(u.output_tokens)::BIGINT AS output_tokens,
    sum(u.cache_read_input_tokens) / nullif(sum(u.input_tokens_with_cache_info), 0)::DOUBLE AS cache_hit_ratio,
    sum(u.reasoning_output_tokens) / nullif(sum(u.output_tokens_with_reasoning_info), 0)::DOUBLE AS reasoning_ratio,
    1000000 * sum(u.cost_usd)::DOUBLE / nullif(sum(u.output_tokens), 0) AS usd_per_million_output_tokens
FROM sessions AS u
JOIN sessions_v1 AS s USING (session_id)
GROUP BY s.agent, u.price_provider, u.model
