-- title: Where does the money go?
-- about: List price per project, calls at their own instant.
-- columns:
--   project              varchar  Project; NULL = the logs name no folder.
--   session_count        bigint   Sessions with a call in the time.
--   cost_usd             decimal  Cost of the priced calls; NULL = none is priced.
--   share                double   Part of the cost of all.
--   median_session_usd   double   Median cost of its sessions with a price.
--   unpriced_call_count  bigint   Calls without a price: the money is a lower bound.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

per_session AS (
    SELECT s.project, s.session_id, sum(c.cost_usd) AS cost_usd, count(*) - count(c.cost_usd) AS unpriced_call_count
    FROM model_call_costs_v1 AS c
    JOIN scope AS s USING (session_id)
    WHERE ($since::TIMESTAMPTZ IS NULL OR c.occurred_at >= $since::TIMESTAMPTZ)
    AND ($until::TIMESTAMPTZ IS NULL OR c.occurred_at < $until::TIMESTAMPTZ)
        AND ($model::VARCHAR[] IS NULL OR list_has_any($model::VARCHAR[], [c.model, c.response_model, c.price_model]))
    GROUP BY s.project, s.session_id
)

SELECT
    project,
    count(*) AS session_count,
    sum(cost_usd)::DECIMAL(24, 12) AS cost_usd,
    sum(cost_usd)::DOUBLE / nullif(sum(sum(cost_usd)) OVER (), 0)::DOUBLE AS share,
    median(cost_usd)::DOUBLE AS median_session_usd,
    sum(unpriced_call_count)::BIGINT AS unpriced_call_count
FROM per_session
GROUP BY project
ORDER BY cost_usd DESC NULLS LAST, project
LIMIT $limit
