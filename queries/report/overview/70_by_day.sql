-- title: By day
-- kind: bars
-- note: Cost at list price, last 30 days with calls.
SELECT *
FROM (
    SELECT
        c.day,
        sum(c.cost_usd)::DECIMAL(24, 12) AS cost_usd,
        sum(c.call_count - c.priced_call_count)::BIGINT AS unpriced_call_count,
        sum(c.model_call_count)::BIGINT AS model_call_count,
        count(DISTINCT c.session_id) AS session_count,
        sum(c.input_tokens)::BIGINT AS input_tokens,
        sum(c.output_tokens)::BIGINT AS output_tokens
    FROM scoped_calls AS c
    WHERE c.day IS NOT NULL
    GROUP BY 1
    ORDER BY 1 DESC
    LIMIT 30
)
ORDER BY day
