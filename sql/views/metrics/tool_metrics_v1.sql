-- summary: How each tool is used and how it does, per agent; durations by where they are from.
-- grain: agent, tool_name, mcp_server, duration_basis
-- status: current
-- since: 0.1.0
-- columns:
--   agent           The agent.
--   tool_name       Folded tool name.
--   tool_kind       Kind of tool.
--   mcp_server      MCP server; NULL = a tool of the agent.
--   call_count      Calls.
--   session_count   Sessions that used it.
--   ok_count        Calls that succeeded.
--   error_count     Calls that failed, findings of verifications included.
--   denied_count    Calls that were refused.
--   unknown_count   Calls without a known outcome.
--   error_ratio     Failed over succeeded and failed.
--   duration_basis  reported by the log, or derived from request and result; NULL = no duration.
--   p50_ms          Median duration.
--   p95_ms          95th percentile.
--   p99_ms          99th percentile.
--   max_ms          Longest.
--   result_bytes    Size of all results.
WITH tools AS (
    SELECT
        s.agent,
        t.tool_name,
        t.mcp_server,
        t.duration_basis,
        min(t.tool_kind) AS tool_kind,
        count(*) AS call_count,
        count(DISTINCT t.session_id) AS session_count,
        count(*) FILTER (WHERE t.status = 'ok') AS ok_count,
        count(*) FILTER (WHERE t.status = 'error') AS error_count,
        count(*) FILTER (WHERE t.status = 'denied') AS denied_count,
        count(*) FILTER (WHERE t.status IN ('unknown', 'no_result')) AS unknown_count,
        quantile_cont(t.duration_ms, [0.5, 0.95, 0.99]) AS percentiles,
        max(t.duration_ms) AS max_ms,
        sum(t.result_bytes)::BIGINT AS result_bytes
    FROM tool_calls_v1 AS t
    JOIN sessions_v1 AS s USING (session_id)
    GROUP BY s.agent, t.tool_name, t.mcp_server, t.duration_basis
)

SELECT
    agent,
    tool_name,
    tool_kind,
    mcp_server,
    call_count,
    session_count,
    ok_count,
    error_count,
    denied_count,
    unknown_count,
    error_count / nullif(ok_count + error_count, 0)::DOUBLE AS error_ratio,
    duration_basis,
    percentiles[1] AS p50_ms,
    percentiles[2] AS p95_ms,
    percentiles[3] AS p99_ms,
    max_ms,
    result_bytes
FROM tools
