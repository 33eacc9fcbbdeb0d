-- summary: One row per run, without its sub-agents: what the main run and each sub-agent used, cost and achieved.
-- grain: run_id
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   run_id               The run.
--   session_id           The session.
--   parent_run_id        The run that started it.
--   run_kind             main, subagent, side_question, review, compaction, guardian, workflow.
--   agent_type           Type of sub-agent as named by its caller.
--   depth                [count] 0 = main run.
--   started_at           First own instant.
--   duration_ms          From its first to its last instant.
--   end_state            How it ended.
--   model_call_count     Model calls.
--   cost_usd             Cost of the priced calls; NULL = none is priced.
--   unpriced_call_count  Model calls without a cost.
--   input_tokens         All input.
--   output_tokens        Output, reasoning included.
--   tool_call_count      Tool calls.
--   tool_failed_count    Tool calls that failed, without failed verifications and empty searches; NULL = the log cannot tell.
WITH calls AS (
    SELECT
        c.run_id,
        count(*) AS model_call_count,
        sum(p.cost_usd)::DECIMAL(24,12) AS cost_usd,
        count(*) - count(p.cost_usd) AS unpriced_call_count,
        sum(c.input_tokens)::BIGINT AS input_tokens,
        sum(c.output_tokens)::BIGINT AS output_tokens
    FROM model_calls_v1 AS c
    LEFT JOIN call_costs_v1 AS p USING (model_call_id)
    GROUP BY c.run_id
),

tools AS (
    SELECT
        run_id,
        count(*) AS tool_call_count,
        count(*) FILTER (
            WHERE status = 'error' AND coalesce(error_type, '') NOT IN ('verification_failed', 'empty_search')
        ) AS failed_count
    FROM tool_calls_v1
    GROUP BY run_id
)

SELECT
    r.run_id, r.session_id, r.parent_run_id, r.run_kind, r.agent_type, r.depth, r.started_at,
    epoch_ms(r.ended_at) - epoch_ms(r.started_at) AS duration_ms,
    r.end_state,
    coalesce(c.model_call_count, 0) AS model_call_count,
    c.cost_usd,
    coalesce(c.unpriced_call_count, 0) AS unpriced_call_count,
    c.input_tokens,
    c.output_tokens,
    coalesce(t.tool_call_count, 0) AS tool_call_count,
    CASE WHEN s.has_tool_status THEN coalesce(t.failed_count, 0) END AS tool_failed_count
FROM runs_v1 AS r
JOIN sessions_v1 AS s USING (session_id)
LEFT JOIN calls AS c USING (run_id)
LEFT JOIN tools AS t USING (run_id)
