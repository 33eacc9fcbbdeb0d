-- title: Sessions
-- kind: table
-- label: session_id = session
-- label: name = of
-- json only: key
-- text only: name
-- optional: name, unpriced_call_count, input_tokens, output_tokens, project
-- spare: output_tokens, input_tokens, unpriced_call_count
-- show: 50
SELECT
    u.period::DATE AS period,
    u.key,
    l.label AS name,
    u.session_id,
    s.agent,
    p.name AS project,
    s.started_at,
    u.model_call_count,
    u.cost_usd,
    u.unpriced_call_count,
    u.input_tokens,
    u.output_tokens
FROM trend_behind AS u
JOIN sessions_v1 AS s USING (session_id)
LEFT JOIN projects_v1 AS p ON p.project_id = s.project_id
LEFT JOIN trend_labels AS l ON l.key = u.key
WHERE $with_sessions::BOOLEAN
    AND (u.key, u.period) IN (SELECT (key, period) FROM shown_trends)
ORDER BY u.period DESC, u.cost_usd DESC NULLS LAST, u.session_id
