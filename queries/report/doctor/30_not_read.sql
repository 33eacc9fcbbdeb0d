-- title: Files that were not read, and why
-- kind: table
-- below: reason
-- show: 20
SELECT path, source_state AS state, state_reason AS reason
FROM raw.sources
WHERE source_state IN ('unreadable', 'refused')
ORDER BY source_state DESC, path
