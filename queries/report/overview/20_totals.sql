-- title: Totals
-- kind: facts
-- label: subagent_count = sub-agents
-- label: uncached_input_tokens =   new
-- label: cache_read_input_tokens =   from the cache
-- label: cache_creation_5m_input_tokens =   written to the cache, 5 minutes
-- label: cache_creation_1h_input_tokens =   written to the cache, 1 hour
-- label: reasoning_output_tokens =   reasoning tokens
-- label: cache_hit_ratio = cache hits
-- label: tool_ok_count =   fine
-- label: tool_failed_count =   failed
-- label: verification_failed_count =   tests, builds and checks that failed
-- label: empty_search_count =   searches without a hit
-- label: tool_denied_count =   denied
-- label: tool_unknown_count =   without a known outcome
-- label: tool_failure_ratio = tool failure rate
-- optional: subagent_count, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens, verification_failed_count, empty_search_count, tool_denied_count, tool_unknown_count
WITH calls AS (
    SELECT
        coalesce(sum(model_call_count), 0)::BIGINT AS model_call_count,
        sum(cost_usd)::DECIMAL(24, 12) AS cost_usd,
        sum(input_tokens)::BIGINT AS input_tokens,
        sum(uncached_input_tokens)::BIGINT AS uncached_input_tokens,
        sum(cache_read_input_tokens)::BIGINT AS cache_read_input_tokens,
        sum(cache_creation_5m_input_tokens)::BIGINT AS cache_creation_5m_input_tokens,
        sum(cache_creation_1h_input_tokens)::BIGINT AS cache_creation_1h_input_tokens,
        sum(output_tokens)::BIGINT AS output_tokens,
        sum(reasoning_output_tokens)::BIGINT AS reasoning_output_tokens,
        sum(cache_read_input_tokens) / nullif(sum(cacheable_input_tokens), 0)::DOUBLE AS cache_hit_ratio
    FROM scoped_calls
),

tools AS (
    SELECT
        coalesce(sum(call_count), 0)::BIGINT AS tool_call_count,
        coalesce(sum(call_count) FILTER (status = 'ok'), 0)::BIGINT AS tool_ok_count,
        coalesce(sum(call_count) FILTER (status = 'error' AND coalesce(error_type, '') NOT IN ('verification_failed', 'empty_search')), 0)::BIGINT AS tool_failed_count,
        coalesce(sum(call_count) FILTER (status = 'error' AND error_type = 'verification_failed'), 0)::BIGINT AS verification_failed_count,
        coalesce(sum(call_count) FILTER (status = 'error' AND error_type = 'empty_search'), 0)::BIGINT AS empty_search_count,
        coalesce(sum(call_count) FILTER (status = 'denied'), 0)::BIGINT AS tool_denied_count,
        coalesce(sum(call_count) FILTER (status IN ('no_result', 'unknown', 'interrupted')), 0)::BIGINT AS tool_unknown_count
    FROM scoped_tools
),

runs AS (
    SELECT count(*) FILTER (run_kind <> 'main') AS subagent_count FROM core.runs_v1 WHERE session_id IN (SELECT session_key FROM scope)
),

sizes AS (
    SELECT count(*) AS session_count FROM scope
)

SELECT
    z.session_count,
    r.subagent_count,
    c.model_call_count,
    c.cost_usd,
    c.input_tokens,
    c.uncached_input_tokens,
    c.cache_read_input_tokens,
    c.cache_creation_5m_input_tokens,
    c.cache_creation_1h_input_tokens,
    c.output_tokens,
    c.reasoning_output_tokens,
    c.cache_hit_ratio,
    t.tool_call_count,
    t.tool_ok_count,
    t.tool_failed_count,
    t.verification_failed_count,
    t.empty_search_count,
    t.tool_denied_count,
    t.tool_unknown_count,
    t.tool_failed_count / nullif(t.tool_ok_count + t.tool_failed_count, 0)::DOUBLE AS tool_failure_ratio
FROM sizes AS z CROSS JOIN runs AS r CROSS JOIN calls AS c CROSS JOIN tools AS t
