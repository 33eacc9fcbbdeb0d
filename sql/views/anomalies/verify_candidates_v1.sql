-- summary: What the rules measure of checks: code that was never run, checks that are stale, fail, or go in circles.
-- grain: session_id, anomaly
-- status: current
-- since: 0.1.0
-- columns:
--   session_id  The session.
--   anomaly     verify.none, verify.stale, verify.failed_at_end, verify.blocked, verify.stalled_cycle,
--               verify.only_tests_edited.
--   value       What was measured; its unit is in anomaly_rules.
--   evidence    What caused it, where that is no call: ids of events, files, instants.
--   call_ids    The tool calls or model calls that caused it, the first to look at first.
--   source_id   The log file of the evidence, where that is no call.
--   first_line  First line of the evidence there.
--   last_line   Last line of it there.
--   lost_ms     Time that it took; NULL = it cannot be told.
--   lost_usd    [USD] Money that it took; NULL = it cannot be told.
WITH changes AS (
    SELECT f.session_id, f.path, f.seq, f.tool_call_id, f.file_role, f.added_line_count, f.removed_line_count
    FROM file_changes_v1 AS f
    WHERE f.is_applied IS NOT FALSE AND f.file_role IN ('code', 'test', 'config')
),

repaired AS (
    SELECT v.session_id, v.tool_call_id, v.part_no, v.seq
    FROM verification_runs_v1 AS v
    JOIN changes AS c ON c.session_id = v.session_id AND c.seq > v.prev_seq AND c.seq < v.seq
    WHERE v.outcome = 'pass' AND v.prev_outcome = 'fail'
    GROUP BY v.session_id, v.tool_call_id, v.part_no, v.seq
    HAVING bool_and(c.file_role = 'test') AND coalesce(sum(c.removed_line_count), 0) > 0
)

SELECT
    v.session_id, 'verify.none' AS anomaly, sum(c.added_line_count)::DOUBLE AS value,
    list(DISTINCT c.path ORDER BY c.path) AS evidence,
    list(c.tool_call_id ORDER BY c.seq, c.tool_call_id) AS call_ids,
    NULL::BIGINT AS source_id, NULL::BIGINT AS first_line, NULL::BIGINT AS last_line,
    NULL::BIGINT AS lost_ms, NULL::DECIMAL(24,12) AS lost_usd
FROM session_verification_v1 AS v
JOIN changes AS c USING (session_id)
WHERE v.verification_state = 'never' AND c.file_role IN ('code', 'test')
GROUP BY v.session_id
UNION ALL BY NAME
SELECT
    v.session_id,
    CASE v.verification_state
        WHEN 'stale' THEN 'verify.stale'
        WHEN 'blocked' THEN 'verify.blocked'
        ELSE 'verify.failed_at_end'
    END AS anomaly,
    count(*) AS value, list(r.tool_call_id ORDER BY r.seq DESC, r.tool_call_id) AS call_ids
FROM session_verification_v1 AS v
JOIN sessions_v1 AS s USING (session_id)
JOIN verification_runs_v1 AS r USING (session_id)
WHERE v.verification_state = 'stale'
    OR (v.verification_state = 'blocked' AND r.seq > v.last_edit)
    OR (
        v.verification_state = 'failed' AND r.seq > v.last_edit AND r.outcome = 'fail'
        AND s.end_state IN ('completed', 'unknown')
    )
GROUP BY v.session_id, v.verification_state
UNION ALL BY NAME
SELECT
    session_id, 'verify.stalled_cycle' AS anomaly, count(*) AS value,
    list(tool_call_id ORDER BY seq, tool_call_id) AS call_ids
FROM verification_runs_v1
WHERE is_stalled
GROUP BY session_id
UNION ALL BY NAME
SELECT
    session_id, 'verify.only_tests_edited' AS anomaly, count(*) AS value,
    list(tool_call_id ORDER BY seq, tool_call_id) AS call_ids
FROM repaired
GROUP BY session_id
