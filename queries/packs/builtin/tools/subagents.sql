-- title: What do sub-agents cost and bring?
-- about: Runs of kind subagent of whole sessions. Their share is that of the cost of the sessions that had such.
-- columns:
--   agent_type           varchar  Type; NULL = not in the log.
--   run_count            bigint   Runs.
--   median_ms            bigint   Median duration, where known.
--   cost_usd             decimal  Cost of their priced calls.
--   share_of_tree        double   Part of the cost of their sessions, sub-agents included.
--   failed_count         bigint   Runs that ended in an error, or were cut.
--   unpriced_call_count  bigint   Calls without a price: the money is a lower bound.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

sub AS (
    SELECT r.session_id, r.agent_type, r.duration_ms, r.cost_usd, r.unpriced_call_count, r.end_state
    FROM run_metrics_v1 AS r
    SEMI JOIN scope AS s USING (session_id)
    WHERE r.run_kind = 'subagent'
),

trees AS (
    SELECT t.agent_type, sum(m.cost_usd) AS cost_usd
    FROM (SELECT DISTINCT agent_type, session_id FROM sub) AS t
    JOIN session_metrics_v1 AS m USING (session_id)
    GROUP BY t.agent_type
)

SELECT
    r.agent_type,
    count(*) AS run_count,
    median(r.duration_ms)::BIGINT AS median_ms,
    sum(r.cost_usd)::DECIMAL(24, 12) AS cost_usd,
    sum(r.cost_usd)::DOUBLE / nullif(any_value(t.cost_usd), 0)::DOUBLE AS share_of_tree,
    count(*) FILTER (WHERE r.end_state IN ('error', 'api_error', 'truncated', 'pending_tool', 'max_tokens', 'max_turns', 'budget')) AS failed_count,
    coalesce(sum(r.unpriced_call_count), 0)::BIGINT AS unpriced_call_count
FROM sub AS r
LEFT JOIN trees AS t ON t.agent_type IS NOT DISTINCT FROM r.agent_type
GROUP BY r.agent_type
ORDER BY cost_usd DESC NULLS LAST, r.agent_type
LIMIT $limit
