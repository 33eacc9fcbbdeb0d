-- summary: What the rules measure of edits: going back and forth, rework, edits without a look, changes where none were due.
-- grain: session_id, anomaly
-- status: current
-- since: 0.1.0
-- columns:
--   session_id  The session.
--   anomaly     edit.pingpong, edit.self_churn, edit.rework_without_news, edit.unread_files, edit.outside_workspace,
--               edit.destructive_command, edit.after_denial.
--   value       What was measured; its unit is in anomaly_rules.
--   at_most     The severity that it does not pass, whatever the limits; NULL = it has no such bound.
--   evidence    What caused it, where that is no call: ids of events, files, instants.
--   call_ids    The tool calls or model calls that caused it, the first to look at first.
--   source_id   The log file of the evidence, where that is no call.
--   first_line  First line of the evidence there.
--   last_line   Last line of it there.
--   lost_ms     Time that it took; NULL = it cannot be told.
--   lost_usd    [USD] Money that it took; NULL = it cannot be told.
WITH params AS (
    SELECT
        max(value) FILTER (WHERE key = 'edit.self_churn.min_added_lines') AS min_added_lines,
        max(value) FILTER (WHERE key = 'edit.unread_files.min_share') AS min_unread_share
    FROM thresholds_v1
),

rework AS (
    SELECT session_id, list(tool_call_id ORDER BY self_removed_line_count DESC, seq, tool_call_id) AS call_ids
    FROM file_changes_v1
    WHERE self_removed_line_count > 0 AND file_role IN ('code', 'test') AND is_applied IS NOT FALSE
    GROUP BY session_id
),

unread AS (
    SELECT
        session_id,
        list(path ORDER BY first_change_seq, path) AS paths,
        list(change_call_id ORDER BY first_change_seq, path) FILTER (WHERE change_call_id IS NOT NULL) AS call_ids
    FROM session_files_v1
    WHERE is_changed_unread
    GROUP BY session_id
),

placed AS (
    SELECT
        session_id, path, seq, tool_call_id, is_in_workspace,
        is_in_workspace = FALSE AND NOT regexp_matches(path, '^(/tmp/|/private/tmp/|/var/folders/|/dev/)') AS is_outside
    FROM file_changes_v1
    WHERE is_applied IS NOT FALSE
),

destroyed AS (
    SELECT c.session_id, c.tool_call_id, c.seq, t.approval
    FROM commands_v1 AS c
    JOIN tool_calls_v1 AS t USING (tool_call_id)
    WHERE c.is_destructive AND t.status <> 'denied'
),

denied AS (
    SELECT DISTINCT session_id, turn_id
    FROM tool_calls_v1
    WHERE status = 'denied' AND turn_id IS NOT NULL
),

-- What the calls of a turn with a denial were to do: the files to change, the commands with an effect.
deeds AS (
    SELECT t.session_id, t.turn_id, t.seq, t.tool_call_id, t.status, t.approval, f.path AS target
    FROM denied AS d
    JOIN tool_calls_v1 AS t USING (session_id, turn_id)
    JOIN file_changes_v1 AS f USING (session_id, tool_call_id)
    UNION ALL
    SELECT
        t.session_id, t.turn_id, t.seq, t.tool_call_id, t.status, t.approval,
        concat_ws(' ', c.command_class, c.program, c.subcommand)
    FROM denied AS d
    JOIN tool_calls_v1 AS t USING (session_id, turn_id)
    JOIN commands_v1 AS c USING (session_id, tool_call_id)
    WHERE c.is_destructive
        OR c.command_class IN ('edit_inplace', 'file_write', 'vcs_write', 'package', 'db', 'deploy', 'process', 'remote')
),

-- What worked all the same. Only where the log says what allowed it: the user may have said yes in the meantime.
around AS (
    SELECT DISTINCT b.session_id, b.tool_call_id, b.seq
    FROM deeds AS a
    JOIN deeds AS b ON b.session_id = a.session_id AND b.turn_id = a.turn_id AND b.target = a.target AND b.seq > a.seq
    WHERE a.status = 'denied' AND b.status = 'ok' AND b.approval IN ('auto', 'rule')
)

SELECT
    session_id, 'edit.pingpong' AS anomaly, count(*)::DOUBLE AS value, NULL::VARCHAR AS at_most,
    list(DISTINCT path ORDER BY path) AS evidence,
    list(tool_call_id ORDER BY seq, tool_call_id) AS call_ids,
    NULL::BIGINT AS source_id, NULL::BIGINT AS first_line, NULL::BIGINT AS last_line,
    NULL::BIGINT AS lost_ms, NULL::DECIMAL(24,12) AS lost_usd
FROM reverts_v1
GROUP BY session_id
UNION ALL BY NAME
SELECT
    f.session_id, 'edit.self_churn' AS anomaly,
    sum(f.self_removed_line_count) / sum(f.added_line_count)::DOUBLE AS value,
    list(f.path ORDER BY f.self_removed_line_count DESC, f.path) FILTER (WHERE f.self_removed_line_count > 0) AS evidence,
    any_value(r.call_ids) AS call_ids
FROM file_churn_v1 AS f
CROSS JOIN params AS p
LEFT JOIN rework AS r USING (session_id)
WHERE f.file_role IN ('code', 'test')
GROUP BY f.session_id, p.min_added_lines
HAVING sum(f.added_line_count) >= p.min_added_lines
UNION ALL BY NAME
SELECT
    session_id, 'edit.rework_without_news' AS anomaly, count(*) AS value,
    list(tool_call_id ORDER BY seq, tool_call_id) AS call_ids
FROM edits_without_news_v1
WHERE self_removed_line_count > 0
GROUP BY session_id
UNION ALL BY NAME
SELECT
    x.session_id, 'edit.unread_files' AS anomaly, x.unread_modified_file_count AS value, u.paths AS evidence, u.call_ids
FROM session_exploration_v1 AS x
JOIN unread AS u USING (session_id)
CROSS JOIN params AS p
WHERE x.unread_modified_file_count > p.min_unread_share * x.modified_file_count
UNION ALL BY NAME
SELECT
    session_id, 'edit.outside_workspace' AS anomaly,
    count(*) FILTER (WHERE is_outside) AS value,
    list(DISTINCT path ORDER BY path) FILTER (WHERE is_outside) AS evidence,
    list(tool_call_id ORDER BY seq, tool_call_id) FILTER (WHERE is_outside) AS call_ids
FROM placed
GROUP BY session_id
-- Where many files are changed and none is inside, the log was moved away from its workspace.
HAVING value > 0 AND (coalesce(bool_or(is_in_workspace), FALSE) OR count(DISTINCT path) < 5)
UNION ALL BY NAME
SELECT
    session_id, 'edit.destructive_command' AS anomaly, count(*) AS value,
    -- Worse where the log says that nobody was asked.
    CASE WHEN coalesce(bool_or(approval = 'auto'), FALSE) THEN NULL ELSE 'medium' END AS at_most,
    list(tool_call_id ORDER BY seq, tool_call_id) AS call_ids
FROM destroyed
GROUP BY session_id
UNION ALL BY NAME
SELECT session_id, 'edit.after_denial' AS anomaly, count(*) AS value, list(tool_call_id ORDER BY seq, tool_call_id) AS call_ids
FROM around
GROUP BY session_id
