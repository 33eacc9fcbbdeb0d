-- summary: How unusual a session's cost and tokens are against the 60 sessions before it, of its project or its agent.
-- grain: session_id
-- status: current
-- since: 0.1.0
-- columns:
--   session_id     The session: of a user, with three or more model calls and a price.
--   cost           [USD] Its cost.
--   tokens         [tokens] Input and output.
--   basis          project or agent: whose sessions are compared; NULL = there are fewer than eight of either.
--   n              [count] Sessions compared.
--   cost_median    [USD] Their median cost.
--   tokens_median  [tokens] Their median tokens.
--   cost_z         [robust z] Distance from the median of the logarithms, in scaled median deviations, of cost.
--   tokens_z       [robust z] The same of tokens.
WITH params AS (
    -- The floor of the deviation stands for 28 %: a very regular history makes no session an outlier.
    SELECT 8 AS min_sessions, 3 AS min_calls, 0.25 AS min_deviation, 0.6745 AS scale
),

priced AS (
    SELECT
        m.session_id, m.agent, m.project_id, m.started_at,
        m.cost_usd::DOUBLE AS cost,
        (m.input_tokens + m.output_tokens)::DOUBLE AS tokens,
        ln(m.cost_usd::DOUBLE) AS log_cost,
        CASE WHEN m.input_tokens + m.output_tokens > 0 THEN ln((m.input_tokens + m.output_tokens)::DOUBLE) END AS log_tokens
    FROM session_metrics_v1 AS m
    JOIN params AS p ON m.model_call_count >= p.min_calls
    WHERE m.session_kind = 'user' AND m.started_at IS NOT NULL AND m.cost_usd > 0
),

windows AS (
    SELECT
        session_id, cost, tokens, log_cost, log_tokens, project_id IS NOT NULL AS has_project,
        count(*) OVER of_project AS project_n,
        median(log_cost) OVER of_project AS project_cost_median,
        mad(log_cost) OVER of_project AS project_cost_mad,
        median(log_tokens) OVER of_project AS project_tokens_median,
        mad(log_tokens) OVER of_project AS project_tokens_mad,
        count(*) OVER of_agent AS agent_n,
        median(log_cost) OVER of_agent AS agent_cost_median,
        mad(log_cost) OVER of_agent AS agent_cost_mad,
        median(log_tokens) OVER of_agent AS agent_tokens_median,
        mad(log_tokens) OVER of_agent AS agent_tokens_mad
    FROM priced
    WINDOW
        of_project AS (PARTITION BY agent, project_id ORDER BY started_at, session_id ROWS BETWEEN 60 PRECEDING AND 1 PRECEDING),
        of_agent AS (PARTITION BY agent ORDER BY started_at, session_id ROWS BETWEEN 60 PRECEDING AND 1 PRECEDING)
),

chosen AS (
    SELECT
        w.session_id, w.cost, w.tokens, w.log_cost, w.log_tokens,
        CASE WHEN w.has_project AND w.project_n >= p.min_sessions THEN 'project' WHEN w.agent_n >= p.min_sessions THEN 'agent' END AS basis,
        CASE basis WHEN 'project' THEN w.project_n WHEN 'agent' THEN w.agent_n END AS n,
        CASE basis WHEN 'project' THEN w.project_cost_median WHEN 'agent' THEN w.agent_cost_median END AS cost_middle,
        CASE basis WHEN 'project' THEN w.project_cost_mad WHEN 'agent' THEN w.agent_cost_mad END AS cost_mad,
        CASE basis WHEN 'project' THEN w.project_tokens_median WHEN 'agent' THEN w.agent_tokens_median END AS tokens_middle,
        CASE basis WHEN 'project' THEN w.project_tokens_mad WHEN 'agent' THEN w.agent_tokens_mad END AS tokens_mad
    FROM windows AS w
    CROSS JOIN params AS p
)

SELECT
    c.session_id, c.cost, c.tokens, c.basis, c.n,
    round(exp(c.cost_middle), 6) AS cost_median,
    round(exp(c.tokens_middle)) AS tokens_median,
    CASE WHEN c.basis IS NOT NULL THEN round(p.scale * (c.log_cost - c.cost_middle) / greatest(c.cost_mad, p.min_deviation), 4) END AS cost_z,
    CASE WHEN c.basis IS NOT NULL THEN round(p.scale * (c.log_tokens - c.tokens_middle) / greatest(c.tokens_mad, p.min_deviation), 4) END AS tokens_z
FROM chosen AS c
CROSS JOIN params AS p
