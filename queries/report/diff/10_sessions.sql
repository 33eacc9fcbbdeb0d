-- title: Sessions
-- kind: table
-- label: session_id = session
-- label: end_state = ended
-- spare: started_at
-- optional: project
SELECT
    CASE WHEN s.session_id = $a THEN 'A' ELSE 'B' END AS side,
    s.session_id,
    s.agent,
    p.name AS project,
    s.started_at,
    (SELECT string_agg(DISTINCT coalesce(c.response_model, c.model), ', ' ORDER BY coalesce(c.response_model, c.model)) FROM model_calls_v1 AS c WHERE c.session_id = s.session_id) AS models,
    s.end_state,
    s.fidelity
FROM sessions_v1 AS s
LEFT JOIN projects_v1 AS p ON p.project_id = s.project_id
WHERE s.session_id IN ($a, $b)
ORDER BY side
