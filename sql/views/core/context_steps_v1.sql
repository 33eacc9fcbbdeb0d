-- summary: How the context of a run grows from call to call, and where the cache missed.
-- grain: model_call_id
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   model_call_id         The call: one request with known input.
--   session_id            The session.
--   run_id                The run.
--   turn_id               The turn.
--   seq                   Order within the session.
--   occurred_at           Instant.
--   model                 Model after the aliases.
--   input_tokens          Prompt size.
--   prev_input_tokens     Prompt size of the call before in the same run.
--   context_window        [tokens] Window of the model.
--   context_ratio         Prompt size over window; above 1 the window is wrong.
--   growth                [tokens] Prompt size minus the one before.
--   is_shrink             The prompt fell below 70 % of the one before: a compaction or a rewind.
--   is_model_switch       Another model than the call before.
--   since_prev_ms         From the end of the call before to the start of this one.
--   missed_input_tokens   Input that could have come from the cache and did not; NULL = not knowable.
--   is_cache_miss         The missed part is at least 4,096 tokens and a quarter of the prompt before.
--   miss_cause            never_cached, model_switch, expired or unexplained.
WITH params AS (
    SELECT
        0.7 AS shrink_ratio,
        4096 AS min_missed_tokens,
        0.25 AS min_missed_ratio,
        300000 AS short_cache_ms,
        3600000 AS long_cache_ms
),

steps AS (
    SELECT
        model_call_id, session_id, run_id, turn_id, seq, occurred_at, started_at, model, input_tokens,
        cache_read_input_tokens, context_window,
        lag(input_tokens) OVER calls AS prev_input_tokens,
        lag(model) OVER calls AS prev_model,
        lag(coalesce(ended_at, occurred_at)) OVER calls AS prev_at,
        coalesce(sum(cache_read_input_tokens) OVER (PARTITION BY run_id), 0) AS run_read_tokens,
        coalesce(sum(cache_creation_1h_input_tokens) OVER (PARTITION BY run_id), 0) AS run_long_write_tokens
    FROM model_calls_v1
    WHERE input_tokens > 0 AND usage_grain = 'call'
    WINDOW calls AS (PARTITION BY run_id ORDER BY seq, model_call_id)
)

SELECT
    w.model_call_id, w.session_id, w.run_id, w.turn_id, w.seq, w.occurred_at, w.model,
    w.input_tokens, w.prev_input_tokens, w.context_window,
    w.input_tokens / nullif(w.context_window, 0)::DOUBLE AS context_ratio,
    w.input_tokens - w.prev_input_tokens AS growth,
    w.prev_input_tokens IS NOT NULL AND w.input_tokens < p.shrink_ratio * w.prev_input_tokens AS is_shrink,
    w.prev_input_tokens IS NOT NULL AND w.model IS DISTINCT FROM w.prev_model AS is_model_switch,
    epoch_ms(coalesce(w.started_at, w.occurred_at)) - epoch_ms(w.prev_at) AS since_prev_ms,
    CASE
        WHEN s.has_cache_counters
            AND NOT is_shrink
            AND w.prev_input_tokens IS NOT NULL
            AND w.cache_read_input_tokens IS NOT NULL
            THEN greatest(least(w.prev_input_tokens, w.input_tokens) - w.cache_read_input_tokens, 0)
    END AS missed_input_tokens,
    missed_input_tokens >= p.min_missed_tokens
        AND missed_input_tokens >= p.min_missed_ratio * w.prev_input_tokens AS is_cache_miss,
    CASE
        WHEN is_cache_miss THEN CASE
            WHEN w.run_read_tokens = 0 THEN 'never_cached'
            WHEN is_model_switch THEN 'model_switch'
            WHEN since_prev_ms > (CASE WHEN w.run_long_write_tokens > 0 THEN p.long_cache_ms ELSE p.short_cache_ms END)
                THEN 'expired'
            ELSE 'unexplained'
        END
    END AS miss_cause
FROM steps AS w
JOIN sessions_v1 AS s USING (session_id)
CROSS JOIN params AS p
