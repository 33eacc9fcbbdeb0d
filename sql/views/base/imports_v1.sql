-- summary: Runs of ingest: when logs were read, and how much was found.
-- grain: import_id
-- status: current
-- since: 0.1.0
-- columns:
--   import_id             Number of the run, rising.
--   started_at            When it began.
--   ended_at              When it ended; NULL = it was cut off.
--   status                running, ok, partial, failed.
--   seen_source_count     Files that were looked at.
--   read_source_count     Files that were read.
--   failed_source_count   Files that could not be read.
--   record_count          Records that were read.
--   unknown_record_count  Records of a type that the parser does not know.
SELECT
    import_id, started_at, ended_at, status, seen_source_count, read_source_count, failed_source_count, record_count,
    unknown_record_count
FROM raw.imports
