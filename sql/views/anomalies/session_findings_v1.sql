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
SELECT
    session_id, anomaly, severity, value, threshold, evidence, call_ids, source_id, first_line, last_line, lost_ms, lost_usd
FROM time_anomalies_v1
UNION ALL
SELECT
    session_id, anomaly, severity, value, threshold, evidence, call_ids, source_id, first_line, last_line, lost_ms, lost_usd
FROM tool_anomalies_v1
UNION ALL
SELECT
    session_id, anomaly, severity, value, threshold, evidence, call_ids, source_id, first_line, last_line, lost_ms, lost_usd
FROM edit_anomalies_v1
UNION ALL
SELECT
    session_id, anomaly, severity, value, threshold, evidence, call_ids, source_id, first_line, last_line, lost_ms, lost_usd
FROM verify_anomalies_v1
UNION ALL
SELECT
    session_id, anomaly, severity, value, threshold, evidence, call_ids, source_id, first_line, last_line, lost_ms, lost_usd
FROM context_anomalies_v1
UNION ALL
SELECT
    session_id, anomaly, severity, value, threshold, evidence, call_ids, source_id, first_line, last_line, lost_ms, lost_usd
FROM cost_anomalies_v1
UNION ALL
SELECT
    session_id, anomaly, severity, value, threshold, evidence, call_ids, source_id, first_line, last_line, lost_ms, lost_usd
FROM proc_anomalies_v1
UNION ALL
SELECT
    session_id, anomaly, severity, value, threshold, evidence, call_ids, source_id, first_line, last_line, lost_ms, lost_usd
FROM data_anomalies_v1
