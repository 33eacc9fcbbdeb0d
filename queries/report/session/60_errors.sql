-- title: Errors of the provider and of hooks
-- kind: table
-- label: error_type = what
-- label: http_status = HTTP status
-- label: final_count = not retried
-- optional: http_status, final_count, retry_wait_ms
SELECT
    e.source,
    e.error_type,
    e.http_status,
    count(*) AS error_count,
    count(*) FILTER (e.is_final) AS final_count,
    sum(e.retry_after_ms)::BIGINT AS retry_wait_ms,
    min(e.occurred_at) AS first_at
FROM errors_v1 AS e
WHERE e.session_id = $session
GROUP BY ALL
ORDER BY error_count DESC, e.error_type
