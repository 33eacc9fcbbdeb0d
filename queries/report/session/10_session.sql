-- title: Session
-- kind: facts
SELECT
    s.session_id,
    s.native_session_id,
    s.agent,
    s.agent_version,
    s.title,
    p.name AS project,
    s.workspace,
    s.git_branch,
    s.started_at,
    s.ended_at,
    epoch_ms(s.ended_at) - epoch_ms(s.started_at) AS span_ms,
    s.end_state,
    s.is_live,
    s.session_kind,
    s.relation,
    s.parent_session_id,
    s.fidelity
FROM sessions_v1 AS s
LEFT JOIN projects_v1 AS p ON p.project_id = s.project_id
WHERE s.session_id = $session
