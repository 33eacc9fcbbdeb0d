-- summary: What each phase of a session used and cost: a model call belongs to the strongest of what it asked tools to
--   do. Sub-agents included.
-- grain: session_id, phase
-- status: current
-- since: 0.1.0
-- columns:
--   session_id           The session.
--   phase                verify, edit, explore, delegate, other, or answer: no tool was asked.
--   model_call_count     Model calls.
--   cost_usd             Their cost; NULL = none is priced.
--   unpriced_call_count  Calls without a price.
--   input_tokens         Their input.
--   output_tokens        Their output.
WITH phases AS (
    SELECT
        session_id,
        model_call_id,
        min(CASE activity WHEN 'verify' THEN 1 WHEN 'edit' THEN 2 WHEN 'explore' THEN 3 WHEN 'delegate' THEN 4 ELSE 5 END) AS rank
    FROM tool_call_activity_v1
    WHERE model_call_id IS NOT NULL
    GROUP BY session_id, model_call_id
)

SELECT
    c.session_id,
    coalesce(['verify', 'edit', 'explore', 'delegate', 'other'][p.rank], 'answer') AS phase,
    count(*) AS model_call_count,
    sum(k.cost_usd)::DECIMAL(24,12) AS cost_usd,
    count(*) - count(k.cost_usd) AS unpriced_call_count,
    sum(c.input_tokens)::BIGINT AS input_tokens,
    sum(c.output_tokens)::BIGINT AS output_tokens
FROM model_calls_v1 AS c
LEFT JOIN call_costs_v1 AS k ON k.session_id = c.session_id AND k.model_call_id = c.model_call_id
LEFT JOIN phases AS p ON p.session_id = c.session_id AND p.model_call_id = c.model_call_id
GROUP BY c.session_id, p.rank
