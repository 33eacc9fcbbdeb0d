-- title: Models without a price
-- kind: table
-- show: 20
SELECT
    c.agent,
    coalesce(c.response_model, '(not in the log)') AS model,
    count(*) AS model_call_count,
    sum(c.input_tokens)::BIGINT AS input_tokens,
    sum(c.output_tokens)::BIGINT AS output_tokens,
    max(c.occurred_at) AS last_at
FROM model_call_costs_v1 AS c
WHERE c.cost_usd IS NULL
GROUP BY ALL
ORDER BY model_call_count DESC, c.agent, model
