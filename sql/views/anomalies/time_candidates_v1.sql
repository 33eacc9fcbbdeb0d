-- summary: What the rules measure of time: waits for the model, for tools, for approvals, for the provider.
-- grain: session_id, anomaly
-- status: current
-- since: 0.1.0
-- columns:
--   session_id  The session.
--   anomaly     time.model_stall, time.tool_hang, time.tool_wait, time.approval_wait, time.rate_limited, time.api_errors,
--               time.clock.
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
        1000 * max(value) FILTER (WHERE key = 'time.model_stall.max_gap') AS max_gap_ms,
        max(value) FILTER (WHERE key = 'time.api_errors.min_calls') AS min_calls
    FROM thresholds_v1
),

-- The model's turn, in any run: a sub-agent that stalls looks like tool time from above.
stalls AS (
    SELECT g.session_id, g.run_id, g.seq, g.next_seq, g.ev, g.occurred_at, g.gap_ms
    FROM timeline_gaps_v1 AS g
    JOIN anomaly_limits_v1 AS l ON l.rule = 'time.model_stall' AND g.gap_ms > 1000 * l.lowest
    JOIN params AS p ON g.gap_ms <= p.max_gap_ms
    WHERE g.owner = 'model'
),

longest_stalls AS (
    SELECT session_id, run_id, seq, next_seq, ev
    FROM stalls
    QUALIFY row_number() OVER (PARTITION BY session_id ORDER BY gap_ms DESC, occurred_at, run_id) = 1
),

steps AS (
    SELECT run_id, seq, source_id, line, line AS last_line FROM messages_v1 SEMI JOIN longest_stalls USING (session_id)
    UNION ALL
    SELECT run_id, seq, source_id, line, coalesce(result_line, line) FROM tool_calls_v1 SEMI JOIN longest_stalls USING (session_id)
    UNION ALL
    SELECT run_id, seq, source_id, line, line FROM session_events_v1 SEMI JOIN longest_stalls USING (session_id)
    UNION ALL
    SELECT run_id, seq, source_id, line, line FROM errors_v1 SEMI JOIN longest_stalls USING (session_id)
),

stall_places AS (
    SELECT
        w.session_id,
        min(a.source_id) AS source_id,
        max(CASE WHEN w.ev = 'tool_end' THEN a.last_line ELSE a.line END) AS first_line,
        min(b.line) AS last_line
    FROM longest_stalls AS w
    JOIN steps AS a ON a.run_id = w.run_id AND a.seq = w.seq
    LEFT JOIN steps AS b ON b.run_id = w.run_id AND b.seq = w.next_seq AND b.source_id = a.source_id
    GROUP BY w.session_id
),

-- The answers with a call that took long.
slow AS (
    SELECT DISTINCT t.session_id, t.run_id, coalesce(t.model_call_id, t.tool_call_id) AS answer_id
    FROM tool_calls_v1 AS t
    JOIN (SELECT min(lowest) AS lowest FROM anomaly_limits_v1 WHERE rule IN ('time.tool_hang', 'time.tool_wait')) AS l
        ON t.duration_ms > 1000 * l.lowest
),

-- Calls of one answer may wait for each other: a duration that is derived counts from the result before it.
durations AS (
    SELECT
        t.session_id, t.tool_call_id, t.duration_basis, t.error_type, t.status,
        CASE
            WHEN t.duration_basis = 'derived' AND t.model_call_id IS NOT NULL AND t.error_type IS DISTINCT FROM 'timeout'
                THEN least(t.duration_ms, coalesce(epoch_ms(t.ended_at) - epoch_ms(lag(t.ended_at) OVER answers), t.duration_ms))
            ELSE t.duration_ms
        END AS duration_ms
    FROM tool_calls_v1 AS t
    JOIN slow AS a
        ON a.session_id = t.session_id AND a.run_id = t.run_id AND a.answer_id = coalesce(t.model_call_id, t.tool_call_id)
    WHERE t.duration_ms IS NOT NULL AND NOT t.is_polling AND t.tool_kind NOT IN ('task', 'ask_user', 'plan')
    WINDOW answers AS (PARTITION BY t.run_id, a.answer_id ORDER BY t.ended_at, t.seq, t.tool_call_id)
),

