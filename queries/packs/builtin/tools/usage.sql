-- title: Which tools are used, and do they work?
-- about: Verifications that found something, empty searches, denials and interrupts are no failures.
-- columns:
--   tool_name      varchar  The tool.
--   tool_kind      varchar  Its kind.
--   call_count     bigint   Calls.
--   session_count  bigint   Sessions that used it.
--   error_ratio    double   Failures over calls with a known outcome; NULL = no outcome is known.
--   denied_count   bigint   Calls that were denied.
--   result_bytes   bigint   Size of the results.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
)

SELECT
    t.tool_name,
    t.tool_kind,
    count(*) AS call_count,
    count(DISTINCT t.session_id) AS session_count,
    count(*) FILTER (WHERE t.status = 'error' AND coalesce(t.error_type, '') NOT IN ('verification_failed', 'empty_search'))::DOUBLE
        / nullif(
            count(*) FILTER (WHERE t.status = 'ok' OR (t.status = 'error' AND coalesce(t.error_type, '') NOT IN ('verification_failed', 'empty_search'))), 0
        ) AS error_ratio,
    count(*) FILTER (WHERE t.status = 'denied') AS denied_count,
    sum(t.result_bytes)::BIGINT AS result_bytes
FROM tool_calls_v1 AS t
SEMI JOIN scope AS s USING (session_id)
WHERE ($since::TIMESTAMPTZ IS NULL OR t.requested_at >= $since::TIMESTAMPTZ)
    AND ($until::TIMESTAMPTZ IS NULL OR t.requested_at < $until::TIMESTAMPTZ)
GROUP BY t.tool_name, t.tool_kind
ORDER BY call_count DESC, t.tool_name, t.tool_kind
LIMIT $limit
