-- title: What bought nothing?
-- about: A lower bound: failed and interrupted calls, undone edits, repeats, cache misses without a reason. Each call
--   once.
-- params:
--   min_usd double = 0.25  Sums below this are left out.
-- columns:
--   session_id           varchar  The session.
--   reason               varchar  failed_call, interrupted, reverted_edit, repeat or cache_miss.
--   wasted_cost_usd      decimal  What they cost; NULL = without a price.
--   wasted_tokens        bigint   Their tokens.
--   call_count           bigint   Model calls.
--   unpriced_call_count  bigint   Calls without a price: the money is a lower bound.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
)

SELECT
    w.session_id,
    w.reason,
    sum(w.wasted_cost_usd)::DECIMAL(24, 12) AS wasted_cost_usd,
    sum(w.wasted_tokens)::BIGINT AS wasted_tokens,
    count(*) AS call_count,
    count(*) - count(w.wasted_cost_usd) AS unpriced_call_count
FROM wasted_calls_v1 AS w
SEMI JOIN scope AS s USING (session_id)
GROUP BY w.session_id, w.reason
-- What has no price at all is not below a limit in money.
HAVING $min_usd::DOUBLE IS NULL OR sum(w.wasted_cost_usd) IS NULL OR sum(w.wasted_cost_usd) >= $min_usd::DOUBLE
ORDER BY wasted_cost_usd DESC NULLS LAST, w.session_id, w.reason
LIMIT $limit
