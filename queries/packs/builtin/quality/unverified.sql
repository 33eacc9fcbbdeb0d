-- title: Which changes were never verified?
-- about: Sessions that changed code or tests and have no check of the last change, with the files that grew most.
-- params:
--   min_lines bigint = 20  Sessions that added fewer lines are left out.
-- columns:
--   session_id          varchar    The session.
--   verification_state  varchar    never, stale, blocked or ran_result_unknown.
--   changed_file_count  bigint     Files of code and tests changed.
--   added_line_count    bigint     Lines added to them; NULL = not in the log.
--   top_paths           varchar[]  The three with the most added lines.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

chosen AS (
    SELECT v.session_id, v.verification_state
    FROM session_verification_v1 AS v
    SEMI JOIN scope AS s USING (session_id)
    WHERE v.verification_state IN ('never', 'stale', 'blocked', 'ran_result_unknown')
),

files AS (
    SELECT f.session_id, f.path, sum(f.added_line_count) AS added_line_count
    FROM file_changes_v1 AS f
    SEMI JOIN chosen USING (session_id)
    WHERE f.file_role IN ('code', 'test') AND f.is_applied IS DISTINCT FROM false
    GROUP BY f.session_id, f.path
)

SELECT
    c.session_id,
    c.verification_state,
    count(f.path) AS changed_file_count,
    sum(f.added_line_count)::BIGINT AS added_line_count,
    coalesce(list(f.path ORDER BY f.added_line_count DESC NULLS LAST, f.path) FILTER (WHERE f.path IS NOT NULL), [])[:3] AS top_paths
FROM chosen AS c
JOIN files AS f USING (session_id)
GROUP BY c.session_id, c.verification_state
HAVING $min_lines::BIGINT IS NULL OR sum(f.added_line_count) IS NULL OR sum(f.added_line_count) >= $min_lines::BIGINT
ORDER BY added_line_count DESC NULLS LAST, c.session_id
LIMIT $limit
