-- title: By project
-- kind: table
-- spare: cache_hit_ratio, output_tokens, input_tokens
-- show: 20
-- label: unpriced_call_count = unpriced calls
-- label: cache_hit_ratio = cache hits
-- optional: unpriced_call_count
SELECT
    coalesce(p.name, '(none)') AS project,
    count(DISTINCT c.session_id) AS session_count,
    sum(c.model_call_count)::BIGINT AS model_call_count,
    sum(c.cost_usd)::DECIMAL(24, 12) AS cost_usd,
    sum(c.call_count - c.priced_call_count)::BIGINT AS unpriced_call_count,
    sum(c.input_tokens)::BIGINT AS input_tokens,
    sum(c.output_tokens)::BIGINT AS output_tokens,
    sum(c.cache_read_input_tokens) / nullif(sum(c.cacheable_input_tokens), 0)::DOUBLE AS cache_hit_ratio
FROM scoped_calls AS c
LEFT JOIN core.projects_v1 AS p ON p.project_id = c.project_id
GROUP BY 1
ORDER BY cost_usd DESC NULLS LAST, output_tokens DESC NULLS LAST, 1
