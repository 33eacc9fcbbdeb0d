-- summary: One row per session: what was done, what it used, what it cost, what went wrong. Sub-agents included.
-- grain: session_id
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id                      The session.
--   agent                           The agent.
--   project_id                      The project.
--   machine_id                      The machine.
--   session_kind                    user, automation, review, memory, background.
--   started_at                      First own instant.
--   ended_at                        Last own instant.
--   end_state                       How it ended.
--   user_turn_count                 Turns begun by the user.
--   pushback_count                  Prompts that begin with a correction; NULL = prompts are not readable.
--   interrupt_count                 Times the user stopped the agent.
--   subagent_count                  Sub-agents.
--   max_depth                       [count] Deepest level of sub-agents; 0 = none.
--   subagent_ms                     Time of sub-agents, side by side ones added up.
--   subagent_cost_usd               Part of cost_usd: what all runs but the main one cost; NULL = none of theirs is priced.
--   delegation_ratio                subagent_cost_usd over cost_usd; 0 = there is no other run.
--   model_call_count                Model calls.
--   priced_call_count               Model calls with a cost.
--   unpriced_call_count             Model calls without: the cost is a lower bound.
--   lower_bound_call_count          Priced calls whose counters are incomplete.
--   estimated_call_count            Priced calls whose price rests on an assumption.
--   cost_usd                        Cost at list price of the priced calls; NULL = none is priced.
--   reported_cost_usd               Cost as the agent states it per call; never added to cost_usd.
--   uncached_input_cost_usd         Part of cost_usd.
--   cache_read_cost_usd             Part of cost_usd.
--   cache_creation_cost_usd         Part of cost_usd, both lifetimes.
--   output_cost_usd                 Part of cost_usd.
--   uncached_input_tokens           Input neither read from nor written to a cache.
--   cache_read_input_tokens         Input read from a cache.
--   cache_creation_5m_input_tokens  Input written to the short-lived cache.
--   cache_creation_1h_input_tokens  Input written to the long-lived cache.
--   output_tokens                   Output, reasoning included.
--   reasoning_output_tokens         Part of the output spent on reasoning.
--   input_tokens                    All input.
--   input_tokens_with_cache_info    [tokens] Input of the calls whose cache reads are known.
--   tool_call_count                 Tool calls.
--   tool_ok_count                   Tool calls that succeeded; NULL = the log cannot tell.
--   tool_failed_count               Tool calls that failed, without failed verifications and empty searches.
--   tool_verification_failed_count  Tests, builds and linters that found something.
--   tool_denied_count               Tool calls that the user or a rule refused.
--   tool_interrupted_count          Tool calls that the user stopped.
--   tool_no_result_count            Tool calls whose result never came.
--   tool_unknown_count              Tool calls whose outcome is not known.
--   api_error_count                 API errors; NULL = the log does not report them.
--   final_api_error_count           API errors that were not tried again.
--   cache_hit_ratio                 Cache reads over input, of the calls whose cache reads are known.
--   tool_success_ratio              Succeeded over succeeded and failed.
--   wasted_tokens                   Tokens that bought nothing, at least; NULL = no usage is known.
--   wasted_cost_usd                 What they cost; NULL = nothing is priced.
--   pause_cost_usd                  What caches that expired during pauses cost.
--   waste_ratio                     Wasted cost over cost.
WITH model_calls AS (
    SELECT
        c.session_id,
        count(*) AS model_call_count,
        count(cost_usd) AS priced_call_count,
        count(*) FILTER (WHERE is_lower_bound) AS lower_bound_call_count,
        count(*) FILTER (WHERE is_estimated AND cost_usd IS NOT NULL) AS estimated_call_count,
        sum(cost_usd)::DECIMAL(24,12) AS cost_usd,
        sum(cost_usd) FILTER (WHERE r.run_kind <> 'main')::DECIMAL(24,12) AS subagent_cost_usd,
        count(*) FILTER (WHERE r.run_kind <> 'main') AS subagent_call_count,
        sum(reported_cost_usd)::DECIMAL(24,12) AS reported_cost_usd,
        sum(uncached_input_cost_usd)::DECIMAL(24,12) AS uncached_input_cost_usd,
        sum(cache_read_cost_usd)::DECIMAL(24,12) AS cache_read_cost_usd,
        sum(cache_creation_5m_cost_usd)::DECIMAL(24,12) AS cache_creation_5m_cost_usd,
        sum(cache_creation_1h_cost_usd)::DECIMAL(24,12) AS cache_creation_1h_cost_usd,
        sum(output_cost_usd)::DECIMAL(24,12) AS output_cost_usd,
        sum(uncached_input_tokens)::BIGINT AS uncached_input_tokens,
        sum(cache_read_input_tokens)::BIGINT AS cache_read_input_tokens,
        sum(cache_creation_5m_input_tokens)::BIGINT AS cache_creation_5m_input_tokens,
        sum(cache_creation_1h_input_tokens)::BIGINT AS cache_creation_1h_input_tokens,
        sum(output_tokens)::BIGINT AS output_tokens,
        sum(reasoning_output_tokens)::BIGINT AS reasoning_output_tokens,
        sum(input_tokens)::BIGINT AS input_tokens,
        sum(input_tokens) FILTER (WHERE cache_read_input_tokens IS NOT NULL)::BIGINT AS input_tokens_with_cache_info
    FROM model_calls_v1 AS c
    JOIN call_costs_v1 AS p USING (model_call_id)
    LEFT JOIN runs_v1 AS r USING (run_id)
    GROUP BY c.session_id
),

