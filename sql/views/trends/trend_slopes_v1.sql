-- summary: Slope of spending over the last complete periods, and whether it is a trend at all.
-- grain: key
-- status: current
-- since: 0.1.0
-- macro: (bucket, tz, dim, as_of, n_periods)
-- columns:
--   key               Value of the dimension: see period_values.
--   n                 [count] Complete periods, of n_periods at most; six are needed.
--   usd_per_period    [USD per period] Median of all slopes between two periods.
--   ratio_per_period  Slope over the median of the periods.
--   mk_s              [score] Pairs that rise less those that fall.
--   mk_z              [score] Its distance from chance, in standard deviations.
--   direction         rising, falling, or no clear trend.
SELECT s.key, s.n, round(s.per_period, 4) AS usd_per_period, s.ratio_per_period, s.mk_s, s.mk_z, s.direction
FROM metric_slopes_v1(bucket, tz, dim, as_of, ['cost_usd'], n_periods) AS s
