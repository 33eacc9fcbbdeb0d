-- title: Secrets
-- kind: table
-- label: rule_id = kind
-- label: occurrence_count = times
-- label: session_id = session
-- optional: session_id
-- json only: value_hash, rules_version
SELECT
    x.path,
    f.line,
    f.rule_id,
    f.confidence,
    f.occurrence_count,
    f.location,
    lower(hex(coalesce(t.session_id, m.session_id, f.session_id))) AS session_id,
    lower(hex(f.value_hash)) AS value_hash,
    f.rules_version
FROM raw.secret_findings AS f
JOIN raw.sources AS x USING (source_id)
LEFT JOIN (SELECT DISTINCT ON (source_id, tool_call_id) source_id, tool_call_id, session_id FROM raw.tool_calls) AS t ON t.source_id = f.source_id AND t.tool_call_id = f.owner_id
LEFT JOIN (SELECT DISTINCT ON (source_id, message_id) source_id, message_id, session_id FROM raw.messages) AS m ON m.source_id = f.source_id AND m.message_id = f.owner_id
WHERE $confidence::VARCHAR = 'low' OR f.confidence = 'high' OR (f.confidence = 'medium' AND $confidence::VARCHAR = 'medium')
ORDER BY x.path, f.line, f.location, f.rule_id, f.value_hash
