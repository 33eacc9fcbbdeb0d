-- summary: The files that two sessions looked at, side by side: what the one read before its last edit and the other
--   did not.
-- grain: path
-- status: current
-- since: 0.1.0
-- macro: (session_a, session_b)
-- columns:
--   path       The file, from the working directory.
--   is_read_a  The one session read it before its last edit of code, or at all where it edited none.
--   is_read_b  The other read it, at any time.
WITH edits AS (
    SELECT max(last_edit) AS last_edit
    FROM session_verification_v1
    WHERE session_id = ('0x' || session_a)::UBIGINT
),

reads AS (
    SELECT
        r.session_id = ('0x' || session_a)::UBIGINT AS is_a,
        r.seq,
        CASE
            WHEN starts_with(r.path, rtrim(s.workspace, '/\') || '/') OR starts_with(r.path, rtrim(s.workspace, '/\') || '\')
                THEN substr(r.path, length(rtrim(s.workspace, '/\')) + 2)
            ELSE r.path
        END AS path
    FROM file_reads_v1 AS r
    JOIN sessions_v1 AS s USING (session_id)
    WHERE r.session_id IN (('0x' || session_a)::UBIGINT, ('0x' || session_b)::UBIGINT)
)

SELECT
    r.path,
    coalesce(bool_or(r.is_a AND (e.last_edit IS NULL OR r.seq < e.last_edit)), FALSE) AS is_read_a,
    coalesce(bool_or(NOT r.is_a), FALSE) AS is_read_b
FROM reads AS r
CROSS JOIN edits AS e
GROUP BY r.path
