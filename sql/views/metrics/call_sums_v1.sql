-- summary: Model calls summed up by session, model and quarter of an hour: what totals over many sessions are made of.
-- grain: session_id, model, known_model, price_provider, quarter_at
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id                      The session.
--   agent                           The agent.
--   project_id                      The project.
--   model                           Canonical model, else the name in the log; NULL = not in the log.
--   known_model                     Model after the aliases; NULL = not known to the price book.
--   price_provider                  Provider whose price applies; NULL = unpriced.
--   quarter_at                      [UTC] Begin of the quarter of an hour; a day of any time zone is made of whole ones. NULL = no instant.
--   call_count                      [count] Calls, failed ones included.
--   model_call_count                [count] Calls that answered.
--   priced_call_count               [count] Calls with a known cost.
--   lower_bound_call_count          [count] Calls whose cost is a lower bound.
--   estimated_call_count            [count] Calls whose cost is an estimate.
--   cost_usd                        [USD] Sum of the known costs; NULL = none is known.
--   input_tokens                    [tokens] Input in all.
--   input_call_count                [count] Calls with known input.
--   cacheable_input_tokens          [tokens] Input of calls with known cache reads.
--   cacheable_call_count            [count] Calls with known cache reads.
--   uncached_input_tokens           [tokens] Input that was new.
--   cache_read_input_tokens         [tokens] Input read from the cache.
--   cache_creation_5m_input_tokens  [tokens] Input written to the short-lived cache.
--   cache_creation_1h_input_tokens  [tokens] Input written to the long-lived cache.
--   output_tokens                   [tokens] Output, reasoning included.
--   output_call_count               [count] Calls with known output.
--   reasoning_output_tokens         [tokens] Reasoning, where known.
--   reasoned_output_tokens          [tokens] Output of calls with known reasoning.
SELECT
    session_id,
    agent,
    project_id,
    coalesce(c.model, c.response_model) AS model,
    c.model AS known_model,
    price_provider,
    make_timestamptz((epoch_us(occurred_at) // 900000000) * 900000000) AS quarter_at,
    count(*) AS call_count,
    count(*) FILTER (status IN ('ok', 'interrupted')) AS model_call_count,
    count(cost_usd) AS priced_call_count,
    count(*) FILTER (is_lower_bound) AS lower_bound_call_count,
    count(*) FILTER (is_estimated) AS estimated_call_count,
    sum(cost_usd)::DECIMAL(24, 12) AS cost_usd,
    sum(input_tokens)::BIGINT AS input_tokens,
    count(input_tokens) AS input_call_count,
    (sum(input_tokens) FILTER (cache_read_input_tokens IS NOT NULL))::BIGINT AS cacheable_input_tokens,
    count(cache_read_input_tokens) AS cacheable_call_count,
    sum(uncached_input_tokens)::BIGINT AS uncached_input_tokens,
    sum(cache_read_input_tokens)::BIGINT AS cache_read_input_tokens,
    sum(cache_creation_5m_input_tokens)::BIGINT AS cache_creation_5m_input_tokens,
    sum(cache_creation_1h_input_tokens)::BIGINT AS cache_creation_1h_input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens,
    count(output_tokens) AS output_call_count,
    sum(reasoning_output_tokens)::BIGINT AS reasoning_output_tokens,
    (sum(output_tokens) FILTER (reasoning_output_tokens IS NOT NULL))::BIGINT AS reasoned_output_tokens
FROM model_call_costs_v1 AS c
GROUP BY ALL
