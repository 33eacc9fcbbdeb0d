-- title: Is the failure rate acceptable?
-- about: Failed tool calls over those with a known outcome, all sessions together; a verification that found
--   something is no failure.
-- kind: control
-- params:
--   max_ratio double = 0.18  Largest part of failures.
--   min_calls bigint = 20  With fewer calls the verdict is incomplete.
-- columns:
--   status                varchar    ok, warn, fail, skip, incomplete or error.
--   reason                varchar    Why, in words.
--   resource              varchar    What is judged: a session, total, a file.
--   value                 double     What was found; NULL = not known.
--   threshold             double     The limit; NULL = none was set.
--   evidence_session_ids  varchar[]  The worst sessions first, three at most.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

sums AS (
    SELECT m.session_id, m.tool_ok_count, m.tool_failed_count
    FROM session_metrics_v1 AS m
    SEMI JOIN scope AS s USING (session_id)
)

SELECT
    CASE
        WHEN count(*) = 0 THEN 'skip'
        WHEN coalesce(sum(tool_ok_count + tool_failed_count), 0) = 0 OR sum(tool_ok_count + tool_failed_count) < $min_calls::BIGINT THEN 'incomplete'
        WHEN sum(tool_failed_count)::DOUBLE / sum(tool_ok_count + tool_failed_count)::DOUBLE > $max_ratio::DOUBLE THEN 'fail'
        ELSE 'ok'
    END AS status,
    format('{} of {} tool calls with a known outcome failed', coalesce(sum(tool_failed_count), 0)::BIGINT, coalesce(sum(tool_ok_count + tool_failed_count), 0)::BIGINT) AS reason,
    'total' AS resource,
    sum(tool_failed_count)::DOUBLE / nullif(sum(tool_ok_count + tool_failed_count), 0)::DOUBLE AS value,
    $max_ratio::DOUBLE AS threshold,
    coalesce(list(session_id ORDER BY tool_failed_count DESC, session_id) FILTER (WHERE tool_failed_count > 0), [])[:3] AS evidence_session_ids
FROM sums
LIMIT $limit
