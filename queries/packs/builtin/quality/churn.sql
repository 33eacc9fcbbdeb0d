-- title: Which files are rewritten again and again?
-- about: The number of edits is no judgement: agents edit in small steps. Lines that a session wrote and took out
--   again are rework.
-- columns:
--   path              varchar  The file, as logged.
--   session_count     bigint   Sessions that changed it.
--   edit_count        bigint   Edits.
--   added_line_count  bigint   Lines added; NULL = not in the logs.
--   rework_ratio      double   Added lines that the same session took out again.
--   revert_count      bigint   Returns to a state that it had before.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

undone AS (
    SELECT r.path, count(*) AS revert_count
    FROM reverts_v1 AS r
    SEMI JOIN scope AS s USING (session_id)
    GROUP BY r.path
)

SELECT
    f.path,
    count(DISTINCT f.session_id) AS session_count,
    sum(f.edit_count)::BIGINT AS edit_count,
    sum(f.added_line_count)::BIGINT AS added_line_count,
    sum(f.self_removed_line_count)::DOUBLE / nullif(sum(f.added_line_count), 0)::DOUBLE AS rework_ratio,
    coalesce(any_value(r.revert_count), 0)::BIGINT AS revert_count
FROM file_churn_v1 AS f
SEMI JOIN scope AS s USING (session_id)
LEFT JOIN undone AS r USING (path)
GROUP BY f.path
ORDER BY edit_count DESC, f.path
LIMIT $limit
