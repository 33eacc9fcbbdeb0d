-- summary: The prices that apply to each model call, by its instant, prompt size and tier.
-- grain: model_call_id
-- status: current
-- since: 0.1.0
-- columns:
--   model_call_id     The call. Calls without a price have no row.
--   session_id        The session.
--   price_source      Where the price is from.
--   price_confidence  A, B or C, as in prices.
--   price_from        [UTC] First instant of the price row.
--   is_long           The long-context rates apply; NULL = the prompt size is unknown.
--   r_in              [USD per 1M tokens] Rate of uncached input.
--   r_out             [USD per 1M tokens] Rate of output.
--   r_read            [USD per 1M tokens] Rate of cache reads.
--   r_w5              [USD per 1M tokens] Rate of short-lived cache writes.
--   r_w1              [USD per 1M tokens] Rate of long-lived cache writes.
--   mult              [factor] Product of the factors that the log gives evidence for: batch, tier, region, free.
--   is_estimated      The price rests on an assumption: an assumed model, a tier without a known factor, or a
--                     total over several calls of a model whose price depends on the prompt, or a call
--                     up to 45 days before the first known price of its model.
WITH params AS (
    -- A model is used before the day from which its price is known: by early access, or because that day
    -- was read off an announcement. Up to this long before, its own first price holds, as an estimate.
    SELECT INTERVAL 45 DAY AS early_use
),

-- Of the rows that hold for a call the one with the highest preference counts: the user's own, one with a window,
-- the highest step of the prompt size, the newest.
price_rows AS (
    SELECT
        provider, model, effective_from, effective_to, input, output, cache_read, cache_write_5m, cache_write_1h,
        reasoning, long_context_threshold, long_input, long_output, long_cache_read, long_cache_write,
        long_cache_write_1h, batch_mult, flex_mult, priority_mult, region_mult, prompt_over, time_window, source,
        confidence,
        effective_from = min(effective_from) OVER (PARTITION BY provider, model) AS is_first,
        row_number() OVER (
            ORDER BY is_own, time_window IS NOT NULL, coalesce(prompt_over, 0), effective_from, match_kind = 'exact',
                provider, model
        ) AS preference
    FROM prices_v1
),

best AS (
    SELECT c.model_call_id, max(p.preference) AS preference
    FROM model_calls_v1 AS c
    CROSS JOIN params
    JOIN price_rows AS p
        ON p.provider = c.price_provider
        AND p.model = c.price_model
        AND (p.effective_from <= c.occurred_at OR (p.is_first AND p.effective_from <= c.occurred_at + params.early_use))
        AND (p.effective_to IS NULL OR c.occurred_at < p.effective_to)
        AND (p.prompt_over IS NULL OR (c.usage_grain = 'call' AND c.input_tokens > p.prompt_over))
        -- A window is "utc|days|spans": all days or mon-fri, spans of hh:mm-hh:mm that may pass midnight.
        AND (
            p.time_window IS NULL
            OR (
                (split_part(p.time_window, '|', 2) <> 'mon-fri' OR isodow(c.occurred_at AT TIME ZONE 'UTC') <= 5)
                AND len(list_filter(
                    string_split(split_part(p.time_window, '|', 3), ','),
                    lambda span: CASE
                        WHEN split_part(span, '-', 1) <= split_part(span, '-', 2)
                            THEN strftime(c.occurred_at AT TIME ZONE 'UTC', '%H:%M') >= split_part(span, '-', 1)
                                AND strftime(c.occurred_at AT TIME ZONE 'UTC', '%H:%M') < split_part(span, '-', 2)
                        ELSE strftime(c.occurred_at AT TIME ZONE 'UTC', '%H:%M') >= split_part(span, '-', 1)
                            OR strftime(c.occurred_at AT TIME ZONE 'UTC', '%H:%M') < split_part(span, '-', 2)
                    END
                )) > 0
            )
        )
    GROUP BY c.model_call_id
),

chosen AS (
    SELECT
        c.model_call_id, c.session_id,
        c.usage_grain = 'call' AS is_one_call,
        c.reasoning_output_tokens > 0 AS reasons,
        c.service_tier, c.region, c.is_batch,
        coalesce(c.price_effects, '') AS effects,
        c.occurred_at < p.effective_from AS is_early,
        p.source, p.confidence, p.effective_from, p.input, p.output, p.cache_read, p.cache_write_5m, p.cache_write_1h,
        p.reasoning, p.long_context_threshold, p.long_input, p.long_output, p.long_cache_read, p.long_cache_write,
        p.long_cache_write_1h, p.batch_mult, p.flex_mult, p.priority_mult, p.region_mult, p.prompt_over,
        p.long_context_threshold IS NOT NULL
            AND c.usage_grain = 'call'
            AND (
                c.input_tokens > p.long_context_threshold
                OR contains(coalesce(c.price_effects, ''), 'force_long_rate')
            ) AS is_long
    FROM model_calls_v1 AS c
    JOIN best AS b USING (model_call_id)
    JOIN price_rows AS p USING (preference)
)

SELECT
    model_call_id,
    session_id,
    source AS price_source,
    confidence AS price_confidence,
    effective_from AS price_from,
    is_long,
    CASE WHEN is_long THEN long_input ELSE input END AS r_in,
    CASE
        WHEN is_long THEN long_output
        WHEN reasons AND reasoning IS NOT NULL THEN reasoning
        ELSE output
    END AS r_out,
    -- A missing rate: cached tokens cost what input costs, a long rate keeps its distance to the input rate.
    CASE
        WHEN cache_read IS NULL THEN r_in
        WHEN is_long THEN coalesce(long_cache_read, (cache_read * long_input::DOUBLE / nullif(input, 0))::DECIMAL(12,6))
        ELSE cache_read
    END AS r_read,
    CASE
        WHEN cache_write_5m IS NULL THEN r_in
        WHEN is_long THEN coalesce(long_cache_write, (cache_write_5m * long_input::DOUBLE / nullif(input, 0))::DECIMAL(12,6))
        ELSE cache_write_5m
    END AS r_w5,
    CASE
        WHEN cache_write_1h IS NULL THEN r_w5
        WHEN is_long THEN coalesce(long_cache_write_1h, (cache_write_1h * long_input::DOUBLE / nullif(input, 0))::DECIMAL(12,6))
        ELSE cache_write_1h
    END AS r_w1,
    CASE
        WHEN contains(effects, 'zero_price') THEN 0
        ELSE (
            CASE WHEN is_batch THEN coalesce(batch_mult, 1) ELSE 1 END
            * CASE
                WHEN service_tier = 'flex' THEN coalesce(flex_mult, 1)
                WHEN service_tier IN ('priority', 'fast') OR contains(effects, 'fast') THEN coalesce(priority_mult, 1)
                ELSE 1
            END
            * CASE WHEN region = 'us' OR contains(effects, 'regional') THEN coalesce(region_mult, 1) ELSE 1 END
        )
    END::DECIMAL(12,6) AS mult,
    (
        (NOT is_one_call AND (long_context_threshold IS NOT NULL OR prompt_over IS NOT NULL))
        OR (is_batch AND batch_mult IS NULL)
        OR (service_tier = 'flex' AND flex_mult IS NULL)
        OR (service_tier IN ('priority', 'fast') AND priority_mult IS NULL)
        OR is_early
        OR regexp_matches(effects, 'subscription|assumed|gateway_unknown')
    ) IS TRUE AS is_estimated
FROM chosen
