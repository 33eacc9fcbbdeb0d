-- summary: Files that tool calls read, through tools and through the shell.
-- grain: tool_call_id, path, range_start, range_end
-- status: current
-- since: 0.1.0
-- columns:
--   session_id    Its session.
--   run_id        Its run.
--   tool_call_id  The tool call.
--   seq           Order within the session.
--   path          Path as logged.
--   range_start   First line, where named.
--   range_end     Last line, where named.
--   basis         tool_args, shell_parse, search_result, attachment.
--   source_id     File.
--   line          Line.
SELECT DISTINCT ON (f.tool_call_id, f.path, f.range_start, f.range_end)
    f.session_id,
    f.run_id,
    f.tool_call_id,
    f.seq,
    f.path,
    f.range_start::INTEGER AS range_start,
    f.range_end::INTEGER AS range_end,
    f.basis,
    f.source_id,
    f.line
FROM raw.file_reads AS f
ANTI JOIN raw.copies AS d ON d.source_id = f.source_id AND d.line = f.line
ANTI JOIN (SELECT source_id, call_id FROM raw.call_copies WHERE kind = 'tool' AND NOT is_owner) AS o
    ON o.source_id = f.source_id AND o.call_id = f.tool_call_id
ORDER BY f.tool_call_id, f.path, f.range_start, f.range_end, f.source_id, f.line
