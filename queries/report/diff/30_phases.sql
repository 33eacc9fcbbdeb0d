-- title: Cost by phase
-- kind: table
-- note: A model call belongs to the strongest of what it asked tools to do; without tools to the answer.
-- label: calls_a = calls A
-- label: calls_b = B
-- label: a_usd = cost A
-- label: b_usd = B
WITH p AS (
    SELECT phase, session_id = $a AS is_a, model_call_count, cost_usd FROM phase_costs_v1 WHERE session_id IN ($a, $b)
)

SELECT
    phase,
    coalesce(max(model_call_count) FILTER (is_a), 0) AS calls_a,
    coalesce(max(model_call_count) FILTER (NOT is_a), 0) AS calls_b,
    CASE WHEN count(*) FILTER (is_a) = 0 THEN 0 ELSE max(cost_usd) FILTER (is_a) END AS a_usd,
    CASE WHEN count(*) FILTER (NOT is_a) = 0 THEN 0 ELSE max(cost_usd) FILTER (NOT is_a) END AS b_usd
FROM p
GROUP BY phase
ORDER BY list_position(['explore', 'edit', 'verify', 'delegate', 'other', 'answer'], phase)
