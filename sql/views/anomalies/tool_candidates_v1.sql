-- summary: What the rules measure of tools: failures, loops, repeats, lost results, results that fill the context.
-- grain: session_id, anomaly
-- status: current
-- since: 0.1.0
-- columns:
--   session_id  The session.
--   anomaly     tool.failure_rate, tool.failure_streak, tool.retry_loop, tool.exact_repeat, tool.redundant_reads,
--               tool.lost_results, tool.bad_arguments, tool.mcp_failing, tool.oversized_result, tool.none_used.
--   value       What was measured; its unit is in anomaly_rules.
--   evidence    What caused it, where that is no call: ids of events, files, instants.
--   call_ids    The tool calls or model calls that caused it, the first to look at first.
--   source_id   The log file of the evidence, where that is no call.
--   first_line  First line of the evidence there.
--   last_line   Last line of it there.
--   lost_ms     Time that it took; NULL = it cannot be told.
--   lost_usd    [USD] Money that it took; NULL = it cannot be told.
WITH params AS (
    SELECT
        0.06 AS usual_failure_rate,
        10 AS usual_calls,
        max(value) FILTER (WHERE key = 'tool.failure_rate.min_results') AS min_results,
        max(value) FILTER (WHERE key = 'tool.lost_results.min_share') AS min_lost_share,
        max(value) FILTER (WHERE key = 'tool.mcp_failing.min_calls') AS min_server_calls
    FROM thresholds_v1
),

calls AS (
    SELECT
        session_id,
        list(tool_call_id ORDER BY seq, tool_call_id) FILTER (
            WHERE status = 'error' AND coalesce(error_type, '') NOT IN ('verification_failed', 'empty_search')
        ) AS failed_ids,
        list(tool_call_id ORDER BY seq, tool_call_id) FILTER (WHERE status = 'no_result') AS lost_ids,
        list(tool_call_id ORDER BY seq, tool_call_id) FILTER (WHERE error_type IN ('bad_args', 'unknown_tool')) AS refused_ids,
        max(result_bytes) AS max_result_bytes,
        arg_max(tool_call_id, result_bytes, 5) AS large_ids
    FROM tool_calls_v1
    GROUP BY session_id
),

loops AS (
    SELECT session_id, 'tool.retry_loop' AS anomaly, failure_count AS call_count, call_ids, first_seq
    FROM retry_chains_v1
    WHERE failure_count >= 3
    UNION ALL
    SELECT session_id, 'tool.exact_repeat', call_count, call_ids, first_seq
    FROM exact_repeats_v1
    WHERE call_count >= 3
),

-- What the calls after the first of each loop took.
loop_calls AS (
    SELECT DISTINCT session_id, anomaly, unnest(call_ids[2:]) AS tool_call_id
    FROM loops
),

loop_times AS (
    SELECT c.session_id, c.anomaly, sum(t.duration_ms) AS lost_ms
    FROM loop_calls AS c
    JOIN tool_calls_v1 AS t USING (tool_call_id)
    GROUP BY c.session_id, c.anomaly
),

loop_costs AS (
    SELECT session_id, anomaly, sum(wasted_cost_usd) AS lost_usd
    FROM (
        SELECT DISTINCT c.session_id, c.anomaly, t.model_call_id
        FROM loop_calls AS c
        JOIN tool_calls_v1 AS t USING (tool_call_id)
    ) AS asked
    JOIN (SELECT model_call_id, wasted_cost_usd FROM wasted_calls_v1 WHERE reason = 'repeat') AS w USING (model_call_id)
    GROUP BY session_id, anomaly
),

