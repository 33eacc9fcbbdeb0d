-- title: Is the cache working?
-- about: Cache reads over input, and calls that found less in the cache than they should. by_cause counts the misses:
--   expired, model_switch, never_cached, unexplained.
-- params:
--   bucket varchar = week  day, week or month.
-- columns:
--   period               timestamp  Start of the period, in the time zone; NULL = no instant.
--   agent                varchar    The agent.
--   model                varchar    The model.
--   cache_hit_ratio      double     Cache reads over input, where known; NULL = nowhere.
--   miss_ratio           double     Misses over calls that have a call before them.
--   by_cause             varchar[]  Causes with their counts, such as expired 3.
--   missed_cost_usd      decimal    What the missed tokens cost more; NULL = nothing missed, or without a price.
--   unpriced_call_count  bigint     Calls without a price: the money is a lower bound.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

calls AS (
    SELECT
        s.agent,
        coalesce(c.model, c.response_model) AS model,
        time_bucket(INTERVAL 15 MINUTE, c.occurred_at) AS quarter_at,
        c.input_tokens,
        c.cache_read_input_tokens,
        x.prev_input_tokens,
        coalesce(x.is_cache_miss, false) AS is_miss,
        x.miss_cause,
        CASE WHEN x.is_cache_miss THEN x.missed_input_tokens * (coalesce(c.r_w5, c.r_in) - c.r_read) * coalesce(c.mult, 1) / 1000000 END AS missed_usd,
        c.cost_usd IS NULL AS is_unpriced
    FROM model_call_costs_v1 AS c
    JOIN scope AS s USING (session_id)
    LEFT JOIN context_steps_v1 AS x ON x.session_id = c.session_id AND x.model_call_id = c.model_call_id
    WHERE ($since::TIMESTAMPTZ IS NULL OR c.occurred_at >= $since::TIMESTAMPTZ)
    AND ($until::TIMESTAMPTZ IS NULL OR c.occurred_at < $until::TIMESTAMPTZ)
        AND ($model::VARCHAR[] IS NULL OR list_has_any($model::VARCHAR[], [c.model, c.response_model, c.price_model]))
),

periods AS (
    SELECT quarter_at, date_trunc($bucket, quarter_at AT TIME ZONE $tz) AS period FROM (SELECT DISTINCT quarter_at FROM calls)
)

SELECT
    p.period,
    x.agent,
    x.model,
    sum(x.cache_read_input_tokens)::DOUBLE / nullif(sum(x.input_tokens) FILTER (WHERE x.cache_read_input_tokens IS NOT NULL), 0)::DOUBLE AS cache_hit_ratio,
    count(*) FILTER (WHERE x.is_miss)::DOUBLE / nullif(count(x.prev_input_tokens), 0) AS miss_ratio,
    list_filter(
        [
            nullif('expired ' || count(*) FILTER (WHERE x.is_miss AND x.miss_cause = 'expired'), 'expired 0'),
            nullif('model_switch ' || count(*) FILTER (WHERE x.is_miss AND x.miss_cause = 'model_switch'), 'model_switch 0'),
            nullif('never_cached ' || count(*) FILTER (WHERE x.is_miss AND x.miss_cause = 'never_cached'), 'never_cached 0'),
            nullif('unexplained ' || count(*) FILTER (WHERE x.is_miss AND x.miss_cause = 'unexplained'), 'unexplained 0')
        ],
        lambda cause: cause IS NOT NULL
    ) AS by_cause,
    sum(x.missed_usd)::DECIMAL(24, 12) AS missed_cost_usd,
    count(*) FILTER (WHERE x.is_unpriced) AS unpriced_call_count
FROM calls AS x
LEFT JOIN periods AS p USING (quarter_at)
GROUP BY p.period, x.agent, x.model
ORDER BY p.period DESC, x.agent, x.model
LIMIT $limit