-- What is only derived proves nothing: it contains the wait for an approval.
long_calls AS (
    SELECT
        session_id, tool_call_id, duration_ms,
        CASE
            WHEN error_type = 'timeout' OR (duration_basis = 'reported' AND status <> 'denied') THEN 'time.tool_hang'
            ELSE 'time.tool_wait'
        END AS anomaly
    FROM durations
),

approvals AS (
    SELECT
        g.session_id,
        sum(g.gap_ms) AS wait_ms,
        list(strftime(g.occurred_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ') ORDER BY g.gap_ms DESC, g.occurred_at)[1:5] AS evidence
    FROM timeline_gaps_v1 AS g
    JOIN sessions_v1 AS s USING (session_id)
    WHERE g.owner = 'approval' AND g.run_kind = 'main' AND s.has_approvals
    GROUP BY g.session_id
),

refusals AS (
    SELECT
        session_id,
        count(*) AS error_count,
        list(lower(hex(error_id)) ORDER BY seq, error_id)[1:5] AS evidence,
        arg_min(source_id, seq) AS source_id,
        min(line) AS first_line,
        max(line) AS last_line,
        sum(retry_after_ms) AS lost_ms
    FROM errors_v1
    WHERE source = 'api' AND (http_status IN (429, 529) OR error_type IN ('rate_limit', 'overloaded', 'quota'))
    GROUP BY session_id
),

failures AS (
    SELECT
        session_id,
        list(lower(hex(error_id)) ORDER BY seq, error_id) AS evidence,
        arg_min(source_id, seq) AS source_id,
        min(line) AS first_line,
        max(line) AS last_line,
        sum(retry_after_ms) AS lost_ms
    FROM errors_v1
    WHERE source = 'api'
    GROUP BY session_id
)

SELECT
    s.session_id, 'time.model_stall' AS anomaly, max(s.gap_ms) / 1000.0 AS value,
    list(strftime(s.occurred_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ') ORDER BY s.gap_ms DESC, s.occurred_at)[1:5] AS evidence,
    NULL::UBIGINT[] AS call_ids,
    min(p.source_id) AS source_id, min(p.first_line) AS first_line, min(p.last_line) AS last_line,
    sum(s.gap_ms) AS lost_ms, NULL::DECIMAL(24,12) AS lost_usd
FROM stalls AS s
LEFT JOIN stall_places AS p USING (session_id)
GROUP BY s.session_id
UNION ALL BY NAME
SELECT
    c.session_id, c.anomaly, max(c.duration_ms) / 1000.0 AS value,
    list(c.tool_call_id ORDER BY c.duration_ms DESC, c.tool_call_id)[1:10] AS call_ids, sum(c.duration_ms) AS lost_ms
FROM long_calls AS c
JOIN anomaly_limits_v1 AS l ON l.rule = c.anomaly AND c.duration_ms > 1000 * l.lowest
GROUP BY c.session_id, c.anomaly
UNION ALL BY NAME
SELECT session_id, 'time.approval_wait' AS anomaly, wait_ms / 1000.0 AS value, evidence, wait_ms AS lost_ms
FROM approvals
UNION ALL BY NAME
SELECT session_id, 'time.rate_limited' AS anomaly, error_count AS value, evidence, source_id, first_line, last_line, lost_ms
FROM refusals
UNION ALL BY NAME
SELECT
    m.session_id, 'time.api_errors' AS anomaly, m.api_error_count * 100.0 / greatest(m.model_call_count, p.min_calls) AS value,
    f.evidence, f.source_id, f.first_line, f.last_line, f.lost_ms
FROM session_metrics_v1 AS m
CROSS JOIN params AS p
LEFT JOIN failures AS f USING (session_id)
WHERE m.api_error_count > 0
UNION ALL BY NAME
SELECT session_id, 'time.clock' AS anomaly, count(*) AS value, list(tool_call_id ORDER BY seq, tool_call_id)[1:5] AS call_ids
FROM tool_calls_v1
WHERE ended_at < requested_at
GROUP BY session_id
