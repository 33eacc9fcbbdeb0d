-- title: Is every session healthy enough?
-- about: One row per session that is scored too low, and one for all. Unscored sessions are neither bad nor good: too
--   many of them are incomplete.
-- kind: control
-- params:
--   min_score double = 65  Lowest score that passes.
--   max_unscored_share double = 0.5  Largest part of unscored sessions.
-- columns:
--   status                varchar    ok, warn, fail, skip, incomplete or error.
--   reason                varchar    Why, in words.
--   resource              varchar    What is judged: a session, total, a file.
--   value                 double     What was found; NULL = not known.
--   threshold             double     The limit; NULL = none was set.
--   evidence_session_ids  varchar[]  The worst sessions first, three at most.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

scores AS (
    SELECT s.session_id, h.score
    FROM scope AS s
    LEFT JOIN session_health_v2 AS h USING (session_id)
    WHERE s.session_kind IN ('user', 'automation')
),

verdicts AS (
    SELECT
        0 AS place,
        CASE
            WHEN count(*) = 0 THEN 'skip'
            WHEN count(*) FILTER (WHERE score < $min_score::DOUBLE) > 0 THEN 'fail'
            WHEN count(*) - count(score) > $max_unscored_share::DOUBLE * count(*) THEN 'incomplete'
            ELSE 'ok'
        END AS status,
        format('{} of {} scored sessions below the limit, {} unscored', count(*) FILTER (WHERE score < $min_score::DOUBLE), count(score), count(*) - count(score)) AS reason,
        'total' AS resource,
        min(score)::DOUBLE AS value,
        $min_score::DOUBLE AS threshold,
        coalesce(list(session_id ORDER BY score, session_id) FILTER (WHERE score < $min_score::DOUBLE), [])[:3] AS evidence_session_ids
    FROM scores
    UNION ALL
    SELECT 1, 'fail', format('health {}', score), session_id, score::DOUBLE, $min_score::DOUBLE, [session_id]
    FROM scores
    WHERE score < $min_score::DOUBLE
)

SELECT status, reason, resource, value, threshold, evidence_session_ids
FROM verdicts
ORDER BY place, value, resource
LIMIT $limit