servers AS (
    SELECT
        t.session_id, t.mcp_server,
        count(*) FILTER (WHERE t.status = 'error') / count(*)::DOUBLE AS failed_share,
        list(t.tool_call_id ORDER BY t.seq, t.tool_call_id) FILTER (WHERE t.status = 'error') AS failed_ids
    FROM tool_calls_v1 AS t
    CROSS JOIN params AS p
    JOIN anomaly_limits_v1 AS l ON l.rule = 'tool.mcp_failing'
    WHERE t.mcp_server IS NOT NULL AND t.status IN ('ok', 'error')
    GROUP BY t.session_id, t.mcp_server, p.min_server_calls, l.lowest
    HAVING count(*) >= p.min_server_calls AND failed_share > l.lowest
)

SELECT
    m.session_id, 'tool.failure_rate' AS anomaly,
    (m.tool_failed_count + p.usual_calls * p.usual_failure_rate) / (m.tool_ok_count + m.tool_failed_count + p.usual_calls)::DOUBLE AS value,
    NULL::VARCHAR[] AS evidence, c.failed_ids AS call_ids,
    NULL::BIGINT AS source_id, NULL::BIGINT AS first_line, NULL::BIGINT AS last_line,
    NULL::BIGINT AS lost_ms, NULL::DECIMAL(24,12) AS lost_usd
FROM session_metrics_v1 AS m
CROSS JOIN params AS p
JOIN calls AS c USING (session_id)
WHERE m.tool_failed_count > 0 AND m.tool_ok_count + m.tool_failed_count >= p.min_results
UNION ALL BY NAME
SELECT f.session_id, 'tool.failure_streak' AS anomaly, f.max_streak AS value, f.call_ids
FROM failure_streaks_v1 AS f
JOIN sessions_v1 AS s USING (session_id)
WHERE s.has_tool_status
UNION ALL BY NAME
SELECT
    l.session_id, l.anomaly, max(l.call_count) AS value,
    flatten(list(l.call_ids ORDER BY l.call_count DESC, l.first_seq)) AS call_ids, max(t.lost_ms) AS lost_ms,
    max(c.lost_usd) AS lost_usd
FROM loops AS l
LEFT JOIN loop_times AS t USING (session_id, anomaly)
LEFT JOIN loop_costs AS c USING (session_id, anomaly)
GROUP BY l.session_id, l.anomaly
UNION ALL BY NAME
SELECT
    session_id, 'tool.redundant_reads' AS anomaly, count(*) AS value,
    list(tool_call_id ORDER BY seq, tool_call_id) AS call_ids
FROM redundant_reads_v1
GROUP BY session_id
UNION ALL BY NAME
SELECT c.session_id, 'tool.lost_results' AS anomaly, m.tool_no_result_count AS value, c.lost_ids AS call_ids
FROM calls AS c
JOIN session_metrics_v1 AS m USING (session_id)
JOIN sessions_v1 AS s USING (session_id)
CROSS JOIN params AS p
WHERE s.has_tool_status AND m.tool_no_result_count > p.min_lost_share * m.tool_call_count
UNION ALL BY NAME
SELECT session_id, 'tool.bad_arguments' AS anomaly, len(refused_ids) AS value, refused_ids AS call_ids
FROM calls
WHERE refused_ids IS NOT NULL
UNION ALL BY NAME
SELECT
    session_id, 'tool.mcp_failing' AS anomaly, max(failed_share) AS value,
    list(DISTINCT mcp_server ORDER BY mcp_server) AS evidence,
    flatten(list(failed_ids ORDER BY failed_share DESC, mcp_server)) AS call_ids
FROM servers
GROUP BY session_id
UNION ALL BY NAME
SELECT c.session_id, 'tool.oversized_result' AS anomaly, c.max_result_bytes AS value, c.large_ids[1:1] AS call_ids
FROM calls AS c
UNION ALL BY NAME
SELECT m.session_id, 'tool.none_used' AS anomaly, m.user_turn_count AS value, s.main_source_id AS source_id
FROM session_metrics_v1 AS m
JOIN sessions_v1 AS s USING (session_id)
WHERE s.fidelity = 'full' AND m.tool_call_count = 0
