-- title: Failed tool calls
-- kind: table
SELECT
    t.tool_name AS tool,
    coalesce(t.error_type, t.status) AS what,
    t.exit_code,
    coalesce(t.target_path, a.body) AS about,
    t.requested_at,
    x.path || ':' || coalesce(t.result_line, t.line) AS place
FROM tool_calls_v1 AS t
JOIN raw.sources AS x USING (source_id)
LEFT JOIN (SELECT lower(hex(owner_id)) AS tool_call_id, any_value(body) AS body FROM raw.texts WHERE owner_kind = 'tool_call' AND part = 'args' GROUP BY 1) AS a USING (tool_call_id)
WHERE t.session_id = $session AND t.status IN ('error', 'denied')
ORDER BY t.seq
LIMIT 20
