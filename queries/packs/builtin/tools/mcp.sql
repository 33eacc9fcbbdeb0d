-- title: Which servers earn their place?
-- about: MCP servers with what their results put on later calls. A server that was never called leaves no trace in
--   the logs.
-- columns:
--   mcp_server       varchar      The server.
--   tool_count       bigint       Distinct tools called.
--   call_count       bigint       Calls.
--   session_count    bigint       Sessions.
--   error_ratio      double       Failures over calls with a known outcome; NULL = no outcome is known.
--   est_token_reads  bigint       Estimate: tokens of large results times the calls that read them again.
--   last_used_at     timestamptz  The last call.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

calls AS (
    SELECT
        t.mcp_server,
        count(DISTINCT t.tool_name) AS tool_count,
        count(*) AS call_count,
        count(DISTINCT t.session_id) AS session_count,
        count(*) FILTER (WHERE t.status = 'error' AND coalesce(t.error_type, '') NOT IN ('verification_failed', 'empty_search')) AS failed_count,
        count(*) FILTER (WHERE t.status = 'ok') AS ok_count,
        max(t.requested_at) AS last_used_at
    FROM tool_calls_v1 AS t
    SEMI JOIN scope AS s USING (session_id)
    WHERE t.mcp_server IS NOT NULL
        AND ($since::TIMESTAMPTZ IS NULL OR t.requested_at >= $since::TIMESTAMPTZ)
    AND ($until::TIMESTAMPTZ IS NULL OR t.requested_at < $until::TIMESTAMPTZ)
    GROUP BY t.mcp_server
),

carried AS (
    SELECT r.mcp_server, sum(r.est_token_reads)::BIGINT AS est_token_reads
    FROM carried_results_v1 AS r
    SEMI JOIN scope AS s USING (session_id)
    WHERE r.mcp_server IS NOT NULL
    GROUP BY r.mcp_server
)

SELECT
    c.mcp_server, c.tool_count, c.call_count, c.session_count,
    c.failed_count::DOUBLE / nullif(c.ok_count + c.failed_count, 0) AS error_ratio,
    coalesce(r.est_token_reads, 0)::BIGINT AS est_token_reads,
    c.last_used_at
FROM calls AS c
LEFT JOIN carried AS r USING (mcp_server)
ORDER BY c.call_count DESC, c.mcp_server
LIMIT $limit
