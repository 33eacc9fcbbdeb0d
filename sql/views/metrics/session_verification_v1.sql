-- summary: Whether the code a session wrote was checked after its last edit, and with which result.
-- grain: session_id
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id              The session.
--   code_edit_count         Edits of code and tests; NULL = the log does not carry them.
--   first_edit              Order of the first of them.
--   last_edit               Order of the last of them.
--   verification_run_count  Runs of tests, builds and linters; NULL = the log does not carry commands.
--   cycle_count             Runs that failed again after an edit.
--   stalled_cycle_count     Runs that failed again after an edit in the same way.
--   verification_state      no_code_edits, passed, passed_lint_failed, failed, lint_failed, failed_as_before, blocked,
--                           ran_result_unknown, stale (verified before the last edit only), never, or unknown.
WITH made_files AS (
    SELECT session_id, path, min(seq) AS created FROM file_changes_v1 WHERE op = 'create' GROUP BY session_id, path
),

-- Who takes his own scratch file away leaves the code as it was checked.
edits AS (
    SELECT f.session_id, count(*) AS code_edit_count, min(f.seq) AS first_edit, max(f.seq) AS last_edit
    FROM file_changes_v1 AS f
    LEFT JOIN made_files AS o ON o.session_id = f.session_id AND o.path = f.path AND o.created < f.seq
    WHERE f.is_applied IS NOT FALSE AND f.file_role IN ('code', 'test') AND NOT (f.op = 'delete' AND o.path IS NOT NULL)
    GROUP BY f.session_id
),

runs AS (
    SELECT
        session_id,
        count(*) AS verification_run_count,
        count(*) FILTER (WHERE is_cycle) AS cycle_count,
        count(*) FILTER (WHERE is_stalled) AS stalled_cycle_count
    FROM verification_runs_v1
    GROUP BY session_id
),

-- A failure that was there before the first edit is not the agent's.
failing_before AS (
    SELECT DISTINCT v.session_id, v.command_hash, v.failure_signature
    FROM verification_runs_v1 AS v
    JOIN edits AS e USING (session_id)
    WHERE v.outcome = 'fail' AND v.failure_signature IS NOT NULL AND v.seq < e.first_edit
),

newest AS (
    SELECT
        v.session_id, v.seq, v.program, v.command_hash, v.verification_kind, v.outcome, v.failure_signature,
        replace(c.command_norm, ' ./...', '') AS command_norm
    FROM verification_runs_v1 AS v
    JOIN edits AS e USING (session_id)
    LEFT JOIN commands_v1 AS c
        ON c.session_id = v.session_id AND c.tool_call_id = v.tool_call_id AND c.part_no = v.part_no
    WHERE v.seq > e.last_edit
    QUALIFY row_number() OVER (PARTITION BY v.session_id, v.command_hash ORDER BY v.seq DESC, v.part_no DESC, v.tool_call_id) = 1
),

-- A failure of a part is settled by a later pass of the whole: the same command with less behind it.
settled AS (
    SELECT DISTINCT f.session_id, f.command_hash
    FROM newest AS f
    JOIN newest AS p USING (session_id, program, verification_kind)
    WHERE f.outcome = 'fail' AND p.outcome = 'pass' AND p.seq > f.seq
        AND f.command_norm IS NOT NULL AND (p.command_norm IS NULL OR starts_with(f.command_norm || ' ', p.command_norm || ' '))
),

-- What was written was run after it, or the editor was asked for errors, though nothing says how that went.
tried AS (
    SELECT c.session_id
    FROM commands_v1 AS c
    JOIN edits AS e USING (session_id)
    JOIN tool_calls_v1 AS t USING (session_id, tool_call_id)
    WHERE c.command_class IN ('run', 'script') AND c.seq > e.last_edit AND t.status IN ('ok', 'error', 'unknown')
        AND c.program IN (
            'python', 'python3', 'py', 'node', 'ruby', 'perl', 'php', 'deno', 'lua', 'rscript', 'tsx', 'ts-node', 'java',
            'julia', 'elixir', 'go', 'cargo', 'dotnet', 'swift'
        )
    UNION
    SELECT t.session_id
    FROM tool_calls_v1 AS t
    JOIN edits AS e USING (session_id)
    WHERE t.tool_kind = 'diagnostics' AND t.seq > e.last_edit AND t.status IN ('ok', 'unknown')
),

verdicts AS (
    SELECT
        n.session_id,
        bool_or(n.outcome = 'fail' AND n.verification_kind IN ('test', 'build') AND b.command_hash IS NULL) AS has_failed,
        bool_or(n.outcome = 'fail' AND n.verification_kind = 'lint' AND b.command_hash IS NULL) AS has_lint_failed,
        bool_or(n.outcome = 'fail' AND b.command_hash IS NOT NULL) AS has_failed_as_before,
        bool_or(n.outcome = 'pass') AS has_passed,
        bool_and(n.outcome = 'blocked') AS is_blocked
    FROM newest AS n
    ANTI JOIN settled AS d USING (session_id, command_hash)
    LEFT JOIN failing_before AS b USING (session_id, command_hash, failure_signature)
    GROUP BY n.session_id
)

SELECT
    s.session_id,
    coalesce(e.code_edit_count, CASE WHEN s.has_tool_args THEN 0 END) AS code_edit_count,
    e.first_edit,
    e.last_edit,
    coalesce(r.verification_run_count, CASE WHEN s.has_tool_args THEN 0 END) AS verification_run_count,
    coalesce(r.cycle_count, CASE WHEN s.has_tool_args THEN 0 END) AS cycle_count,
    coalesce(r.stalled_cycle_count, CASE WHEN s.has_tool_args THEN 0 END) AS stalled_cycle_count,
    CASE
        WHEN NOT coalesce(s.has_tool_args, FALSE) THEN 'unknown'
        WHEN e.session_id IS NULL THEN 'no_code_edits'
        WHEN v.has_failed THEN 'failed'
        WHEN v.has_passed AND v.has_lint_failed THEN 'passed_lint_failed'
        WHEN v.has_passed THEN 'passed'
        WHEN v.has_lint_failed THEN 'lint_failed'
        WHEN v.has_failed_as_before THEN 'failed_as_before'
        WHEN v.is_blocked THEN 'blocked'
        WHEN v.session_id IS NOT NULL THEN 'ran_result_unknown'
        WHEN t.session_id IS NOT NULL THEN 'ran_result_unknown'
        WHEN r.verification_run_count > 0 THEN 'stale'
        ELSE 'never'
    END AS verification_state
FROM sessions_v1 AS s
LEFT JOIN edits AS e USING (session_id)
LEFT JOIN runs AS r USING (session_id)
LEFT JOIN verdicts AS v USING (session_id)
LEFT JOIN tried AS t USING (session_id)
