-- summary: Findings about edits: going back and forth, rework, edits without a look, changes where none were due.
-- grain: session_id, anomaly
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id  The session.
--   anomaly     edit.pingpong, edit.self_churn, edit.rework_without_news, edit.unread_files, edit.outside_workspace,
--               edit.destructive_command.
--   severity    info, low, medium or high, by the limits in thresholds.
--   value       What was measured; its unit is in anomaly_rules.
--   threshold   The limit it passed.
--   evidence    What caused it: ids of calls and events, files, instants; ten at most.
--   call_ids    The tool calls or model calls among it.
--   source_id   The log file of the first of them.
--   first_line  First line of the evidence in that file; NULL = it has no place of its own.
--   last_line   Last line of it there.
--   lost_ms     Time that it took; NULL = it cannot be told.
--   lost_usd    [USD] Money that it took; NULL = it cannot be told.
WITH limits AS (
    SELECT
        rule,
        max(value) FILTER (WHERE parameter = 'info') AS info,
        max(value) FILTER (WHERE parameter = 'low') AS low,
        max(value) FILTER (WHERE parameter = 'medium') AS medium,
        max(value) FILTER (WHERE parameter = 'high') AS high,
        least(info, low, medium, high) AS lowest
    FROM thresholds_v1
    GROUP BY rule
),

params AS (
    SELECT
        max(value) FILTER (WHERE key = 'edit.self_churn.min_added_lines') AS min_added_lines,
        max(value) FILTER (WHERE key = 'edit.unread_files.min_share') AS min_unread_share
    FROM thresholds_v1
),

measured AS (
    SELECT
        session_id, 'edit.pingpong' AS anomaly, count(*)::DOUBLE AS value,
        list(DISTINCT path ORDER BY path) AS evidence,
        list(tool_call_id ORDER BY seq, tool_call_id) AS call_ids,
        NULL::BIGINT AS source_id, NULL::BIGINT AS first_line, NULL::BIGINT AS last_line,
        NULL::BIGINT AS lost_ms, NULL::DECIMAL(24,12) AS lost_usd
    FROM reverts_v1
    GROUP BY session_id
    UNION ALL
    SELECT
        f.session_id, 'edit.self_churn', sum(f.self_removed_line_count) / sum(f.added_line_count)::DOUBLE,
        list(f.path ORDER BY f.self_removed_line_count DESC, f.path) FILTER (WHERE f.self_removed_line_count > 0),
        NULL, NULL, NULL, NULL, NULL, NULL
    FROM file_churn_v1 AS f
    CROSS JOIN params AS p
    WHERE f.file_role IN ('code', 'test')
    GROUP BY f.session_id, p.min_added_lines
    HAVING sum(f.added_line_count) >= p.min_added_lines
    UNION ALL
    SELECT session_id, 'edit.rework_without_news', count(*), NULL, list(tool_call_id ORDER BY seq, tool_call_id), NULL, NULL, NULL, NULL, NULL
    FROM edits_without_news_v1
    WHERE self_removed_line_count > 0
    GROUP BY session_id
    UNION ALL
    SELECT x.session_id, 'edit.unread_files', x.unread_modified_file_count, NULL, NULL, s.main_source_id, NULL, NULL, NULL, NULL
    FROM session_exploration_v1 AS x
    JOIN sessions_v1 AS s USING (session_id)
    CROSS JOIN params AS p
    WHERE x.unread_modified_file_count > p.min_unread_share * x.modified_file_count
    UNION ALL
    SELECT
        session_id, 'edit.outside_workspace', count(*), list(DISTINCT path ORDER BY path),
        list(tool_call_id ORDER BY seq, tool_call_id), NULL, NULL, NULL, NULL, NULL
    FROM file_changes_v1
    WHERE is_in_workspace = FALSE
        AND is_applied IS NOT FALSE
        AND NOT regexp_matches(path, '^(/tmp/|/private/tmp/|/var/folders/|/dev/)')
    GROUP BY session_id
    UNION ALL
    SELECT
        c.session_id, 'edit.destructive_command', count(*), NULL, list(c.tool_call_id ORDER BY c.seq, c.tool_call_id),
        NULL, NULL, NULL, NULL, NULL
    FROM commands_v1 AS c
    ANTI JOIN (SELECT tool_call_id FROM tool_calls_v1 WHERE status = 'denied') AS d USING (tool_call_id)
    WHERE c.is_destructive
    GROUP BY c.session_id
),

-- Where the evidence stands: in the file of its first call.
places AS (
    SELECT
        m.session_id, m.anomaly, c.source_id,
        min(c.line) AS first_line,
        max(coalesce(c.result_line, c.line)) AS last_line
    FROM (SELECT session_id, anomaly, unnest(call_ids[1:10]) AS call_id FROM measured) AS m
    JOIN tool_calls_v1 AS c ON c.tool_call_id = m.call_id
    GROUP BY m.session_id, m.anomaly, c.source_id
    QUALIFY row_number() OVER (PARTITION BY m.session_id, m.anomaly ORDER BY min(c.seq), c.source_id) = 1
)

SELECT
    m.session_id,
    m.anomaly,
    CASE
        WHEN m.value >= l.high THEN 'high'
        WHEN m.value >= l.medium THEN 'medium'
        WHEN m.value >= l.low THEN 'low'
        WHEN m.value >= l.info THEN 'info'
    END AS severity,
    m.value::DOUBLE AS value,
    CASE severity WHEN 'high' THEN l.high WHEN 'medium' THEN l.medium WHEN 'low' THEN l.low WHEN 'info' THEN l.info END AS threshold,
    coalesce(m.evidence, list_transform(m.call_ids, lambda id: lower(hex(id))), [])[1:10]::VARCHAR[] AS evidence,
    m.call_ids[1:10] AS call_ids,
    coalesce(m.source_id, p.source_id) AS source_id,
    coalesce(m.first_line, p.first_line) AS first_line,
    coalesce(m.last_line, p.last_line) AS last_line,
    m.lost_ms::BIGINT AS lost_ms,
    m.lost_usd::DECIMAL(24,12) AS lost_usd
FROM measured AS m
JOIN limits AS l ON l.rule = m.anomaly
LEFT JOIN places AS p USING (session_id, anomaly)
WHERE severity IS NOT NULL
