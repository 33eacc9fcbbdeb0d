-- summary: Tool calls summed up by session, tool, outcome and quarter of an hour: what totals over many sessions are made of.
-- grain: session_id, tool_name, tool_kind, status, error_type, quarter_at
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id     The session.
--   tool_name      Tool, folded: spellings of one tool have one name.
--   tool_kind      Kind of tool.
--   status         ok, error, denied, interrupted, no_result, unknown.
--   error_type     What went wrong.
--   quarter_at     [UTC] Begin of the quarter of an hour of the request; NULL = no instant.
--   tool_name_raw  One spelling of the name in the log.
--   call_count     [count] Calls.
--   result_bytes   [bytes] Size of the results, where known.
SELECT
    session_id,
    tool_name,
    tool_kind,
    status,
    error_type,
    make_timestamptz((epoch_us(requested_at) // 900000000) * 900000000) AS quarter_at,
    min(tool_name_raw) AS tool_name_raw,
    count(*) AS call_count,
    sum(result_bytes)::BIGINT AS result_bytes
FROM tool_calls_v1
GROUP BY ALL
