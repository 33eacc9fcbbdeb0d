-- title: Health
-- kind: facts
-- label: unscored_reason = why there is no score
-- optional: reasons, unscored_reason
-- json only: coverage
WITH explained AS (
    SELECT
        list(
            struct_pack(anomaly := anomaly, severity := severity, points := points, value := value, threshold := threshold, unit := unit, reason := reason)
            ORDER BY points DESC, anomaly
        ) AS reasons
    FROM health_reasons
    WHERE session_id = $session
)

SELECT
    h.view,
    h.score,
    CASE WHEN h.score IS NOT NULL THEN h.band END AS band,
    h.coverage,
    coalesce(e.reasons, []) AS reasons,
    h.unscored_reason
FROM scoped_health AS h
CROSS JOIN explained AS e
