-- title: Riskiest sessions
-- kind: table
-- below: reasons
-- spare: started_at, project
-- note: Lowest health first, then the most expensive, with what took the points.
-- empty: No session lost a point of health, or none could be scored.
-- label: session_id = session
-- label: end_state = ended
-- json only: band, coverage, tool_failed_count
-- optional: project
WITH explained AS (
    SELECT
        session_id,
        list(
            struct_pack(anomaly := anomaly, severity := severity, points := points, value := value, threshold := threshold, unit := unit, reason := reason)
            ORDER BY points DESC, anomaly
        ) AS reasons
    FROM health_reasons
    GROUP BY session_id
)

SELECT
    w.session_id,
    w.score AS health,
    w.band,
    w.coverage,
    coalesce(e.reasons, []) AS reasons,
    s.agent,
    p.name AS project,
    s.started_at,
    w.cost_usd,
    w.tool_failed_count,
    s.end_state
FROM scoped_health AS w
LEFT JOIN explained AS e USING (session_id)
JOIN core.sessions_v1 AS s ON s.session_id = w.session_key
LEFT JOIN core.projects_v1 AS p ON p.project_id = s.project_id
WHERE w.rank <= 10
ORDER BY w.rank
