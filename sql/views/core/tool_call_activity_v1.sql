-- summary: What each tool call was for; a shell call counts as the strongest of its commands.
-- grain: tool_call_id
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   tool_call_id    The call.
--   session_id      The session.
--   run_id          The run.
--   turn_id         The turn.
--   model_call_id   The model call that requested it.
--   seq             Order within the session.
--   tool_name       Folded tool name.
--   tool_kind       Kind of tool.
--   activity        explore, edit, verify, effect, run, delegate, plan, ask, wait or other.
--   is_destructive  One of its commands is destructive.
WITH commands AS (
    SELECT
        tool_call_id,
        bool_or(verification_kind IS NOT NULL) AS has_verify,
        bool_or(command_class IN ('edit_inplace', 'file_write', 'format')) AS has_edit,
        bool_or(command_class IN ('vcs_write', 'package', 'db', 'deploy', 'process', 'remote')) AS has_effect,
        bool_or(command_class IN ('run', 'script')) AS has_run,
        bool_or(command_class IN ('read', 'search', 'list', 'vcs_read', 'remote_read')) AS has_explore,
        bool_or(is_destructive) AS is_destructive
    FROM commands_v1
    GROUP BY tool_call_id
)

SELECT
    t.tool_call_id, t.session_id, t.run_id, t.turn_id, t.model_call_id, t.seq, t.tool_name, t.tool_kind,
    CASE
        WHEN t.tool_kind IN ('edit', 'write', 'delete', 'move') THEN 'edit'
        WHEN t.tool_kind IN ('read', 'search', 'list', 'web_search', 'web_fetch') THEN 'explore'
        WHEN t.tool_kind = 'diagnostics' THEN 'verify'
        WHEN t.tool_kind = 'vcs' THEN 'effect'
        WHEN t.tool_kind = 'script' THEN 'run'
        WHEN t.tool_kind = 'shell' THEN CASE
            WHEN c.has_verify THEN 'verify'
            WHEN c.has_edit THEN 'edit'
            WHEN c.has_effect THEN 'effect'
            WHEN c.has_run THEN 'run'
            WHEN c.has_explore THEN 'explore'
            ELSE 'other'
        END
        WHEN t.tool_kind = 'shell_poll' THEN 'wait'
        WHEN t.tool_kind = 'task' THEN 'delegate'
        WHEN t.tool_kind IN ('todo', 'plan', 'skill') THEN 'plan'
        WHEN t.tool_kind = 'ask_user' THEN 'ask'
        ELSE 'other'
    END AS activity,
    coalesce(c.is_destructive, FALSE) AS is_destructive
FROM tool_calls_v1 AS t
LEFT JOIN commands AS c USING (tool_call_id)
