-- summary: The figures of two sessions, side by side. Unknown on a side is NULL there, and no difference.
-- grain: metric
-- status: current
-- since: 0.1.0
-- macro: (session_a, session_b)
-- columns:
--   place     [count] Order for people.
--   area      cost, work, trouble, time, context or outcome.
--   metric    What is measured: a column of session_metrics, session_time, session_context, session_exploration or
--             session_health.
--   unit      Its unit.
--   value_a   The one session's.
--   value_b   The other's.
--   change    b less a.
WITH repeats AS (
    SELECT session_id, count(*) AS repeated_call_count
    FROM repeated_calls_v1
    WHERE session_id IN (('0x' || session_a)::UBIGINT, ('0x' || session_b)::UBIGINT)
    GROUP BY session_id
),

rows AS (
    SELECT
        s.session_id = ('0x' || session_a)::UBIGINT AS is_a,
        unnest([
            struct_pack(place := 1, area := 'cost', metric := 'cost_usd', unit := 'USD', value := m.cost_usd::DOUBLE),
            struct_pack(place := 2, area := 'cost', metric := 'model_call_count', unit := 'count', value := m.model_call_count::DOUBLE),
            struct_pack(place := 3, area := 'cost', metric := 'input_tokens', unit := 'tokens', value := m.input_tokens::DOUBLE),
            struct_pack(place := 4, area := 'cost', metric := 'output_tokens', unit := 'tokens', value := m.output_tokens::DOUBLE),
            struct_pack(place := 5, area := 'cost', metric := 'cache_hit_ratio', unit := 'ratio', value := m.cache_hit_ratio::DOUBLE),
            struct_pack(place := 6, area := 'cost', metric := 'wasted_cost_usd', unit := 'USD', value := m.wasted_cost_usd::DOUBLE),
            struct_pack(place := 7, area := 'work', metric := 'user_turn_count', unit := 'count', value := m.user_turn_count::DOUBLE),
            struct_pack(place := 8, area := 'work', metric := 'tool_call_count', unit := 'count', value := m.tool_call_count::DOUBLE),
            struct_pack(place := 9, area := 'work', metric := 'explore_call_count', unit := 'count', value := x.explore_call_count::DOUBLE),
            struct_pack(place := 10, area := 'work', metric := 'edit_call_count', unit := 'count', value := x.edit_call_count::DOUBLE),
            struct_pack(place := 11, area := 'work', metric := 'verification_call_count', unit := 'count', value := x.verification_call_count::DOUBLE),
            struct_pack(place := 12, area := 'work', metric := 'read_file_count', unit := 'count', value := x.read_file_count::DOUBLE),
            struct_pack(place := 13, area := 'work', metric := 'modified_file_count', unit := 'count', value := x.modified_file_count::DOUBLE),
            struct_pack(place := 14, area := 'work', metric := 'unread_modified_file_count', unit := 'count', value := x.unread_modified_file_count::DOUBLE),
            struct_pack(place := 15, area := 'work', metric := 'subagent_count', unit := 'count', value := m.subagent_count::DOUBLE),
            struct_pack(place := 16, area := 'trouble', metric := 'tool_failed_count', unit := 'count', value := m.tool_failed_count::DOUBLE),
            struct_pack(place := 17, area := 'trouble', metric := 'tool_failure_ratio', unit := 'ratio', value := 1 - m.tool_success_ratio::DOUBLE),
            struct_pack(place := 18, area := 'trouble', metric := 'repeated_call_count', unit := 'count', value := coalesce(r.repeated_call_count, 0)::DOUBLE),
            struct_pack(place := 19, area := 'trouble', metric := 'stalled_cycle_count', unit := 'count', value := v.stalled_cycle_count::DOUBLE),
            struct_pack(place := 20, area := 'trouble', metric := 'interrupt_count', unit := 'count', value := m.interrupt_count::DOUBLE),
            struct_pack(place := 21, area := 'trouble', metric := 'api_error_count', unit := 'count', value := m.api_error_count::DOUBLE),
            struct_pack(place := 22, area := 'time', metric := 'span_ms', unit := 'ms', value := t.span_ms::DOUBLE),
            struct_pack(place := 23, area := 'time', metric := 'active_ms', unit := 'ms', value := t.active_ms::DOUBLE),
            struct_pack(place := 24, area := 'time', metric := 'model_ms', unit := 'ms', value := t.model_ms::DOUBLE),
            struct_pack(place := 25, area := 'time', metric := 'tool_ms', unit := 'ms', value := t.tool_ms::DOUBLE),
            struct_pack(place := 26, area := 'time', metric := 'approval_ms', unit := 'ms', value := t.approval_ms::DOUBLE),
            struct_pack(place := 27, area := 'time', metric := 'retry_wait_ms', unit := 'ms', value := t.retry_wait_ms::DOUBLE),
            struct_pack(place := 28, area := 'time', metric := 'user_ms', unit := 'ms', value := t.user_ms::DOUBLE),
            struct_pack(place := 29, area := 'time', metric := 'idle_ms', unit := 'ms', value := t.idle_ms::DOUBLE),
            struct_pack(place := 30, area := 'context', metric := 'peak_input_tokens', unit := 'tokens', value := c.peak_input_tokens::DOUBLE),
            struct_pack(place := 31, area := 'context', metric := 'compaction_count', unit := 'count', value := c.compaction_count::DOUBLE),
            struct_pack(place := 32, area := 'context', metric := 'cache_miss_count', unit := 'count', value := c.cache_miss_count::DOUBLE),
            struct_pack(place := 33, area := 'outcome', metric := 'health', unit := 'points', value := h.score::DOUBLE)
        ]) AS m
    FROM sessions_v1 AS s
    JOIN session_metrics_v1 AS m USING (session_id)
    LEFT JOIN session_time_v1 AS t USING (session_id)
    LEFT JOIN session_context_v1 AS c USING (session_id)
    LEFT JOIN session_exploration_v1 AS x USING (session_id)
    LEFT JOIN session_verification_v1 AS v USING (session_id)
    LEFT JOIN session_health_v2 AS h USING (session_id)
    LEFT JOIN repeats AS r USING (session_id)
    WHERE s.session_id IN (('0x' || session_a)::UBIGINT, ('0x' || session_b)::UBIGINT)
)

SELECT x.m.place AS place, x.m.area AS area, x.m.metric AS metric, x.m.unit AS unit, x.m.value AS value_a, y.m.value AS value_b, y.m.value - x.m.value AS change
FROM rows AS x
JOIN rows AS y ON y.m.metric = x.m.metric AND NOT y.is_a
WHERE x.is_a
