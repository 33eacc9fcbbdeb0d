-- title: Tools
-- kind: table
-- spare: result_bytes, kind, median_ms
-- note: Tests and builds that failed and searches without a hit are findings, not failures of the tool.
-- label: failed_count = failed
-- label: finding_count = findings
-- label: denied_count = denied
-- label: unknown_count = outcome unknown
-- label: result_bytes = results
-- optional: failed_count, finding_count, denied_count, unknown_count, median_ms, longest_ms
SELECT
    coalesce(t.tool_name_raw, t.tool_name) AS tool,
    t.tool_kind AS kind,
    count(*) AS call_count,
    count(*) FILTER (t.status = 'error' AND coalesce(t.error_type, '') NOT IN ('verification_failed', 'empty_search')) AS failed_count,
    count(*) FILTER (t.status = 'error' AND t.error_type IN ('verification_failed', 'empty_search')) AS finding_count,
    count(*) FILTER (t.status = 'denied') AS denied_count,
    count(*) FILTER (t.status IN ('no_result', 'unknown', 'interrupted')) AS unknown_count,
    quantile_cont(t.duration_ms, 0.5)::BIGINT AS median_ms,
    max(t.duration_ms) AS longest_ms,
    sum(t.result_bytes)::BIGINT AS result_bytes
FROM own_tools AS t
GROUP BY ALL
ORDER BY call_count DESC, tool
