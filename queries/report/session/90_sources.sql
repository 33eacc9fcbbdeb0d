-- title: Read from
-- kind: table
-- show: 20
-- label: unknown_record_count = unknown records
-- label: problem_count = problems
-- optional: unknown_record_count, problem_count
SELECT DISTINCT
    x.path,
    x.source_state AS state,
    x.parsed_record_count AS record_count,
    x.unknown_record_count,
    coalesce(p.n, 0) AS problem_count
FROM raw.sources AS x
JOIN raw.sessions AS s USING (source_id)
LEFT JOIN (SELECT source_id, sum(occurrence_count)::BIGINT AS n FROM raw.problems GROUP BY source_id) AS p USING (source_id)
WHERE s.session_id = ('0x' || $session)::UBIGINT
ORDER BY x.path
