-- summary: How each model answers and what its tokens cost, per agent: waits, length of answers, prices all in.
-- grain: agent, model
-- status: current
-- since: 0.1.0
-- columns:
--   agent                   The agent.
--   model                   Model after the aliases.
--   model_call_count        Calls.
--   output_p50_tokens       [tokens] Median output of a call.
--   cache_write_ratio       Cache writes over input, of the calls whose cache writes are known.
--   input_usd_per_million   [USD] What a million input tokens cost, caches included; of priced calls.
--   latency_count           Waits from an input to the first sign of an answer, in runs with one model.
--   latency_p50_ms          Their median; it includes the making of what is logged as one block.
--   latency_p95_ms          Their 95th percentile.
--   ttft_count              Calls whose first token is logged.
--   ttft_p50_ms             Median time to it.
--   output_tokens_per_s     [tokens per s] Median speed, of the calls whose start and end are logged.
WITH calls AS (
    SELECT
        s.agent,
        c.model,
        count(*) AS model_call_count,
        median(c.output_tokens)::BIGINT AS output_p50_tokens,
        sum(c.cache_creation_5m_input_tokens + c.cache_creation_1h_input_tokens)
            / nullif(sum(c.input_tokens) FILTER (WHERE c.cache_creation_5m_input_tokens + c.cache_creation_1h_input_tokens IS NOT NULL), 0)::DOUBLE
            AS cache_write_ratio,
        1000000 * sum(p.cost_usd - p.output_cost_usd)::DOUBLE
            / nullif(sum(c.input_tokens) FILTER (WHERE p.cost_usd IS NOT NULL), 0) AS input_usd_per_million,
        count(epoch_ms(c.first_token_at) - epoch_ms(c.started_at)) AS ttft_count,
        median(epoch_ms(c.first_token_at) - epoch_ms(c.started_at))::BIGINT AS ttft_p50_ms,
        median(1000.0 * c.output_tokens / (epoch_ms(c.ended_at) - epoch_ms(c.started_at)))
            FILTER (WHERE c.ended_at > c.started_at) AS output_tokens_per_s
    FROM model_calls_v1 AS c
    JOIN sessions_v1 AS s USING (session_id)
    LEFT JOIN call_costs_v1 AS p USING (model_call_id)
    WHERE c.usage_grain = 'call' AND c.model IS NOT NULL
    GROUP BY s.agent, c.model
),

runs AS (
    SELECT run_id, min(model) AS model
    FROM model_calls_v1
    WHERE usage_grain = 'call' AND model IS NOT NULL
    GROUP BY run_id
    HAVING min(model) = max(model)
),

waits AS (
    SELECT
        s.agent,
        r.model,
        count(*) AS latency_count,
        quantile_cont(g.gap_ms, 0.5)::BIGINT AS latency_p50_ms,
        quantile_cont(g.gap_ms, 0.95)::BIGINT AS latency_p95_ms
    FROM timeline_gaps_v1 AS g
    JOIN runs AS r USING (run_id)
    JOIN sessions_v1 AS s USING (session_id)
    WHERE g.owner = 'model' AND g.ev <> 'model_out' AND g.gap_ms <= 3600000
    GROUP BY s.agent, r.model
)

SELECT
    c.agent, c.model, c.model_call_count, c.output_p50_tokens, c.cache_write_ratio, c.input_usd_per_million,
    coalesce(w.latency_count, 0) AS latency_count,
    w.latency_p50_ms, w.latency_p95_ms, c.ttft_count, c.ttft_p50_ms, c.output_tokens_per_s
FROM calls AS c
LEFT JOIN waits AS w USING (agent, model)
