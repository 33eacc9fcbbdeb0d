-- summary: Where the spending of the running month will end: what is spent, plus what windows as long as the days left
--   cost in the last 84 complete days. It knows neither holidays nor new projects.
-- grain: month
-- status: current
-- since: 0.1.0
-- macro: (tz, as_of)
-- columns:
--   month                  First day of the month.
--   spent_usd              Spent so far, as_of's day included.
--   days_left_incl_today   [count] Days left, as_of's included.
--   history_days           [count] Complete days looked at, 84 at most, from the first with a call on.
--   unrecorded_day_count   Of them, days without use before the first import, taken as 0: their logs may be gone.
--   window_count           Windows of that length in them.
--   method                 windows: 14 of them or more; mean: mean day times the days left, from seven days on; NULL =
--                          too little is known, no forecast: fewer days, or more than half of them unrecorded.
--   forecast_usd           Median of the windows added to what was spent; never below what is spent.
--   low_usd                The 10 % quantile instead: the lower end of the interval.
--   high_usd               The 90 % quantile: the upper end.
--   unpriced_call_count    Calls of the month without a price: all figures are lower bounds.
WITH params AS (
    SELECT 84 AS history, 14 AS min_windows, 7 AS min_days, 0.5 AS max_unrecorded_share
),

dates AS (
    SELECT
        (as_of::TIMESTAMPTZ AT TIME ZONE tz)::DATE AS today,
        date_trunc('month', today)::DATE AS month,
        (date_trunc('month', today) + INTERVAL 1 MONTH)::DATE AS next_month,
        (next_month - today)::INTEGER AS days_left
),

import AS (
    SELECT min((started_at AT TIME ZONE tz)::DATE) AS first_day FROM imports_v1
),

days AS (
    SELECT
        u.period::DATE AS day,
        coalesce(sum(u.cost_usd), 0)::DOUBLE AS usd,
        sum(u.unpriced_call_count)::BIGINT AS unpriced_call_count
    FROM usage_by_v1('day', tz) AS u
    CROSS JOIN dates AS d
    WHERE u.period::DATE <= d.today
    GROUP BY 1
),

calendar AS (
    SELECT unnest(generate_series(
        greatest((SELECT min(day) FROM days), today - history)::TIMESTAMP, (today - 1)::TIMESTAMP, INTERVAL 1 DAY
    ))::DATE AS day
    FROM dates
    CROSS JOIN params
    WHERE (SELECT count(*) FROM days) > 0
),

past AS (
    SELECT c.day, coalesce(d.usd, 0) AS usd, d.day IS NULL AND coalesce(c.day < i.first_day, TRUE) AS is_unrecorded
    FROM calendar AS c
    LEFT JOIN days AS d ON d.day = c.day
    CROSS JOIN import AS i
),

windows AS (
    SELECT a.day, sum(b.usd) AS usd
    FROM past AS a
    CROSS JOIN dates AS d
    JOIN past AS b ON b.day >= a.day AND b.day < a.day + d.days_left
    GROUP BY a.day, d.days_left
    HAVING count(*) = d.days_left
),

spread AS (
    SELECT
        count(*) AS window_count,
        quantile_cont(usd, 0.1) AS low,
        quantile_cont(usd, 0.5) AS middle,
        quantile_cont(usd, 0.9) AS high
    FROM windows
),

known AS (
    SELECT count(*) AS history_days, avg(usd) AS mean_usd, count(*) FILTER (WHERE is_unrecorded) AS unrecorded_day_count FROM past
),

spent AS (
    SELECT
        coalesce(sum(y.usd), 0) AS usd,
        coalesce(sum(y.usd) FILTER (WHERE y.day < d.today), 0) AS before_today,
        coalesce(sum(y.unpriced_call_count), 0)::BIGINT AS unpriced_call_count
    FROM dates AS d
    LEFT JOIN days AS y ON y.day >= d.month AND y.day < d.next_month
),

judged AS (
    SELECT
        d.month, s.usd, s.before_today, d.days_left, k.history_days, k.unrecorded_day_count, w.window_count, w.low, w.middle, w.high,
        k.mean_usd, s.unpriced_call_count,
        CASE
            WHEN k.unrecorded_day_count > p.max_unrecorded_share * k.history_days THEN NULL
            WHEN w.window_count >= p.min_windows THEN 'windows'
            WHEN k.history_days >= p.min_days THEN 'mean'
        END AS method
    FROM dates AS d
    CROSS JOIN spent AS s
    CROSS JOIN known AS k
    CROSS JOIN spread AS w
    CROSS JOIN params AS p
)

SELECT
    month,
    round(usd, 4) AS spent_usd,
    days_left AS days_left_incl_today,
    history_days, unrecorded_day_count, window_count, method,
    CASE method
        WHEN 'windows' THEN round(greatest(usd, before_today + middle), 2)
        WHEN 'mean' THEN round(greatest(usd, before_today + mean_usd * days_left), 2)
    END AS forecast_usd,
    CASE WHEN method = 'windows' THEN round(greatest(usd, before_today + low), 2) END AS low_usd,
    CASE WHEN method = 'windows' THEN round(greatest(usd, before_today + high), 2) END AS high_usd,
    unpriced_call_count
FROM judged
