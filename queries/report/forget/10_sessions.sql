-- title: Sessions
-- kind: table
-- label: session_id = session
-- label: tool_call_count = tool calls
-- label: model_call_count = model calls
-- label: text_count = texts
-- optional: project
-- json only: native_session_id
SELECT
    lower(hex(s.session_id)) AS session_id,
    s.agent,
    p.name AS project,
    s.started_at,
    s.ended_at,
    coalesce(m.n, 0) AS model_call_count,
    coalesce(t.n, 0) AS tool_call_count,
    coalesce(x.n, 0) AS text_count,
    s.native_session_id
FROM core.sessions_v1 AS s
JOIN forget_scope AS f ON f.session_key = s.session_id
LEFT JOIN core.projects_v1 AS p ON p.project_id = s.project_id
LEFT JOIN (SELECT session_id, count(*) AS n FROM core.model_calls_v1 GROUP BY session_id) AS m ON m.session_id = s.session_id
LEFT JOIN (SELECT session_id, count(*) AS n FROM core.tool_calls_v1 GROUP BY session_id) AS t ON t.session_id = s.session_id
LEFT JOIN (
    SELECT o.session_id, count(*) AS n
    FROM raw.texts AS b
    JOIN (SELECT source_id, message_id AS owner_id, session_id FROM raw.messages UNION ALL SELECT source_id, tool_call_id, session_id FROM raw.tool_calls) AS o
        ON o.source_id = b.source_id AND o.owner_id = b.owner_id
    GROUP BY o.session_id
) AS x ON x.session_id = s.session_id
ORDER BY s.started_at NULLS FIRST, s.session_id
