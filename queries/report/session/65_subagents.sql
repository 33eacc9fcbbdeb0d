-- title: Sub-agents
-- kind: table
-- spare: depth, started_at, kind
-- show: 40
-- label: run_id = run
-- label: agent_type = type
-- label: span_ms = took
-- label: end_state = ended
-- optional: agent_type, depth, model_call_count, cost_usd
SELECT
    r.run_id,
    r.run_kind AS kind,
    r.agent_type,
    r.depth,
    r.started_at,
    epoch_ms(r.ended_at) - epoch_ms(r.started_at) AS span_ms,
    r.end_state,
    c.model_call_count,
    c.cost_usd
FROM own_runs AS r
LEFT JOIN (
    SELECT run_id, count(*) AS model_call_count, sum(cost_usd)::DECIMAL(24, 12) AS cost_usd FROM own_calls GROUP BY run_id
) AS c USING (run_id)
WHERE r.run_kind <> 'main'
ORDER BY r.started_at, r.run_id
