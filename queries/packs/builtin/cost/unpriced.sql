-- title: Which models have no price?
-- about: Calls without a cost, by the name in the log. agenttrace prices missing says what to add.
-- columns:
--   response_model    varchar      Model as logged; NULL = not in the log.
--   agent             varchar      The agent.
--   model_call_count  bigint       Calls without a cost.
--   input_tokens      bigint       Their input.
--   output_tokens     bigint       Their output.
--   first_at          timestamptz  The first.
--   last_at           timestamptz  The last.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
)

SELECT
    c.response_model,
    s.agent,
    count(*) AS model_call_count,
    sum(c.input_tokens)::BIGINT AS input_tokens,
    sum(c.output_tokens)::BIGINT AS output_tokens,
    min(c.occurred_at) AS first_at,
    max(c.occurred_at) AS last_at
FROM model_call_costs_v1 AS c
JOIN scope AS s USING (session_id)
WHERE c.cost_usd IS NULL
    AND ($since::TIMESTAMPTZ IS NULL OR c.occurred_at >= $since::TIMESTAMPTZ)
    AND ($until::TIMESTAMPTZ IS NULL OR c.occurred_at < $until::TIMESTAMPTZ)
    AND ($model::VARCHAR[] IS NULL OR list_has_any($model::VARCHAR[], [c.model, c.response_model, c.price_model]))
GROUP BY c.response_model, s.agent
ORDER BY model_call_count DESC, c.response_model, s.agent
LIMIT $limit
