-- summary: Why the mean cost of a session differs between two groups: more calls, other models, or other prices per call.
--   The parts add up to the difference.
-- grain: part, model
-- status: current
-- since: 0.1.0
-- macro: (group_a, group_b)
-- columns:
--   part   calls: priced calls per session; mix: their spread over models; price: cost of a call of the same model, by
--          its size and its rates; total: the sum.
--   model  The model; all = of all of them.
--   usd    [USD] What it adds to the mean cost of a session; a model that one group lacks counts by the other's price.
WITH members AS (
    SELECT ('0x' || unnest(group_a))::UBIGINT AS session_id, TRUE AS is_a
    UNION ALL
    SELECT ('0x' || unnest(group_b))::UBIGINT, FALSE
),

used AS (
    SELECT
        coalesce(c.model, '(unknown)') AS model,
        coalesce(sum(c.priced_call_count) FILTER (WHERE g.is_a), 0)::DOUBLE AS calls_a,
        coalesce(sum(c.priced_call_count) FILTER (WHERE NOT g.is_a), 0)::DOUBLE AS calls_b,
        coalesce(sum(c.cost_usd) FILTER (WHERE g.is_a), 0)::DOUBLE AS usd_a,
        coalesce(sum(c.cost_usd) FILTER (WHERE NOT g.is_a), 0)::DOUBLE AS usd_b
    FROM call_sums_v1 AS c
    JOIN members AS g USING (session_id)
    WHERE c.priced_call_count > 0
    GROUP BY 1
),

totals AS (
    SELECT
        sum(calls_a) AS calls_a,
        sum(calls_b) AS calls_b,
        (SELECT count(DISTINCT c.session_id) FROM call_sums_v1 AS c JOIN members AS g USING (session_id) WHERE g.is_a AND c.priced_call_count > 0) AS n_a,
        (SELECT count(DISTINCT c.session_id) FROM call_sums_v1 AS c JOIN members AS g USING (session_id) WHERE NOT g.is_a AND c.priced_call_count > 0) AS n_b
    FROM used
),

rates AS (
    SELECT
        u.model,
        t.calls_a / t.n_a AS per_session_a,
        t.calls_b / t.n_b AS per_session_b,
        u.calls_a / t.calls_a AS share_a,
        u.calls_b / t.calls_b AS share_b,
        coalesce(u.usd_a / nullif(u.calls_a, 0), u.usd_b / nullif(u.calls_b, 0)) AS price_a,
        coalesce(u.usd_b / nullif(u.calls_b, 0), u.usd_a / nullif(u.calls_a, 0)) AS price_b
    FROM used AS u
    CROSS JOIN totals AS t
    WHERE t.calls_a > 0 AND t.calls_b > 0
),

parts AS (
    SELECT
        model,
        unnest([
            struct_pack(part := 'calls', usd := (per_session_b - per_session_a) * share_a * price_a),
            struct_pack(part := 'mix', usd := per_session_b * (share_b - share_a) * price_a),
            struct_pack(part := 'price', usd := per_session_b * share_b * (price_b - price_a))
        ]) AS m
    FROM rates
)

SELECT m.part AS part, model, m.usd AS usd FROM parts
UNION ALL
SELECT m.part, 'all', sum(m.usd) FROM parts GROUP BY 1
UNION ALL
SELECT 'total', 'all', sum(m.usd) FROM parts HAVING count(*) > 0
