-- title: Log lines behind it
-- kind: table
-- empty: No single line adds to it: it follows from the session as a whole.
-- show: 40
-- json only: path, line, seq, contribution
-- text only: adds, place
-- label: occurred_at = at
-- optional: adds
SELECT
    e.seq,
    e.occurred_at,
    e.what,
    e.contribution,
    CASE WHEN e.contribution IS NOT NULL THEN {'value': e.contribution, 'unit': CASE
        WHEN e.metric LIKE '%_usd' OR e.metric IN ('waste_ratio', 'delegation_ratio') THEN 'USD'
        WHEN e.metric LIKE '%_tokens' OR e.metric = 'cache_hit_ratio' THEN 'tokens'
        WHEN e.metric LIKE '%_ms' THEN 'ms'
        ELSE 'count'
    END} END AS adds,
    x.path,
    e.line,
    '…' || right(parse_filename(x.path), 30) || coalesce(':' || e.line, '') AS place
FROM metric_evidence_v1($session) AS e
LEFT JOIN raw.sources AS x ON x.source_id = e.source_id
WHERE e.metric = $metric AND $view <> 'session_health_v1'
ORDER BY abs(e.contribution) DESC NULLS LAST, e.seq
