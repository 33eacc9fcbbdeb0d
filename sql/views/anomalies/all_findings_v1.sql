-- summary: Findings of each session by itself and against the sessions before it, without words.
-- grain: session_id, anomaly
-- status: current
-- since: 0.1.0
-- kept: together
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
WITH params AS (
    SELECT
        max(value) FILTER (WHERE key = 'time.model_stall.p95_factor') AS p95_factor,
        max(value) FILTER (WHERE key = 'time.model_stall.min_sessions') AS min_sessions
    FROM thresholds_v1
),

-- A model that is slow by nature does not stall where it takes its time.
usual_waits AS (
    SELECT s.agent, w.model, p.p95_factor * median(w.latency_p95_ms) / 1000.0 AS limit_s
    FROM session_pace_v1 AS w
    JOIN sessions_v1 AS s USING (session_id)
    CROSS JOIN params AS p
    WHERE w.latency_count >= 10
    GROUP BY s.agent, w.model, p.p95_factor, p.min_sessions
    HAVING count(*) >= p.min_sessions
),

-- The limit of a session is that of the slowest of its models.
paces AS (
    SELECT w.session_id, max(u.limit_s) AS limit_s
    FROM session_pace_v1 AS w
    JOIN sessions_v1 AS s USING (session_id)
    JOIN usual_waits AS u ON u.agent = s.agent AND u.model = w.model
    GROUP BY w.session_id
)

SELECT
    f.session_id, f.anomaly, f.severity, f.value,
    CASE WHEN f.anomaly = 'time.model_stall' THEN greatest(f.threshold, p.limit_s) ELSE f.threshold END AS threshold,
    f.evidence, f.call_ids, f.source_id, f.first_line, f.last_line, f.lost_ms, f.lost_usd
FROM session_findings_v1 AS f
LEFT JOIN paces AS p ON p.session_id = f.session_id AND f.anomaly = 'time.model_stall'
WHERE p.limit_s IS NULL OR f.value >= p.limit_s
UNION ALL
SELECT session_id, anomaly, severity, value, threshold, evidence, NULL, NULL, NULL, NULL, NULL, lost_usd
FROM cost_spikes_v1
UNION ALL
SELECT session_id, anomaly, severity, value, threshold, evidence, NULL, NULL, NULL, NULL, NULL, NULL
FROM pace_shifts_v1
