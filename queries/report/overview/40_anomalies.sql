-- title: Anomalies
-- kind: table
-- spare: worst_session_id, lost_ms
-- note: One row per rule and severity. A rule that fires in more than a third of the sessions is information.
-- empty: No anomaly was found.
-- label: session_count = sessions
-- label: worst_session_id = worst session
-- label: lost_ms = took
-- optional: lost_ms
-- json only: finding_count, lost_usd, hint
SELECT
    anomaly,
    severity,
    count(DISTINCT session_id) AS session_count,
    count(*) AS finding_count,
    sum(lost_ms)::BIGINT AS lost_ms,
    sum(lost_usd) AS lost_usd,
    lower(hex(first(session_id ORDER BY value DESC NULLS LAST, session_id))) AS worst_session_id,
    min(hint) AS hint
FROM core.anomalies_v1
WHERE session_id IN (SELECT session_key FROM scope)
GROUP BY anomaly, severity
ORDER BY array_position(['high', 'medium', 'low', 'info'], severity), session_count DESC, anomaly
