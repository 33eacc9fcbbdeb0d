-- title: Files changed
-- kind: table
SELECT
    f.path,
    any_value(f.file_role) AS role,
    count(*) AS edit_count,
    sum(f.added_line_count)::BIGINT AS added_line_count,
    sum(f.removed_line_count)::BIGINT AS removed_line_count,
    sum(f.self_removed_line_count)::BIGINT AS reworked_line_count
FROM file_changes_v1 AS f
WHERE f.session_id = $session AND f.is_applied IS NOT false
GROUP BY f.path
ORDER BY edit_count DESC, f.path
LIMIT 30
