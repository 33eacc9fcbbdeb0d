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
WITH slots AS (
    -- A quarter of an hour is the finest that zones are cut. Turning each instant into a local period is slow.
    SELECT
        epoch_us(c.occurred_at) // 900000000 AS slot,
        c.session_id,
        c.model,
        count(*) AS model_call_count,
        sum(p.cost_usd) AS cost_usd,
        count(*) - count(p.cost_usd) AS unpriced_call_count,
        count(*) FILTER (WHERE p.is_lower_bound) AS lower_bound_call_count,
        sum(c.uncached_input_tokens) AS uncached_input_tokens,
        sum(c.cache_read_input_tokens) AS cache_read_input_tokens,
        sum(c.cache_creation_5m_input_tokens) AS cache_creation_5m_input_tokens,
        sum(c.cache_creation_1h_input_tokens) AS cache_creation_1h_input_tokens,
        sum(c.output_tokens) AS output_tokens
    FROM model_calls_v1 AS c
    LEFT JOIN call_costs_v1 AS p USING (model_call_id)
    WHERE c.occurred_at IS NOT NULL
    GROUP BY slot, c.session_id, c.model
),

periods AS (
    SELECT
        slot,
        CASE
            WHEN lower(bucket) IN ('hour', 'day', 'week', 'month', 'quarter', 'year')
                THEN date_trunc(bucket, make_timestamptz(slot * 900000000) AT TIME ZONE tz)
            ELSE error('the period of usage_by is hour, day, week, month, quarter or year')
        END AS period
    FROM (SELECT DISTINCT slot FROM slots) AS used
)

SELECT
    d.period,
    s.agent,
    s.project_id,
    u.model,
    s.machine_id,
    sum(u.model_call_count)::BIGINT AS model_call_count,
    count(DISTINCT u.session_id) AS session_count,
    sum(u.cost_usd)::DECIMAL(24,12) AS cost_usd,
    sum(u.unpriced_call_count)::BIGINT AS unpriced_call_count,
    sum(u.lower_bound_call_count)::BIGINT AS lower_bound_call_count,
    sum(u.uncached_input_tokens)::BIGINT AS uncached_input_tokens,
    sum(u.cache_read_input_tokens)::BIGINT AS cache_read_input_tokens,
    sum(u.cache_creation_5m_input_tokens)::BIGINT AS cache_creation_5m_input_tokens,
    sum(u.cache_creation_1h_input_tokens)::BIGINT AS cache_creation_1h_input_tokens,
    sum(u.output_tokens)::BIGINT AS output_tokens
FROM slots AS u
JOIN periods AS d USING (slot)
JOIN sessions_v1 AS s USING (session_id)
GROUP BY d.period, s.agent, s.project_id, u.model, s.machine_id
