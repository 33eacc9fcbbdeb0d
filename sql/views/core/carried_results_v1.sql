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

compactions AS (
    SELECT run_id, seq
    FROM session_events_v1
    WHERE event IN ('compaction', 'compaction_end')
),

large AS (
    SELECT
        t.tool_call_id, t.session_id, t.run_id, t.seq, t.tool_name, t.mcp_server,
        t.result_bytes // p.bytes_per_token AS est_tokens,
        coalesce(c.seq, 9223372036854775807) AS until_seq
    FROM tool_calls_v1 AS t
    JOIN params AS p ON t.result_bytes >= p.min_bytes
    ASOF LEFT JOIN compactions AS c ON c.run_id = t.run_id AND c.seq > t.seq
),

-- How many calls the run had made by each of its calls.
numbered AS (
    SELECT
        run_id, seq,
        sum(call_count) OVER (PARTITION BY run_id ORDER BY seq) AS calls_so_far
    FROM (SELECT run_id, seq, count(*) AS call_count FROM model_calls_v1 GROUP BY run_id, seq) AS calls
)

SELECT
    l.tool_call_id, l.session_id, l.run_id, l.seq, l.tool_name, l.mcp_server, l.est_tokens,
    (coalesce(u.calls_so_far, 0) - coalesce(b.calls_so_far, 0))::BIGINT AS carrying_call_count,
    l.est_tokens * carrying_call_count AS est_token_reads,
    'bytes/4' AS allocation
FROM large AS l
ASOF LEFT JOIN numbered AS b ON b.run_id = l.run_id AND b.seq <= l.seq
ASOF LEFT JOIN numbered AS u ON u.run_id = l.run_id AND u.seq < l.until_seq
