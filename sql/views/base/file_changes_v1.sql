-- summary: Changes of files, each once.
-- grain: file_change_id
-- status: current
-- since: 0.1.0
-- columns:
--   file_change_id           The change.
--   session_id               Its session.
--   run_id                   Its run.
--   turn_id                  Its turn.
--   tool_call_id             The tool call that made it.
--   seq                      Order within the session.
--   path                     Path as logged.
--   op                       create, modify, delete, move.
--   is_applied               Whether it took effect; NULL = no result seen.
--   file_role                code, test, config, doc, data, generated.
--   is_in_workspace          Inside the working directory.
--   added_line_count         Lines added.
--   removed_line_count       Lines removed.
--   self_removed_line_count  Removed lines that the session itself had added.
--   before_hash              Hash of the whole file before, when known.
--   after_hash               Hash of the whole file after, when known.
--   basis                    tool_args, patch, shell, snapshot, vcs.
--   source_id                File.
--   line                     Line.
SELECT
    f.file_change_id,
    f.session_id,
    f.run_id,
    f.turn_id,
    f.tool_call_id,
    f.seq,
    f.path,
    f.op,
    f.is_applied,
    coalesce(f.file_role, 'code') AS file_role,
    f.is_in_workspace,
    f.added_line_count,
    f.removed_line_count,
    f.self_removed_line_count,
    f.before_hash,
    f.after_hash,
    f.basis,
    f.source_id,
    f.line
FROM raw.file_changes AS f
ANTI JOIN raw.copies AS d ON d.source_id = f.source_id AND d.line = f.line
ANTI JOIN (SELECT source_id, call_id FROM raw.call_copies WHERE kind = 'tool' AND NOT is_owner) AS o
    ON o.source_id = f.source_id AND o.call_id = f.tool_call_id
