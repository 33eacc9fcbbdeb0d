-- title: How often does each rule fire here?
-- about: Share of the sessions whose logs tell what the rule needs. A rule that fires in more than a third of them is
--   information, not an anomaly.
-- columns:
--   anomaly             varchar  The rule.
--   severity            varchar  info, low, medium or high.
--   session_count       bigint   Sessions with such a finding.
--   session_share       double   Part of those with data.
--   sessions_with_data  bigint   Sessions whose log tells what the rule needs.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

logs AS (
    SELECT
        list_filter(
            [
                CASE WHEN x.has_usage THEN 'U' END, CASE WHEN x.has_cache_counters THEN 'C' END, CASE WHEN x.has_tool_status THEN 'S' END,
                CASE WHEN x.has_tool_args THEN 'A' END, CASE WHEN x.has_times THEN 'T' END, CASE WHEN x.has_compactions THEN 'K' END,
                CASE WHEN x.has_api_errors THEN 'E' END, CASE WHEN x.has_approvals THEN 'P' END, 'X'
            ],
            lambda flag: flag IS NOT NULL
        ) AS tells,
        count(*) AS session_count
    FROM sessions_v1 AS x
    SEMI JOIN scope AS s USING (session_id)
    GROUP BY tells
),

known AS (
    SELECT r.anomaly, sum(l.session_count)::BIGINT AS session_count
    FROM anomaly_rules_v1 AS r
    JOIN logs AS l ON list_has_all(l.tells, r.needs)
    GROUP BY r.anomaly
)

SELECT
    a.anomaly,
    a.severity,
    count(DISTINCT a.session_id) AS session_count,
    count(DISTINCT a.session_id)::DOUBLE / nullif(any_value(k.session_count), 0) AS session_share,
    coalesce(any_value(k.session_count), 0)::BIGINT AS sessions_with_data
FROM anomalies_v1 AS a
SEMI JOIN scope AS s USING (session_id)
LEFT JOIN known AS k USING (anomaly)
GROUP BY a.anomaly, a.severity
ORDER BY session_count DESC, a.anomaly, a.severity
LIMIT $limit
