-- summary: The sessions behind each period of a trend: what each of them used and cost in it.
-- grain: key, period, session_id
-- status: current
-- since: 0.1.0
-- macro: (bucket, tz, dim)
-- columns:
--   key                  Value of the dimension (all, agent, model, project, machine, branch): see period_values.
--   period               Start of the period, in the time zone.
--   session_id           The session.
--   model_call_count     Its calls in the period.
--   cost_usd             Their cost; NULL = none is priced.
--   unpriced_call_count  Calls without a price.
--   input_tokens         Their input.
--   output_tokens        Their output.
WITH slots AS (
    SELECT
        epoch_us(c.occurred_at) // 900000000 AS slot,
        c.session_id,
        CASE WHEN dim = 'model' THEN coalesce(c.model, c.response_model, '(unknown)') END AS model,
        count(*) AS model_call_count,
        sum(p.cost_usd) AS cost_usd,
        count(*) - count(p.cost_usd) AS unpriced_call_count,
        sum(c.input_tokens) AS input_tokens,
        sum(c.output_tokens) AS output_tokens
    FROM model_calls_v1 AS c
    LEFT JOIN call_costs_v1 AS p USING (model_call_id)
    WHERE c.occurred_at IS NOT NULL
    GROUP BY slot, c.session_id, 3
),

periods AS (
    SELECT slot, date_trunc(bucket, make_timestamptz(slot * 900000000) AT TIME ZONE tz) AS period
    FROM (SELECT DISTINCT slot FROM slots) AS used
)

SELECT
    CASE dim
        WHEN 'agent' THEN s.agent
        WHEN 'model' THEN u.model
        WHEN 'project' THEN coalesce(lower(hex(s.project_id)), '(none)')
        WHEN 'machine' THEN s.machine_id
        WHEN 'branch' THEN coalesce(s.git_branch, '(none)')
        ELSE 'all'
    END AS key,
    p.period,
    u.session_id,
    sum(u.model_call_count)::BIGINT AS model_call_count,
    sum(u.cost_usd)::DECIMAL(24,12) AS cost_usd,
    sum(u.unpriced_call_count)::BIGINT AS unpriced_call_count,
    sum(u.input_tokens)::BIGINT AS input_tokens,
    sum(u.output_tokens)::BIGINT AS output_tokens
FROM slots AS u
JOIN periods AS p USING (slot)
JOIN sessions_v1 AS s USING (session_id)
GROUP BY 1, 2, 3
