-- title: What fails, with what kind of error?
-- about: Calls with status error, findings of verifications and empty searches included: error_type tells them apart.
--   Shell calls by their first program that is no navigation.
-- columns:
--   tool_name        varchar  The tool.
--   error_type       varchar  Kind of error; NULL = not told.
--   program          varchar  Program of a shell call.
--   error_count      bigint   Failures.
--   session_count    bigint   Sessions.
--   example_call_id  varchar  The latest of them.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

failed AS (
    SELECT t.session_id, t.tool_call_id, t.tool_name, t.error_type, t.requested_at
    FROM tool_calls_v1 AS t
    SEMI JOIN scope AS s USING (session_id)
    WHERE t.status = 'error'
        AND ($since::TIMESTAMPTZ IS NULL OR t.requested_at >= $since::TIMESTAMPTZ)
    AND ($until::TIMESTAMPTZ IS NULL OR t.requested_at < $until::TIMESTAMPTZ)
),

programs AS (
    SELECT k.session_id, k.tool_call_id, coalesce(arg_min(k.program, k.part_no) FILTER (WHERE k.command_class <> 'nav'), arg_min(k.program, k.part_no)) AS program
    FROM commands_v1 AS k
    SEMI JOIN failed AS f USING (session_id, tool_call_id)
    GROUP BY k.session_id, k.tool_call_id
)

SELECT
    f.tool_name,
    f.error_type,
    p.program,
    count(*) AS error_count,
    count(DISTINCT f.session_id) AS session_count,
    arg_max(f.tool_call_id, (coalesce(f.requested_at, '0001-01-01 00:00:00+00'::TIMESTAMPTZ), f.tool_call_id)) AS example_call_id
FROM failed AS f
LEFT JOIN programs AS p USING (session_id, tool_call_id)
GROUP BY f.tool_name, f.error_type, p.program
ORDER BY error_count DESC, f.tool_name, f.error_type, p.program
LIMIT $limit
