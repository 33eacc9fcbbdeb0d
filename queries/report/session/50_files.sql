-- title: Files changed
-- kind: table
-- show: 30
-- label: edit_count = edits
-- label: added_line_count = lines added
-- label: removed_line_count = lines removed
-- label: reworked_line_count = own lines taken back
-- optional: role, reworked_line_count
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
