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
WITH worst AS (
    SELECT h.session_id, h.score, h.band, h.coverage, m.cost_usd, m.tool_failed_count
    FROM scoped_health AS h
    LEFT JOIN session_metrics_v1 AS m USING (session_id)
    WHERE h.score < 100
    ORDER BY h.score, m.cost_usd DESC NULLS LAST, h.session_id
    LIMIT 10
),

explained AS (
    SELECT
        session_id,
        list(
            struct_pack(anomaly := anomaly, severity := severity, points := points, value := value, threshold := threshold, unit := unit, reason := reason)
            ORDER BY points DESC, anomaly
        ) AS reasons
    FROM health_reasons
    SEMI JOIN worst USING (session_id)
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
FROM worst AS w
LEFT JOIN explained AS e USING (session_id)
JOIN sessions_v1 AS s USING (session_id)
LEFT JOIN projects_v1 AS p ON p.project_id = s.project_id
ORDER BY w.score, w.cost_usd DESC NULLS LAST, w.session_id
