-- summary: How many sessions each rule can judge: those whose logs tell what it needs.
-- grain: anomaly
-- status: current
-- since: 0.1.0
-- columns:
--   anomaly              The rule.
--   known_session_count  Sessions with the data that it needs.
WITH logs AS (
    -- Logs that can tell the same are judged together.
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
    FROM session_facts_v1
    GROUP BY tells
)

SELECT r.anomaly, coalesce(sum(l.session_count), 0)::BIGINT AS known_session_count
FROM anomaly_rules_v1 AS r
LEFT JOIN logs AS l ON list_has_all(l.tells, r.needs)
GROUP BY r.anomaly
