-- summary: One row per tool call with its result.
-- grain: tool_call_id
-- status: current
-- since: 0.1.0
-- columns:
--   tool_call_id         The call.
--   session_id           Its session.
--   run_id               Its run.
--   turn_id              Its turn.
--   model_call_id        The model call that asked for it; NULL also where another account of the requests counts.
--   seq                  Order within the session.
--   tool_name_raw        Name as logged.
--   tool_name            Name without server and decoration.
--   tool_kind            read, search, list, edit, write, delete, move, shell, ..., mcp, other: see tool_kinds.
--   mcp_server           MCP server.
--   native_call_id       The agent's own id of the call.
--   args_hash            Hash of name and arguments.
--   args_norm_hash       The same without arguments that do not change the effect.
--   args_bytes           Size of the arguments, bytes.
--   target_path          File or folder it is about.
--   range_start          First line of a range.
--   range_end            Last line of a range.
--   requested_at         When it was requested, UTC.
--   started_at           Start, UTC, where logged.
--   ended_at             When the result came, UTC.
--   duration_ms          Duration, milliseconds.
--   duration_basis       reported by the log, or derived: result minus request, approval included.
--   status               ok, error, denied, interrupted, no_result, unknown.
--   error_type           verification_failed, nonzero_exit, empty_search, bad_args, not_found, unknown_tool, timeout, permission, tool_error.
--   exit_code            Exit code.
--   result_bytes         Real size of the result, bytes.
--   result_hash          Hash of the result without volatile parts.
--   is_result_truncated  The log keeps less than the whole.
--   approval             auto, user, denied, rule.
--   approval_wait_ms     Wait for approval, milliseconds.
--   is_polling           Only waits, or asks for the state of a job.
--   is_state_changing    It may have changed files or the world; NULL = unknown.
--   child_run_id         Run that it started.
--   source_id            File.
--   line                 Line of the request.
--   result_line          Line of the result.
WITH every AS (
    -- Copies are taken out last, and by one condition: the engine guesses that each leaves a fifth of the rows, and
    -- would then turn the joins round and keep all calls in memory. What is merged from copies is none itself.
    SELECT *, source_id AS copy_source_id FROM raw.tool_calls
    UNION ALL BY NAME
    SELECT *, NULL AS copy_source_id FROM raw.merged_tool_calls
),

-- A tool that the log itself gives to a server is that server's, whatever its name would mean elsewhere.
named AS (
    SELECT
        t.*,
        CASE WHEN t.mcp_server IS NOT NULL THEN 'mcp' ELSE coalesce(n.tool_kind, 'other') END AS kind,
        CASE
            WHEN t.mcp_server IS NOT NULL AND n.mcp_server IS NULL THEN t.tool_name_raw
            ELSE coalesce(n.tool_name, t.tool_name_raw)
        END AS name,
        coalesce(t.mcp_server, n.mcp_server) AS server
    FROM every AS t
    LEFT JOIN raw.tool_names AS n USING (tool_name_raw)
),

parts AS (
    SELECT
        c.session_id,
        c.tool_call_id,
        bool_or(k.verification_kind IS NOT NULL) AS has_verification,
        bool_and(k.command_class IN ('search', 'filter', 'nav')) AS is_search,
        bool_or(
            k.command_class IN ('edit_inplace', 'file_write', 'format', 'vcs_write', 'package', 'db', 'deploy')
            OR (c.writes_file AND k.verification_kind IS NULL)
        ) AS has_change,
        bool_or(k.command_class IN ('run', 'script')) AS has_run
    FROM raw.commands AS c
    JOIN raw.command_classes AS k USING (command_key)
    GROUP BY c.session_id, c.tool_call_id
)

SELECT
    t.tool_call_id,
    t.session_id,
    t.run_id,
    t.turn_id,
    CASE WHEN u.call_id IS NULL THEN t.model_call_id END AS model_call_id,
    t.seq,
    t.tool_name_raw,
    t.name AS tool_name,
    t.kind AS tool_kind,
    t.server AS mcp_server,
    t.native_call_id,
    t.args_hash,
    t.args_norm_hash,
    t.args_bytes,
    t.target_path,
    t.range_start::INTEGER AS range_start,
    t.range_end::INTEGER AS range_end,
    t.requested_at,
    t.started_at,
    t.ended_at,
    t.duration_ms,
    t.duration_basis,
    t.status,
    CASE
        WHEN t.status = 'error' AND coalesce(t.error_type, 'nonzero_exit') = 'nonzero_exit' AND p.has_verification
            AND coalesce(t.exit_code, 1) NOT IN (126, 127) THEN 'verification_failed'
        WHEN t.status = 'error' AND t.exit_code = 1 AND coalesce(t.error_type, 'nonzero_exit') = 'nonzero_exit' AND p.is_search
            THEN 'empty_search'
        ELSE t.error_type
    END AS error_type,
    t.exit_code::INTEGER AS exit_code,
    t.result_bytes,
    t.result_hash,
    t.is_result_truncated,
    t.approval,
    t.approval_wait_ms,
    (t.is_polling OR t.kind = 'shell_poll') AS is_polling,
    CASE
        WHEN t.kind IN ('edit', 'write', 'delete', 'move', 'notebook') THEN true
        WHEN t.kind = 'shell' THEN CASE WHEN p.has_change THEN true WHEN p.has_run OR p.tool_call_id IS NULL THEN NULL ELSE false END
        WHEN t.kind IN ('script', 'mcp', 'vcs', 'browser', 'other') THEN NULL
        ELSE false
    END AS is_state_changing,
    t.child_run_id,
    t.source_id,
    t.line,
    t.result_line
FROM named AS t
-- By session too, so that who asks for one session does not sum up the commands of all.
LEFT JOIN parts AS p USING (session_id, tool_call_id)
-- What a log says of a request that another account counts names a call that is not there.
LEFT JOIN (
    SELECT l.session_id, c.call_id
    FROM raw.call_copies AS c JOIN raw.ledgers AS l ON l.source_id = c.source_id AND l.whole_run_id IS NULL
    WHERE c.kind = 'model'
    GROUP BY l.session_id, c.call_id
    HAVING NOT bool_or(c.is_owner)
) AS u ON u.session_id = t.session_id AND u.call_id = t.model_call_id
LEFT JOIN (SELECT source_id, line, call_id FROM raw.call_copies WHERE kind = 'tool') AS k
    ON k.source_id = t.copy_source_id AND k.line = t.line AND k.call_id = t.tool_call_id
LEFT JOIN raw.copies AS c ON c.source_id = t.copy_source_id AND c.line = t.line
WHERE coalesce(k.line, c.line) IS NULL
