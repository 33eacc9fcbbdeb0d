-- summary: How often each file was edited in a session, and how many of the added lines were taken out again.
-- grain: session_id, path
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id               The session.
--   path                     Path as logged.
--   file_role                code, test, config, doc, data, generated.
--   edit_count               Changes that were applied, or whose result is not known.
--   added_line_count         Lines added; NULL = the log does not say.
--   removed_line_count       Lines removed; NULL = the log does not say.
--   self_removed_line_count  Removed lines that the session itself had added.
--   rework_ratio             Own lines taken out again over lines added.
--   first_seq                Order of the first edit.
--   last_seq                 Order of the last edit.
SELECT
    session_id,
    path,
    min(file_role) AS file_role,
    count(*) AS edit_count,
    sum(added_line_count)::BIGINT AS added_line_count,
    sum(removed_line_count)::BIGINT AS removed_line_count,
    sum(self_removed_line_count)::BIGINT AS self_removed_line_count,
    sum(self_removed_line_count) / nullif(sum(added_line_count), 0)::DOUBLE AS rework_ratio,
    min(seq) AS first_seq,
    max(seq) AS last_seq
FROM file_changes_v1
WHERE is_applied IS NOT FALSE
GROUP BY session_id, path
