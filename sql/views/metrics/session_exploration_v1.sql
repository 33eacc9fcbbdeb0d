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

files AS (
    SELECT
        session_id,
        count(first_read_seq) AS read_file_count,
        count(*) FILTER (WHERE first_change_seq IS NOT NULL AND NOT is_own) AS modified_file_count,
        count(*) FILTER (WHERE is_changed_unread) AS unread_modified_file_count
    FROM session_files_v1
    GROUP BY session_id
)

SELECT
    s.session_id,
    coalesce(a.tool_call_count, 0) AS tool_call_count,
    CASE WHEN s.has_tool_args THEN coalesce(a.explore_call_count, 0) END AS explore_call_count,
    CASE WHEN s.has_tool_args THEN coalesce(a.edit_call_count, 0) END AS edit_call_count,
    CASE WHEN s.has_tool_args THEN coalesce(a.verification_call_count, 0) END AS verification_call_count,
    CASE WHEN s.has_tool_args THEN coalesce(b.explore_before_edit, 0) END AS explore_before_edit,
    CASE WHEN s.has_tool_args THEN coalesce(f.read_file_count, 0) END AS read_file_count,
    CASE WHEN s.has_tool_args THEN coalesce(f.modified_file_count, 0) END AS modified_file_count,
    CASE WHEN s.has_tool_args THEN coalesce(f.unread_modified_file_count, 0) END AS unread_modified_file_count
FROM sessions_v1 AS s
LEFT JOIN activities AS a USING (session_id)
LEFT JOIN before AS b USING (session_id)
LEFT JOIN files AS f USING (session_id)
