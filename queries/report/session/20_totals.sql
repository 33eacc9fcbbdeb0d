-- title: Totals
-- kind: facts
-- note: The session with its sub-agents.
SELECT
    m.model_call_count,
    m.cost_usd,
    m.unpriced_call_count,
    m.lower_bound_call_count,
    m.estimated_call_count,
    m.reported_cost_usd AS agent_reported_usd,
    m.input_tokens,
    m.uncached_input_tokens,
    m.cache_read_input_tokens,
    m.cache_creation_5m_input_tokens,
    m.cache_creation_1h_input_tokens,
    m.output_tokens,
    m.reasoning_output_tokens,
    m.cache_hit_ratio,
    m.user_turn_count,
    m.tool_call_count,
    m.tool_ok_count,
    m.tool_failed_count,
    m.tool_verification_failed_count,
    m.tool_denied_count,
    m.tool_no_result_count,
    m.tool_success_ratio,
    m.interrupt_count,
    m.api_error_count,
    m.subagent_count,
    m.wasted_tokens,
    m.wasted_cost_usd
FROM session_metrics_v1 AS m
WHERE m.session_id = $session
