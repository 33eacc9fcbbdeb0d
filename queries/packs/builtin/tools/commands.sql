-- title: Which commands are run?
-- about: Simple commands of shell calls, as classified. A check that found something counts as failed.
-- params:
--   class varchar  Only this class: test, build, lint, read, search, vcs_write, ...
-- columns:
--   program        varchar  The program.
--   subcommand     varchar  Its subcommand, where it has such.
--   command_class  varchar  Class.
--   run_count      bigint   Runs.
--   session_count  bigint   Sessions.
--   failure_ratio  double   Failures over runs with a known outcome; NULL = none is known.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
)

SELECT
    k.program,
    k.subcommand,
    k.command_class,
    count(*) AS run_count,
    count(DISTINCT k.session_id) AS session_count,
    count(*) FILTER (WHERE k.outcome = 'fail' OR (k.outcome = 'unknown' AND k.exit_code <> 0))::DOUBLE
        / nullif(count(*) FILTER (WHERE k.outcome IN ('pass', 'fail') OR k.exit_code IS NOT NULL), 0) AS failure_ratio
FROM commands_v1 AS k
SEMI JOIN scope AS s USING (session_id)
LEFT JOIN (
    SELECT tool_call_id, session_id, requested_at
    FROM tool_calls_v1
    WHERE $since::TIMESTAMPTZ IS NOT NULL OR $until::TIMESTAMPTZ IS NOT NULL
) AS t ON t.tool_call_id = k.tool_call_id AND t.session_id = k.session_id
WHERE ($class::VARCHAR IS NULL OR k.command_class = $class)
    AND ($since::TIMESTAMPTZ IS NULL OR t.requested_at >= $since::TIMESTAMPTZ)
    AND ($until::TIMESTAMPTZ IS NULL OR t.requested_at < $until::TIMESTAMPTZ)
GROUP BY k.program, k.subcommand, k.command_class
ORDER BY run_count DESC, k.program, k.subcommand, k.command_class
LIMIT $limit
