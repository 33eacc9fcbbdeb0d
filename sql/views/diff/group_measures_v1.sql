-- summary: Two groups of sessions, figure by figure: before and after a change of model or prompt, one project and
--   another. Each with the sessions it rests on and a rank test, which is information, no proof: the groups may have
--   had other tasks.
-- grain: metric
-- status: current
-- since: 0.1.0
-- macro: (group_a, group_b)
-- columns:
--   place      [count] Order for people.
--   area       cost, work, trouble, time, context or outcome.
--   metric     What is measured.
--   unit       Its unit.
--   statistic  median of sessions, or share of sessions.
--   better     less or more, where one of them is better.
--   value_a    The first group's; NULL = nothing is known.
--   n_a        [count] Sessions that it rests on.
--   missing_a  [count] Sessions whose log does not say.
--   value_b    The second group's.
--   n_b        [count] Sessions that it rests on.
--   missing_b  [count] Sessions whose log does not say.
--   change     Second less first.
--   rank_z     [score] Mann–Whitney: how far the ranks are from chance, in standard deviations; above 0 the second group
--              has more. NULL = all values are one, or a group has none.
--   verdict    more or less: beyond 1.96 with eight sessions on each side; no clear difference; too few sessions.
WITH params AS (
    SELECT 1.96 AS clear_z, 8 AS min_n
),

members AS (
    SELECT ('0x' || unnest(group_a))::UBIGINT AS session_id, TRUE AS is_a
    UNION ALL
    SELECT ('0x' || unnest(group_b))::UBIGINT, FALSE
),

flagged AS (
    SELECT session_id, count(*) FILTER (WHERE severity <> 'info') AS finding_count
    FROM session_findings_v1
    GROUP BY session_id
),

rows AS (
    SELECT
        g.is_a,
        unnest([
            struct_pack(place := 1, area := 'cost', metric := 'session_cost_usd', unit := 'USD', is_share := FALSE, better := 'less', value := m.cost_usd::DOUBLE),
            struct_pack(place := 2, area := 'cost', metric := 'model_call_count', unit := 'count', is_share := FALSE, better := NULL, value := m.model_call_count::DOUBLE),
            struct_pack(place := 3, area := 'cost', metric := 'input_tokens', unit := 'tokens', is_share := FALSE, better := NULL, value := m.input_tokens::DOUBLE),
            struct_pack(place := 4, area := 'cost', metric := 'output_tokens', unit := 'tokens', is_share := FALSE, better := NULL, value := m.output_tokens::DOUBLE),
            struct_pack(place := 5, area := 'cost', metric := 'cache_hit_ratio', unit := 'ratio', is_share := FALSE, better := 'more', value := m.cache_hit_ratio::DOUBLE),
            struct_pack(place := 6, area := 'cost', metric := 'waste_ratio', unit := 'ratio', is_share := FALSE, better := 'less', value := m.waste_ratio::DOUBLE),
            struct_pack(place := 7, area := 'work', metric := 'user_turn_count', unit := 'count', is_share := FALSE, better := NULL, value := m.user_turn_count::DOUBLE),
            struct_pack(place := 8, area := 'work', metric := 'tool_call_count', unit := 'count', is_share := FALSE, better := NULL, value := m.tool_call_count::DOUBLE),
            struct_pack(place := 9, area := 'work', metric := 'read_file_count', unit := 'count', is_share := FALSE, better := NULL, value := x.read_file_count::DOUBLE),
            struct_pack(place := 10, area := 'work', metric := 'modified_file_count', unit := 'count', is_share := FALSE, better := NULL, value := x.modified_file_count::DOUBLE),
            struct_pack(place := 11, area := 'trouble', metric := 'tool_failure_ratio', unit := 'ratio', is_share := FALSE, better := 'less', value := 1 - m.tool_success_ratio::DOUBLE),
            struct_pack(place := 12, area := 'trouble', metric := 'interrupted_share', unit := 'ratio', is_share := TRUE, better := 'less', value := (m.interrupt_count > 0)::INTEGER::DOUBLE),
            struct_pack(place := 13, area := 'trouble', metric := 'pushback_share', unit := 'ratio', is_share := TRUE, better := 'less', value := (m.pushback_count > 0)::INTEGER::DOUBLE),
            struct_pack(place := 14, area := 'trouble', metric := 'finding_count', unit := 'count', is_share := FALSE, better := 'less', value := coalesce(f.finding_count, 0)::DOUBLE),
            struct_pack(place := 15, area := 'time', metric := 'active_ms', unit := 'ms', is_share := FALSE, better := NULL, value := t.active_ms::DOUBLE),
            struct_pack(place := 16, area := 'time', metric := 'model_ms', unit := 'ms', is_share := FALSE, better := 'less', value := t.model_ms::DOUBLE),
            struct_pack(place := 17, area := 'time', metric := 'tool_ms', unit := 'ms', is_share := FALSE, better := NULL, value := t.tool_ms::DOUBLE),
            struct_pack(place := 18, area := 'context', metric := 'peak_input_tokens', unit := 'tokens', is_share := FALSE, better := 'less', value := c.peak_input_tokens::DOUBLE),
            struct_pack(place := 19, area := 'outcome', metric := 'health', unit := 'points', is_share := FALSE, better := 'more', value := h.score::DOUBLE),
            struct_pack(place := 20, area := 'outcome', metric := 'critical_share', unit := 'ratio', is_share := TRUE, better := 'less', value := CASE WHEN h.score IS NOT NULL THEN (h.band = 'critical')::INTEGER END::DOUBLE),
            struct_pack(
                place := 21, area := 'outcome', metric := 'verification_share', unit := 'ratio', is_share := TRUE, better := 'more',
                value := CASE WHEN v.verification_state NOT IN ('no_code_edits', 'ran_result_unknown', 'unknown') THEN (v.verification_state = 'passed')::INTEGER END::DOUBLE
            )
        ]) AS m
    FROM members AS g
    JOIN session_metrics_v1 AS m USING (session_id)
    LEFT JOIN session_time_v1 AS t USING (session_id)
    LEFT JOIN session_context_v1 AS c USING (session_id)
    LEFT JOIN session_exploration_v1 AS x USING (session_id)
    LEFT JOIN session_verification_v1 AS v USING (session_id)
    LEFT JOIN session_health_v2 AS h USING (session_id)
    LEFT JOIN flagged AS f USING (session_id)
),

