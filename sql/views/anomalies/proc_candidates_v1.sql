-- summary: What the rules measure of how a session went and ended: stops, interrupts, corrections, refusals, sub-agents.
-- grain: session_id, anomaly
-- status: current
-- since: 0.1.0
-- columns:
--   session_id  The session.
--   anomaly     proc.premature_stop, proc.ended_in_error, proc.unanswered, proc.interrupts, proc.pushback, proc.denials,
--               proc.subagent_runaway, proc.subagent_depth, proc.truncated_answers, proc.refusals,
--               proc.model_fallback.
--   value       What was measured; its unit is in anomaly_rules.
--   at_most     The severity that it does not pass, whatever the limits; NULL = it has no such bound.
--   evidence    What caused it, where that is no call: ids of events, files, instants.
--   call_ids    The tool calls or model calls that caused it, the first to look at first.
--   source_id   The log file of the evidence, where that is no call.
--   first_line  First line of the evidence there.
--   last_line   Last line of it there.
--   lost_ms     Time that it took; NULL = it cannot be told.
--   lost_usd    [USD] Money that it took; NULL = it cannot be told.
WITH params AS (
    SELECT
        max(value) FILTER (WHERE key = 'proc.interrupts.min_share') AS min_interrupt_share,
        max(value) FILTER (WHERE key = 'proc.pushback.min_share') AS min_pushback_share
    FROM thresholds_v1
),

stopped AS (
    SELECT
        session_id,
        CASE
            WHEN end_state IN ('pending_tool', 'stopped_after_tool', 'max_turns', 'budget', 'max_tokens') THEN 'proc.premature_stop'
            WHEN end_state IN ('api_error', 'error') THEN 'proc.ended_in_error'
            WHEN end_state = 'unanswered' THEN 'proc.unanswered'
        END AS anomaly,
        -- A limit is no more than a low finding.
        CASE WHEN end_state IN ('max_turns', 'budget', 'max_tokens') THEN 'low' END AS at_most,
        end_state, main_source_id
    FROM sessions_v1
    WHERE anomaly IS NOT NULL
),

-- Where their main runs stop.
last_steps AS (
    SELECT session_id, arg_max(line, seq) AS line, arg_max(source_id, seq) AS source_id
    FROM (
        SELECT m.session_id, m.run_id, m.seq, m.line, m.source_id
        FROM messages_v1 AS m
        SEMI JOIN stopped AS s USING (session_id)
        UNION ALL
        SELECT t.session_id, t.run_id, t.seq, coalesce(t.result_line, t.line), t.source_id
        FROM tool_calls_v1 AS t
        SEMI JOIN stopped AS s USING (session_id)
    ) AS steps
    SEMI JOIN (SELECT run_id FROM runs_v1 WHERE run_kind = 'main') AS r USING (run_id)
    GROUP BY session_id
),

ends AS (
    SELECT s.session_id, s.anomaly, s.at_most, s.end_state, s.main_source_id, l.line, l.source_id
    FROM stopped AS s
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

spawns AS (
    SELECT
        session_id,
        list(spawn_tool_call_id ORDER BY started_at, run_id) FILTER (WHERE spawn_tool_call_id IS NOT NULL) AS call_ids,
        list(spawn_tool_call_id ORDER BY depth DESC, started_at, run_id) FILTER (WHERE spawn_tool_call_id IS NOT NULL) AS deep_call_ids
    FROM runs_v1
    WHERE run_kind = 'subagent'
    GROUP BY session_id
),

turn_starts AS (
    SELECT run_id, turn_id, min(seq) AS seq FROM context_steps_v1 GROUP BY run_id, turn_id
),

-- One change for good, between two answers to one prompt: who chooses a model does it between prompts, and a helper
-- model gives back to the one that asked it.
fallbacks AS (
    SELECT session_id, run_id, min(model_call_id) AS model_call_id, min(turn_id) AS turn_id, min(seq) AS seq
    FROM context_steps_v1
    WHERE is_model_switch
    GROUP BY session_id, run_id
    HAVING count(*) = 1
)

SELECT
    session_id, anomaly, 1::DOUBLE AS value, at_most, [end_state] AS evidence, NULL::UBIGINT[] AS call_ids,
    coalesce(source_id, main_source_id) AS source_id, line AS first_line, line AS last_line,
    NULL::BIGINT AS lost_ms, NULL::DECIMAL(24,12) AS lost_usd
FROM ends
UNION ALL BY NAME
SELECT
    m.session_id, 'proc.interrupts' AS anomaly, i.interrupt_count AS value, i.event_ids AS evidence, i.source_id,
    i.first_line, i.last_line
FROM session_metrics_v1 AS m
JOIN interrupts AS i USING (session_id)
CROSS JOIN params AS p
WHERE i.interrupt_count >= p.min_interrupt_share * m.user_turn_count
UNION ALL BY NAME
SELECT
    m.session_id, 'proc.pushback' AS anomaly, m.pushback_count AS value, b.turn_ids AS evidence, b.source_id,
    b.first_line, b.last_line
FROM session_metrics_v1 AS m
JOIN pushbacks AS b USING (session_id)
CROSS JOIN params AS p
WHERE m.pushback_count >= p.min_pushback_share * m.user_turn_count
UNION ALL BY NAME
SELECT session_id, 'proc.denials' AS anomaly, len(denied_ids) AS value, denied_ids AS call_ids
FROM denials
UNION ALL BY NAME
SELECT m.session_id, 'proc.subagent_runaway' AS anomaly, m.subagent_count AS value, p.call_ids, s.main_source_id AS source_id
FROM session_metrics_v1 AS m
JOIN sessions_v1 AS s USING (session_id)
LEFT JOIN spawns AS p USING (session_id)
UNION ALL BY NAME
SELECT m.session_id, 'proc.subagent_depth' AS anomaly, m.max_depth AS value, p.deep_call_ids AS call_ids, s.main_source_id AS source_id
FROM session_metrics_v1 AS m
JOIN sessions_v1 AS s USING (session_id)
LEFT JOIN spawns AS p USING (session_id)
UNION ALL BY NAME
SELECT session_id, anomaly, answer_count AS value, ids AS evidence, source_id, first_line, last_line
FROM answers
UNION ALL BY NAME
SELECT f.session_id, 'proc.model_fallback' AS anomaly, 1 AS value, [f.model_call_id] AS call_ids
FROM fallbacks AS f
JOIN (SELECT run_id FROM runs_v1 WHERE run_kind = 'main') AS r USING (run_id)
JOIN turn_starts AS t ON t.run_id = f.run_id AND t.turn_id = f.turn_id AND t.seq < f.seq
