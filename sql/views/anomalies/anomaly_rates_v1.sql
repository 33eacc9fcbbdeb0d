-- summary: How often each rule fires here, of the sessions whose logs let it judge.
-- grain: anomaly
-- status: current
-- since: 0.1.0
-- columns:
--   anomaly              The rule.
--   session_count        Sessions in which it fired.
--   known_session_count  Sessions with the data that it needs.
--   session_share        [share] One over the other; NULL = no session has the data.
--   is_common            It fires in so many sessions that it is information, not an anomaly.
WITH params AS (
    SELECT
        max(value) FILTER (WHERE key = 'rules.common_share') AS common_share,
        max(value) FILTER (WHERE key = 'rules.common_min_sessions') AS min_sessions
    FROM thresholds_v1
),

fired AS (
    SELECT anomaly, count(*) AS session_count
    FROM all_findings_v1
    GROUP BY anomaly
)

SELECT
    k.anomaly,
    coalesce(f.session_count, 0) AS session_count,
    k.known_session_count,
    coalesce(f.session_count, 0) / nullif(k.known_session_count, 0)::DOUBLE AS session_share,
    k.known_session_count >= p.min_sessions AND session_share > p.common_share AS is_common
FROM anomaly_scope_v1 AS k
CROSS JOIN params AS p
LEFT JOIN fired AS f USING (anomaly)
