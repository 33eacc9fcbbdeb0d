-- title: Records of unknown type
-- kind: table
-- below: example
-- show: 20
-- note: Counted, never guessed at. Please report them with the version; no content is shown.
-- optional: agent_version, record_type, field
SELECT
    x.agent,
    p.agent_version,
    p.problem_kind AS kind,
    p.record_type,
    p.field,
    sum(p.occurrence_count)::BIGINT AS record_count,
    count(DISTINCT p.source_id) AS file_count,
    min(x.path || ':' || p.line) AS example
FROM raw.problems AS p
JOIN raw.sources AS x USING (source_id)
WHERE p.problem_kind IN ('unknown_type', 'unknown_field')
GROUP BY ALL
ORDER BY record_count DESC, x.agent, p.agent_version, kind, p.record_type, p.field
