-- title: Where will the month end?
-- about: Spend so far plus what windows as long as the days left cost in the last 84 days. It covers everything in
--   the store: of the common filters only the time zone and until, the day to stand on, have an effect.
-- columns:
--   month                date     First day of the month.
--   spent_usd            double   Spent so far.
--   forecast_usd         double   Median of the forecasts; NULL = too little is known.
--   low_usd              double   Its 10 % quantile.
--   high_usd             double   Its 90 % quantile.
--   method               varchar  windows, mean, or NULL.
--   unpriced_call_count  bigint   Calls without a price: the money is a lower bound.
SELECT month, spent_usd, forecast_usd, low_usd, high_usd, method, unpriced_call_count
FROM month_forecast_v1($tz, coalesce($until::TIMESTAMPTZ, now()))
LIMIT $limit
