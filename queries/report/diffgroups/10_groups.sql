-- title: Groups
-- kind: table
-- label: asked = of
-- label: first_at = first
-- label: last_at = last
-- spare: agents, models
SELECT
    side,
    CASE side WHEN 'A' THEN $text_a ELSE $text_b END AS asked,
    count(*) AS session_count,
    min(s.started_at) AS first_at,
    max(s.started_at) AS last_at,
    string_agg(DISTINCT s.agent, ', ' ORDER BY s.agent) AS agents,
    (SELECT string_agg(model, ', ' ORDER BY calls DESC, model) FROM (SELECT u.model, sum(u.call_count) AS calls FROM call_sums_v1 AS u JOIN diff_members AS m ON m.session_id = u.session_id WHERE m.side = g.side AND u.model IS NOT NULL GROUP BY u.model ORDER BY calls DESC LIMIT 4) AS top) AS models,
    sum(x.cost_usd) AS cost_usd
FROM diff_members AS g
JOIN sessions_v1 AS s USING (session_id)
LEFT JOIN session_metrics_v1 AS x USING (session_id)
GROUP BY side
ORDER BY side
