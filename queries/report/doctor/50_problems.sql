-- title: Lines that could not be understood
-- kind: table
-- below: example
-- show: 20
SELECT
    x.agent,
    p.problem_kind AS kind,
    sum(p.occurrence_count)::BIGINT AS line_count,
    count(DISTINCT p.source_id) AS file_count,
    min(x.path || ':' || p.line) AS example
FROM raw.problems AS p
JOIN raw.sources AS x USING (source_id)
WHERE p.problem_kind NOT IN ('unknown_type', 'unknown_field')
GROUP BY ALL
ORDER BY line_count DESC, x.agent, kind
