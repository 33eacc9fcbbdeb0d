-- title: What took the points
-- kind: table
-- below: reason
-- text only: place
-- json only: path, first_line, last_line
-- label: signal = by
-- optional: place
SELECT
    e.sub,
    e.signal,
    e.points,
    e.reason,
    x.path,
    e.first_line,
    e.last_line,
    '…' || right(parse_filename(x.path), 30) || coalesce(':' || e.first_line, '') AS place
FROM health_explanations_v2 AS e
LEFT JOIN raw.sources AS x ON x.source_id = e.source_id
WHERE e.session_id = $session AND $metric = 'score' AND $view = 'session_health_v2'
UNION ALL
SELECT 'rule', split_part(item, ':', 1), split_part(item, ': ', 2)::DOUBLE, item, NULL, NULL, NULL, NULL
FROM (SELECT unnest(deductions) AS item FROM session_health_v1 WHERE session_id = $session AND $metric = 'score' AND $view = 'session_health_v1') AS v1
ORDER BY points DESC NULLS LAST, sub, signal
