-- summary: How fast each model answered in a session and how much it reasoned; of runs that used one model only.
-- grain: session_id, model
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id            The session.
--   model                 The model.
--   model_call_count      Its calls.
--   latency_count         Waits from an input to the first sign of an answer.
--   latency_p50_ms        Their median.
--   latency_p95_ms        Their 95th percentile.
--   reasoning_call_count  Calls that state reasoning tokens.
--   reasoning_ratio       [share] Reasoning tokens over output tokens of these calls; NULL = none states any.
WITH runs AS (
    SELECT
        session_id,
        run_id,
        min(model) AS model,
        count(*) AS model_call_count,
        count(reasoning_output_tokens) AS reasoning_call_count,
        sum(reasoning_output_tokens) AS reasoning_tokens,
        sum(output_tokens) FILTER (WHERE reasoning_output_tokens IS NOT NULL) AS output_tokens
    FROM model_calls_v1
    WHERE usage_grain = 'call' AND status = 'ok' AND model IS NOT NULL
    GROUP BY session_id, run_id
    HAVING min(model) = max(model)
),

calls AS (
    SELECT
        session_id,
        model,
        sum(model_call_count)::BIGINT AS model_call_count,
        sum(reasoning_call_count)::BIGINT AS reasoning_call_count,
        (sum(reasoning_tokens) / nullif(sum(output_tokens), 0))::DOUBLE AS reasoning_ratio
    FROM runs
    GROUP BY session_id, model
),

waits AS (
    SELECT
        r.session_id,
        r.model,
        count(*) AS latency_count,
        quantile_cont(g.gap_ms, 0.5) AS latency_p50_ms,
        quantile_cont(g.gap_ms, 0.95) AS latency_p95_ms
    FROM timeline_gaps_v1 AS g
    JOIN runs AS r USING (run_id)
    -- What follows output is the rest of the answer; an hour is a machine that slept.
    WHERE g.owner = 'model' AND g.ev <> 'model_out' AND g.gap_ms <= 3600000
    GROUP BY r.session_id, r.model
)

SELECT
    c.session_id,
    c.model,
    c.model_call_count,
    coalesce(w.latency_count, 0) AS latency_count,
    w.latency_p50_ms::BIGINT AS latency_p50_ms,
    w.latency_p95_ms::BIGINT AS latency_p95_ms,
    c.reasoning_call_count,
    c.reasoning_ratio
FROM calls AS c
LEFT JOIN waits AS w USING (session_id, model)
