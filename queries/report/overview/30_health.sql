-- title: Health
-- kind: facts
-- label: mean_score = mean
-- label: scored_session_count = scored sessions
-- label: unscored_session_count = sessions that cannot be scored, in no mean
-- label: healthy_session_count = healthy
-- label: warning_session_count = warning
-- label: critical_session_count = critical
-- optional: unscored_session_count
SELECT
    max(h.view) AS view,
    round(avg(h.score), 1) AS mean_score,
    count(h.score) AS scored_session_count,
    count(*) - count(h.score) AS unscored_session_count,
    count(*) FILTER (h.band = 'healthy') AS healthy_session_count,
    count(*) FILTER (h.band = 'warning') AS warning_session_count,
    count(*) FILTER (h.band = 'critical') AS critical_session_count
FROM scoped_health AS h
