-- summary: Series of metrics without gaps, each period held against the median of the eight complete ones before it.
-- grain: metric, key, period
-- status: current
-- since: 0.1.0
-- macro: (bucket, tz, dim, as_of, metrics)
-- columns:
--   metric            The metric: see trend_metrics.
--   key               Value of the dimension: see period_values.
--   period            Start of the period, in the time zone; from the first with a value to the one of as_of.
--   is_partial        The period of as_of: still running, never judged.
--   is_recorded       Something is known of the period: it was used, or it was unused since logs have been imported.
--                     Before the first import an empty period may be one whose logs are gone.
--   value             Its value; 0 = nothing was used; NULL = not recorded, or not known.
--   n                 [count] Calls or sessions that the value rests on.
--   missing_count     Calls or sessions that could not be used.
--   baseline_n        [count] Periods before, of eight at most, whose value is known.
--   baseline_median   Median of them.
--   baseline_mad      Their median absolute deviation from it.
--   robust_z          [score] 0.6745 times the distance from the median, over the spread: the greatest of the
--                     deviation, 10 % of the median and the metric's min_spread; NULL = fewer than four of the
--                     periods before have use, or the period is partial.
--   change_vs_prev    [ratio] Difference to the period before over that.
--   change            shift_up or shift_down: two complete periods running beyond 2.5 on the same side; spike or
--                     drop: one beyond 3.5. Both must differ by the metric's min_difference.
WITH params AS (
    SELECT 0.6745 AS normal_mad, 0.1 AS spread_of_median, 2.5 AS shift_z, 3.5 AS spike_z, 4 AS min_used
),

clock AS (
    SELECT date_trunc(bucket, as_of::TIMESTAMPTZ AT TIME ZONE tz) AS last_period
),

used AS (
    SELECT v.metric, v.key, v.period, v.value, v.n, v.missing_count
    FROM period_values_v1(bucket, tz, dim, metrics) AS v
    JOIN clock ON v.period <= clock.last_period
),

import AS (
    SELECT min(date_trunc(bucket, started_at AT TIME ZONE tz)) AS first_period FROM imports_v1
),

spans AS (
    SELECT metric, key, min(period) AS first_period
    FROM used
    GROUP BY metric, key
),

grid AS (
    SELECT
        metric,
        key,
        last_period,
        unnest(generate_series(
            first_period,
            last_period,
            CASE bucket WHEN 'day' THEN INTERVAL 1 DAY WHEN 'week' THEN INTERVAL 7 DAY ELSE INTERVAL 1 MONTH END
        )) AS period
    FROM spans
    CROSS JOIN clock
),

filled AS (
    SELECT
        g.metric,
        g.key,
        g.period,
        g.period = g.last_period AS is_partial,
        u.period IS NOT NULL OR coalesce(g.period >= i.first_period, FALSE) AS is_recorded,
        CASE
            WHEN u.period IS NOT NULL THEN u.value
            WHEN m.is_additive AND g.period >= i.first_period THEN 0
        END AS value,
        coalesce(u.n, 0) AS n,
        coalesce(u.missing_count, 0) AS missing_count,
        m.is_additive,
        m.min_difference::DOUBLE AS min_difference,
        m.min_spread::DOUBLE AS min_spread
    FROM grid AS g
    CROSS JOIN import AS i
    JOIN trend_metrics_v1 AS m USING (metric)
    LEFT JOIN used AS u ON u.metric = g.metric AND u.key = g.key AND u.period = g.period
),

baselines AS (
    SELECT
        metric, key, period, is_partial, is_recorded, value, n, missing_count, min_difference, min_spread,
        count(value) OVER before AS baseline_n,
        count(value) FILTER (WHERE value > 0 OR NOT is_additive) OVER before AS used_n,
        median(value) OVER before AS baseline_median,
        mad(value) OVER before AS baseline_mad,
        lag(value) OVER (PARTITION BY metric, key ORDER BY period) AS previous
    FROM filled
    WINDOW before AS (PARTITION BY metric, key ORDER BY period ROWS BETWEEN 8 PRECEDING AND 1 PRECEDING)
),

scored AS (
    SELECT
        metric, key, period, is_partial, is_recorded, value, n, missing_count, min_difference, baseline_n, baseline_median,
        baseline_mad, previous,
        CASE
            WHEN used_n >= min_used AND NOT is_partial
                THEN normal_mad * (value - baseline_median)
                    / greatest(baseline_mad, spread_of_median * abs(baseline_median), min_spread)
        END AS z,
        shift_z,
        spike_z
    FROM baselines
    CROSS JOIN params
),

neighbours AS (
    SELECT
        metric, key, period, is_partial, is_recorded, value, n, missing_count, min_difference, baseline_n, baseline_median,
        baseline_mad, previous, z, shift_z, spike_z,
        lag(z) OVER (PARTITION BY metric, key ORDER BY period) AS previous_z
    FROM scored
)

SELECT
    metric, key, period, is_partial, is_recorded, value, n, missing_count, baseline_n, baseline_median, baseline_mad,
    round(z, 2) AS robust_z,
    round((value - previous) / nullif(previous, 0), 4) AS change_vs_prev,
    CASE
        WHEN abs(value - baseline_median) < min_difference - 1e-9 THEN NULL
        WHEN abs(z) >= shift_z AND abs(previous_z) >= shift_z AND sign(z) = sign(previous_z)
            THEN CASE WHEN z > 0 THEN 'shift_up' ELSE 'shift_down' END
        WHEN abs(z) >= spike_z THEN CASE WHEN z > 0 THEN 'spike' ELSE 'drop' END
    END AS change
FROM neighbours
