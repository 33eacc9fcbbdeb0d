-- summary: The files that a session read or changed: which it changed without a look before.
-- grain: session_id, path
-- status: current
-- since: 0.1.0
-- columns:
--   session_id         The session.
--   path               The file, in full where the working directory is known.
--   first_read_seq     Where it was read first; NULL = never.
--   first_change_seq   Where it was changed first; NULL = never.
--   change_call_id     The tool call of that change.
--   is_own             The session created it.
--   is_changed_unread  It was there before, and was changed before it was read.
WITH seen AS (
    SELECT session_id, path, seq, NULL::UBIGINT AS tool_call_id, NULL::VARCHAR AS op
    FROM file_reads_v1
    UNION ALL
    SELECT session_id, path, seq, tool_call_id, op
    FROM file_changes_v1
    WHERE is_applied IS NOT FALSE
),

-- One file may be named in full and, in a shell command, from the working directory.
named AS (
    SELECT
        f.session_id, f.seq, f.tool_call_id, f.op,
        CASE
            WHEN s.workspace IS NULL OR regexp_matches(f.path, '^(/|~|[A-Za-z]:|\\\\)') THEN f.path
            ELSE s.workspace || '/' || regexp_replace(f.path, '^(\./)+', '')
        END AS path
    FROM seen AS f
    JOIN sessions_v1 AS s USING (session_id)
)

SELECT
    session_id,
    path,
    min(seq) FILTER (WHERE op IS NULL) AS first_read_seq,
    min(seq) FILTER (WHERE op IS NOT NULL) AS first_change_seq,
    arg_min(tool_call_id, seq) FILTER (WHERE op IS NOT NULL) AS change_call_id,
    coalesce(bool_or(op = 'create'), FALSE) AS is_own,
    first_change_seq IS NOT NULL AND NOT is_own AND coalesce(first_read_seq > first_change_seq, TRUE) AS is_changed_unread
FROM named
GROUP BY session_id, path
