-- title: Is the cost within bounds?
-- about: The total of the calls of the time, and each session over its own limit. Without a limit nothing fails; with
--   too many calls without a price the total is no answer.
-- kind: control
-- params:
--   max_usd double  Largest total.
--   max_session_usd double  Largest cost of a session in the time.
--   max_unpriced_share double = 0.1  Largest part of calls without a price.
-- columns:
--   status                varchar    ok, warn, fail, skip, incomplete or error.
--   reason                varchar    Why, in words.
--   resource              varchar    What is judged: a session, total, a file.
--   value                 double     What was found; NULL = not known.
--   threshold             double     The limit; NULL = none was set.
--   evidence_session_ids  varchar[]  The worst sessions first, three at most.
--   unpriced_call_count   bigint     Calls without a price: the value is a lower bound.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

per_session AS (
    SELECT c.session_id, sum(c.cost_usd)::DOUBLE AS usd, count(*) AS call_count, count(*) - count(c.cost_usd) AS unpriced_call_count
    FROM model_call_costs_v1 AS c
    SEMI JOIN scope AS s USING (session_id)
    WHERE ($since::TIMESTAMPTZ IS NULL OR c.occurred_at >= $since::TIMESTAMPTZ)
    AND ($until::TIMESTAMPTZ IS NULL OR c.occurred_at < $until::TIMESTAMPTZ)
        AND ($model::VARCHAR[] IS NULL OR list_has_any($model::VARCHAR[], [c.model, c.response_model, c.price_model]))
    GROUP BY c.session_id
),

verdicts AS (
    SELECT
        0 AS place,
        CASE
            WHEN $max_usd::DOUBLE IS NULL AND $max_session_usd::DOUBLE IS NULL THEN 'skip'
            WHEN count(*) = 0 THEN 'skip'
            WHEN sum(usd) > $max_usd::DOUBLE THEN 'fail'
            WHEN sum(unpriced_call_count) > $max_unpriced_share::DOUBLE * sum(call_count) THEN 'incomplete'
            ELSE 'ok'
        END AS status,
        CASE
            WHEN $max_usd::DOUBLE IS NULL AND $max_session_usd::DOUBLE IS NULL THEN 'no limit was set: max_usd, max_session_usd'
            WHEN count(*) = 0 THEN 'no call'
            ELSE format('{:.2f} USD for {} calls, {} of them without a price', coalesce(sum(usd), 0), sum(call_count)::BIGINT, sum(unpriced_call_count)::BIGINT)
        END AS reason,
        'total' AS resource,
        sum(usd)::DOUBLE AS value,
        $max_usd::DOUBLE AS threshold,
        coalesce(list(session_id ORDER BY usd DESC NULLS LAST, session_id), [])[:3] AS evidence_session_ids,
        coalesce(sum(unpriced_call_count), 0)::BIGINT AS unpriced_call_count
    FROM per_session
    UNION ALL
    SELECT 1, 'fail', format('{:.2f} USD', usd), session_id, usd, $max_session_usd::DOUBLE, [session_id], unpriced_call_count
    FROM per_session
    WHERE usd > $max_session_usd::DOUBLE
)

SELECT status, reason, resource, value, threshold, evidence_session_ids, unpriced_call_count
FROM verdicts
ORDER BY place, value DESC, resource
LIMIT $limit
