-- summary: What the rules measure of the log itself: where its figures are lower bounds.
-- grain: session_id, anomaly
-- status: current
-- since: 0.1.0
-- columns:
--   session_id  The session.
--   anomaly     data.truncated, data.placeholder_usage, data.no_usage, data.unknown_records,
--               data.duplicate_history.
--   value       What was measured; its unit is in anomaly_rules.
--   evidence    What caused it, where that is no call: ids of events, files, instants.
--   call_ids    The tool calls or model calls that caused it, the first to look at first.
--   source_id   The log file of the evidence, where that is no call.
--   first_line  First line of the evidence there.
--   last_line   Last line of it there.
--   lost_ms     Time that it took; NULL = it cannot be told.
--   lost_usd    [USD] Money that it took; NULL = it cannot be told.
WITH calls AS (
    SELECT
        session_id,
        count(*) AS call_count,
        count(*) FILTER (WHERE usage_quality NOT IN ('final', 'missing')) AS open_count,
        count(coalesce(input_tokens, output_tokens)) AS known_count,
        list(model_call_id ORDER BY seq, model_call_id) FILTER (WHERE usage_quality NOT IN ('final', 'missing'))[1:10] AS open_ids
    FROM model_calls_v1
    GROUP BY session_id
),

-- What a database of many sessions does not tell of one of them is no finding of it.
sources AS (
    SELECT
        session_id,
        sum(unknown_record_count) / nullif(sum(record_count), 0)::DOUBLE AS unknown_share,
        arg_max(source_id, unknown_record_count) AS unknown_source_id,
        arg_max(first_unknown_line, unknown_record_count) AS unknown_line,
        sum(copied_line_count) AS copied_line_count,
        arg_max(source_id, copied_line_count) AS copied_source_id,
        arg_max(first_copied_line, copied_line_count) AS first_copied_line,
        arg_max(last_copied_line, copied_line_count) AS last_copied_line
    FROM session_sources_v1
    WHERE session_count = 1
    GROUP BY session_id
)

SELECT
    session_id, 'data.truncated' AS anomaly, 1::DOUBLE AS value, NULL::VARCHAR[] AS evidence, NULL::UBIGINT[] AS call_ids,
    main_source_id AS source_id, NULL::BIGINT AS first_line, NULL::BIGINT AS last_line,
    NULL::BIGINT AS lost_ms, NULL::DECIMAL(24,12) AS lost_usd
FROM sessions_v1
WHERE is_complete = FALSE
UNION ALL BY NAME
SELECT session_id, 'data.placeholder_usage' AS anomaly, open_count / call_count::DOUBLE AS value, open_ids AS call_ids
FROM calls
WHERE known_count > 0
UNION ALL BY NAME
SELECT c.session_id, 'data.no_usage' AS anomaly, c.call_count AS value, s.main_source_id AS source_id
FROM calls AS c
JOIN sessions_v1 AS s USING (session_id)
WHERE c.known_count = 0
UNION ALL BY NAME
SELECT
    session_id, 'data.unknown_records' AS anomaly, unknown_share AS value,
    unknown_source_id AS source_id, unknown_line AS first_line, unknown_line AS last_line
FROM sources
WHERE unknown_share > 0
UNION ALL BY NAME
SELECT
    session_id, 'data.duplicate_history' AS anomaly, copied_line_count AS value,
    copied_source_id AS source_id, first_copied_line AS first_line, last_copied_line AS last_line
FROM sources
WHERE copied_line_count > 0
