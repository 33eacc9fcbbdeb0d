-- summary: Findings about checks: code that was never run, checks that are stale, fail, or go in circles.
-- grain: session_id, anomaly
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id  The session.
--   anomaly     verify.none, verify.stale, verify.failed_at_end, verify.blocked, verify.stalled_cycle,
--               verify.only_tests_edited.
--   severity    info, low, medium or high, by the limits in thresholds.
--   value       What was measured; its unit is in anomaly_rules.
--   threshold   The limit it passed.
--   evidence    What caused it: ids of calls and events, files, instants; ten at most.
--   call_ids    The tool calls or model calls among it.
--   source_id   The log file of the first of them.
--   first_line  First line of the evidence in that file; NULL = it has no place of its own.
--   last_line   Last line of it there.
--   lost_ms     Time that it took; NULL = it cannot be told.
--   lost_usd    [USD] Money that it took; NULL = it cannot be told.
WITH limits AS (
    SELECT
        rule,
        max(value) FILTER (WHERE parameter = 'info') AS info,
        max(value) FILTER (WHERE parameter = 'low') AS low,
        max(value) FILTER (WHERE parameter = 'medium') AS medium,
        max(value) FILTER (WHERE parameter = 'high') AS high,
        least(info, low, medium, high) AS lowest
    FROM thresholds_v1
    GROUP BY rule
),

changes AS (
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
),

measured AS (
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
    UNION ALL
    SELECT
        v.session_id,
        CASE v.verification_state
            WHEN 'stale' THEN 'verify.stale'
            WHEN 'blocked' THEN 'verify.blocked'
            ELSE 'verify.failed_at_end'
        END,
        count(*), NULL, list(r.tool_call_id ORDER BY r.seq DESC, r.tool_call_id), NULL, NULL, NULL, NULL, NULL
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
    UNION ALL
    SELECT session_id, 'verify.stalled_cycle', count(*), NULL, list(tool_call_id ORDER BY seq, tool_call_id), NULL, NULL, NULL, NULL, NULL
    FROM verification_runs_v1
    WHERE is_stalled
    GROUP BY session_id
    UNION ALL
    SELECT session_id, 'verify.only_tests_edited', count(*), NULL, list(tool_call_id ORDER BY seq, tool_call_id), NULL, NULL, NULL, NULL, NULL
    FROM repaired
    GROUP BY session_id
),

-- Where the evidence stands: in the file of its first call.
places AS (
    SELECT
        m.session_id, m.anomaly, c.source_id,
        min(c.line) AS first_line,
        max(coalesce(c.result_line, c.line)) AS last_line
    FROM (SELECT session_id, anomaly, unnest(call_ids[1:10]) AS call_id FROM measured) AS m
    JOIN tool_calls_v1 AS c ON c.tool_call_id = m.call_id
    GROUP BY m.session_id, m.anomaly, c.source_id
    QUALIFY row_number() OVER (PARTITION BY m.session_id, m.anomaly ORDER BY min(c.seq), c.source_id) = 1
)

SELECT
    m.session_id,
    m.anomaly,
    CASE
        WHEN m.value >= l.high THEN 'high'
        WHEN m.value >= l.medium THEN 'medium'
        WHEN m.value >= l.low THEN 'low'
        WHEN m.value >= l.info THEN 'info'
    END AS severity,
    m.value::DOUBLE AS value,
    CASE severity WHEN 'high' THEN l.high WHEN 'medium' THEN l.medium WHEN 'low' THEN l.low WHEN 'info' THEN l.info END AS threshold,
    coalesce(m.evidence, list_transform(m.call_ids, lambda id: lower(hex(id))), [])[1:10]::VARCHAR[] AS evidence,
    m.call_ids[1:10] AS call_ids,
    coalesce(m.source_id, p.source_id) AS source_id,
    coalesce(m.first_line, p.first_line) AS first_line,
    coalesce(m.last_line, p.last_line) AS last_line,
    m.lost_ms::BIGINT AS lost_ms,
    m.lost_usd::DECIMAL(24,12) AS lost_usd
FROM measured AS m
JOIN limits AS l ON l.rule = m.anomaly
LEFT JOIN places AS p USING (session_id, anomaly)
WHERE severity IS NOT NULL
