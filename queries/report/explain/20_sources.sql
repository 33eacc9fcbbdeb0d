-- title: Read from
-- kind: table
SELECT DISTINCT x.path, x.parsed_record_count AS record_count
FROM raw.sources AS x
JOIN raw.sessions AS s USING (source_id)
WHERE s.session_id = ('0x' || $session)::UBIGINT
ORDER BY x.path
