-- summary: What large tool results cost while they are carried along: read again by each later call. An estimate.
-- grain: tool_call_id
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   tool_call_id         The call whose result is at least 4,000 bytes.
--   session_id           The session.
--   run_id               The run.
--   seq                  Order within the session.
--   tool_name            Folded tool name.
--   mcp_server           MCP server.
--   est_tokens           Its size in tokens: a quarter of the bytes.
--   carrying_call_count  Later model calls of the run, until the next compaction.
--   est_token_reads      [tokens] Product of both.
--   allocation           How it is estimated: bytes/4.
WITH params AS (
    SELECT 4000 AS min_bytes, 4 AS bytes_per_token
),

-- At one place a compaction comes before the call that follows it, and a result after the call that asked for it.
events AS (
    SELECT session_id, run_id, seq, 1 AS place, NULL AS tool_call_id, NULL AS tool_name, NULL AS mcp_server, NULL AS est_tokens
    FROM session_events_v1
    WHERE event IN ('compaction', 'compaction_end')
    UNION ALL
    SELECT session_id, run_id, seq, 2, NULL, NULL, NULL, NULL
    FROM model_calls_v1
    UNION ALL
    SELECT t.session_id, t.run_id, t.seq, 3, t.tool_call_id, t.tool_name, t.mcp_server, t.result_bytes // p.bytes_per_token
    FROM tool_calls_v1 AS t
    JOIN params AS p ON t.result_bytes >= p.min_bytes
),

stretches AS (
    SELECT
        session_id, run_id, seq, place, tool_call_id, tool_name, mcp_server, est_tokens,
        count(*) FILTER (WHERE place = 1) OVER events_of_run AS compactions_so_far,
        count(*) FILTER (WHERE place = 2) OVER events_of_run AS calls_so_far
    FROM events
    WINDOW events_of_run AS (PARTITION BY run_id ORDER BY seq, place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),

ends AS (
    SELECT run_id, compactions_so_far, max(calls_so_far) AS calls_at_end
    FROM stretches
    GROUP BY run_id, compactions_so_far
)

SELECT
    s.tool_call_id, s.session_id, s.run_id, s.seq, s.tool_name, s.mcp_server, s.est_tokens,
    e.calls_at_end - s.calls_so_far AS carrying_call_count,
    s.est_tokens * carrying_call_count AS est_token_reads,
    'bytes/4' AS allocation
FROM stretches AS s
JOIN ends AS e USING (run_id, compactions_so_far)
WHERE s.place = 3
