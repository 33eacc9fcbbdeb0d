-- title: Newest imports
-- kind: table
-- spare: tool_version, seen_source_count
-- label: import_id = import
-- label: took_ms = took
-- label: tool_version = version
-- label: seen_source_count = files found
-- label: read_source_count = read
-- label: failed_source_count = failed
-- label: read_bytes = bytes
-- optional: failed_source_count
SELECT
    import_id,
    started_at,
    epoch_ms(ended_at) - epoch_ms(started_at) AS took_ms,
    tool_version,
    status,
    seen_source_count,
    read_source_count,
    failed_source_count,
    read_bytes
FROM raw.imports
ORDER BY import_id DESC
LIMIT 5
