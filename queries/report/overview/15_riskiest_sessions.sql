-- title: Riskiest sessions
-- kind: table
-- below: reasons
-- spare: started_at, project
-- note: Lowest health first, then the most expensive. Health is session_health_v1: 100 minus the points of what is listed.
-- empty: No session lost a point of health, or none could be scored.
-- label: session_id = session
-- label: end_state = ended
-- json only: band, tool_failed_count
-- optional: project
WITH lost AS (
    SELECT session_id, unnest(deductions) AS deduction
    FROM session_health_v1
    SEMI JOIN scope USING (session_id)
    WHERE has_evidence
),

rules AS (
    SELECT
        session_id,
        'legacy.' || split_part(deduction, ' ', 1) AS anomaly,
        split_part(deduction, ': ', 2)::INTEGER AS points
    FROM lost
),

explained AS (
    SELECT
        r.session_id,
        list(
            struct_pack(anomaly := r.anomaly, severity := a.severity, points := r.points, value := a.value, threshold := a.threshold, unit := a.unit)
            ORDER BY r.points DESC, r.anomaly
        ) AS reasons
    FROM rules AS r
    LEFT JOIN anomalies_v1 AS a USING (session_id, anomaly)
    GROUP BY r.session_id
)

SELECT
    h.session_id,
    h.score AS health,
    h.band,
    e.reasons,
    s.agent,
    p.name AS project,
    s.started_at,
    m.cost_usd,
    m.tool_failed_count,
    s.end_state
FROM session_health_v1 AS h
SEMI JOIN scope USING (session_id)
JOIN explained AS e USING (session_id)
JOIN sessions_v1 AS s USING (session_id)
LEFT JOIN session_metrics_v1 AS m USING (session_id)
LEFT JOIN projects_v1 AS p ON p.project_id = s.project_id
ORDER BY h.score, m.cost_usd DESC NULLS LAST, h.session_id
LIMIT 10
