-- title: How fast does each model answer?
-- about: Waits for the model in runs that called one model only, up to an hour. Time to the first token and speed are
--   of calls whose log states them.
-- params:
--   bucket varchar = week  day, week or month.
-- columns:
--   period               timestamp  Start of the period, in the time zone.
--   model                varchar    The model.
--   n                    bigint     Waits; 0 = none can be told.
--   p50_ms               bigint     Their median.
--   p95_ms               bigint     Their 95th percentile.
--   ttft_p50_ms          bigint     Median time to the first token; NULL = not in the logs.
--   output_tokens_per_s  double     Median output per second of a call; NULL = not in the logs.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

calls AS (
    SELECT
        c.run_id,
        coalesce(c.model, c.response_model) AS model,
        time_bucket(INTERVAL 15 MINUTE, c.occurred_at) AS quarter_at,
        epoch_ms(c.first_token_at) - epoch_ms(c.started_at) AS ttft_ms,
        CASE WHEN c.ended_at > c.started_at THEN 1000.0::DOUBLE * c.output_tokens / (epoch_ms(c.ended_at) - epoch_ms(c.started_at)) END AS speed
    FROM model_calls_v1 AS c
    SEMI JOIN scope AS s USING (session_id)
    WHERE c.usage_grain = 'call' AND coalesce(c.model, c.response_model) IS NOT NULL
        AND ($since::TIMESTAMPTZ IS NULL OR c.occurred_at >= $since::TIMESTAMPTZ)
    AND ($until::TIMESTAMPTZ IS NULL OR c.occurred_at < $until::TIMESTAMPTZ)
        AND ($model::VARCHAR[] IS NULL OR list_has_any($model::VARCHAR[], [c.model, c.response_model, c.price_model]))
),

single AS (
    SELECT run_id, min(model) AS model FROM calls GROUP BY run_id HAVING min(model) = max(model)
),

waits AS (
    SELECT r.model, time_bucket(INTERVAL 15 MINUTE, g.next_at) AS quarter_at, g.gap_ms
    FROM timeline_gaps_v1 AS g
    JOIN single AS r USING (run_id)
    WHERE g.owner = 'model' AND g.ev <> 'model_out' AND g.gap_ms <= 3600000
        AND ($since::TIMESTAMPTZ IS NULL OR g.next_at >= $since::TIMESTAMPTZ)
        AND ($until::TIMESTAMPTZ IS NULL OR g.next_at < $until::TIMESTAMPTZ)
),

periods AS (
    SELECT quarter_at, date_trunc($bucket, quarter_at AT TIME ZONE $tz) AS period
    FROM (SELECT quarter_at FROM waits UNION SELECT quarter_at FROM calls)
    WHERE quarter_at IS NOT NULL
),

slow AS (
    SELECT p.period, w.model, count(*) AS n, quantile_cont(w.gap_ms, 0.5)::BIGINT AS p50_ms, quantile_cont(w.gap_ms, 0.95)::BIGINT AS p95_ms
    FROM waits AS w
    JOIN periods AS p USING (quarter_at)
    GROUP BY ALL
),

stated AS (
    SELECT p.period, c.model, median(c.ttft_ms)::BIGINT AS ttft_p50_ms, median(c.speed)::DOUBLE AS output_tokens_per_s
    FROM calls AS c
    JOIN periods AS p USING (quarter_at)
    GROUP BY ALL
)

SELECT period, model, coalesce(s.n, 0)::BIGINT AS n, s.p50_ms, s.p95_ms, t.ttft_p50_ms, t.output_tokens_per_s
FROM slow AS s
FULL JOIN stated AS t USING (period, model)
ORDER BY period DESC, n DESC, model
LIMIT $limit
