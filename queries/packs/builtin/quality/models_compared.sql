-- title: Which model works better on my projects?
-- about: Sessions of a project by the model that made most of their calls. Tasks differ: a difference is a question,
--   not an answer.
-- params:
--   min_sessions bigint = 10  Groups with fewer sessions are left out.
-- columns:
--   project              varchar  Project; NULL = the logs name no folder.
--   model                varchar  Model of most calls.
--   n                    bigint   Sessions.
--   median_health        double   Median health of the scored ones.
--   coverage             double   Mean part of the score that the logs can tell.
--   passed_share         double   Sessions that changed code whose checks passed; NULL = none changed code.
--   failure_ratio        double   Failed tool calls over those with a known outcome.
--   median_cost_usd      double   Median cost of those with a price.
--   interrupt_ratio      double   Sessions that the user interrupted, over all.
--   unpriced_call_count  bigint   Calls without a price: the money is a lower bound.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

models AS (
    SELECT session_id, arg_max(model, call_count) AS model
    FROM (
        SELECT c.session_id, coalesce(c.model, c.response_model) AS model, count(*) AS call_count
        FROM model_calls_v1 AS c
        SEMI JOIN scope AS s USING (session_id)
        GROUP BY ALL
    )
    WHERE model IS NOT NULL
    GROUP BY session_id
)

SELECT
    s.project,
    d.model,
    count(*) AS n,
    median(h.score)::DOUBLE AS median_health,
    avg(h.coverage)::DOUBLE AS coverage,
    count(*) FILTER (WHERE v.verification_state IN ('passed', 'passed_lint_failed'))::DOUBLE
        / nullif(count(*) FILTER (WHERE v.code_edit_count > 0 AND v.verification_state NOT IN ('no_code_edits', 'unknown')), 0) AS passed_share,
    sum(m.tool_failed_count)::DOUBLE / nullif(sum(m.tool_ok_count + m.tool_failed_count), 0)::DOUBLE AS failure_ratio,
    median(m.cost_usd)::DOUBLE AS median_cost_usd,
    count(*) FILTER (WHERE m.interrupt_count > 0)::DOUBLE / count(*) AS interrupt_ratio,
    coalesce(sum(m.unpriced_call_count), 0)::BIGINT AS unpriced_call_count
FROM scope AS s
JOIN models AS d USING (session_id)
LEFT JOIN session_health_v2 AS h USING (session_id)
LEFT JOIN session_metrics_v1 AS m USING (session_id)
LEFT JOIN session_verification_v1 AS v USING (session_id)
WHERE s.session_kind IN ('user', 'automation')
GROUP BY s.project, d.model
HAVING $min_sessions::BIGINT IS NULL OR count(*) >= $min_sessions::BIGINT
ORDER BY s.project, n DESC, d.model
LIMIT $limit
