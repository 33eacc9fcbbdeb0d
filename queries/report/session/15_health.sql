-- title: Health
-- kind: facts
-- label: unscored_reason = why there is no score
-- optional: reasons, rules_without_data
WITH lost AS (
    SELECT unnest(deductions) AS deduction FROM own_health
),

rules AS (
    SELECT 'legacy.' || split_part(deduction, ' ', 1) AS anomaly, split_part(deduction, ': ', 2)::INTEGER AS points FROM lost
),

explained AS (
    SELECT
        list(
            struct_pack(anomaly := r.anomaly, severity := a.severity, points := r.points, value := a.value, threshold := a.threshold, unit := a.unit)
            ORDER BY r.points DESC, r.anomaly
        ) AS reasons
    FROM rules AS r
    LEFT JOIN own_anomalies AS a ON a.anomaly = r.anomaly
)

SELECT
    'session_health_v1' AS view,
    CASE WHEN h.has_evidence THEN h.score END AS score,
    CASE WHEN h.has_evidence THEN h.band END AS band,
    coalesce(e.reasons, []) AS reasons,
    h.unscored_reason,
    h.rules_without_data
FROM own_health AS h
CROSS JOIN explained AS e
