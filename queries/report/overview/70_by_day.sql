-- title: By day
-- kind: bars
-- note: Cost at list price, last 30 days with calls.
SELECT *
FROM (
    SELECT
        date_trunc('day', c.occurred_at AT TIME ZONE $tz)::DATE AS day,
        sum(c.cost_usd)::DECIMAL(24, 12) AS cost_usd,
        count(*) - count(c.cost_usd) AS unpriced_call_count,
        count(*) FILTER (c.status IN ('ok', 'interrupted')) AS model_call_count,
        count(DISTINCT c.session_id) AS session_count,
        sum(c.input_tokens)::BIGINT AS input_tokens,
        sum(c.output_tokens)::BIGINT AS output_tokens
    FROM scoped_calls AS c
    WHERE c.occurred_at IS NOT NULL
    GROUP BY 1
    ORDER BY 1 DESC
    LIMIT 30
)
ORDER BY day
