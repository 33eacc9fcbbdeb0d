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

-- Logs that can tell the same are judged together.
logs AS (
    SELECT
        list_filter(
            [
                CASE WHEN has_usage THEN 'U' END, CASE WHEN has_cache_counters THEN 'C' END, CASE WHEN has_tool_status THEN 'S' END,
                CASE WHEN has_tool_args THEN 'A' END, CASE WHEN has_times THEN 'T' END, CASE WHEN has_compactions THEN 'K' END,
                CASE WHEN has_api_errors THEN 'E' END, CASE WHEN has_approvals THEN 'P' END, 'X'
            ],
            lambda flag: flag IS NOT NULL
        ) AS tells,
        count(*) AS session_count
    FROM sessions_v1
    GROUP BY tells
),

known AS (
    SELECT r.anomaly, coalesce(sum(l.session_count), 0)::BIGINT AS session_count
    FROM anomaly_rules_v1 AS r
    LEFT JOIN logs AS l ON list_has_all(l.tells, r.needs)
    GROUP BY r.anomaly
),

fired AS (
    SELECT anomaly, count(*) AS session_count
    FROM (SELECT anomaly FROM session_findings_v1 UNION ALL SELECT anomaly FROM cost_spikes_v1) AS f
    GROUP BY anomaly
)

SELECT
    k.anomaly,
    coalesce(f.session_count, 0) AS session_count,
    greatest(k.session_count, coalesce(f.session_count, 0)) AS known_session_count,
    coalesce(f.session_count, 0) / nullif(greatest(k.session_count, coalesce(f.session_count, 0)), 0)::DOUBLE AS session_share,
    known_session_count >= p.min_sessions AND session_share > p.common_share AS is_common
FROM known AS k
CROSS JOIN params AS p
LEFT JOIN fired AS f USING (anomaly)
