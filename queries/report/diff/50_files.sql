-- title: Files changed
-- kind: table
-- show: 40
-- optional: reworked_a, reworked_b, removed_a, removed_b
-- spare: reworked_a, reworked_b, removed_a, removed_b, role
SELECT path, role, presence, edits_a, edits_b, added_a, added_b, removed_a, removed_b, reworked_a, reworked_b
FROM diff_files_v1($a, $b)
ORDER BY list_position(['only_a', 'only_b', 'both'], presence), path
