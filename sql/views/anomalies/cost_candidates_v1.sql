-- summary: What the rules measure of the cost of a session by itself: waste, pauses, calls without a price.
-- grain: session_id, anomaly
-- status: current
-- since: 0.1.0
-- columns:
--   session_id  The session.
--   anomaly     cost.waste, cost.pauses, cost.unpriced, cost.subagents.
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
        max(value) FILTER (WHERE key = 'cost.waste.min_usd') AS min_wasted_usd,
        max(value) FILTER (WHERE key = 'cost.pauses.min_usd') AS min_pause_usd,
        max(value) FILTER (WHERE key = 'cost.subagents.min_usd') AS min_tree_usd,
        max(value) FILTER (WHERE key = 'cost.subagents.min_unused_share') AS min_unused_share
    FROM thresholds_v1
),

wasted AS (
    SELECT
        session_id,
        list(model_call_id ORDER BY wasted_cost_usd DESC NULLS LAST, model_call_id) FILTER (WHERE reason <> 'cache_expired')[1:10] AS wasted_ids,
        list(model_call_id ORDER BY wasted_cost_usd DESC NULLS LAST, model_call_id) FILTER (WHERE reason = 'cache_expired')[1:10] AS expired_ids
    FROM wasted_calls_v1
    GROUP BY session_id
),

unpriced AS (
    SELECT c.session_id, list(c.model_call_id ORDER BY c.seq, c.model_call_id)[1:10] AS unpriced_ids
    FROM model_calls_v1 AS c
    JOIN call_costs_v1 AS p USING (model_call_id)
    WHERE p.cost_usd IS NULL
    GROUP BY c.session_id
),

last_calls AS (
    SELECT run_id, max(seq) AS seq FROM model_calls_v1 GROUP BY run_id
),

-- A sub-agent's result is unused where it never came, or where the run that asked for it never spoke again.
delegations AS (
    SELECT
        r.session_id, r.cost_usd, t.tool_call_id, t.seq,
        t.status IN ('no_result', 'error', 'interrupted') OR l.seq < t.seq AS is_unused
    FROM run_metrics_v1 AS r
    JOIN runs_v1 AS u USING (run_id)
    LEFT JOIN tool_calls_v1 AS t ON t.tool_call_id = u.spawn_tool_call_id
    LEFT JOIN last_calls AS l ON l.run_id = t.run_id
    WHERE r.run_kind = 'subagent'
),

unused AS (
    SELECT
        session_id,
        sum(cost_usd) AS cost_usd,
        sum(cost_usd) FILTER (WHERE is_unused) AS unused_usd,
        list(tool_call_id ORDER BY cost_usd DESC NULLS LAST, seq, tool_call_id) FILTER (WHERE is_unused) AS call_ids
    FROM delegations
    GROUP BY session_id
)

SELECT
    m.session_id, 'cost.waste' AS anomaly, m.waste_ratio AS value, NULL::VARCHAR[] AS evidence, w.wasted_ids AS call_ids,
    NULL::BIGINT AS source_id, NULL::BIGINT AS first_line, NULL::BIGINT AS last_line,
    NULL::BIGINT AS lost_ms, m.wasted_cost_usd AS lost_usd
FROM session_metrics_v1 AS m
CROSS JOIN params AS p
LEFT JOIN wasted AS w USING (session_id)
WHERE m.wasted_cost_usd >= p.min_wasted_usd
UNION ALL BY NAME
SELECT
    m.session_id, 'cost.pauses' AS anomaly, (m.pause_cost_usd / nullif(m.cost_usd, 0))::DOUBLE AS value,
    w.expired_ids AS call_ids, m.pause_cost_usd AS lost_usd
FROM session_metrics_v1 AS m
CROSS JOIN params AS p
LEFT JOIN wasted AS w USING (session_id)
WHERE m.pause_cost_usd >= p.min_pause_usd
UNION ALL BY NAME
SELECT
    m.session_id, 'cost.unpriced' AS anomaly, m.unpriced_call_count / m.model_call_count::DOUBLE AS value,
    u.unpriced_ids AS call_ids
FROM session_metrics_v1 AS m
LEFT JOIN unpriced AS u USING (session_id)
WHERE m.unpriced_call_count > 0
UNION ALL BY NAME
SELECT
    m.session_id, 'cost.subagents' AS anomaly, m.delegation_ratio AS value, u.call_ids, u.unused_usd AS lost_usd
FROM session_metrics_v1 AS m
JOIN unused AS u USING (session_id)
CROSS JOIN params AS p
WHERE m.cost_usd >= p.min_tree_usd AND u.unused_usd >= p.min_unused_share * u.cost_usd
