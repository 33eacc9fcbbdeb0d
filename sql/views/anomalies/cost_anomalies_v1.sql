-- summary: Findings about the cost of a session by itself: waste, pauses, calls without a price.
-- grain: session_id, anomaly
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id  The session.
--   anomaly     cost.waste, cost.pauses, cost.unpriced.
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
        max(value) FILTER (WHERE key = 'cost.waste.min_usd') AS min_wasted_usd,
        max(value) FILTER (WHERE key = 'cost.pauses.min_usd') AS min_pause_usd
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

measured AS (
    SELECT
        m.session_id, 'cost.waste' AS anomaly, m.waste_ratio AS value, NULL::VARCHAR[] AS evidence, w.wasted_ids AS call_ids,
        NULL::BIGINT AS source_id, NULL::BIGINT AS first_line, NULL::BIGINT AS last_line,
        NULL::BIGINT AS lost_ms, m.wasted_cost_usd AS lost_usd
    FROM session_metrics_v1 AS m
    CROSS JOIN params AS p
    LEFT JOIN wasted AS w USING (session_id)
    WHERE m.wasted_cost_usd >= p.min_wasted_usd
    UNION ALL
    SELECT
        m.session_id, 'cost.pauses', (m.pause_cost_usd / nullif(m.cost_usd, 0))::DOUBLE, NULL, w.expired_ids,
        NULL, NULL, NULL, NULL, m.pause_cost_usd
    FROM session_metrics_v1 AS m
    CROSS JOIN params AS p
    LEFT JOIN wasted AS w USING (session_id)
    WHERE m.pause_cost_usd >= p.min_pause_usd
    UNION ALL
    SELECT
        m.session_id, 'cost.unpriced', m.unpriced_call_count / m.model_call_count::DOUBLE, NULL, u.unpriced_ids,
        NULL, NULL, NULL, NULL, NULL
    FROM session_metrics_v1 AS m
    LEFT JOIN unpriced AS u USING (session_id)
    WHERE m.unpriced_call_count > 0
),

-- Where the evidence stands: in the file of its first call.
places AS (
    SELECT
        m.session_id, m.anomaly, c.source_id,
        min(c.line) AS first_line,
        max(c.line) AS last_line
    FROM (SELECT session_id, anomaly, unnest(call_ids[1:10]) AS call_id FROM measured) AS m
    JOIN model_calls_v1 AS c ON c.model_call_id = m.call_id
    GROUP BY m.session_id, m.anomaly, c.source_id
    QUALIFY row_number() OVER (PARTITION BY m.session_id, m.anomaly ORDER BY min(c.seq), c.source_id) = 1
)

SELECT
    m.session_id,
    m.anomaly,
    CASE
        WHEN m.value >= l.high THEN 'high'
        WHEN m.value >= l.medium THEN 'medium'
        WHEN m.value >= l.low THEN 'low'
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
