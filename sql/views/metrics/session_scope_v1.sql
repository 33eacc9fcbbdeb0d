-- summary: The sessions that the common filters of reports and query packs leave, with what people call their project.
-- grain: session_id
-- status: current
-- since: 0.1.0
-- macro: (from_at, to_at, projects, agents, models, machines)
-- columns:
--   session_id    The session.
--   agent         The agent.
--   project_id    The project.
--   project       Name of the project; NULL = the log names no folder.
--   machine_id    The machine.
--   session_kind  user, automation, review, memory, background.
--   title         Title, where it is stored.
--   started_at    First instant.
--   ended_at      Last instant.
SELECT
    s.session_id,
    s.agent,
    s.project_id,
    p.name AS project,
    s.machine_id,
    s.session_kind,
    s.title,
    s.started_at,
    s.ended_at
FROM sessions_v1 AS s
LEFT JOIN projects_v1 AS p ON p.project_id = s.project_id
WHERE
    -- A session is in scope if it overlaps the time; what is counted by the call is cut by the call's own instant.
    (from_at::TIMESTAMPTZ IS NULL OR coalesce(s.ended_at, s.started_at) >= from_at::TIMESTAMPTZ)
    AND (to_at::TIMESTAMPTZ IS NULL OR s.started_at < to_at::TIMESTAMPTZ)
    AND (agents::VARCHAR[] IS NULL OR list_contains(agents::VARCHAR[], s.agent))
    AND (machines::VARCHAR[] IS NULL OR list_contains(machines::VARCHAR[], s.machine_id))
    AND (
        projects::VARCHAR[] IS NULL
        OR list_has_any(projects::VARCHAR[], [p.name, p.remote_norm, p.root_path, s.workspace, lower(hex(s.project_id))])
    )
    AND (
        models::VARCHAR[] IS NULL
        OR s.session_id IN (
            SELECT c.session_id FROM model_calls_v1 AS c WHERE list_has_any(models::VARCHAR[], [c.model, c.response_model, c.price_model])
        )
    )
