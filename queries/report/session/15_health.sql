-- title: Health
-- kind: facts
SELECT
    'session_health_v1' AS view,
    h.score,
    h.band,
    CASE WHEN len(h.deductions) = 0 THEN 'no points were taken' ELSE array_to_string(h.deductions, '; ') END AS reasons
FROM session_health_v1 AS h
WHERE h.session_id = $session
