-- summary: Findings about how a session went and ended: stops, interrupts, corrections, refusals, sub-agents.
-- grain: session_id, anomaly
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id  The session.
--   anomaly     proc.premature_stop, proc.ended_in_error, proc.unanswered, proc.interrupts, proc.pushback, proc.denials,
--               proc.subagent_runaway, proc.subagent_depth, proc.truncated_answers, proc.refusals.
--   severity    info, low, medium or high, by the limits in thresholds.
--   value       What was measured; its unit is in anomaly_rules.
--   threshold   The limit it passed.
--   evidence    What caused it: ids of calls and events, files, instants; ten at most.
--   call_ids    The tool calls or model calls among it.
--   source_id   The log file of the first of them.
--   first_line  First line of the evidence in that file; NULL = it has no place of its own.
--   last_line   Last line of it there.
--   lost_ms     Time that it took; NULL = it cannot be told.
--   lost_usd    [USD] Money that it took; NULL = it cannot be told.
WITH limits AS (
    SELECT
        rule,
        max(value) FILTER (WHERE parameter = 'info') AS info,
        max(value) FILTER (WHERE parameter = 'low') AS low,
        max(value) FILTER (WHERE parameter = 'medium') AS medium,
        max(value) FILTER (WHERE parameter = 'high') AS high,
        least(info, low, medium, high) AS lowest
    FROM thresholds_v1
    GROUP BY rule
),

params AS (
    SELECT
        max(value) FILTER (WHERE key = 'proc.interrupts.min_share') AS min_interrupt_share,
        max(value) FILTER (WHERE key = 'proc.pushback.min_share') AS min_pushback_share
    FROM thresholds_v1
),

-- Where the main run stops.
last_steps AS (
    SELECT session_id, arg_max(line, seq) AS line, arg_max(source_id, seq) AS source_id
    FROM (
        SELECT m.session_id, m.run_id, m.seq, m.line, m.source_id FROM messages_v1 AS m
        UNION ALL
        SELECT t.session_id, t.run_id, t.seq, coalesce(t.result_line, t.line), t.source_id FROM tool_calls_v1 AS t
    ) AS steps
    SEMI JOIN (SELECT run_id FROM runs_v1 WHERE run_kind = 'main') AS r USING (run_id)
    GROUP BY session_id
),

ends AS (
    SELECT
        s.session_id,
        CASE
            WHEN s.end_state IN ('pending_tool', 'stopped_after_tool', 'max_turns', 'budget', 'max_tokens') THEN 'proc.premature_stop'
            WHEN s.end_state IN ('api_error', 'error') THEN 'proc.ended_in_error'
            WHEN s.end_state = 'unanswered' THEN 'proc.unanswered'
        END AS anomaly,
        -- A limit is no more than a low finding.
        s.end_state IN ('max_turns', 'budget', 'max_tokens') AS is_limit,
        s.end_state, s.main_source_id, l.line, l.source_id
    FROM sessions_v1 AS s
    LEFT JOIN last_steps AS l USING (session_id)
),

interrupts AS (
    SELECT
        session_id,
        count(*) AS interrupt_count,
        list(lower(hex(event_id)) ORDER BY seq, event_id) AS event_ids,
        arg_min(source_id, seq) AS source_id,
        min(line) AS first_line,
        max(line) AS last_line
    FROM session_events_v1
    WHERE event = 'interrupt'
    GROUP BY session_id
),

pushbacks AS (
    SELECT
        session_id,
        list(lower(hex(turn_id)) ORDER BY seq, turn_id) AS turn_ids,
        arg_min(source_id, seq) AS source_id,
        min(line) AS first_line,
        max(line) AS last_line
    FROM turns_v1
    WHERE is_pushback
    GROUP BY session_id
),

answers AS (
    SELECT
        session_id,
        CASE WHEN finish_reason IN ('max_tokens', 'length') THEN 'proc.truncated_answers' ELSE 'proc.refusals' END AS anomaly,
        count(*) AS answer_count,
        list(lower(hex(model_call_id)) ORDER BY seq, model_call_id) AS ids,
        arg_min(source_id, seq) AS source_id,
        min(line) AS first_line,
        max(line) AS last_line
    FROM model_calls_v1
    WHERE finish_reason IN ('max_tokens', 'length', 'refusal', 'content_filter')
    GROUP BY session_id, anomaly
),

