-- summary: Findings about the context and its cache: how full it was, what it forgot, what was sent again.
-- grain: session_id, anomaly
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id  The session.
--   anomaly     context.pressure, context.compaction_storm, context.mid_task_compaction, context.cache_miss_storm,
--               context.never_cached, context.long_rate.
--   severity    info, low, medium or high, by the limits in thresholds.
--   value       What was measured; its unit is in anomaly_rules.
--   threshold   The limit it passed.
--   evidence    What caused it: ids of calls and events, files, instants; ten at most.
--   call_ids    The tool calls or model calls among it.
--   source_id   The log file of the first of them.
--   first_line  First line of the evidence in that file; NULL = it has no place of its own.
--   last_line   Last line of it there.
--   lost_ms     Time that it took; NULL = it cannot be told.
--   lost_usd    [USD] Money that it took; NULL = it cannot be told.
WITH limits AS (
    SELECT
        rule,
        max(value) FILTER (WHERE parameter = 'info') AS info,
        max(value) FILTER (WHERE parameter = 'low') AS low,
        max(value) FILTER (WHERE parameter = 'medium') AS medium,
        max(value) FILTER (WHERE parameter = 'high') AS high,
        least(info, low, medium, high) AS lowest
    FROM thresholds_v1
    GROUP BY rule
),

params AS (
    SELECT
        max(value) FILTER (WHERE key = 'context.cache_miss_storm.min_steps') AS min_steps,
        max(value) FILTER (WHERE key = 'context.cache_miss_storm.min_misses') AS min_misses,
        max(value) FILTER (WHERE key = 'context.never_cached.min_calls') AS min_calls
    FROM thresholds_v1
),

calls AS (
    SELECT
        c.session_id,
        count(*) FILTER (WHERE c.input_tokens IS NOT NULL) AS call_count,
        max(c.input_tokens) AS peak_input_tokens,
        arg_max(c.model_call_id, c.input_tokens) AS peak_call_id,
        coalesce(sum(c.cache_read_input_tokens), 0) AS cache_read_tokens,
        count(c.cache_read_input_tokens) AS known_read_count,
        sum(p.cost_usd) AS cost_usd,
        sum(p.cost_usd) FILTER (WHERE p.is_long) AS long_cost_usd,
        list(c.model_call_id ORDER BY c.seq, c.model_call_id) FILTER (WHERE p.is_long) AS long_ids
    FROM model_calls_v1 AS c
    LEFT JOIN call_costs_v1 AS p USING (model_call_id)
    GROUP BY c.session_id
),

misses AS (
    SELECT
        x.session_id,
        list(x.model_call_id ORDER BY x.missed_input_tokens DESC, x.model_call_id)[1:10] AS miss_ids,
        sum(w.wasted_cost_usd) AS lost_usd
    FROM context_steps_v1 AS x
    LEFT JOIN wasted_calls_v1 AS w ON w.model_call_id = x.model_call_id AND w.reason = 'cache_miss'
    WHERE x.miss_cause IN ('unexplained', 'model_switch')
    GROUP BY x.session_id
),

compactions AS (
    SELECT
        session_id,
        list(lower(hex(event_id)) ORDER BY seq, event_id) AS event_ids,
        arg_min(source_id, seq) AS source_id,
        min(line) AS first_line,
        max(line) AS last_line
    FROM session_events_v1
    WHERE event IN ('compaction', 'compaction_end')
    GROUP BY session_id
),

measured AS (
    SELECT
        session_id, 'context.pressure' AS anomaly, peak_context_ratio AS value, NULL::VARCHAR[] AS evidence,
        [peak_model_call_id] AS call_ids,
        NULL::BIGINT AS source_id, NULL::BIGINT AS first_line, NULL::BIGINT AS last_line,
        NULL::BIGINT AS lost_ms, NULL::DECIMAL(24,12) AS lost_usd
    FROM session_context_v1
    UNION ALL
    SELECT c.session_id, 'context.compaction_storm', c.compaction_count, k.event_ids, NULL, k.source_id, k.first_line, k.last_line, NULL, NULL
    FROM session_context_v1 AS c
    LEFT JOIN compactions AS k USING (session_id)
    UNION ALL
    SELECT
        c.session_id, 'context.mid_task_compaction', c.mid_task_compaction_count, k.event_ids, NULL,
        k.source_id, k.first_line, k.last_line, NULL, NULL
    FROM session_context_v1 AS c
    LEFT JOIN compactions AS k USING (session_id)
    UNION ALL
    SELECT
        c.session_id, 'context.cache_miss_storm', c.faulty_miss_count / c.cache_step_count::DOUBLE, NULL, m.miss_ids,
        NULL, NULL, NULL, NULL, m.lost_usd
    FROM session_context_v1 AS c
    CROSS JOIN params AS p
    JOIN misses AS m USING (session_id)
    WHERE c.cache_step_count >= p.min_steps AND c.faulty_miss_count >= p.min_misses
    UNION ALL
    SELECT c.session_id, 'context.never_cached', c.peak_input_tokens, NULL, [c.peak_call_id], NULL, NULL, NULL, NULL, NULL
    FROM calls AS c
    JOIN sessions_v1 AS s USING (session_id)
    CROSS JOIN params AS p
    WHERE s.has_cache_counters AND c.call_count >= p.min_calls AND c.known_read_count >= p.min_calls AND c.cache_read_tokens = 0
    UNION ALL
    SELECT session_id, 'context.long_rate', (long_cost_usd / nullif(cost_usd, 0))::DOUBLE, NULL, long_ids, NULL, NULL, NULL, NULL, NULL
    FROM calls
    WHERE long_ids IS NOT NULL
),

-- Where the evidence stands: in the file of its first call.
places AS (
    SELECT
        m.session_id, m.anomaly, c.source_id,
        min(c.line) AS first_line,
        max(c.line) AS last_line
    FROM (SELECT session_id, anomaly, unnest(call_ids[1:10]) AS call_id FROM measured) AS m
    JOIN model_calls_v1 AS c ON c.model_call_id = m.call_id
    GROUP BY m.session_id, m.anomaly, c.source_id
    QUALIFY row_number() OVER (PARTITION BY m.session_id, m.anomaly ORDER BY min(c.seq), c.source_id) = 1
)

SELECT
    m.session_id,
    m.anomaly,
    CASE
        WHEN m.value >= l.high THEN 'high'
        WHEN m.value >= l.medium THEN 'medium'
        WHEN m.value >= l.low THEN 'low'
        WHEN m.value >= l.info THEN 'info'
    END AS severity,
    m.value::DOUBLE AS value,
    CASE severity WHEN 'high' THEN l.high WHEN 'medium' THEN l.medium WHEN 'low' THEN l.low WHEN 'info' THEN l.info END AS threshold,
    coalesce(m.evidence, list_transform(m.call_ids, lambda id: lower(hex(id))), [])[1:10]::VARCHAR[] AS evidence,
    m.call_ids[1:10] AS call_ids,
    coalesce(m.source_id, p.source_id) AS source_id,
    coalesce(m.first_line, p.first_line) AS first_line,
    coalesce(m.last_line, p.last_line) AS last_line,
    m.lost_ms::BIGINT AS lost_ms,
    m.lost_usd::DECIMAL(24,12) AS lost_usd
FROM measured AS m
JOIN limits AS l ON l.rule = m.anomaly
LEFT JOIN places AS p USING (session_id, anomaly)
WHERE severity IS NOT NULL
