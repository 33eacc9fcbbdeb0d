-- title: Totals
-- kind: facts
-- note: The session with its sub-agents.
-- label: unpriced_call_count =   without a price
-- label: lower_bound_call_count =   with incomplete counters
-- label: estimated_call_count =   with an estimated price
-- label: agent_reported_usd = cost as the agent states it
-- label: uncached_input_tokens =   new
-- label: cache_read_input_tokens =   from the cache
-- label: cache_creation_5m_input_tokens =   written to the cache, 5 minutes
-- label: cache_creation_1h_input_tokens =   written to the cache, 1 hour
-- label: reasoning_output_tokens =   reasoning tokens
-- label: cache_hit_ratio = cache hits
-- label: user_turn_count = prompts
-- label: tool_ok_count =   fine
-- label: tool_failed_count =   failed
-- label: tool_verification_failed_count =   tests, builds and checks that failed
-- label: tool_denied_count =   denied
-- label: tool_interrupted_count =   interrupted
-- label: tool_no_result_count =   without a result
-- label: tool_unknown_count =   without a known outcome
-- label: tool_success_ratio = tool success rate
-- label: interrupt_count = interrupted by the user
-- label: api_error_count = errors of the provider
-- label: subagent_count = sub-agents
-- label: wasted_tokens = wasted tokens, at least
-- label: wasted_cost_usd = wasted cost, at least
-- optional: unpriced_call_count, lower_bound_call_count, estimated_call_count, agent_reported_usd, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens
-- optional: tool_verification_failed_count, tool_denied_count, tool_interrupted_count, tool_no_result_count, tool_unknown_count, interrupt_count
-- optional: subagent_count, wasted_tokens, wasted_cost_usd
SELECT
    m.model_call_count,
    m.unpriced_call_count,
    m.lower_bound_call_count,
    m.estimated_call_count,
    m.cost_usd,
    m.reported_cost_usd AS agent_reported_usd,
    m.input_tokens,
    m.uncached_input_tokens,
    m.cache_read_input_tokens,
    m.cache_creation_5m_input_tokens,
    m.cache_creation_1h_input_tokens,
    m.cache_hit_ratio,
    m.output_tokens,
    m.reasoning_output_tokens,
    m.user_turn_count,
    m.interrupt_count,
    m.tool_call_count,
    m.tool_ok_count,
    m.tool_failed_count,
    m.tool_verification_failed_count,
    m.tool_denied_count,
    m.tool_interrupted_count,
    m.tool_no_result_count,
    m.tool_unknown_count,
    m.tool_success_ratio,
    m.api_error_count,
    m.subagent_count,
    m.wasted_tokens,
    m.wasted_cost_usd
FROM session_metrics_v1 AS m
WHERE m.session_id = $session
