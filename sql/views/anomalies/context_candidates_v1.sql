-- summary: What the rules measure of the context and its cache: how full it was, what it forgot, what was sent again.
-- grain: session_id, anomaly
-- status: current
-- since: 0.1.0
-- columns:
--   session_id  The session.
--   anomaly     context.pressure, context.compaction_storm, context.mid_task_compaction, context.cache_miss_storm,
--               context.never_cached, context.long_rate, context.rereads.
--   value       What was measured; its unit is in anomaly_rules.
--   evidence    What caused it, where that is no call: ids of events, files, instants.
--   call_ids    The tool calls or model calls that caused it, the first to look at first.
--   source_id   The log file of the evidence, where that is no call.
--   first_line  First line of the evidence there.
--   last_line   Last line of it there.
--   lost_ms     Time that it took; NULL = it cannot be told.
--   lost_usd    [USD] Money that it took; NULL = it cannot be told.
WITH params AS (
    SELECT
        max(value) FILTER (WHERE key = 'context.cache_miss_storm.min_steps') AS min_steps,
        max(value) FILTER (WHERE key = 'context.cache_miss_storm.min_misses') AS min_misses,
        max(value) FILTER (WHERE key = 'context.never_cached.min_calls') AS min_calls,
        max(value) FILTER (WHERE key = 'context.rereads.next_reads') AS next_reads,
        max(value) FILTER (WHERE key = 'context.rereads.min_reads') AS min_reads
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

-- The reads that came next after each compaction, and whether the file had been read before it.
next_reads AS (
    SELECT
        e.session_id, e.event_id, r.tool_call_id, r.seq,
        row_number() OVER (PARTITION BY e.event_id ORDER BY r.seq, r.path) AS place,
        f.first_read < e.seq AS is_known
    FROM session_events_v1 AS e
    JOIN sessions_v1 AS s USING (session_id)
    JOIN file_reads_v1 AS r ON r.run_id = e.run_id AND r.seq > e.seq
    JOIN (SELECT run_id, path, min(seq) AS first_read FROM file_reads_v1 GROUP BY run_id, path) AS f
        ON f.run_id = r.run_id AND f.path = r.path
    WHERE e.event IN ('compaction', 'compaction_end') AND s.has_compactions
),

rereads AS (
    SELECT
        n.session_id,
        n.event_id,
        count(*) FILTER (WHERE n.is_known) / count(*)::DOUBLE AS known_share,
        list(n.tool_call_id ORDER BY n.seq, n.tool_call_id) FILTER (WHERE n.is_known) AS call_ids
    FROM next_reads AS n
    JOIN params AS p ON n.place <= p.next_reads
    GROUP BY n.session_id, n.event_id, p.min_reads
    HAVING count(*) >= p.min_reads
)

SELECT
    session_id, 'context.pressure' AS anomaly, peak_context_ratio AS value, NULL::VARCHAR[] AS evidence,
    [peak_model_call_id] AS call_ids,
    NULL::BIGINT AS source_id, NULL::BIGINT AS first_line, NULL::BIGINT AS last_line,
    NULL::BIGINT AS lost_ms, NULL::DECIMAL(24,12) AS lost_usd
FROM session_context_v1
UNION ALL BY NAME
SELECT
    c.session_id, 'context.compaction_storm' AS anomaly, c.compaction_count AS value, k.event_ids AS evidence,
    k.source_id, k.first_line, k.last_line
FROM session_context_v1 AS c
LEFT JOIN compactions AS k USING (session_id)
UNION ALL BY NAME
SELECT
    c.session_id, 'context.mid_task_compaction' AS anomaly, c.mid_task_compaction_count AS value,
    k.event_ids AS evidence, k.source_id, k.first_line, k.last_line
FROM session_context_v1 AS c
LEFT JOIN compactions AS k USING (session_id)
UNION ALL BY NAME
SELECT
    c.session_id, 'context.cache_miss_storm' AS anomaly, c.faulty_miss_count / c.cache_step_count::DOUBLE AS value,
    m.miss_ids AS call_ids, m.lost_usd
FROM session_context_v1 AS c
CROSS JOIN params AS p
JOIN misses AS m USING (session_id)
WHERE c.cache_step_count >= p.min_steps AND c.faulty_miss_count >= p.min_misses
UNION ALL BY NAME
SELECT c.session_id, 'context.never_cached' AS anomaly, c.peak_input_tokens AS value, [c.peak_call_id] AS call_ids
FROM calls AS c
JOIN sessions_v1 AS s USING (session_id)
CROSS JOIN params AS p
WHERE s.has_cache_counters AND c.call_count >= p.min_calls AND c.known_read_count >= p.min_calls AND c.cache_read_tokens = 0
UNION ALL BY NAME
SELECT
    session_id, 'context.long_rate' AS anomaly, (long_cost_usd / nullif(cost_usd, 0))::DOUBLE AS value,
    long_ids AS call_ids
FROM calls
WHERE long_ids IS NOT NULL
UNION ALL BY NAME
SELECT session_id, 'context.rereads' AS anomaly, max(known_share) AS value, arg_max(call_ids, known_share) AS call_ids
FROM rereads
GROUP BY session_id