known AS (
    SELECT is_a, m.metric AS metric, m.value AS value
    FROM rows
    WHERE m.value IS NOT NULL
),

-- Values that are equal share the mean of their ranks.
ranked AS (
    SELECT
        metric, is_a,
        rank() OVER (PARTITION BY metric ORDER BY value) + (count(*) OVER (PARTITION BY metric, value) - 1) / 2 AS rank,
        count(*) OVER (PARTITION BY metric, value) AS tied
    FROM known
),

sums AS (
    SELECT
        metric,
        count(*) FILTER (WHERE is_a)::DOUBLE AS n_a,
        count(*) FILTER (WHERE NOT is_a)::DOUBLE AS n_b,
        sum(rank) FILTER (WHERE NOT is_a) AS rank_sum,
        -- Of t equal values each adds t² - 1: together t³ - t.
        sum(tied * tied - 1)::DOUBLE AS ties
    FROM ranked
    GROUP BY metric
),

tests AS (
    SELECT
        metric,
        (rank_sum - n_b * (n_b + 1) / 2 - n_a * n_b / 2)
            / nullif(sqrt(greatest(n_a * n_b / 12 * (n_a + n_b + 1 - ties / nullif((n_a + n_b) * (n_a + n_b - 1), 0)), 0)), 0) AS rank_z
    FROM sums
    WHERE n_a > 0 AND n_b > 0
),

sides AS (
    SELECT
        m.place AS place, m.area AS area, m.metric AS metric, m.unit AS unit, m.is_share AS is_share, m.better AS better,
        CASE WHEN m.is_share THEN avg(m.value) FILTER (WHERE is_a) ELSE median(m.value) FILTER (WHERE is_a) END AS value_a,
        count(m.value) FILTER (WHERE is_a) AS n_a,
        count(*) FILTER (WHERE is_a) - count(m.value) FILTER (WHERE is_a) AS missing_a,
        CASE WHEN m.is_share THEN avg(m.value) FILTER (WHERE NOT is_a) ELSE median(m.value) FILTER (WHERE NOT is_a) END AS value_b,
        count(m.value) FILTER (WHERE NOT is_a) AS n_b,
        count(*) FILTER (WHERE NOT is_a) - count(m.value) FILTER (WHERE NOT is_a) AS missing_b
    FROM rows
    GROUP BY 1, 2, 3, 4, 5, 6
)

SELECT
    s.place, s.area, s.metric, s.unit,
    CASE WHEN s.is_share THEN 'share of sessions' ELSE 'median of sessions' END AS statistic,
    s.better,
    s.value_a, s.n_a, s.missing_a, s.value_b, s.n_b, s.missing_b,
    s.value_b - s.value_a AS change,
    round(t.rank_z, 2) AS rank_z,
    CASE
        WHEN least(s.n_a, s.n_b) < p.min_n THEN 'too few sessions'
        WHEN t.rank_z >= p.clear_z THEN 'more'
        WHEN t.rank_z <= -p.clear_z THEN 'less'
        ELSE 'no clear difference'
    END AS verdict
FROM sides AS s
CROSS JOIN params AS p
LEFT JOIN tests AS t USING (metric)
