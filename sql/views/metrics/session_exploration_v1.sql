-- summary: How much a session looked around, changed and checked, and which files it changed without a look.
-- grain: session_id
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id                   The session.
--   tool_call_count              Tool calls.
--   explore_call_count           Calls that read or search; NULL = the log does not carry arguments.
--   edit_call_count              Calls that edit.
--   verification_call_count      Calls that test, build or lint.
--   explore_before_edit          [count] Calls that read or search before the first edit; all of them where nothing was edited.
--   read_file_count              Files read.
--   modified_file_count          Files that were there before and were changed.
--   unread_modified_file_count   Of these, files that the session had not read or written before their first change.
WITH activities AS (
    SELECT
        session_id,
        count(*) AS tool_call_count,
        count(*) FILTER (WHERE activity = 'explore') AS explore_call_count,
        count(*) FILTER (WHERE activity = 'edit') AS edit_call_count,
        count(*) FILTER (WHERE activity = 'verify') AS verification_call_count,
        min(seq) FILTER (WHERE activity = 'edit') AS first_edit
    FROM tool_call_activity_v1
    GROUP BY session_id
),

before AS (
    SELECT a.session_id, count(*) AS explore_before_edit
    FROM tool_call_activity_v1 AS a
    JOIN activities AS s USING (session_id)
    WHERE a.activity = 'explore' AND (s.first_edit IS NULL OR a.seq < s.first_edit)
    GROUP BY a.session_id
),

-- One file may be named in full and, in a shell command, from the working directory.
reads AS (
    SELECT
        r.session_id,
        CASE
            WHEN s.workspace IS NULL OR regexp_matches(r.path, '^(/|~|[A-Za-z]:|\\\\)') THEN r.path
            ELSE s.workspace || '/' || regexp_replace(r.path, '^(\./)+', '')
        END AS full_path,
        min(r.seq) AS first_read
    FROM file_reads_v1 AS r
    JOIN sessions_v1 AS s USING (session_id)
    GROUP BY r.session_id, full_path
),

changes AS (
    SELECT
        c.session_id,
        CASE
            WHEN s.workspace IS NULL OR regexp_matches(c.path, '^(/|~|[A-Za-z]:|\\\\)') THEN c.path
            ELSE s.workspace || '/' || regexp_replace(c.path, '^(\./)+', '')
        END AS full_path,
        min(c.seq) AS first_change,
        bool_or(c.op = 'create') AS is_own
    FROM file_changes_v1 AS c
    JOIN sessions_v1 AS s USING (session_id)
    WHERE c.is_applied IS NOT FALSE
    GROUP BY c.session_id, full_path
),

read_files AS (
    SELECT session_id, count(*) AS read_file_count FROM reads GROUP BY session_id
),

modified_files AS (
    SELECT
        c.session_id,
        count(*) AS modified_file_count,
        count(*) FILTER (WHERE r.full_path IS NULL) AS unread_modified_file_count
    FROM changes AS c
    LEFT JOIN reads AS r ON r.session_id = c.session_id AND r.full_path = c.full_path AND r.first_read <= c.first_change
    WHERE NOT c.is_own
    GROUP BY c.session_id
)

SELECT
    s.session_id,
    coalesce(a.tool_call_count, 0) AS tool_call_count,
    CASE WHEN s.has_tool_args THEN coalesce(a.explore_call_count, 0) END AS explore_call_count,
    CASE WHEN s.has_tool_args THEN coalesce(a.edit_call_count, 0) END AS edit_call_count,
    CASE WHEN s.has_tool_args THEN coalesce(a.verification_call_count, 0) END AS verification_call_count,
    CASE WHEN s.has_tool_args THEN coalesce(b.explore_before_edit, 0) END AS explore_before_edit,
    CASE WHEN s.has_tool_args THEN coalesce(r.read_file_count, 0) END AS read_file_count,
    CASE WHEN s.has_tool_args THEN coalesce(m.modified_file_count, 0) END AS modified_file_count,
    CASE WHEN s.has_tool_args THEN coalesce(m.unread_modified_file_count, 0) END AS unread_modified_file_count
FROM sessions_v1 AS s
LEFT JOIN activities AS a USING (session_id)
LEFT JOIN before AS b USING (session_id)
LEFT JOIN read_files AS r USING (session_id)
LEFT JOIN modified_files AS m USING (session_id)
