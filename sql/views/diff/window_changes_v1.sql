-- summary: Two windows of time, metric by metric: medians or shares of their sessions with a rank test, and whether the
--   difference is more than the metric's least and more than weeks differ anyway.
-- grain: metric
-- status: current
-- since: 0.1.0
-- macro: (tz, as_of, days)
-- columns:
--   metric          The metric: see group_measures and trend_metrics.
--   unit            Its unit.
--   statistic       median of sessions, or share of sessions.
--   better          less or more, where one of them is better.
--   before          Its value in the days before; NULL = nothing is known.
--   before_n        [count] Sessions that it rests on.
--   after           Its value in the last days.
--   after_n         [count] Sessions that it rests on.
--   change          Second less first.
--   rank_z          [score] Mann–Whitney: how far the ranks are from chance, in standard deviations; information, no proof.
--   min_difference  A change smaller than this is none.
--   weekly_mad      Median size of the differences from week to week: their deviation from none; NULL = fewer than four.
--   verdict         better or worse: beyond min_difference and beyond twice weekly_mad; changed: the same where neither
--                   is better; no change; unknown: a window has fewer than eight sessions, or weekly_mad is NULL.
WITH params AS (
    SELECT 8 AS min_n, 4 AS min_weeks, 2 AS spread_factor
),

measures AS (
    SELECT
        CASE metric WHEN 'active_ms' THEN 'session_active_ms' ELSE metric END AS metric,
        unit, statistic, better, value_a, n_a, value_b, n_b, change, rank_z
    FROM group_measures_v1(
        (SELECT list(lower(hex(session_id))) FROM window_sessions_v1(tz, as_of, days) WHERE NOT is_late),
        (SELECT list(lower(hex(session_id))) FROM window_sessions_v1(tz, as_of, days) WHERE is_late)
    )
),

weeks AS (
    SELECT metric, value - lag(value) OVER (PARTITION BY metric ORDER BY period) AS difference
    FROM metric_trends_v1(
        'week', tz, 'all', as_of,
        [
            'session_cost_usd', 'session_active_ms', 'waste_ratio', 'cache_hit_ratio', 'tool_failure_ratio', 'health',
            'critical_share', 'verification_share'
        ]
    )
    WHERE NOT is_partial
),

spreads AS (
    SELECT w.metric, CASE WHEN count(w.difference) >= p.min_weeks THEN median(abs(w.difference)) END AS weekly_mad
    FROM weeks AS w
    CROSS JOIN params AS p
    GROUP BY w.metric, p.min_weeks
)

SELECT
    m.metric, m.unit, m.statistic, m.better,
    m.value_a AS before, m.n_a AS before_n, m.value_b AS after, m.n_b AS after_n, m.change, m.rank_z,
    t.min_difference::DOUBLE AS min_difference,
    s.weekly_mad,
    CASE
        WHEN least(m.n_a, m.n_b) < p.min_n OR m.change IS NULL OR s.weekly_mad IS NULL THEN 'unknown'
        WHEN abs(m.change) < t.min_difference OR abs(m.change) <= p.spread_factor * s.weekly_mad THEN 'no change'
        WHEN t.better IS NULL THEN 'changed'
        WHEN (m.change > 0) = (t.better = 'more') THEN 'better'
        ELSE 'worse'
    END AS verdict
FROM measures AS m
CROSS JOIN params AS p
JOIN trend_metrics_v1 AS t USING (metric)
LEFT JOIN spreads AS s USING (metric)
WHERE t.source = 'sessions' OR m.metric IN ('cache_hit_ratio', 'tool_failure_ratio')
