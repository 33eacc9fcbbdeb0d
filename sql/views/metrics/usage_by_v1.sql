-- summary: Usage and cost per period (hour, day, week, month, quarter, year) of a time zone, by machine, project,
--   agent and model.
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
WITH periods AS (
    -- A quarter of an hour is the finest that zones are cut. Turning each instant into a local period is slow.
    SELECT
        quarter_at,
        CASE
            WHEN lower(bucket) IN ('hour', 'day', 'week', 'month', 'quarter', 'year') THEN date_trunc(bucket, quarter_at AT TIME ZONE tz)
            ELSE error('the period of usage_by is hour, day, week, month, quarter or year')
        END AS period
    FROM (SELECT DISTINCT quarter_at FROM call_sums_v1 WHERE quarter_at IS NOT NULL) AS used
)

SELECT
    d.period,
    s.agent,
    s.project_id,
    u.known_model AS model,
    s.machine_id,
    sum(u.call_count)::BIGINT AS model_call_count,
    count(DISTINCT u.session_id) AS session_count,
    sum(u.cost_usd)::DECIMAL(24,12) AS cost_usd,
    sum(u.call_count - u.priced_call_count)::BIGINT AS unpriced_call_count,
    sum(u.lower_bound_call_count)::BIGINT AS lower_bound_call_count,
    sum(u.uncached_input_tokens)::BIGINT AS uncached_input_tokens,
    sum(u.cache_read_input_tokens)::BIGINT AS cache_read_input_tokens,
    sum(u.cache_creation_5m_input_tokens)::BIGINT AS cache_creation_5m_input_tokens,
    sum(u.cache_creation_1h_input_tokens)::BIGINT AS cache_creation_1h_input_tokens,
    sum(u.output_tokens)::BIGINT AS output_tokens
FROM call_sums_v1 AS u
JOIN periods AS d USING (quarter_at)
JOIN sessions_v1 AS s USING (session_id)
GROUP BY d.period, s.agent, s.project_id, u.known_model, s.machine_id
