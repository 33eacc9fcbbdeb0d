-- title: Turns
-- kind: table
SELECT
    u.turn_no AS turn,
    u.trigger,
    u.started_at,
    epoch_ms(u.ended_at) - epoch_ms(u.started_at) AS span_ms,
    c.model_call_count,
    t.tool_call_count,
    c.cost_usd,
    u.end_reason,
    x.body AS prompt
FROM turns_v1 AS u
JOIN runs_v1 AS r ON r.run_id = u.run_id AND r.run_kind = 'main'
LEFT JOIN (SELECT turn_id, count(*) AS model_call_count, sum(cost_usd)::DECIMAL(24, 12) AS cost_usd FROM model_call_costs_v1 WHERE session_id = $session GROUP BY turn_id) AS c USING (turn_id)
LEFT JOIN (SELECT turn_id, count(*) AS tool_call_count FROM tool_calls_v1 WHERE session_id = $session GROUP BY turn_id) AS t USING (turn_id)
LEFT JOIN (
    SELECT m.turn_id, any_value(left(regexp_replace(b.body, '\s+', ' ', 'g'), 80)) AS body
    FROM messages_v1 AS m
    JOIN raw.texts AS b ON b.owner_kind = 'message' AND b.part = 'text' AND lower(hex(b.owner_id)) = m.message_id
    WHERE m.session_id = $session AND m.kind = 'prompt'
    GROUP BY m.turn_id
) AS x USING (turn_id)
WHERE u.session_id = $session
ORDER BY u.turn_no
LIMIT 60
