-- title: Turns
-- kind: table
-- below: prompt
-- spare: trigger, model_call_count, started_at
-- show: 40
-- label: span_ms = took
-- label: end_reason = ended
-- optional: model_call_count, tool_call_count, cost_usd, prompt
WITH calls AS (
    SELECT turn_id, count(*) AS model_call_count, sum(cost_usd)::DECIMAL(24, 12) AS cost_usd
    FROM own_calls
    GROUP BY turn_id
),

tools AS (
    SELECT turn_id, count(*) AS tool_call_count FROM own_tools GROUP BY turn_id
),

prompts AS (
    SELECT m.turn_id, arg_min(regexp_replace(trim(b.body), '\s+', ' ', 'g'), m.seq) AS body
    FROM own_messages AS m
    JOIN raw.texts AS b
        ON b.source_id = m.source_id AND b.line = m.line AND b.owner_kind = 'message' AND b.part = 'text' AND b.owner_id = ('0x' || m.message_id)::UBIGINT
    WHERE m.kind = 'prompt'
    GROUP BY m.turn_id
)

SELECT
    u.turn_no AS turn,
    u.trigger,
    u.started_at,
    epoch_ms(u.ended_at) - epoch_ms(u.started_at) AS span_ms,
    c.model_call_count,
    t.tool_call_count,
    c.cost_usd,
    u.end_reason,
    CASE WHEN length(x.body) > 80 THEN left(x.body, 79) || '…' ELSE x.body END AS prompt
FROM turns_v1 AS u
JOIN own_runs AS r ON r.run_id = u.run_id AND r.run_kind = 'main'
LEFT JOIN calls AS c USING (turn_id)
LEFT JOIN tools AS t USING (turn_id)
LEFT JOIN prompts AS x USING (turn_id)
WHERE u.session_id = $session
ORDER BY u.turn_no
