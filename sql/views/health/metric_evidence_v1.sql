-- summary: The log lines behind the metrics of one session: which records a figure of session_metrics, session_time and
--   session_health is made of, and what each adds to it.
-- grain: none
-- status: current
-- since: 0.1.0
-- macro: (session)
-- columns:
--   session_id    The session.
--   metric        Column of session_metrics or session_time, or score of session_health.
--   seq           Order within the session.
--   occurred_at   Instant of the record.
--   what          The record: the model and status of a call, the tool, the owner of a gap, the rule that fired.
--   contribution  What it adds to the metric; of a ratio, to what stands above the line. NULL = it does not add.
--   source_id     File.
--   line          Line.
WITH cutoffs AS (
    SELECT
        coalesce(max(num) FILTER (WHERE key = 'time.idle_cutoff_ms'), 600000)::BIGINT AS idle_cutoff_ms,
        coalesce(max(num) FILTER (WHERE key = 'time.suspend_cutoff_ms'), 3600000)::BIGINT AS suspend_cutoff_ms
    FROM settings_v1
),

calls AS (
    SELECT
        c.session_id, c.seq, c.occurred_at, c.source_id, c.line,
        'model call ' || coalesce(c.response_model, c.model, '(no model)') || ' ' || c.status AS what,
        unnest([
            struct_pack(metric := 'model_call_count', value := 1::DOUBLE),
            struct_pack(metric := 'priced_call_count', value := CASE WHEN p.cost_usd IS NOT NULL THEN 1 END::DOUBLE),
            struct_pack(metric := 'unpriced_call_count', value := CASE WHEN p.cost_usd IS NULL THEN 1 END::DOUBLE),
            struct_pack(metric := 'lower_bound_call_count', value := CASE WHEN p.is_lower_bound THEN 1 END::DOUBLE),
            struct_pack(metric := 'estimated_call_count', value := CASE WHEN p.is_estimated AND p.cost_usd IS NOT NULL THEN 1 END::DOUBLE),
            struct_pack(metric := 'cost_usd', value := p.cost_usd::DOUBLE),
            struct_pack(metric := 'subagent_cost_usd', value := CASE WHEN r.run_kind <> 'main' THEN p.cost_usd END::DOUBLE),
            struct_pack(metric := 'delegation_ratio', value := CASE WHEN r.run_kind <> 'main' THEN p.cost_usd END::DOUBLE),
            struct_pack(metric := 'reported_cost_usd', value := c.reported_cost_usd::DOUBLE),
            struct_pack(metric := 'uncached_input_cost_usd', value := p.uncached_input_cost_usd::DOUBLE),
            struct_pack(metric := 'cache_read_cost_usd', value := p.cache_read_cost_usd::DOUBLE),
            struct_pack(metric := 'cache_creation_cost_usd', value := (coalesce(p.cache_creation_5m_cost_usd, p.cache_creation_1h_cost_usd) + CASE WHEN p.cache_creation_5m_cost_usd IS NULL THEN 0 ELSE coalesce(p.cache_creation_1h_cost_usd, 0) END)::DOUBLE),
            struct_pack(metric := 'output_cost_usd', value := p.output_cost_usd::DOUBLE),
            struct_pack(metric := 'uncached_input_tokens', value := c.uncached_input_tokens::DOUBLE),
            struct_pack(metric := 'cache_read_input_tokens', value := c.cache_read_input_tokens::DOUBLE),
            struct_pack(metric := 'cache_creation_5m_input_tokens', value := c.cache_creation_5m_input_tokens::DOUBLE),
            struct_pack(metric := 'cache_creation_1h_input_tokens', value := c.cache_creation_1h_input_tokens::DOUBLE),
            struct_pack(metric := 'output_tokens', value := c.output_tokens::DOUBLE),
            struct_pack(metric := 'reasoning_output_tokens', value := c.reasoning_output_tokens::DOUBLE),
            struct_pack(metric := 'input_tokens', value := c.input_tokens::DOUBLE),
            struct_pack(metric := 'input_tokens_with_cache_info', value := CASE WHEN c.cache_read_input_tokens IS NOT NULL THEN c.input_tokens END::DOUBLE),
            struct_pack(metric := 'cache_hit_ratio', value := c.cache_read_input_tokens::DOUBLE),
            struct_pack(metric := 'wasted_tokens', value := CASE WHEN w.reason <> 'cache_expired' THEN w.wasted_tokens END::DOUBLE),
            struct_pack(metric := 'wasted_cost_usd', value := CASE WHEN w.reason <> 'cache_expired' THEN w.wasted_cost_usd END::DOUBLE),
            struct_pack(metric := 'waste_ratio', value := CASE WHEN w.reason <> 'cache_expired' THEN w.wasted_cost_usd END::DOUBLE),
            struct_pack(metric := 'pause_cost_usd', value := CASE WHEN w.reason = 'cache_expired' THEN w.wasted_cost_usd END::DOUBLE)
        ]) AS m
    FROM model_calls_v1 AS c
    JOIN call_costs_v1 AS p ON p.session_id = c.session_id AND p.model_call_id = c.model_call_id
    LEFT JOIN runs_v1 AS r ON r.session_id = c.session_id AND r.run_id = c.run_id
    LEFT JOIN wasted_calls_v1 AS w ON w.session_id = c.session_id AND w.model_call_id = c.model_call_id
    WHERE c.session_id = ('0x' || session)::UBIGINT
),

