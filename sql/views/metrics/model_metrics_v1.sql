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
SELECT
    agent,
    price_provider AS provider,
    coalesce(model, response_model) AS model,
    count(*) AS model_call_count,
    count(DISTINCT session_id) AS session_count,
    sum(cost_usd)::DECIMAL(24,12) AS cost_usd,
    count(*) - count(cost_usd) AS unpriced_call_count,
    sum(input_tokens)::BIGINT AS input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    sum(cache_read_input_tokens)
        / nullif(sum(input_tokens) FILTER (WHERE cache_read_input_tokens IS NOT NULL), 0)::DOUBLE AS cache_hit_ratio,
    sum(reasoning_output_tokens)
        / nullif(sum(output_tokens) FILTER (WHERE reasoning_output_tokens IS NOT NULL), 0)::DOUBLE AS reasoning_ratio,
    1000000 * sum(cost_usd)::DOUBLE / nullif(sum(output_tokens), 0) AS usd_per_million_output_tokens
FROM model_call_costs_v1
GROUP BY agent, price_provider, coalesce(model, response_model)
