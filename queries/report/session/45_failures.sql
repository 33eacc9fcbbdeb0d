-- title: Failed tool calls
-- kind: table
-- spare: exit_code
-- show: 20
-- label: error_type = what
-- label: exit_code = exit
-- optional: exit_code, about
-- json only: tool_call_id, path, line
-- text only: place
SELECT
    t.tool_call_id,
    t.requested_at AS at,
    coalesce(t.tool_name_raw, t.tool_name) AS tool,
    coalesce(t.error_type, t.status) AS error_type,
    t.exit_code,
    coalesce(t.target_path, CASE WHEN length(b.body) > 100 THEN left(b.body, 99) || '…' ELSE b.body END) AS about,
    x.path,
    coalesce(t.result_line, t.line) AS line,
    CASE WHEN t.source_id = s.main_source_id THEN 'line ' ELSE '…' || right(parse_filename(x.path), 20) || ':' END || coalesce(t.result_line, t.line) AS place
FROM own_tools AS t
JOIN own_session AS s USING (session_id)
JOIN raw.sources AS x USING (source_id)
LEFT JOIN raw.texts AS b
    ON b.source_id = t.source_id AND b.line = t.line AND b.owner_kind = 'tool_call' AND b.part = 'args' AND b.owner_id = ('0x' || t.tool_call_id)::UBIGINT
WHERE t.status IN ('error', 'denied')
ORDER BY t.seq, t.tool_call_id