tool_calls AS (
    SELECT
        session_id,
        count(*) AS tool_call_count,
        count(*) FILTER (WHERE status = 'ok') AS ok_count,
        count(*) FILTER (
            WHERE status = 'error' AND coalesce(error_type, '') NOT IN ('verification_failed', 'empty_search')
        ) AS failed_count,
        count(*) FILTER (WHERE status = 'error' AND error_type = 'verification_failed') AS verification_failed_count,
        count(*) FILTER (WHERE status = 'denied') AS denied_count,
        count(*) FILTER (WHERE status = 'interrupted') AS interrupted_count,
        count(*) FILTER (WHERE status = 'no_result') AS no_result_count,
        count(*) FILTER (WHERE status = 'unknown') AS unknown_count
    FROM tool_calls_v1
    GROUP BY session_id
),

api_errors AS (
    SELECT
        session_id,
        count(*) AS api_error_count,
        count(*) FILTER (WHERE is_final) AS final_api_error_count
    FROM errors_v1
    WHERE source = 'api'
    GROUP BY session_id
),

turns AS (
    SELECT
        session_id,
        count(*) FILTER (WHERE trigger = 'user') AS user_turn_count,
        -- No verdict on any prompt: the prompts are not readable.
        CASE WHEN count(is_pushback) > 0 THEN count(*) FILTER (WHERE is_pushback) END AS pushback_count
    FROM turns_v1
    GROUP BY session_id
),

interrupts AS (
    SELECT session_id, count(*) AS interrupt_count
    FROM session_events_v1
    WHERE event = 'interrupt'
    GROUP BY session_id
),

runs AS (
    SELECT
        session_id,
        count(*) FILTER (WHERE run_kind = 'subagent') AS subagent_count,
        max(depth) AS max_depth,
        sum(epoch_ms(ended_at) - epoch_ms(started_at)) FILTER (WHERE run_kind = 'subagent')::BIGINT AS subagent_ms
    FROM runs_v1
    GROUP BY session_id
),

waste AS (
    SELECT
        session_id,
        sum(wasted_tokens) FILTER (WHERE reason <> 'cache_expired')::BIGINT AS wasted_tokens,
        sum(wasted_cost_usd) FILTER (WHERE reason <> 'cache_expired')::DECIMAL(24,12) AS wasted_cost_usd,
        sum(wasted_cost_usd) FILTER (WHERE reason = 'cache_expired')::DECIMAL(24,12) AS pause_cost_usd
    FROM wasted_calls_v1
    GROUP BY session_id
)