tools AS (
    SELECT
        session_id, seq, requested_at AS occurred_at, source_id, line,
        'tool call ' || tool_name || ' ' || coalesce(error_type, status) AS what,
        unnest([
            struct_pack(metric := 'tool_call_count', value := 1::DOUBLE),
            struct_pack(metric := 'tool_ok_count', value := CASE WHEN status = 'ok' THEN 1 END::DOUBLE),
            struct_pack(metric := 'tool_failed_count', value := CASE WHEN status = 'error' AND coalesce(error_type, '') NOT IN ('verification_failed', 'empty_search') THEN 1 END::DOUBLE),
            struct_pack(metric := 'tool_verification_failed_count', value := CASE WHEN status = 'error' AND error_type = 'verification_failed' THEN 1 END::DOUBLE),
            struct_pack(metric := 'tool_denied_count', value := CASE WHEN status = 'denied' THEN 1 END::DOUBLE),
            struct_pack(metric := 'tool_interrupted_count', value := CASE WHEN status = 'interrupted' THEN 1 END::DOUBLE),
            struct_pack(metric := 'tool_no_result_count', value := CASE WHEN status = 'no_result' THEN 1 END::DOUBLE),
            struct_pack(metric := 'tool_unknown_count', value := CASE WHEN status = 'unknown' THEN 1 END::DOUBLE),
            struct_pack(metric := 'tool_success_ratio', value := CASE WHEN status = 'ok' THEN 1 WHEN status = 'error' AND coalesce(error_type, '') NOT IN ('verification_failed', 'empty_search') THEN 0 END::DOUBLE)
        ]) AS m
    FROM tool_calls_v1
    WHERE session_id = ('0x' || session)::UBIGINT
),

others AS (
    SELECT
        u.session_id, epoch_us(u.started_at) AS seq, u.started_at AS occurred_at, u.source_id, u.line, 'prompt of turn ' || u.turn_no AS what,
        unnest([
            struct_pack(metric := 'user_turn_count', value := CASE WHEN u.trigger = 'user' THEN 1 END::DOUBLE),
            struct_pack(metric := 'pushback_count', value := CASE WHEN u.is_pushback THEN 1 END::DOUBLE)
        ]) AS m
    FROM turns_v1 AS u
    WHERE u.session_id = ('0x' || session)::UBIGINT
    UNION ALL
    SELECT session_id, seq, occurred_at, source_id, line, 'interrupt', struct_pack(metric := 'interrupt_count', value := 1::DOUBLE)
    FROM session_events_v1
    WHERE event = 'interrupt' AND session_id = ('0x' || session)::UBIGINT
    UNION ALL
    SELECT
        session_id, seq, occurred_at, source_id, line, error_type,
        unnest([
            struct_pack(metric := 'api_error_count', value := 1::DOUBLE),
            struct_pack(metric := 'final_api_error_count', value := CASE WHEN is_final THEN 1 END::DOUBLE)
        ])
    FROM errors_v1
    WHERE source = 'api' AND session_id = ('0x' || session)::UBIGINT
    UNION ALL
    SELECT
        session_id, epoch_us(started_at), started_at, source_id, NULL, 'sub-agent ' || coalesce(agent_type, ''),
        unnest([
            struct_pack(metric := 'subagent_count', value := 1::DOUBLE),
            struct_pack(metric := 'max_depth', value := NULL::DOUBLE),
            struct_pack(metric := 'subagent_ms', value := (epoch_ms(ended_at) - epoch_ms(started_at))::DOUBLE)
        ])
    FROM runs_v1
    WHERE run_kind = 'subagent' AND session_id = ('0x' || session)::UBIGINT
),

