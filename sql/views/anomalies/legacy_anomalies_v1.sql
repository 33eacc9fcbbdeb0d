-- summary: The six rules of the predecessor, for comparison only: they count the user's pauses as faults.
-- grain: session_id, anomaly
-- status: current
-- since: 0.1.0
-- columns:
--   session_id  The session.
--   anomaly     legacy.hanging, legacy.latency, legacy.tool_failures, legacy.shallow_thinking, legacy.redaction,
--               legacy.no_tools.
--   severity    low, medium or high.
--   value       What was measured.
--   threshold   The limit it passed.
--   unit        Unit of both.
--   evidence    What caused it: instants of gaps, ids of calls or messages; ten at most.
WITH params AS (
    SELECT
        60 AS hanging_medium_s,
        300 AS hanging_high_s,
        30 AS latency_s,
        0.15 AS failures_medium,
        0.30 AS failures_high,
        500 AS thinking_medium_chars,
        200 AS thinking_high_chars,
        2 AS no_tools_turns
),

signals AS (
    SELECT
        session_id, max_gap_s, p95_gap_s, failed_call_ids, mean_reasoning_chars, redacted_reasoning_count,
        redacted_message_ids, tool_call_count, assistant_turn_count,
        failed_result_count / nullif(known_result_count, 0)::DOUBLE AS failed_share,
        list_transform(
            longest_gaps, lambda t: strftime(t AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ')
        ) AS longest_gaps
    FROM legacy_signals_v1
)

SELECT
    session_id,
    'legacy.hanging' AS anomaly,
    CASE WHEN max_gap_s > hanging_high_s THEN 'high' ELSE 'medium' END AS severity,
    max_gap_s::DOUBLE AS value,
    CASE WHEN max_gap_s > hanging_high_s THEN hanging_high_s ELSE hanging_medium_s END::DOUBLE AS threshold,
    's' AS unit,
    longest_gaps::VARCHAR[] AS evidence
FROM signals, params
WHERE max_gap_s > hanging_medium_s
UNION ALL
SELECT session_id, 'legacy.latency', 'low', p95_gap_s, latency_s, 's', longest_gaps
FROM signals, params
WHERE max_gap_s <= hanging_medium_s AND p95_gap_s > latency_s
UNION ALL
SELECT
    session_id,
    'legacy.tool_failures',
    CASE WHEN failed_share > failures_high THEN 'high' ELSE 'medium' END,
    failed_share,
    CASE WHEN failed_share > failures_high THEN failures_high ELSE failures_medium END,
    'share',
    list_transform(failed_call_ids, lambda id: lower(hex(id)))
FROM signals, params
WHERE failed_share > failures_medium
UNION ALL
SELECT
    session_id,
    'legacy.shallow_thinking',
    CASE WHEN mean_reasoning_chars < thinking_high_chars THEN 'high' ELSE 'medium' END,
    mean_reasoning_chars,
    CASE WHEN mean_reasoning_chars < thinking_high_chars THEN thinking_high_chars ELSE thinking_medium_chars END,
    'characters',
    NULL
FROM signals, params
WHERE mean_reasoning_chars < thinking_medium_chars
UNION ALL
SELECT
    session_id, 'legacy.redaction', 'medium', redacted_reasoning_count, 1, 'messages',
    list_transform(redacted_message_ids, lambda id: lower(hex(id)))
FROM signals
WHERE redacted_reasoning_count > 0
UNION ALL
SELECT session_id, 'legacy.no_tools', 'low', assistant_turn_count, no_tools_turns, 'turns', NULL
FROM signals, params
WHERE tool_call_count = 0 AND assistant_turn_count > no_tools_turns