SELECT
    s.session_id, s.agent, s.project_id, s.machine_id, s.session_kind, s.started_at, s.ended_at, s.end_state,
    coalesce(u.user_turn_count, 0) AS user_turn_count,
    u.pushback_count,
    coalesce(i.interrupt_count, 0) AS interrupt_count,
    coalesce(r.subagent_count, 0) AS subagent_count,
    r.max_depth,
    r.subagent_ms,
    CASE WHEN m.subagent_call_count = 0 THEN 0 ELSE m.subagent_cost_usd END::DECIMAL(24,12) AS subagent_cost_usd,
    subagent_cost_usd::DOUBLE / nullif(m.cost_usd, 0)::DOUBLE AS delegation_ratio,
    coalesce(m.model_call_count, 0) AS model_call_count,
    coalesce(m.priced_call_count, 0) AS priced_call_count,
    coalesce(m.model_call_count - m.priced_call_count, 0) AS unpriced_call_count,
    coalesce(m.lower_bound_call_count, 0) AS lower_bound_call_count,
    coalesce(m.estimated_call_count, 0) AS estimated_call_count,
    m.cost_usd,
    m.reported_cost_usd,
    m.uncached_input_cost_usd,
    m.cache_read_cost_usd,
    CASE
        WHEN coalesce(m.cache_creation_5m_cost_usd, m.cache_creation_1h_cost_usd) IS NOT NULL
            THEN coalesce(m.cache_creation_5m_cost_usd, 0) + coalesce(m.cache_creation_1h_cost_usd, 0)
    END::DECIMAL(24,12) AS cache_creation_cost_usd,
    m.output_cost_usd,
    m.uncached_input_tokens,
    m.cache_read_input_tokens,
    m.cache_creation_5m_input_tokens,
    m.cache_creation_1h_input_tokens,
    m.output_tokens,
    m.reasoning_output_tokens,
    m.input_tokens,
    m.input_tokens_with_cache_info,
    coalesce(t.tool_call_count, 0) AS tool_call_count,
    CASE WHEN s.has_tool_status THEN coalesce(t.ok_count, 0) END AS tool_ok_count,
    CASE WHEN s.has_tool_status THEN coalesce(t.failed_count, 0) END AS tool_failed_count,
    CASE WHEN s.has_tool_status THEN coalesce(t.verification_failed_count, 0) END AS tool_verification_failed_count,
    coalesce(t.denied_count, 0) AS tool_denied_count,
    coalesce(t.interrupted_count, 0) AS tool_interrupted_count,
    coalesce(t.no_result_count, 0) AS tool_no_result_count,
    coalesce(t.unknown_count, 0) AS tool_unknown_count,
    CASE WHEN s.has_api_errors THEN coalesce(e.api_error_count, 0) END AS api_error_count,
    CASE WHEN s.has_api_errors THEN coalesce(e.final_api_error_count, 0) END AS final_api_error_count,
    m.cache_read_input_tokens / nullif(m.input_tokens_with_cache_info, 0)::DOUBLE AS cache_hit_ratio,
    CASE WHEN s.has_tool_status THEN t.ok_count / nullif(t.ok_count + t.failed_count, 0)::DOUBLE END AS tool_success_ratio,
    CASE WHEN coalesce(m.input_tokens, m.output_tokens) IS NOT NULL THEN coalesce(w.wasted_tokens, 0) END AS wasted_tokens,
    CASE WHEN m.cost_usd IS NOT NULL THEN coalesce(w.wasted_cost_usd, 0) END::DECIMAL(24,12) AS wasted_cost_usd,
    CASE WHEN m.cost_usd IS NOT NULL THEN coalesce(w.pause_cost_usd, 0) END::DECIMAL(24,12) AS pause_cost_usd,
    wasted_cost_usd::DOUBLE / nullif(m.cost_usd, 0)::DOUBLE AS waste_ratio
FROM sessions_v1 AS s
LEFT JOIN model_calls AS m USING (session_id)
LEFT JOIN tool_calls AS t USING (session_id)
LEFT JOIN api_errors AS e USING (session_id)
LEFT JOIN turns AS u USING (session_id)
LEFT JOIN interrupts AS i USING (session_id)
LEFT JOIN runs AS r USING (session_id)
LEFT JOIN waste AS w USING (session_id)