denials AS (
    SELECT session_id, list(tool_call_id ORDER BY seq, tool_call_id) AS denied_ids
    FROM tool_calls_v1
    WHERE status = 'denied'
    GROUP BY session_id
),

measured AS (
    SELECT
        session_id, anomaly, 1::DOUBLE AS value, [end_state] AS evidence, NULL::UBIGINT[] AS call_ids,
        coalesce(source_id, main_source_id) AS source_id, line AS first_line, line AS last_line,
        NULL::BIGINT AS lost_ms, NULL::DECIMAL(24,12) AS lost_usd, is_limit
    FROM ends
    WHERE anomaly IS NOT NULL
    UNION ALL
    SELECT
        m.session_id, 'proc.interrupts', i.interrupt_count, i.event_ids, NULL, i.source_id, i.first_line, i.last_line, NULL, NULL, FALSE
    FROM session_metrics_v1 AS m
    JOIN interrupts AS i USING (session_id)
    CROSS JOIN params AS p
    WHERE i.interrupt_count >= p.min_interrupt_share * m.user_turn_count
    UNION ALL
    SELECT
        m.session_id, 'proc.pushback', m.pushback_count, b.turn_ids, NULL, b.source_id, b.first_line, b.last_line, NULL, NULL, FALSE
    FROM session_metrics_v1 AS m
    JOIN pushbacks AS b USING (session_id)
    CROSS JOIN params AS p
    WHERE m.pushback_count >= p.min_pushback_share * m.user_turn_count
    UNION ALL
    SELECT session_id, 'proc.denials', len(denied_ids), NULL, denied_ids, NULL, NULL, NULL, NULL, NULL, FALSE
    FROM denials
    UNION ALL
    SELECT m.session_id, 'proc.subagent_runaway', m.subagent_count, NULL, NULL, s.main_source_id, NULL, NULL, NULL, NULL, FALSE
    FROM session_metrics_v1 AS m
    JOIN sessions_v1 AS s USING (session_id)
    UNION ALL
    SELECT m.session_id, 'proc.subagent_depth', m.max_depth, NULL, NULL, s.main_source_id, NULL, NULL, NULL, NULL, FALSE
    FROM session_metrics_v1 AS m
    JOIN sessions_v1 AS s USING (session_id)
    UNION ALL
    SELECT session_id, anomaly, answer_count, ids, NULL, source_id, first_line, last_line, NULL, NULL, FALSE
    FROM answers
),

-- Where the evidence stands: in the file of its first call.
places AS (
    SELECT
        m.session_id, m.anomaly, c.source_id,
        min(c.line) AS first_line,
        max(coalesce(c.result_line, c.line)) AS last_line
    FROM (SELECT session_id, anomaly, unnest(call_ids[1:10]) AS call_id FROM measured) AS m
    JOIN tool_calls_v1 AS c ON c.tool_call_id = m.call_id
    GROUP BY m.session_id, m.anomaly, c.source_id
    QUALIFY row_number() OVER (PARTITION BY m.session_id, m.anomaly ORDER BY min(c.seq), c.source_id) = 1
)

SELECT
    m.session_id,
    m.anomaly,
    CASE
        WHEN m.value >= l.high THEN 'high'
        WHEN m.value >= l.medium AND NOT m.is_limit THEN 'medium'
        WHEN m.value >= l.low AND (m.is_limit OR m.anomaly <> 'proc.premature_stop') THEN 'low'
        WHEN m.value >= l.info THEN 'info'
    END AS severity,
    m.value::DOUBLE AS value,
    CASE severity WHEN 'high' THEN l.high WHEN 'medium' THEN l.medium WHEN 'low' THEN l.low WHEN 'info' THEN l.info END AS threshold,
    coalesce(m.evidence, list_transform(m.call_ids, lambda id: lower(hex(id))), [])[1:10]::VARCHAR[] AS evidence,
    m.call_ids[1:10] AS call_ids,
    coalesce(m.source_id, p.source_id) AS source_id,
    coalesce(m.first_line, p.first_line) AS first_line,
    coalesce(m.last_line, p.last_line) AS last_line,
    m.lost_ms::BIGINT AS lost_ms,
    m.lost_usd::DECIMAL(24,12) AS lost_usd
FROM measured AS m
JOIN limits AS l ON l.rule = m.anomaly
LEFT JOIN places AS p USING (session_id, anomaly)
WHERE severity IS NOT NULL
