-- summary: What bounds a health score from above, whatever else is fine.
-- grain: version, cap_id
-- status: current
-- since: 0.1.0
-- columns:
--   version  Version of the score.
--   cap_id   The reason.
--   cap      [points] The score it allows at most.
--   meaning  What it says.
SELECT version, cap_id, cap, meaning
FROM raw.health_caps
