-- title: What am I asked to approve again and again?
-- about: Calls that the user was asked about, where the log tells. Shell calls by their first program that is no
--   navigation.
-- columns:
--   tool_name       varchar  The tool.
--   command_class   varchar  Class of the shell command; NULL = no shell call.
--   program         varchar  Its program.
--   approval_count  bigint   Questions.
--   wait_ms         bigint   Time until they were answered; NULL = not in the logs.
--   denied_count    bigint   Of them, denied.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

asked AS (
    SELECT t.session_id, t.tool_call_id, t.tool_name, t.approval_wait_ms, coalesce(t.approval = 'denied', false) OR t.status = 'denied' AS is_denied
    FROM tool_calls_v1 AS t
    SEMI JOIN scope AS s USING (session_id)
    WHERE (t.approval IN ('user', 'denied') OR t.approval_wait_ms IS NOT NULL OR t.status = 'denied')
        AND ($since::TIMESTAMPTZ IS NULL OR t.requested_at >= $since::TIMESTAMPTZ)
    AND ($until::TIMESTAMPTZ IS NULL OR t.requested_at < $until::TIMESTAMPTZ)
),

programs AS (
    SELECT
        k.session_id,
        k.tool_call_id,
        coalesce(arg_min(k.program, k.part_no) FILTER (WHERE k.command_class <> 'nav'), arg_min(k.program, k.part_no)) AS program,
        coalesce(arg_min(k.command_class, k.part_no) FILTER (WHERE k.command_class <> 'nav'), 'nav') AS command_class
    FROM commands_v1 AS k
    SEMI JOIN asked AS a USING (session_id, tool_call_id)
    GROUP BY k.session_id, k.tool_call_id
)

SELECT
    a.tool_name,
    p.command_class,
    p.program,
    count(*) AS approval_count,
    sum(a.approval_wait_ms)::BIGINT AS wait_ms,
    count(*) FILTER (WHERE a.is_denied) AS denied_count
FROM asked AS a
LEFT JOIN programs AS p USING (session_id, tool_call_id)
GROUP BY a.tool_name, p.command_class, p.program
ORDER BY approval_count DESC, a.tool_name, p.program, p.command_class
LIMIT $limit
