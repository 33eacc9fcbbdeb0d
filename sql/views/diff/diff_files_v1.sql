-- summary: The files that two sessions changed, side by side, by their path from the working directory.
-- grain: path
-- status: current
-- since: 0.1.0
-- macro: (session_a, session_b)
-- columns:
--   path       The file.
--   role       code, test, config, doc, data, generated.
--   presence   both, only_a, only_b.
--   edits_a    [count] Changes in the one session; NULL = it did not touch the file.
--   edits_b    [count] Changes in the other.
--   added_a     [lines] Lines added.
--   added_b     [lines] Lines added.
--   removed_a   [lines] Lines removed.
--   removed_b   [lines] Lines removed.
--   reworked_a  [lines] Removed lines that the session itself had added.
--   reworked_b  [lines] Removed lines that the session itself had added.
WITH edits AS (
    SELECT
        f.session_id = ('0x' || session_a)::UBIGINT AS is_a,
        CASE
            WHEN starts_with(f.path, rtrim(s.workspace, '/\') || '/') OR starts_with(f.path, rtrim(s.workspace, '/\') || '\')
                THEN substr(f.path, length(rtrim(s.workspace, '/\')) + 2)
            ELSE f.path
        END AS path,
        any_value(f.file_role) AS role,
        count(*) AS edit_count,
        sum(f.added_line_count)::BIGINT AS added,
        sum(f.removed_line_count)::BIGINT AS removed,
        sum(f.self_removed_line_count)::BIGINT AS reworked
    FROM file_changes_v1 AS f
    JOIN sessions_v1 AS s USING (session_id)
    WHERE f.is_applied IS NOT FALSE AND f.session_id IN (('0x' || session_a)::UBIGINT, ('0x' || session_b)::UBIGINT)
    GROUP BY 1, 2
),

files AS (
    SELECT path, any_value(role) AS role FROM edits GROUP BY path
)

SELECT
    f.path,
    f.role,
    CASE WHEN x.path IS NULL THEN 'only_b' WHEN y.path IS NULL THEN 'only_a' ELSE 'both' END AS presence,
    x.edit_count AS edits_a,
    y.edit_count AS edits_b,
    x.added AS added_a,
    y.added AS added_b,
    x.removed AS removed_a,
    y.removed AS removed_b,
    x.reworked AS reworked_a,
    y.reworked AS reworked_b
FROM files AS f
LEFT JOIN edits AS x ON x.path = f.path AND x.is_a
LEFT JOIN edits AS y ON y.path = f.path AND NOT y.is_a
