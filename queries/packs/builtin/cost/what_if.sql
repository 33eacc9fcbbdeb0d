-- title: What would this have cost with another model?
-- about: The same tokens at the standard list price of another model at the time of each call, or its first known
--   price if later. An estimate: another model needs other tokens and other turns, and caches otherwise. Only calls
--   that both models can price are compared.
-- params:
--   model varchar required  The other model, as prices_v1 names it.
-- columns:
--   session_id           varchar  The session.
--   cost_usd             decimal  What the compared calls cost.
--   other_cost_usd       decimal  What they would have cost; NULL = no price for that model.
--   ratio                double   The second over the first.
--   unpriced_call_count  bigint   Calls that one of the two has no price for.
WITH scope AS (
    SELECT session_id FROM session_scope_v1($since, $until, $project, $agent, NULL, $machine)
),

known AS (
    -- One line of prices: the first provider by name of the standard rates, own prices before the book's.
    SELECT *, row_number() OVER (PARTITION BY effective_from ORDER BY is_own DESC, provider, match_kind) AS place
    FROM prices_v1
    WHERE model = $model AND prompt_over IS NULL AND time_window IS NULL
),

rates AS (
    SELECT
        CASE WHEN row_number() OVER (ORDER BY effective_from) > 1 THEN effective_from ELSE '0001-01-01 00:00:00+00'::TIMESTAMPTZ END AS valid_from,
        lead(effective_from) OVER (ORDER BY effective_from) AS valid_to,
        input, output, cache_read, cache_write_5m, cache_write_1h, long_context_threshold,
        coalesce(long_input, input) AS long_input, coalesce(long_output, output) AS long_output,
        coalesce(long_cache_read, cache_read) AS long_cache_read, coalesce(long_cache_write, cache_write_5m) AS long_cache_write_5m,
        coalesce(long_cache_write_1h, cache_write_1h) AS long_cache_write_1h
    FROM known
    WHERE place = 1
),

calls AS (
    SELECT
        c.session_id,
        c.cost_usd,
        CASE WHEN coalesce(c.usage_grain = 'call' AND c.input_tokens > r.long_context_threshold, false) THEN
            -- Where a model has no price for its cache, the tokens are input as any other.
            coalesce(c.uncached_input_tokens, 0) * r.long_input
            + coalesce(c.cache_read_input_tokens, 0) * coalesce(r.long_cache_read, r.long_input)
            + coalesce(c.cache_creation_5m_input_tokens, 0) * coalesce(r.long_cache_write_5m, r.long_input)
            + coalesce(c.cache_creation_1h_input_tokens, 0) * coalesce(r.long_cache_write_1h, r.long_cache_write_5m, r.long_input)
            + coalesce(c.output_tokens, 0) * r.long_output
        ELSE
            coalesce(c.uncached_input_tokens, 0) * r.input
            + coalesce(c.cache_read_input_tokens, 0) * coalesce(r.cache_read, r.input)
            + coalesce(c.cache_creation_5m_input_tokens, 0) * coalesce(r.cache_write_5m, r.input)
            + coalesce(c.cache_creation_1h_input_tokens, 0) * coalesce(r.cache_write_1h, r.cache_write_5m, r.input)
            + coalesce(c.output_tokens, 0) * r.output
        END::DECIMAL(38, 6) / 1000000 AS other_usd
    FROM model_call_costs_v1 AS c
    SEMI JOIN scope AS s USING (session_id)
    LEFT JOIN rates AS r ON c.occurred_at >= r.valid_from AND (r.valid_to IS NULL OR c.occurred_at < r.valid_to)
    WHERE ($since::TIMESTAMPTZ IS NULL OR c.occurred_at >= $since::TIMESTAMPTZ)
    AND ($until::TIMESTAMPTZ IS NULL OR c.occurred_at < $until::TIMESTAMPTZ)
)

SELECT
    session_id,
    sum(cost_usd) FILTER (WHERE other_usd IS NOT NULL OR NOT EXISTS (FROM rates))::DECIMAL(24, 12) AS cost_usd,
    sum(other_usd) FILTER (WHERE cost_usd IS NOT NULL)::DECIMAL(24, 12) AS other_cost_usd,
    sum(other_usd) FILTER (WHERE cost_usd IS NOT NULL)::DOUBLE
        / nullif(sum(cost_usd) FILTER (WHERE other_usd IS NOT NULL), 0)::DOUBLE AS ratio,
    count(*) FILTER (WHERE cost_usd IS NULL OR other_usd IS NULL) AS unpriced_call_count
FROM calls
GROUP BY session_id
ORDER BY cost_usd DESC NULLS LAST, session_id
LIMIT $limit
