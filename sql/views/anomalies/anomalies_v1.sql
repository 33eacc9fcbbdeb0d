-- summary: Findings: one row per session and rule that fired, with value, threshold and evidence.
-- grain: session_id, anomaly
-- status: current
-- since: 0.1.0
-- columns:
--   session_id  The session.
--   anomaly     The rule, as family.name.
--   severity    info, low, medium or high.
--   value       What was measured.
--   threshold   The limit it passed.
--   unit        Unit of both.
--   evidence    What caused it: ids of calls or messages, files, instants.
SELECT session_id, anomaly, severity, value, threshold, unit, evidence
FROM legacy_anomalies_v1
