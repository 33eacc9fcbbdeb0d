-- title: End of the month
-- kind: facts
-- label: spent_usd = spent so far
-- label: days_left_incl_today = days left, today included
-- label: forecast_usd = projection
-- label: low_usd = at the lower end (10 %)
-- label: high_usd = at the upper end (90 %)
-- label: history_days = days it rests on
-- label: unrecorded_day_count = days taken as unused that may not be recorded
-- label: unpriced_call_count = calls without a price
-- optional: unrecorded_day_count, unpriced_call_count
-- json only: window_count
SELECT
    month, spent_usd, days_left_incl_today, method, forecast_usd, low_usd, high_usd, history_days, unrecorded_day_count, window_count, unpriced_call_count
FROM month_forecast_v1($tz, $as_of::TIMESTAMPTZ)
