-- summary: Each run of a test, build or linter, with what the same command said before and whether edits lie between.
-- grain: tool_call_id, part_no
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id          The session.
--   run_id              The run.
--   tool_call_id        The shell call.
--   seq                 Order within the session.
--   part_no             Position of the command in the call, from 0.
--   program             Program.
--   verification_kind   test, build or lint.
--   command_hash        Hash of the command.
--   outcome             pass, fail, blocked, unknown.
--   failure_signature   Hash of the error lines: equal = the same failure again.
--   passed_test_count   Tests passed, by the output.
--   failed_test_count   Tests failed, by the output.
--   prev_outcome        Outcome of the run before of that command in the session; NULL = there was none.
--   prev_signature      Its failure signature.
--   prev_seq            Its order.
--   edit_between_count  Edits of code, tests or configuration since that run; NULL = there was none.
--   is_cycle            It fails again after an edit.
--   is_stalled          It fails again after an edit, and in the same way.
WITH steps AS (
    SELECT
        session_id, run_id, tool_call_id, seq, part_no, program, verification_kind, command_hash, outcome,
        failure_signature, passed_test_count, failed_test_count, 0 AS is_edit
    FROM commands_v1
    WHERE verification_kind IS NOT NULL
    UNION ALL
    SELECT session_id, NULL, NULL, seq, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1
    FROM file_changes_v1
    WHERE is_applied IS NOT FALSE AND file_role IN ('code', 'test', 'config')
),

counted AS (
    SELECT
        session_id, run_id, tool_call_id, seq, part_no, program, verification_kind, command_hash, outcome,
        failure_signature, passed_test_count, failed_test_count, is_edit,
        sum(is_edit) OVER (PARTITION BY session_id ORDER BY seq RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS edits_so_far,
        sum(is_edit) OVER (PARTITION BY session_id, seq) AS edits_of_same_call
    FROM steps
),

verifications AS (
    SELECT
        session_id, run_id, tool_call_id, seq, part_no, program, verification_kind, command_hash, outcome,
        failure_signature, passed_test_count, failed_test_count,
        edits_so_far - edits_of_same_call AS edits_before,
        lag(outcome) OVER same AS prev_outcome,
        lag(failure_signature) OVER same AS prev_signature,
        lag(seq) OVER same AS prev_seq,
        lag(edits_so_far) OVER same AS prev_edits_so_far
    FROM counted
    WHERE is_edit = 0
    WINDOW same AS (PARTITION BY session_id, verification_kind, command_hash ORDER BY seq, tool_call_id, part_no)
)

SELECT
    v.session_id, v.run_id, v.tool_call_id, v.seq, v.part_no, v.program, v.verification_kind, v.command_hash, v.outcome,
    v.failure_signature, v.passed_test_count, v.failed_test_count, v.prev_outcome, v.prev_signature, v.prev_seq,
    -- Two runs in one call have its edits on neither side.
    CASE WHEN v.prev_seq IS NOT NULL THEN greatest(v.edits_before - v.prev_edits_so_far, 0) END::BIGINT AS edit_between_count,
    coalesce(v.outcome = 'fail' AND v.prev_outcome = 'fail' AND edit_between_count > 0, FALSE) AS is_cycle,
    is_cycle AND coalesce(v.failure_signature = v.prev_signature, FALSE) AS is_stalled
FROM verifications AS v
