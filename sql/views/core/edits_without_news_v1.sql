-- summary: Edits of code that was edited before in the same turn, though nothing was learned in between.
-- grain: file_change_id
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   file_change_id           The change.
--   session_id               The session.
--   run_id                   The run.
--   path                     Path as logged.
--   seq                      Order within the session.
--   prev_seq                 Order of the edit before of that file.
--   tool_call_id             The call that made it.
--   added_line_count         Lines added.
--   self_removed_line_count  Removed lines that the session itself had added: above 0 the edit took something back.
WITH edits AS (
    SELECT
        c.file_change_id, c.session_id, c.run_id, c.turn_id, c.path, c.seq, c.tool_call_id,
        c.added_line_count, c.self_removed_line_count, t.model_call_id,
        lag(c.seq) OVER edits_of_file AS prev_seq,
        lag(c.turn_id) OVER edits_of_file AS prev_turn_id,
        lag(t.model_call_id) OVER edits_of_file AS prev_model_call_id
    FROM file_changes_v1 AS c
    LEFT JOIN tool_calls_v1 AS t USING (tool_call_id)
    WHERE c.is_applied IS NOT FALSE AND c.file_role IN ('code', 'test')
    WINDOW edits_of_file AS (PARTITION BY c.run_id, c.path ORDER BY c.seq, c.file_change_id)
),

again AS (
    SELECT file_change_id, session_id, run_id, path, seq, prev_seq, tool_call_id, added_line_count, self_removed_line_count
    FROM edits
    -- Several edits of one answer of the model are one.
    WHERE prev_seq IS NOT NULL
        AND model_call_id IS DISTINCT FROM prev_model_call_id
        AND turn_id IS NOT DISTINCT FROM prev_turn_id
),

-- A verification and a failed call are news, for whatever file.
news AS (
    SELECT run_id, seq FROM commands_v1 WHERE verification_kind IS NOT NULL
    UNION
    SELECT run_id, seq FROM tool_calls_v1 WHERE status IN ('error', 'denied')
),

reads AS (
    SELECT DISTINCT run_id, path, seq FROM file_reads_v1
)

SELECT
    a.file_change_id, a.session_id, a.run_id, a.path, a.seq, a.prev_seq, a.tool_call_id,
    a.added_line_count, a.self_removed_line_count
FROM again AS a
ASOF LEFT JOIN news AS n ON n.run_id = a.run_id AND n.seq < a.seq
ASOF LEFT JOIN reads AS r ON r.run_id = a.run_id AND r.path = a.path AND r.seq < a.seq
WHERE coalesce(n.seq <= a.prev_seq, TRUE)
    AND coalesce(r.seq <= a.prev_seq, TRUE)
