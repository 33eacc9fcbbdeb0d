-- title: By tool
-- kind: table
-- spare: result_bytes, kind, session_count
-- show: 20
-- note: Tests and builds that failed and searches without a hit are findings, not failures of the tool.
-- label: failed_count = failed
-- label: finding_count = findings
-- label: denied_count = denied
-- label: unknown_count = outcome unknown
-- label: result_bytes = results
-- optional: failed_count, finding_count, denied_count, unknown_count
SELECT
    min(t.tool_name_raw) AS tool,
    any_value(t.tool_kind) AS kind,
    sum(t.call_count)::BIGINT AS call_count,
    count(DISTINCT t.session_id) AS session_count,
    coalesce(sum(t.call_count) FILTER (t.status = 'error' AND coalesce(t.error_type, '') NOT IN ('verification_failed', 'empty_search')), 0)::BIGINT AS failed_count,
    coalesce(sum(t.call_count) FILTER (t.status = 'error' AND t.error_type IN ('verification_failed', 'empty_search')), 0)::BIGINT AS finding_count,
    coalesce(sum(t.call_count) FILTER (t.status = 'denied'), 0)::BIGINT AS denied_count,
    coalesce(sum(t.call_count) FILTER (t.status IN ('no_result', 'unknown', 'interrupted')), 0)::BIGINT AS unknown_count,
    sum(t.result_bytes)::BIGINT AS result_bytes
FROM scoped_tools AS t
GROUP BY t.tool_name, t.tool_kind
ORDER BY call_count DESC, tool
