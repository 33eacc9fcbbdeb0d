-- title: When did spending change?
-- about: Periods that stand out from the eight before them, per value of a dimension. until is the day to stand on.
-- params:
--   bucket varchar = week  day, week or month.
--   dim varchar = project  all, agent, model, project, machine or branch.
-- columns:
--   key                  varchar    Value of the dimension.
--   period               timestamp  Start of the period, in the time zone.
--   usd                  double     Cost in it.
--   median_usd           double     Median of the eight before.
--   robust_z             double     Distance in robust deviations.
--   change               varchar    spike, drop, shift_up or shift_down.
--   unpriced_call_count  bigint     Calls without a price: the money is a lower bound.
SELECT key, period, usd, median_usd, robust_z, change, unpriced_call_count
FROM trends_v1($bucket, $tz, $dim, coalesce($until::TIMESTAMPTZ, now()))
WHERE change IS NOT NULL
    AND ($since::TIMESTAMPTZ IS NULL OR period >= date_trunc($bucket, $since::TIMESTAMPTZ AT TIME ZONE $tz))
ORDER BY period DESC, abs(robust_z) DESC, key
LIMIT $limit
