-- summary: Tests, builds and linters of two sessions, side by side: which were run after the last edit, and how they
--   ended.
-- grain: verification_kind, program
-- status: current
-- since: 0.1.0
-- macro: (session_a, session_b)
-- columns:
--   verification_kind  test, build or lint.
--   program            Program.
--   runs_a             [count] Runs in the one session; NULL = none.
--   runs_b             [count] Runs in the other.
--   last_a             How the last run ended: pass, fail, blocked, unknown.
--   last_b             The same of the other.
--   is_after_edits_a   The last run came after the last edit of code; NULL = no run, or nothing was edited.
--   is_after_edits_b   The same of the other.
--   finding            missing_in_b, extra_in_b, worse_in_b (passed in the one, not in the other), stale_in_b (run before
--                      the last edit only); NULL = none.
WITH runs AS (
    SELECT
        session_id = ('0x' || session_a)::UBIGINT AS is_a,
        verification_kind,
        coalesce(program, '?') AS program,
        count(*) AS run_count,
        arg_max(outcome, seq * 1000 + part_no) AS last_outcome,
        max(seq) AS last_seq
    FROM commands_v1
    WHERE verification_kind IS NOT NULL AND session_id IN (('0x' || session_a)::UBIGINT, ('0x' || session_b)::UBIGINT)
    GROUP BY 1, 2, 3
),

edits AS (
    SELECT
        max(last_edit) FILTER (WHERE session_id = ('0x' || session_a)::UBIGINT) AS last_edit_a,
        max(last_edit) FILTER (WHERE session_id = ('0x' || session_b)::UBIGINT) AS last_edit_b
    FROM session_verification_v1
    WHERE session_id IN (('0x' || session_a)::UBIGINT, ('0x' || session_b)::UBIGINT)
),

pairs AS (
    SELECT
        verification_kind,
        program,
        max(run_count) FILTER (WHERE is_a) AS runs_a,
        max(run_count) FILTER (WHERE NOT is_a) AS runs_b,
        max(last_outcome) FILTER (WHERE is_a) AS last_a,
        max(last_outcome) FILTER (WHERE NOT is_a) AS last_b,
        max(last_seq) FILTER (WHERE is_a) AS last_seq_a,
        max(last_seq) FILTER (WHERE NOT is_a) AS last_seq_b
    FROM runs
    GROUP BY verification_kind, program
)

SELECT
    p.verification_kind,
    p.program,
    p.runs_a,
    p.runs_b,
    p.last_a,
    p.last_b,
    p.last_seq_a > e.last_edit_a AS is_after_edits_a,
    p.last_seq_b > e.last_edit_b AS is_after_edits_b,
    CASE
        WHEN p.runs_b IS NULL THEN 'missing_in_b'
        WHEN p.runs_a IS NULL THEN 'extra_in_b'
        WHEN p.last_a = 'pass' AND p.last_b <> 'pass' THEN 'worse_in_b'
        WHEN coalesce(is_after_edits_a, TRUE) AND NOT is_after_edits_b THEN 'stale_in_b'
    END AS finding
FROM pairs AS p
CROSS JOIN edits AS e
