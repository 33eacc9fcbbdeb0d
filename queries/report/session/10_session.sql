-- title: Session
-- kind: facts
-- label: session_id = session
-- label: native_session_id = the agent's own id
-- label: workspace = folder
-- label: git_branch = branch
-- label: span_ms = from first to last
-- label: end_state = how it ended
-- label: is_live = still running
-- label: session_kind = kind
-- label: relation = relation to its parent
-- label: parent_session_id = parent
-- label: fidelity = what the log holds
-- optional: is_live
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
FROM own_session AS s
LEFT JOIN projects_v1 AS p ON p.project_id = s.project_id
