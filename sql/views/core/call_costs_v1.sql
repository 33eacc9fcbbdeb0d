-- summary: Prices and cost of each model call, without the facts of the call: what is stored of model_call_costs.
-- grain: model_call_id
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   model_call_id               The call.
--   session_id                  The session.
--   price_source                Where the price is from; NULL = unpriced.
--   price_confidence            A, B or C, as in prices.
--   is_long                     Long-context rates apply; NULL = unpriced, or the prompt size is unknown.
--   is_estimated                The price rests on an assumption: see model_call_rates.
--   mult                        [factor] Product of batch, tier, region and free factors.
--   r_in                        [USD per 1M tokens] Rate of uncached input.
--   r_read                      [USD per 1M tokens] Rate of cache reads.
--   r_out                       [USD per 1M tokens] Rate of output.
--   r_w5                        [USD per 1M tokens] Rate of short-lived cache writes.
--   r_w1                        [USD per 1M tokens] Rate of long-lived cache writes.
--   uncached_input_cost_usd     Cost of uncached input.
--   cache_read_cost_usd         Cost of cache reads.
--   cache_creation_5m_cost_usd  Cost of short-lived cache writes.
--   cache_creation_1h_cost_usd  Cost of long-lived cache writes.
--   output_cost_usd             Cost of the output.
--   cost_usd                    Sum of the known kinds; NULL = unpriced or no counter known.
--   is_lower_bound              A counter is missing that this log normally has, or the usage is not final.
WITH products AS (
    -- A rate is a whole number of pico-dollars per token, so that the product is exact.
    SELECT
        c.model_call_id, c.session_id,
        r.price_source, r.price_confidence, r.is_long, r.is_estimated,
        r.mult, r.r_in, r.r_read, r.r_out, r.r_w5, r.r_w1,
        c.uncached_input_tokens IS NULL
            OR c.output_tokens IS NULL
            OR (s.has_cache_counters AND c.cache_read_input_tokens IS NULL)
            OR c.usage_quality <> 'final' AS is_incomplete,
        (c.uncached_input_tokens * (r.r_in * 0.000001))::DECIMAL(24,12) AS uncached_input_base,
        (c.cache_read_input_tokens * (r.r_read * 0.000001))::DECIMAL(24,12) AS cache_read_base,
        (c.cache_creation_5m_input_tokens * (r.r_w5 * 0.000001))::DECIMAL(24,12) AS cache_creation_5m_base,
        (c.cache_creation_1h_input_tokens * (r.r_w1 * 0.000001))::DECIMAL(24,12) AS cache_creation_1h_base,
        (c.output_tokens * (r.r_out * 0.000001))::DECIMAL(24,12) AS output_base
    FROM model_calls_v1 AS c
    JOIN sessions_v1 AS s USING (session_id)
    LEFT JOIN model_call_rates_v1 AS r USING (model_call_id)
),

-- Nearly every call has the factor 1, and multiplying by others is slow.
costs AS (
    SELECT
        model_call_id, session_id, price_source, price_confidence, is_long, is_estimated,
        mult, r_in, r_read, r_out, r_w5, r_w1, is_incomplete,
        CASE WHEN mult = 1 THEN uncached_input_base ELSE (uncached_input_base * mult)::DECIMAL(24,12) END AS uncached_input_cost_usd,
        CASE WHEN mult = 1 THEN cache_read_base ELSE (cache_read_base * mult)::DECIMAL(24,12) END AS cache_read_cost_usd,
        CASE WHEN mult = 1 THEN cache_creation_5m_base ELSE (cache_creation_5m_base * mult)::DECIMAL(24,12) END AS cache_creation_5m_cost_usd,
        CASE WHEN mult = 1 THEN cache_creation_1h_base ELSE (cache_creation_1h_base * mult)::DECIMAL(24,12) END AS cache_creation_1h_cost_usd,
        CASE WHEN mult = 1 THEN output_base ELSE (output_base * mult)::DECIMAL(24,12) END AS output_cost_usd
    FROM products
)

SELECT
    model_call_id, session_id, price_source, price_confidence, is_long, is_estimated,
    mult, r_in, r_read, r_out, r_w5, r_w1,
    uncached_input_cost_usd, cache_read_cost_usd, cache_creation_5m_cost_usd, cache_creation_1h_cost_usd, output_cost_usd,
    CASE
        WHEN coalesce(uncached_input_cost_usd, cache_read_cost_usd, cache_creation_5m_cost_usd,
            cache_creation_1h_cost_usd, output_cost_usd) IS NOT NULL
            THEN (coalesce(uncached_input_cost_usd, 0) + coalesce(cache_read_cost_usd, 0)
                + coalesce(cache_creation_5m_cost_usd, 0) + coalesce(cache_creation_1h_cost_usd, 0)
                + coalesce(output_cost_usd, 0))::DECIMAL(24,12)
    END AS cost_usd,
    cost_usd IS NOT NULL AND is_incomplete AS is_lower_bound
FROM costs
