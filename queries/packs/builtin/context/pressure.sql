-- title: Which sessions ran full?
-- about: Main runs whose input came close to the window of their model, where both are known. Over 1 means that the
--   window is wrong.
-- params:
--   min_ratio double = 0.8  Sessions that stayed below are left out.
-- columns:
--   session_id          varchar  The session.
--   peak_input_tokens   bigint   Largest input of a call.
--   peak_context_ratio  double   Largest part of the window.
--   compaction_count    bigint   Compactions; NULL = cannot be told.
--   compaction_basis    varchar  reported or inferred.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
)

SELECT x.session_id, x.peak_input_tokens, x.peak_context_ratio, x.compaction_count, x.compaction_basis
FROM session_context_v1 AS x
SEMI JOIN scope AS s USING (session_id)
WHERE x.peak_context_ratio IS NOT NULL AND ($min_ratio::DOUBLE IS NULL OR x.peak_context_ratio >= $min_ratio::DOUBLE)
ORDER BY x.peak_context_ratio DESC, x.session_id
LIMIT $limit
