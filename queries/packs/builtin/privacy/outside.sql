-- title: What was changed outside the project?
-- about: Applied changes outside the working directory and temporary folders, where the log tells the folder.
-- columns:
--   session_id   varchar      The session.
--   path         varchar      The file, as logged.
--   op           varchar      create, modify, delete or move.
--   approval     varchar      auto, user, denied or rule; NULL = not in the log.
--   occurred_at  timestamptz  When the call was requested.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
)

SELECT f.session_id, f.path, f.op, t.approval, t.requested_at AS occurred_at
FROM file_changes_v1 AS f
SEMI JOIN scope AS s USING (session_id)
LEFT JOIN tool_calls_v1 AS t ON t.session_id = f.session_id AND t.tool_call_id = f.tool_call_id
WHERE f.is_in_workspace = false AND f.is_applied IS DISTINCT FROM false
    AND NOT regexp_matches(f.path, '^(/private)?/(tmp|var/tmp|var/folders)/|^[A-Za-z]:[\\/].*[\\/]Temp[\\/]')
    AND ($since::TIMESTAMPTZ IS NULL OR t.requested_at >= $since::TIMESTAMPTZ)
    AND ($until::TIMESTAMPTZ IS NULL OR t.requested_at < $until::TIMESTAMPTZ)
ORDER BY occurred_at DESC NULLS LAST, f.session_id, f.path
LIMIT $limit
