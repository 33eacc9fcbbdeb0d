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
        session_id,
        price_provider,
        model,
        sum(call_count) AS model_call_count,
        sum(cost_usd) AS cost_usd,
        sum(call_count - priced_call_count) AS unpriced_call_count,
        sum(input_tokens) AS input_tokens,
        sum(output_tokens) AS output_tokens,
        sum(cache_read_input_tokens) AS cache_read_input_tokens,
        sum(cacheable_input_tokens) AS cacheable_input_tokens,
        sum(reasoning_output_tokens) AS reasoning_output_tokens,
        sum(reasoned_output_tokens) AS reasoned_output_tokens
    FROM call_sums_v1
    GROUP BY session_id, price_provider, model
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
    sum(u.cache_read_input_tokens) / nullif(sum(u.cacheable_input_tokens), 0)::DOUBLE AS cache_hit_ratio,
    sum(u.reasoning_output_tokens) / nullif(sum(u.reasoned_output_tokens), 0)::DOUBLE AS reasoning_ratio,
    1000000 * sum(u.cost_usd)::DOUBLE / nullif(sum(u.output_tokens), 0) AS usd_per_million_output_tokens
FROM sessions AS u
JOIN sessions_v1 AS s USING (session_id)
GROUP BY s.agent, u.price_provider, u.model
