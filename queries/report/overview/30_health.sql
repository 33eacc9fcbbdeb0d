-- title: Health
-- kind: facts
-- note: session_health_v1. Sessions that cannot be scored are counted apart and enter no mean.
SELECT
    'session_health_v1' AS view,
    round(avg(h.score), 1) AS mean_score,
    count(h.score) AS scored_session_count,
    count(*) FILTER (h.score IS NULL) AS unscored_session_count,
    count(*) FILTER (h.band = 'healthy') AS healthy_session_count,
    count(*) FILTER (h.band = 'warning') AS warning_session_count,
    count(*) FILTER (h.band = 'critical') AS critical_session_count
FROM session_health_v1 AS h
SEMI JOIN scope USING (session_id)
