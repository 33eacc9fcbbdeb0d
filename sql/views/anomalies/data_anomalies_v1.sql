-- summary: Findings about the log itself: where its figures are lower bounds.
-- grain: session_id, anomaly
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id  The session.
--   anomaly     data.truncated, data.placeholder_usage, data.no_usage.
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

calls AS (
    SELECT
        session_id,
        count(*) AS call_count,
        count(*) FILTER (WHERE usage_quality NOT IN ('final', 'missing')) AS open_count,
        count(coalesce(input_tokens, output_tokens)) AS known_count,
        list(model_call_id ORDER BY seq, model_call_id) FILTER (WHERE usage_quality NOT IN ('final', 'missing'))[1:10] AS open_ids
    FROM model_calls_v1
    GROUP BY session_id
),

measured AS (
    SELECT
        session_id, 'data.truncated' AS anomaly, 1::DOUBLE AS value, NULL::VARCHAR[] AS evidence, NULL::UBIGINT[] AS call_ids,
        main_source_id AS source_id, NULL::BIGINT AS first_line, NULL::BIGINT AS last_line,
        NULL::BIGINT AS lost_ms, NULL::DECIMAL(24,12) AS lost_usd
    FROM sessions_v1
    WHERE is_complete = FALSE
    UNION ALL
    SELECT session_id, 'data.placeholder_usage', open_count / call_count::DOUBLE, NULL, open_ids, NULL, NULL, NULL, NULL, NULL
    FROM calls
    WHERE known_count > 0
    UNION ALL
    SELECT c.session_id, 'data.no_usage', c.call_count, NULL, NULL, s.main_source_id, NULL, NULL, NULL, NULL
    FROM calls AS c
    JOIN sessions_v1 AS s USING (session_id)
    WHERE c.known_count = 0
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
