-- summary: Slope of each series over its last complete periods by Theil and Sen, and whether it is a trend at all by
--   Mann and Kendall.
-- grain: metric, key
-- status: current
-- since: 0.1.0
-- macro: (bucket, tz, dim, as_of, metrics, n_periods)
-- columns:
--   metric            The metric.
--   key               Value of the dimension.
--   n                 [count] Complete periods with a value, of n_periods at most; six are needed.
--   per_period        Median of all slopes between two periods, in the metric's unit per period.
--   ratio_per_period  Slope over the median of the periods.
--   mk_s              [score] Pairs that rise less those that fall.
--   mk_z              [score] Its distance from chance, in standard deviations.
--   direction         rising, falling, or no clear trend: below 1.96.
WITH params AS (
    SELECT 6 AS min_periods, 1.96 AS clear_z
),

complete AS (
    SELECT t.metric, t.key, t.value, row_number() OVER (PARTITION BY t.metric, t.key ORDER BY t.period DESC) AS back
    FROM metric_trends_v1(bucket, tz, dim, as_of, metrics) AS t
    WHERE NOT t.is_partial
),

points AS (
    SELECT metric, key, value AS y, -back AS x
    FROM complete
    WHERE back <= n_periods AND value IS NOT NULL
),

pairs AS (
    SELECT a.metric, a.key, (b.y - a.y) / (b.x - a.x) AS slope, sign(b.y - a.y) AS step
    FROM points AS a
    JOIN points AS b ON b.metric = a.metric AND b.key = a.key AND b.x > a.x
),

sizes AS (
    SELECT metric, key, count(*) AS n, median(y) AS middle FROM points GROUP BY metric, key
),

slopes AS (
    SELECT metric, key, median(slope) AS slope, sum(step)::BIGINT AS mk_s FROM pairs GROUP BY metric, key
)

SELECT
    s.metric, s.key, z.n,
    s.slope AS per_period,
    round(s.slope / nullif(z.middle, 0), 4) AS ratio_per_period,
    s.mk_s,
    round((s.mk_s - sign(s.mk_s)) / sqrt(z.n * (z.n - 1) * (2 * z.n + 5) / 18.0), 3) AS mk_z,
    CASE WHEN abs(mk_z) < p.clear_z THEN 'no clear trend' WHEN mk_z > 0 THEN 'rising' ELSE 'falling' END AS direction
FROM slopes AS s
JOIN sizes AS z USING (metric, key)
CROSS JOIN params AS p
WHERE z.n >= p.min_periods
