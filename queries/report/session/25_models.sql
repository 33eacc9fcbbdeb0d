-- title: Models
-- kind: table
-- spare: cache_read_input_tokens, input_tokens
-- label: cache_read_input_tokens = from the cache
-- label: unpriced_call_count = unpriced calls
-- optional: unpriced_call_count
-- json only: priced_as
SELECT
    coalesce(c.response_model, '(not in the log)') AS model,
    c.model AS priced_as,
    count(*) FILTER (c.status IN ('ok', 'interrupted')) AS model_call_count,
    sum(c.cost_usd)::DECIMAL(24, 12) AS cost_usd,
    count(*) - count(c.cost_usd) AS unpriced_call_count,
    sum(c.input_tokens)::BIGINT AS input_tokens,
    sum(c.cache_read_input_tokens)::BIGINT AS cache_read_input_tokens,
    sum(c.output_tokens)::BIGINT AS output_tokens
FROM own_calls AS c
GROUP BY ALL
ORDER BY cost_usd DESC NULLS LAST, model
