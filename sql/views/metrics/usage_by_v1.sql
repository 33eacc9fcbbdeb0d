-- summary: Usage and cost per period (day, week, month ...) of a time zone, by machine, project, agent and model.
-- grain: period, agent, project_id, model, machine_id
-- status: current
-- since: 0.1.0
-- macro: (bucket, tz)
-- columns:
--   period                          Start of the period, in the time zone.
--   agent                           The agent.
--   project_id                      The project.
--   model                           Model after the aliases; NULL = unpriced.
--   machine_id                      The machine.
--   model_call_count                Calls.
--   session_count                   Sessions with a call in the period.
--   cost_usd                        Cost of the priced calls.
--   unpriced_call_count             Calls without a cost.
--   lower_bound_call_count          Priced calls whose counters are incomplete.
--   uncached_input_tokens           Input neither read from nor written to a cache.
--   cache_read_input_tokens         Input read from a cache.
--   cache_creation_5m_input_tokens  Input written to the short-lived cache.
--   cache_creation_1h_input_tokens  Input written to the long-lived cache.
--   output_tokens                   Output, reasoning included.
SELECT
    date_trunc(bucket, occurred_at AT TIME ZONE tz) AS period,
    agent,
    project_id,
    model,
    machine_id,
    count(*) AS model_call_count,
    count(DISTINCT session_id) AS session_count,
    sum(cost_usd)::DECIMAL(24,12) AS cost_usd,
    count(*) - count(cost_usd) AS unpriced_call_count,
    count(*) FILTER (WHERE is_lower_bound) AS lower_bound_call_count,
    sum(uncached_input_tokens)::BIGINT AS uncached_input_tokens,
    sum(cache_read_input_tokens)::BIGINT AS cache_read_input_tokens,
    sum(cache_creation_5m_input_tokens)::BIGINT AS cache_creation_5m_input_tokens,
    sum(cache_creation_1h_input_tokens)::BIGINT AS cache_creation_1h_input_tokens,
    sum(output_tokens)::BIGINT AS output_tokens
FROM model_call_costs_v1
WHERE occurred_at IS NOT NULL
GROUP BY period, agent, project_id, model, machine_id
