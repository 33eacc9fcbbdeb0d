-- summary: Spending per period and where it changed, one series per value of a dimension: all, agent, model, project,
--   machine or branch.
-- grain: key, period
-- status: current
-- since: 0.1.0
-- macro: (bucket, tz, dim, as_of)
-- columns:
--   key                  Value of the dimension: see period_values.
--   period               Start of the period (day, week, month), in the time zone.
--   is_partial           The period of as_of: still running, never judged.
--   is_recorded          Something is known of the period: see metric_trends.
--   usd                  [USD] Cost of the priced calls; 0 = no use; NULL = not recorded, or nothing is priced.
--   model_call_count     Calls in it.
--   unpriced_call_count  Calls without a price: the cost is a lower bound.
--   baseline_n           [count] Periods before, of eight at most, whose cost is known.
--   median_usd           Their median.
--   robust_z             [score] Distance from it in robust deviations; NULL = not judged.
--   change_vs_prev       [ratio] Difference to the period before over that.
--   change               spike, drop, shift_up, shift_down: see metric_trends.
SELECT
    t.key, t.period, t.is_partial, t.is_recorded,
    round(t.value, 4) AS usd,
    t.n + t.missing_count AS model_call_count,
    t.missing_count AS unpriced_call_count,
    t.baseline_n,
    round(t.baseline_median, 4) AS median_usd,
    t.robust_z, t.change_vs_prev, t.change
FROM metric_trends_v1(bucket, tz, dim, as_of, ['cost_usd']) AS t
