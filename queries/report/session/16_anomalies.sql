-- title: Anomalies
-- kind: table
-- empty: No anomaly was found.
SELECT
    anomaly,
    severity,
    value,
    threshold,
    unit,
    array_to_string(evidence[1:3], ', ') AS evidence
FROM anomalies_v1
WHERE session_id = $session
ORDER BY array_position(['high', 'medium', 'low', 'info'], severity), anomaly
