-- title: Anomalies
-- kind: table
-- spare: worst_session_id
-- empty: No anomaly was found.
-- label: session_count = sessions
-- label: worst_session_id = worst session
-- json only: finding_count
SELECT
    anomaly,
    severity,
    count(DISTINCT session_id) AS session_count,
    count(*) AS finding_count,
    arg_max(session_id, value) AS worst_session_id
FROM anomalies_v1
SEMI JOIN scope USING (session_id)
GROUP BY anomaly, severity
ORDER BY array_position(['high', 'medium', 'low', 'info'], severity), session_count DESC, anomaly
