-- summary: The predecessor's health score, 0 to 100, kept so that old gates and histories stay comparable.
-- grain: session_id
-- status: superseded
-- since: 0.1.0
-- columns:
--   session_id          The session.
--   score               100 minus all deductions, never below 0. A session without data has 100: see has_evidence.
--   band                healthy from 80, warning from 50, critical below.
--   deductions          Each deduction as "rule severity: points", most first.
--   deducted_points     [points] Their sum.
--   high_count          Findings of high severity: 30 points each.
--   medium_count        Findings of medium severity: 12 points each.
--   low_count           Findings of low severity: 4 points each.
--   coverage            [share] Of the six rules, the part that the session has data for.
--   has_evidence        Whether there is any: a score without evidence says nothing.
--   unscored_reason     Why the score says nothing; NULL = it says something.
--   rules_without_data  The rules that had nothing to look at.
WITH params AS (
    SELECT
        30 AS high_points,
        12 AS medium_points,
        4 AS low_points,
        80 AS healthy_from,
        50 AS warning_from
),

findings AS (
    SELECT
        a.session_id,
        a.severity,
        split_part(a.anomaly, '.', 2) AS rule,
        CASE a.severity WHEN 'high' THEN p.high_points WHEN 'medium' THEN p.medium_points ELSE p.low_points END AS points
    FROM legacy_anomalies_v1 AS a
    CROSS JOIN params AS p
),

totals AS (
    SELECT
        session_id,
        sum(points) AS points,
        list(rule || ' ' || severity || ': ' || points ORDER BY points DESC, rule) AS deductions,
        count(*) FILTER (WHERE severity = 'high') AS high_count,
        count(*) FILTER (WHERE severity = 'medium') AS medium_count,
        count(*) FILTER (WHERE severity = 'low') AS low_count
    FROM findings
    GROUP BY session_id
),

data AS (
    SELECT
        session_id,
        list_filter(
            [
                CASE WHEN gap_count = 0 THEN 'hanging' END,
                CASE WHEN gap_count = 0 THEN 'latency' END,
                CASE WHEN known_result_count = 0 THEN 'tool_failures' END,
                CASE WHEN readable_reasoning_count = 0 THEN 'shallow_thinking' END,
                CASE WHEN readable_reasoning_count + redacted_reasoning_count = 0 THEN 'redaction' END,
                CASE WHEN tool_call_count + assistant_turn_count = 0 THEN 'no_tools' END
            ],
            lambda rule: rule IS NOT NULL
        ) AS rules_without_data
    FROM legacy_signals_v1
)

SELECT
    s.session_id,
    greatest(0, 100 - coalesce(t.points, 0))::INTEGER AS score,
    CASE
        WHEN score >= p.healthy_from THEN 'healthy'
        WHEN score >= p.warning_from THEN 'warning'
        ELSE 'critical'
    END AS band,
    coalesce(t.deductions, []) AS deductions,
    coalesce(t.points, 0)::INTEGER AS deducted_points,
    coalesce(t.high_count, 0) AS high_count,
    coalesce(t.medium_count, 0) AS medium_count,
    coalesce(t.low_count, 0) AS low_count,
    round((6 - len(d.rules_without_data)) / 6::DOUBLE, 2) AS coverage,
    coverage > 0 AS has_evidence,
    CASE WHEN NOT has_evidence THEN 'no instants, no tool results, no reasoning, no answers' END AS unscored_reason,
    d.rules_without_data
FROM sessions_v1 AS s
CROSS JOIN params AS p
LEFT JOIN totals AS t USING (session_id)
JOIN data AS d USING (session_id)
