-- summary: Findings: one row per session and rule that fired, with value, threshold, evidence, loss, a sentence and a hint.
-- grain: session_id, anomaly
-- status: current
-- since: 0.1.0
-- columns:
--   session_id     The session.
--   anomaly        The rule, as family.name.
--   severity       info, low, medium or high; a rule that fires in more than a third of the sessions is information.
--   value          What was measured.
--   threshold      The limit it passed.
--   unit           Unit of both.
--   evidence       What caused it: ids of calls and events, files, instants; ten at most.
--   rule_severity  Severity by the limits alone.
--   call_ids       The tool calls or model calls among the evidence.
--   source_id      The log file of the first of them.
--   first_line     First line of the evidence in that file; NULL = it has no place of its own.
--   last_line      Last line of it there.
--   lost_ms        Time that it took; NULL = it cannot be told.
--   lost_usd       [USD] Money that it took; NULL = it cannot be told.
--   sentence       What happened, in words.
--   hint           What to do.
WITH params AS (
    SELECT
        max(value) FILTER (WHERE key = 'rules.common_share') AS common_share,
        max(value) FILTER (WHERE key = 'rules.common_min_sessions') AS min_sessions
    FROM thresholds_v1
)

SELECT
    f.session_id,
    f.anomaly,
    CASE
        WHEN a.known_session_count >= p.min_sessions
            AND count(*) OVER (PARTITION BY f.anomaly) > p.common_share * a.known_session_count THEN 'info'
        ELSE f.severity
    END AS severity,
    f.value,
    f.threshold,
    r.unit,
    f.evidence,
    f.severity AS rule_severity,
    f.call_ids,
    coalesce(f.source_id, s.main_source_id) AS source_id,
    f.first_line,
    f.last_line,
    f.lost_ms,
    f.lost_usd,
    replace(
        r.sentence,
        '{value}',
        CASE
            WHEN r.unit = 's' AND f.value >= 5400 THEN round(f.value / 3600, 1) || ' h'
            WHEN r.unit = 's' AND f.value >= 90 THEN round(f.value / 60)::BIGINT || ' min'
            WHEN r.unit = 's' THEN round(f.value)::BIGINT || ' s'
            WHEN r.unit = 'share' AND f.value < 0.01 THEN 'less than 1 %'
            WHEN r.unit = 'share' THEN round(100 * f.value)::BIGINT || ' %'
            WHEN r.unit = 'robust z' THEN round(f.value, 1) || ' deviations above the median'
            WHEN r.unit = 'per 100 calls' THEN round(f.value, 1) || ' of 100 calls'
            WHEN r.unit = 'bytes' THEN round(f.value / 1000)::BIGINT || ' kB'
            WHEN f.value = 1 THEN '1 ' || regexp_replace(r.unit, 's$', '')
            ELSE format('{:,}', round(f.value)::BIGINT) || ' ' || r.unit
        END
    ) AS sentence,
    r.hint
FROM all_findings_v1 AS f
JOIN anomaly_rules_v1 AS r USING (anomaly)
JOIN anomaly_scope_v1 AS a USING (anomaly)
CROSS JOIN params AS p
JOIN sessions_v1 AS s USING (session_id)
-- What a session that goes on may still bring is no finding yet.
WHERE NOT (
    s.is_live
    AND f.anomaly IN ('proc.premature_stop', 'proc.ended_in_error', 'proc.unanswered', 'data.truncated', 'tool.lost_results', 'verify.stale', 'verify.none', 'cost.subagents')
)
