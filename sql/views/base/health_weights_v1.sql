-- summary: How much each sub-score counts in a health score.
-- grain: version, sub
-- status: current
-- since: 0.1.0
-- columns:
--   version  Version of the score.
--   sub      Sub-score.
--   weight   [points] All of a version add up to 100.
SELECT version, sub, weight
FROM raw.health_weights
