-- summary: What is spent of a budget in the running period, for everything or for one agent, project, model or machine.
-- grain: none
-- status: current
-- since: 0.1.0
-- macro: (amount_usd, bucket, tz, as_of, dim, key)
-- columns:
--   period               Start of the period (day, week, month) of as_of, in the time zone.
--   amount_usd           The budget.
--   spent_usd            Cost of the priced calls so far.
--   spent_ratio          [ratio] One over the other.
--   forecast_usd         Where the month will end: of the whole month only; NULL = not that, or too little is known.
--   unpriced_call_count  Calls of the period without a price.
--   unpriced_ratio       [ratio] Their share of the calls; NULL = there is no call.
--   state                over: the budget is spent; unknown: more than a tenth of the calls has no price, so it may be;
--                        warn: 80 % are spent, or the forecast is above the budget; ok.
WITH params AS (
    SELECT 0.8 AS warn_ratio, 0.1 AS max_unpriced_ratio
),

clock AS (
    SELECT date_trunc(bucket, as_of::TIMESTAMPTZ AT TIME ZONE tz) AS period
),

spent AS (
    SELECT
        coalesce(sum(u.cost_usd), 0)::DOUBLE AS spent_usd,
        coalesce(sum(u.unpriced_call_count), 0)::BIGINT AS unpriced_call_count,
        sum(u.unpriced_call_count) / nullif(sum(u.model_call_count), 0)::DOUBLE AS unpriced_ratio
    FROM usage_by_v1(bucket, tz) AS u
    JOIN clock AS c USING (period)
    WHERE CASE dim
        WHEN 'agent' THEN u.agent = key
        WHEN 'model' THEN u.model = key
        WHEN 'machine' THEN u.machine_id = key
        WHEN 'project' THEN lower(hex(u.project_id)) = key
        ELSE TRUE
    END
),

forecast AS (
    SELECT CASE WHEN bucket = 'month' AND coalesce(dim, 'all') = 'all' THEN f.forecast_usd END AS forecast_usd
    FROM month_forecast_v1(tz, as_of) AS f
)

SELECT
    c.period,
    amount_usd::DOUBLE AS amount_usd,
    s.spent_usd,
    s.spent_usd / nullif(amount_usd::DOUBLE, 0) AS spent_ratio,
    f.forecast_usd,
    s.unpriced_call_count,
    s.unpriced_ratio,
    CASE
        WHEN s.spent_usd >= amount_usd::DOUBLE THEN 'over'
        WHEN s.unpriced_ratio > p.max_unpriced_ratio THEN 'unknown'
        WHEN s.spent_usd >= p.warn_ratio * amount_usd::DOUBLE OR f.forecast_usd > amount_usd::DOUBLE THEN 'warn'
        ELSE 'ok'
    END AS state
FROM clock AS c
CROSS JOIN params AS p
CROSS JOIN spent AS s
LEFT JOIN forecast AS f ON TRUE
