-- title: Which tools and commands are slow?
-- about: Durations by where they are from: reported by the log, or derived from request and result, which contains
--   approvals. Shell calls by the first program that is no navigation.
-- params:
--   min_calls bigint = 5  Tools with fewer calls are left out.
-- columns:
--   tool_name       varchar  The tool.
--   program         varchar  Program of a shell call; NULL = another tool.
--   call_count      bigint   Calls with a duration.
--   p50_ms          bigint   Median.
--   p95_ms          bigint   95th percentile.
--   max_ms          bigint   Longest.
--   total_ms        bigint   All together.
--   duration_basis  varchar  reported or derived.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

programs AS (
    SELECT k.session_id, k.tool_call_id, coalesce(arg_min(k.program, k.part_no) FILTER (WHERE k.command_class <> 'nav'), arg_min(k.program, k.part_no)) AS program
    FROM commands_v1 AS k
    SEMI JOIN scope AS s USING (session_id)
    GROUP BY k.session_id, k.tool_call_id
)

SELECT
    t.tool_name,
    p.program,
    count(*) AS call_count,
    quantile_cont(t.duration_ms, 0.5)::BIGINT AS p50_ms,
    quantile_cont(t.duration_ms, 0.95)::BIGINT AS p95_ms,
    max(t.duration_ms) AS max_ms,
    sum(t.duration_ms)::BIGINT AS total_ms,
    t.duration_basis
FROM tool_calls_v1 AS t
SEMI JOIN scope AS s USING (session_id)
LEFT JOIN programs AS p ON p.tool_call_id = t.tool_call_id AND p.session_id = t.session_id
WHERE t.duration_ms IS NOT NULL
    AND ($since::TIMESTAMPTZ IS NULL OR t.requested_at >= $since::TIMESTAMPTZ)
    AND ($until::TIMESTAMPTZ IS NULL OR t.requested_at < $until::TIMESTAMPTZ)
GROUP BY t.tool_name, p.program, t.duration_basis
HAVING $min_calls::BIGINT IS NULL OR count(*) >= $min_calls::BIGINT
ORDER BY total_ms DESC, t.tool_name, p.program, t.duration_basis
LIMIT $limit