places AS (
    SELECT session_id, seq, any_value(source_id) AS source_id, any_value(line) AS line
    FROM (
        SELECT session_id, seq, source_id, line FROM messages_v1
        UNION ALL SELECT session_id, seq, source_id, line FROM tool_calls_v1
        UNION ALL SELECT session_id, seq, source_id, line FROM model_calls_v1
        UNION ALL SELECT session_id, seq, source_id, line FROM session_events_v1
        UNION ALL SELECT session_id, seq, source_id, line FROM errors_v1
    ) AS known
    WHERE session_id = ('0x' || session)::UBIGINT
    GROUP BY session_id, seq
),

gaps AS (
    SELECT
        g.session_id, g.seq, g.occurred_at, p.source_id, p.line, g.gap_ms, g.owner,
        g.owner || ': ' || g.ev || ' to ' || g.next_ev AS what,
        CASE
            WHEN g.owner IN ('user', 'approval') THEN least(g.gap_ms, c.idle_cutoff_ms)
            WHEN g.owner = 'unknown' THEN g.gap_ms
            ELSE least(g.gap_ms, c.suspend_cutoff_ms)
        END AS own_ms
    FROM timeline_gaps_v1 AS g
    CROSS JOIN cutoffs AS c
    LEFT JOIN places AS p ON p.session_id = g.session_id AND p.seq = g.seq
    WHERE g.run_kind = 'main' AND g.session_id = ('0x' || session)::UBIGINT
),

times AS (
    SELECT
        session_id, seq, occurred_at, source_id, line, what,
        unnest([
            struct_pack(metric := 'span_ms', value := gap_ms::DOUBLE),
            struct_pack(metric := 'active_ms', value := own_ms::DOUBLE),
            struct_pack(metric := owner || '_ms', value := own_ms::DOUBLE),
            struct_pack(metric := CASE WHEN owner IN ('user', 'approval') THEN 'idle_ms' ELSE 'suspended_ms' END, value := nullif(gap_ms - own_ms, 0)::DOUBLE)
        ]) AS m
    FROM gaps
),

fired AS (
    SELECT session_id, anomaly, unnest(evidence) AS item
    FROM session_findings_v1
    WHERE session_id = ('0x' || session)::UBIGINT
        AND anomaly IN (SELECT p.anomaly FROM health_params_v1 AS p WHERE p.version = 2)
),

-- A record is one line, however many findings rest on it.
findings AS (
    SELECT
        f.session_id,
        k.seq,
        coalesce(k.occurred_at, try_cast(f.item AS TIMESTAMPTZ)) AS occurred_at,
        k.source_id,
        k.line,
        string_agg(DISTINCT f.anomaly, ', ' ORDER BY f.anomaly) AS what
    FROM fired AS f
    LEFT JOIN (
        SELECT lower(hex(tool_call_id)) AS item, session_id, seq, requested_at AS occurred_at, source_id, line FROM tool_calls_v1
        UNION ALL
        SELECT lower(hex(message_id)), session_id, seq, occurred_at, source_id, line FROM messages_v1
        UNION ALL
        SELECT lower(hex(model_call_id)), session_id, seq, occurred_at, source_id, line FROM model_calls_v1
        UNION ALL
        SELECT lower(hex(error_id)), session_id, seq, occurred_at, source_id, line FROM errors_v1
        UNION ALL
        SELECT lower(hex(event_id)), session_id, seq, occurred_at, source_id, line FROM session_events_v1
        UNION ALL
        SELECT strftime(g.occurred_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ'), g.session_id, g.seq, g.occurred_at, g.source_id, g.line
        FROM gaps AS g
        WHERE g.gap_ms >= 60000
    ) AS k ON k.session_id = f.session_id AND k.item = f.item
    GROUP BY f.session_id, f.item, k.seq, k.occurred_at, k.source_id, k.line
)

SELECT session_id, m.metric AS metric, seq, occurred_at, what, m.value AS contribution, source_id, line
FROM (
    SELECT session_id, seq, occurred_at, what, m, source_id, line FROM calls
    UNION ALL
    SELECT session_id, seq, occurred_at, what, m, source_id, line FROM tools
    UNION ALL
    SELECT session_id, seq, occurred_at, what, m, source_id, line FROM others
    UNION ALL
    SELECT session_id, seq, occurred_at, what, m, source_id, line FROM times
) AS parts
WHERE m.value IS NOT NULL OR m.metric = 'max_depth'
UNION ALL
SELECT session_id, 'score', seq, occurred_at, what, NULL, source_id, line
FROM findings
