-- summary: The six sub-scores of health v2: 100 minus what their signals take.
-- grain: session_id, sub
-- status: current
-- since: 0.1.0
-- kept: findings
-- changes: There were none in version 1.
-- columns:
--   session_id  The session.
--   sub         outcome, reliability, efficiency, verification, context, responsiveness.
--   score       [points] 0 to 100; NULL = none of its anchors is known.
--   loss        [points] Sum of the losses, which may exceed 100; NULL = unknown.
--   weight      [points] How much it counts.
WITH losses AS (
    SELECT
        l.session_id, l.sub,
        CASE WHEN bool_or(l.is_anchor AND l.value IS NOT NULL) THEN coalesce(round(sum(l.loss), 6), 0) END AS loss,
        min(w.weight) AS weight
    FROM health_losses_v2 AS l
    JOIN health_weights_v1 AS w ON w.version = 2 AND w.sub = l.sub
    GROUP BY l.session_id, l.sub
)

SELECT session_id, sub, CASE WHEN loss IS NOT NULL THEN 100 - least(100, loss) END AS score, loss, weight
FROM losses
