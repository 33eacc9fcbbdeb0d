-- title: Riskiest sessions
-- kind: table
-- note: Lowest health first, then the most expensive. Health is session_health_v1, the predecessor's formula.
-- empty: No session could be scored.
SELECT
    h.session_id,
    h.score,
    h.band,
    array_to_string(h.deductions, '; ') AS reasons,
    s.agent,
    p.name AS project,
    s.started_at,
    m.cost_usd,
    m.tool_failed_count,
    s.end_state
FROM session_health_v1 AS h
SEMI JOIN scope USING (session_id)
JOIN sessions_v1 AS s USING (session_id)
LEFT JOIN session_metrics_v1 AS m USING (session_id)
LEFT JOIN projects_v1 AS p ON p.project_id = s.project_id
WHERE h.score IS NOT NULL AND h.score < 100
ORDER BY h.score, m.cost_usd DESC NULLS LAST, h.session_id
LIMIT 10
