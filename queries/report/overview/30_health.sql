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
    'session_health_v1' AS view,
    round(avg(h.score) FILTER (h.has_evidence), 1) AS mean_score,
    count(*) FILTER (h.has_evidence) AS scored_session_count,
    count(*) FILTER (NOT h.has_evidence) AS unscored_session_count,
    count(*) FILTER (h.has_evidence AND h.band = 'healthy') AS healthy_session_count,
    count(*) FILTER (h.has_evidence AND h.band = 'warning') AS warning_session_count,
    count(*) FILTER (h.has_evidence AND h.band = 'critical') AS critical_session_count
FROM session_health_v1 AS h
SEMI JOIN scope USING (session_id)
