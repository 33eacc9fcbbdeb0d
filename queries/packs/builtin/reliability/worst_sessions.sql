-- title: Which sessions went wrong, and why?
-- about: Scored sessions up to a health, lowest first, with the signal that took the most points. Unscored sessions
--   are not bad ones: they are left out.
-- params:
--   max_score double = 65  Sessions with a higher score are left out.
-- columns:
--   session_id  varchar    The session.
--   score       integer    Health, 0 to 100.
--   coverage    double     Part of the score that the log can tell.
--   top_reason  varchar    Signal or cap that took the most.
--   top_points  double     Points that it took.
--   anomalies   varchar[]  Findings of medium and high severity.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

low AS (
    SELECT h.session_id, h.score, h.coverage
    FROM session_health_v2 AS h
    SEMI JOIN scope AS s USING (session_id)
    WHERE h.score IS NOT NULL AND ($max_score::DOUBLE IS NULL OR h.score <= $max_score::DOUBLE)
    ORDER BY h.score, h.session_id
    LIMIT $limit
),

reasons AS (
    SELECT x.session_id, arg_max(coalesce(x.reason, x.signal), x.points) AS reason, max(x.points) AS points
    FROM health_explanations_v2 AS x
    SEMI JOIN low USING (session_id)
    WHERE x.points > 0
    GROUP BY x.session_id
),

found AS (
    SELECT a.session_id, list(DISTINCT a.anomaly ORDER BY a.anomaly) AS anomalies
    FROM anomalies_v1 AS a
    SEMI JOIN low USING (session_id)
    WHERE a.severity IN ('medium', 'high')
    GROUP BY a.session_id
)

SELECT l.session_id, l.score, l.coverage, r.reason AS top_reason, r.points AS top_points, coalesce(f.anomalies, []) AS anomalies
FROM low AS l
LEFT JOIN reasons AS r USING (session_id)
LEFT JOIN found AS f USING (session_id)
ORDER BY l.score, l.session_id
