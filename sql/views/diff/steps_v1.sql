-- summary: Each session's main run as a sequence of steps that can be held against another's: what was done to what.
--   Plans, waits and calls of no known purpose are no steps; neighbours that do the same are one.
-- grain: session_id, step_no
-- status: current
-- since: 0.1.0
-- columns:
--   session_id     The session.
--   step_no        [count] Its place, from 1.
--   activity       explore, edit, verify, effect, run, delegate or ask.
--   target         File, relative to the working directory; class and program of the commands of a shell call; else
--                  the tool.
--   step_key       Activity and target: equal keys are the same step.
--   call_count     Tool calls in it.
--   failed_count   Of these, calls that failed.
--   first_seq      Order of the first.
--   last_seq       Order of the last.
--   tool_call_ids  The calls, in order.
--   source_id      File of the first.
--   line           Its line.
WITH changed AS (
    SELECT session_id, tool_call_id, min(path) AS path
    FROM file_changes_v1
    WHERE tool_call_id IS NOT NULL
    GROUP BY session_id, tool_call_id
),

looked AS (
    SELECT session_id, tool_call_id, min(path) AS path
    FROM file_reads_v1
    GROUP BY session_id, tool_call_id
),

commands AS (
    SELECT
        session_id,
        tool_call_id,
        string_agg(coalesce(verification_kind, command_class) || ':' || coalesce(program, '?'), ' && ' ORDER BY part_no) AS what
    FROM commands_v1
    WHERE command_class NOT IN ('nav', 'filter')
    GROUP BY session_id, tool_call_id
),

calls AS (
    SELECT
        t.session_id, t.tool_call_id, t.seq, a.activity, t.status, t.source_id, t.line,
        CASE
            WHEN t.tool_kind IN ('edit', 'write', 'delete', 'move', 'read') THEN coalesce(t.target_path, f.path, '?')
            WHEN t.tool_kind = 'shell' AND a.activity = 'explore' AND r.path IS NOT NULL THEN r.path
            WHEN t.tool_kind = 'shell' THEN coalesce(c.what, '?')
            ELSE t.tool_name
        END AS target,
        rtrim(s.workspace, '/\') AS workspace
    FROM tool_calls_v1 AS t
    JOIN tool_call_activity_v1 AS a ON a.session_id = t.session_id AND a.tool_call_id = t.tool_call_id
    JOIN runs_v1 AS n ON n.session_id = t.session_id AND n.run_id = t.run_id
    JOIN sessions_v1 AS s ON s.session_id = t.session_id
    LEFT JOIN changed AS f ON f.session_id = t.session_id AND f.tool_call_id = t.tool_call_id
    LEFT JOIN looked AS r ON r.session_id = t.session_id AND r.tool_call_id = t.tool_call_id
    LEFT JOIN commands AS c ON c.session_id = t.session_id AND c.tool_call_id = t.tool_call_id
    WHERE n.run_kind = 'main' AND a.activity NOT IN ('plan', 'wait', 'other')
),

keyed AS (
    SELECT
        session_id, tool_call_id, seq, activity, status, source_id, line,
        CASE
            WHEN starts_with(target, workspace || '/') OR starts_with(target, workspace || '\')
                THEN substr(target, length(workspace) + 2)
            ELSE target
        END AS target
    FROM calls
),

placed AS (
    SELECT
        session_id, tool_call_id, seq, activity, target, status, source_id, line,
        CASE
            WHEN lag(activity) OVER w IS DISTINCT FROM activity OR lag(target) OVER w IS DISTINCT FROM target THEN 1
            ELSE 0
        END AS is_new
    FROM keyed
    WINDOW w AS (PARTITION BY session_id ORDER BY seq, tool_call_id)
),

numbered AS (
    SELECT
        session_id, tool_call_id, seq, activity, target, status, source_id, line,
        sum(is_new) OVER (PARTITION BY session_id ORDER BY seq, tool_call_id) AS step_no
    FROM placed
),

-- Lists are sorted afterwards: to order within an aggregate is slow where groups are many and small.
steps AS (
    SELECT
        session_id,
        step_no::INTEGER AS step_no,
        any_value(activity) AS activity,
        any_value(target) AS target,
        count(*) AS call_count,
        count(*) FILTER (WHERE status = 'error') AS failed_count,
        min(seq) AS first_seq,
        max(seq) AS last_seq,
        list(struct_pack(seq := seq, id := tool_call_id)) AS calls,
        arg_min(source_id, seq) AS source_id,
        arg_min(line, seq) AS line
    FROM numbered
    GROUP BY session_id, step_no
)

SELECT
    session_id, step_no, activity, target,
    activity || ' ' || target AS step_key,
    call_count, failed_count, first_seq, last_seq,
    CASE WHEN call_count = 1 THEN [calls[1].id] ELSE list_transform(list_sort(calls), lambda c: c.id) END AS tool_call_ids,
    source_id, line
FROM steps
