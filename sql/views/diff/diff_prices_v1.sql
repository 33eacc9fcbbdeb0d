-- summary: Why two sessions cost differently: the difference taken apart by volume, cache, price and output. The parts
--   add up to it exactly. Sub-agents included; without a cost on both sides there are no rows.
-- grain: part, detail
-- status: current
-- since: 0.1.0
-- macro: (session_a, session_b)
-- columns:
--   part    input_volume: more or less input, at the first session's mix and prices; cache_mix: another share of it from
--           the cache; prices: other rates, by model, tier or date; output_volume: more or less output; total: b less a.
--   detail  all, or a share of input_volume: more or fewer calls in a phase (see phase_costs), or larger prompts.
--   usd     [USD] What it adds to the cost of the second session.
WITH calls AS (
    SELECT
        c.session_id = ('0x' || session_a)::UBIGINT AS is_a,
        c.uncached_input_tokens, c.cache_read_input_tokens, c.cache_creation_5m_input_tokens, c.cache_creation_1h_input_tokens,
        c.output_tokens,
        p.uncached_input_cost_usd, p.cache_read_cost_usd, p.cache_creation_5m_cost_usd, p.cache_creation_1h_cost_usd,
        p.output_cost_usd, p.cost_usd, p.r_in, p.r_read, p.r_w5, p.r_w1, p.r_out, p.mult
    FROM model_calls_v1 AS c
    JOIN call_costs_v1 AS p ON p.session_id = c.session_id AND p.model_call_id = c.model_call_id
    WHERE p.cost_usd IS NOT NULL AND c.session_id IN (('0x' || session_a)::UBIGINT, ('0x' || session_b)::UBIGINT)
),

totals AS (
    SELECT is_a, sum(cost_usd) AS cost_usd, count(*) AS call_count FROM calls GROUP BY is_a
),

kinds AS (
    SELECT is_a, 'uncached' AS kind, coalesce(sum(uncached_input_tokens), 0)::DOUBLE AS tokens, coalesce(sum(uncached_input_cost_usd), 0)::DOUBLE AS usd, avg(r_in * mult)::DOUBLE / 1000000 AS list_usd FROM calls GROUP BY is_a
    UNION ALL
    SELECT is_a, 'read', coalesce(sum(cache_read_input_tokens), 0)::DOUBLE, coalesce(sum(cache_read_cost_usd), 0)::DOUBLE, avg(r_read * mult)::DOUBLE / 1000000 FROM calls GROUP BY is_a
    UNION ALL
    SELECT is_a, '5m', coalesce(sum(cache_creation_5m_input_tokens), 0)::DOUBLE, coalesce(sum(cache_creation_5m_cost_usd), 0)::DOUBLE, avg(r_w5 * mult)::DOUBLE / 1000000 FROM calls GROUP BY is_a
    UNION ALL
    SELECT is_a, '1h', coalesce(sum(cache_creation_1h_input_tokens), 0)::DOUBLE, coalesce(sum(cache_creation_1h_cost_usd), 0)::DOUBLE, avg(r_w1 * mult)::DOUBLE / 1000000 FROM calls GROUP BY is_a
    UNION ALL
    SELECT is_a, 'output', coalesce(sum(output_tokens), 0)::DOUBLE, coalesce(sum(output_cost_usd), 0)::DOUBLE, avg(r_out * mult)::DOUBLE / 1000000 FROM calls GROUP BY is_a
),

priced AS (
    SELECT
        x.kind,
        x.tokens AS tokens_a,
        y.tokens AS tokens_b,
        -- Where no token was used the list price stands for the paid one.
        CASE WHEN x.tokens > 0 THEN x.usd / x.tokens ELSE coalesce(x.list_usd, CASE WHEN y.tokens > 0 THEN y.usd / y.tokens END, 0) END AS price_a
    FROM kinds AS x
    JOIN kinds AS y ON y.kind = x.kind AND NOT y.is_a
    WHERE x.is_a
),

inputs AS (
    SELECT
        sum(tokens_a) AS input_a,
        sum(tokens_b) AS input_b,
        sum(tokens_a * price_a) AS usd_a,
        sum(tokens_b * price_a) AS usd_b_at_a
    FROM priced
    WHERE kind <> 'output'
),

parts AS (
    SELECT
        i.input_a,
        -- Without any input the mix of the other session stands for it.
        CASE WHEN i.input_a > 0 THEN i.usd_a / i.input_a ELSE i.usd_b_at_a / nullif(i.input_b, 0) END AS blended_a,
        coalesce((i.input_b - i.input_a) * blended_a, 0)::DECIMAL(24,12) AS input_volume,
        coalesce(i.usd_b_at_a - i.input_b * blended_a, 0)::DECIMAL(24,12) AS cache_mix,
        ((o.tokens_b - o.tokens_a) * o.price_a)::DECIMAL(24,12) AS output_volume,
        (y.cost_usd - x.cost_usd)::DECIMAL(24,12) AS total,
        x.call_count AS call_count_a
    FROM inputs AS i
    JOIN priced AS o ON o.kind = 'output'
    JOIN totals AS x ON x.is_a
    JOIN totals AS y ON NOT y.is_a
),

phases AS (
    SELECT
        p.phase,
        coalesce(sum(p.model_call_count) FILTER (WHERE p.session_id <> ('0x' || session_a)::UBIGINT), 0)
            - coalesce(sum(p.model_call_count) FILTER (WHERE p.session_id = ('0x' || session_a)::UBIGINT), 0) AS more_calls
    FROM phase_costs_v1 AS p
    WHERE p.session_id IN (('0x' || session_a)::UBIGINT, ('0x' || session_b)::UBIGINT)
    GROUP BY p.phase
),

volumes AS (
    SELECT 'calls: ' || f.phase AS detail, (f.more_calls * (p.input_a / p.call_count_a) * p.blended_a)::DECIMAL(24,12) AS usd
    FROM phases AS f
    CROSS JOIN parts AS p
    WHERE f.more_calls <> 0 AND p.input_a > 0
)

SELECT 'input_volume' AS part, 'all' AS detail, input_volume AS usd FROM parts
UNION ALL
SELECT 'input_volume', detail, usd FROM volumes
UNION ALL
SELECT 'input_volume', 'larger prompts', input_volume - (SELECT coalesce(sum(usd), 0) FROM volumes)::DECIMAL(24,12) FROM parts
UNION ALL
SELECT 'cache_mix', 'all', cache_mix FROM parts
UNION ALL
-- What the others leave: exactly the difference of prices at the second session's volumes, without a rounding.
SELECT 'prices', 'all', (total - input_volume - cache_mix - output_volume)::DECIMAL(24,12) FROM parts
UNION ALL
SELECT 'output_volume', 'all', output_volume FROM parts
UNION ALL
SELECT 'total', 'all', total FROM parts
