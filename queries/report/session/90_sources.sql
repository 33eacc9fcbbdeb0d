-- title: Read from
-- kind: table
SELECT DISTINCT
    x.path,
    x.source_state AS state,
    x.parsed_record_count AS record_count,
    x.unknown_record_count,
    coalesce(p.n, 0) AS problem_count
FROM raw.sources AS x
JOIN raw.sessions AS s USING (source_id)
LEFT JOIN (SELECT source_id, sum(occurrence_count)::BIGINT AS n FROM raw.problems GROUP BY source_id) AS p USING (source_id)
WHERE lower(hex(s.session_id)) = $session
ORDER BY x.path
LIMIT 50
