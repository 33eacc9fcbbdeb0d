-- title: What did each day cost?
-- about: List price per period of the time zone, calls at their own instant. Periods without a call have no row.
-- params:
--   bucket varchar = day  hour, day, week, month, quarter or year.
-- columns:
--   period               timestamp  Start of the period, in the time zone.
--   cost_usd             decimal    Cost of the priced calls; NULL = none is priced.
--   model_call_count     bigint     Calls that answered.
--   session_count        bigint     Sessions with a call in it.
--   is_partial           boolean    The period is still running, or the limits in time cut it.
--   unpriced_call_count  bigint     Calls without a price: the money is a lower bound.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

calls AS (
    -- A quarter of an hour is the finest that zones are cut; turning each instant into a local period is slow.
    SELECT
        time_bucket(INTERVAL 15 MINUTE, c.occurred_at) AS quarter_at,
        c.session_id,
        sum(c.cost_usd) AS cost_usd,
        count(*) FILTER (WHERE c.status IN ('ok', 'interrupted')) AS model_call_count,
        count(*) - count(c.cost_usd) AS unpriced_call_count
    FROM model_call_costs_v1 AS c
    SEMI JOIN scope AS s USING (session_id)
    WHERE c.occurred_at IS NOT NULL
        AND ($since::TIMESTAMPTZ IS NULL OR c.occurred_at >= $since::TIMESTAMPTZ)
    AND ($until::TIMESTAMPTZ IS NULL OR c.occurred_at < $until::TIMESTAMPTZ)
        AND ($model::VARCHAR[] IS NULL OR list_has_any($model::VARCHAR[], [c.model, c.response_model, c.price_model]))
    GROUP BY quarter_at, c.session_id
),

periods AS (
    SELECT quarter_at, date_trunc($bucket, quarter_at AT TIME ZONE $tz) AS period FROM (SELECT DISTINCT quarter_at FROM calls)
)

SELECT
    p.period,
    sum(c.cost_usd)::DECIMAL(24, 12) AS cost_usd,
    sum(c.model_call_count)::BIGINT AS model_call_count,
    count(DISTINCT c.session_id) AS session_count,
    p.period = date_trunc($bucket, coalesce($until::TIMESTAMPTZ, now()) AT TIME ZONE $tz)
        OR coalesce(p.period < $since::TIMESTAMPTZ AT TIME ZONE $tz, false) AS is_partial,
    sum(c.unpriced_call_count)::BIGINT AS unpriced_call_count
FROM calls AS c
JOIN periods AS p USING (quarter_at)
GROUP BY p.period
ORDER BY p.period
LIMIT $limit
