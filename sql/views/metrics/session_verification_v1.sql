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
WITH edits AS (
    SELECT session_id, count(*) AS code_edit_count, min(seq) AS first_edit, max(seq) AS last_edit
    FROM file_changes_v1
    WHERE is_applied IS NOT FALSE AND file_role IN ('code', 'test')
    GROUP BY session_id
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
    SELECT v.session_id, v.command_hash, v.verification_kind, v.outcome, v.failure_signature
    FROM verification_runs_v1 AS v
    JOIN edits AS e USING (session_id)
    WHERE v.seq > e.last_edit
    QUALIFY row_number() OVER (PARTITION BY v.session_id, v.command_hash ORDER BY v.seq DESC, v.part_no DESC, v.tool_call_id) = 1
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
        WHEN r.verification_run_count > 0 THEN 'stale'
        ELSE 'never'
    END AS verification_state
FROM sessions_v1 AS s
LEFT JOIN edits AS e USING (session_id)
LEFT JOIN runs AS r USING (session_id)
LEFT JOIN verdicts AS v USING (session_id)
