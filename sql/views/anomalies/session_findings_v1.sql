-- summary: Findings of each session by itself, of all families; anomalies adds words, and what depends on other sessions.
-- grain: session_id, anomaly
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id  The session.
--   anomaly     The rule, as family.name.
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
WITH candidates AS (
    SELECT session_id, anomaly, value, NULL AS at_most, evidence, call_ids, source_id, first_line, last_line, lost_ms, lost_usd
    FROM time_candidates_v1
    UNION ALL
    SELECT session_id, anomaly, value, NULL, evidence, call_ids, source_id, first_line, last_line, lost_ms, lost_usd
    FROM tool_candidates_v1
    UNION ALL
    SELECT session_id, anomaly, value, at_most, evidence, call_ids, source_id, first_line, last_line, lost_ms, lost_usd
    FROM edit_candidates_v1
    UNION ALL
    SELECT session_id, anomaly, value, NULL, evidence, call_ids, source_id, first_line, last_line, lost_ms, lost_usd
    FROM verify_candidates_v1
    UNION ALL
    SELECT session_id, anomaly, value, NULL, evidence, call_ids, source_id, first_line, last_line, lost_ms, lost_usd
    FROM context_candidates_v1
    UNION ALL
    SELECT session_id, anomaly, value, NULL, evidence, call_ids, source_id, first_line, last_line, lost_ms, lost_usd
    FROM cost_candidates_v1
    UNION ALL
    SELECT session_id, anomaly, value, at_most, evidence, call_ids, source_id, first_line, last_line, lost_ms, lost_usd
    FROM proc_candidates_v1
    UNION ALL
    SELECT session_id, anomaly, value, NULL, evidence, call_ids, source_id, first_line, last_line, lost_ms, lost_usd
    FROM data_candidates_v1
    UNION ALL
    SELECT session_id, anomaly, value, at_most, evidence, call_ids, source_id, first_line, last_line, lost_ms, lost_usd
    FROM privacy_candidates_v1
),

judged AS (
    SELECT
        c.session_id, c.anomaly, c.value, c.evidence, c.call_ids[1:10] AS call_ids, c.source_id, c.first_line, c.last_line, c.lost_ms, c.lost_usd,
        CASE
            WHEN c.value >= l.high AND c.at_most IS NULL THEN 'high'
            WHEN c.value >= l.medium AND c.at_most IS DISTINCT FROM 'low' THEN 'medium'
            WHEN c.value >= l.low THEN 'low'
            WHEN c.value >= l.info THEN 'info'
        END AS severity,
        CASE severity WHEN 'high' THEN l.high WHEN 'medium' THEN l.medium WHEN 'low' THEN l.low WHEN 'info' THEN l.info END AS threshold
    FROM candidates AS c
    JOIN anomaly_limits_v1 AS l ON l.rule = c.anomaly
    WHERE severity IS NOT NULL
),

called AS (
    SELECT session_id, anomaly, unnest(call_ids) AS call_id
    FROM judged
    WHERE first_line IS NULL
),

-- Where the evidence stands: in the file of its first call.
places AS (
    SELECT p.session_id, p.anomaly, p.source_id, min(p.line) AS first_line, max(p.last_line) AS last_line
    FROM (
        SELECT c.session_id, c.anomaly, t.seq, t.source_id, t.line, coalesce(t.result_line, t.line) AS last_line
        FROM called AS c
        JOIN tool_calls_v1 AS t ON t.tool_call_id = c.call_id
        UNION ALL
        SELECT c.session_id, c.anomaly, m.seq, m.source_id, m.line, m.line
        FROM called AS c
        JOIN model_calls_v1 AS m ON m.model_call_id = c.call_id
    ) AS p
    GROUP BY p.session_id, p.anomaly, p.source_id
    QUALIFY row_number() OVER (PARTITION BY p.session_id, p.anomaly ORDER BY min(p.seq), p.source_id) = 1
)

SELECT
    j.session_id,
    j.anomaly,
    j.severity,
    j.value::DOUBLE AS value,
    j.threshold,
    coalesce(j.evidence, list_transform(j.call_ids, lambda id: lower(hex(id))), [])[1:10]::VARCHAR[] AS evidence,
    j.call_ids,
    coalesce(j.source_id, p.source_id) AS source_id,
    coalesce(j.first_line, p.first_line) AS first_line,
    coalesce(j.last_line, p.last_line) AS last_line,
    j.lost_ms::BIGINT AS lost_ms,
    j.lost_usd::DECIMAL(24,12) AS lost_usd
FROM judged AS j
LEFT JOIN places AS p USING (session_id, anomaly)
