-- title: Which destructive commands ran, and who allowed them?
-- about: Commands that a rule calls destructive, also those that did not run: see status.
-- columns:
--   session_id    varchar      The session.
--   program       varchar      The program.
--   command_norm  varchar      What follows it; NULL where no text is kept.
--   status        varchar      Outcome of the call.
--   approval      varchar      auto, user, denied or rule; NULL = not in the log.
--   occurred_at   timestamptz  When the call was requested.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
)

SELECT k.session_id, k.program, k.command_norm, t.status, t.approval, t.requested_at AS occurred_at
FROM commands_v1 AS k
SEMI JOIN scope AS s USING (session_id)
LEFT JOIN tool_calls_v1 AS t ON t.session_id = k.session_id AND t.tool_call_id = k.tool_call_id
WHERE k.is_destructive
    AND ($since::TIMESTAMPTZ IS NULL OR t.requested_at >= $since::TIMESTAMPTZ)
    AND ($until::TIMESTAMPTZ IS NULL OR t.requested_at < $until::TIMESTAMPTZ)
ORDER BY occurred_at DESC NULLS LAST, k.session_id, k.program, k.command_norm
LIMIT $limit
