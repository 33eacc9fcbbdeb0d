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
WITH periods AS (
    SELECT quarter_at, date_trunc(bucket, quarter_at AT TIME ZONE tz) AS period
    FROM (SELECT DISTINCT quarter_at FROM call_sums_v1 WHERE quarter_at IS NOT NULL) AS used
)

SELECT
    CASE dim
        WHEN 'agent' THEN s.agent
        WHEN 'model' THEN coalesce(u.model, '(unknown)')
        WHEN 'project' THEN coalesce(lower(hex(s.project_id)), '(none)')
        WHEN 'machine' THEN s.machine_id
        WHEN 'branch' THEN coalesce(s.git_branch, '(none)')
        ELSE 'all'
    END AS key,
    p.period,
    u.session_id,
    sum(u.call_count)::BIGINT AS model_call_count,
    sum(u.cost_usd)::DECIMAL(24,12) AS cost_usd,
    sum(u.call_count - u.priced_call_count)::BIGINT AS unpriced_call_count,
    sum(u.input_tokens)::BIGINT AS input_tokens,
    sum(u.output_tokens)::BIGINT AS output_tokens
FROM call_sums_v1 AS u
JOIN periods AS p USING (quarter_at)
JOIN sessions_v1 AS s USING (session_id)
GROUP BY 1, 2, 3
