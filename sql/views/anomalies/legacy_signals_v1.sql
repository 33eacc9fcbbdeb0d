-- summary: What the six rules of the predecessor look at, per session: gaps, failures, reasoning, tools.
-- grain: session_id
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id                The session.
--   gap_count                 Positive differences between neighbouring instants, whoever had to act.
--   max_gap_s                 [s] Longest of them.
--   p95_gap_s                 [s] The one at place 95 % of the sorted gaps, not interpolated.
--   longest_gaps              Instants at which the longest gaps begin, longest first, five at most.
--   known_result_count        Tool calls that succeeded or failed.
--   failed_result_count       Tool calls that failed.
--   failed_call_ids           The first of them, ten at most.
--   readable_reasoning_count  Reasoning texts that can be read.
--   mean_reasoning_chars      [characters] Their mean length.
--   redacted_reasoning_count  Reasoning texts that cannot be read.
--   redacted_message_ids      The first of them, ten at most.
--   tool_call_count           Tool calls.
--   assistant_turn_count      Answers of the model.
WITH params AS (
    SELECT 0.95 AS quantile
),

instants AS (
    SELECT session_id, occurred_at FROM messages_v1 WHERE occurred_at IS NOT NULL
    UNION ALL
    SELECT session_id, requested_at FROM tool_calls_v1 WHERE requested_at IS NOT NULL
    UNION ALL
    SELECT session_id, ended_at FROM tool_calls_v1 WHERE ended_at IS NOT NULL
),

neighbours AS (
    SELECT
        session_id,
        lag(occurred_at) OVER (PARTITION BY session_id ORDER BY occurred_at) AS begins_at,
        epoch_ms(occurred_at) - epoch_ms(begins_at) AS gap_ms
    FROM instants
),

gaps AS (
    SELECT
        session_id,
        count(*) AS gap_count,
        max(gap_ms) AS max_gap_ms,
        list_sort(list(gap_ms)) AS gaps_ms,
        -- Of equal gaps the earlier comes first: the instant in microseconds takes sixteen digits.
        arg_max(begins_at, gap_ms::HUGEINT * 10000000000000000 - epoch_us(begins_at), 5) AS longest_gaps
    FROM neighbours
    WHERE gap_ms > 0
    GROUP BY session_id
),

calls AS (
    SELECT
        session_id,
        count(*) AS tool_call_count,
        count(*) FILTER (WHERE status IN ('ok', 'error')) AS known_result_count,
        count(*) FILTER (WHERE status = 'error') AS failed_result_count,
        (list(tool_call_id ORDER BY seq, tool_call_id) FILTER (WHERE status = 'error'))[1:10] AS failed_call_ids
    FROM tool_calls_v1
    GROUP BY session_id
),

texts AS (
    SELECT
        session_id,
        count(*) FILTER (WHERE kind = 'reasoning' AND NOT is_redacted AND char_count IS NOT NULL) AS readable_reasoning_count,
        avg(char_count) FILTER (WHERE kind = 'reasoning' AND NOT is_redacted) AS mean_reasoning_chars,
        count(*) FILTER (WHERE kind = 'reasoning' AND is_redacted) AS redacted_reasoning_count,
        (list(message_id ORDER BY seq, message_id) FILTER (WHERE kind = 'reasoning' AND is_redacted))[1:10]
            AS redacted_message_ids,
        count(DISTINCT coalesce(model_call_id, message_id)) FILTER (WHERE role = 'assistant') AS assistant_turn_count
    FROM messages_v1
    GROUP BY session_id
)

SELECT
    s.session_id,
    coalesce(g.gap_count, 0) AS gap_count,
    g.max_gap_ms / 1000.0 AS max_gap_s,
    g.gaps_ms[least(floor(p.quantile * g.gap_count)::BIGINT, g.gap_count - 1) + 1] / 1000.0 AS p95_gap_s,
    g.longest_gaps,
    coalesce(c.known_result_count, 0) AS known_result_count,
    coalesce(c.failed_result_count, 0) AS failed_result_count,
    c.failed_call_ids,
    coalesce(t.readable_reasoning_count, 0) AS readable_reasoning_count,
    t.mean_reasoning_chars,
    coalesce(t.redacted_reasoning_count, 0) AS redacted_reasoning_count,
    t.redacted_message_ids,
    coalesce(c.tool_call_count, 0) AS tool_call_count,
    coalesce(t.assistant_turn_count, 0) AS assistant_turn_count
FROM sessions_v1 AS s
CROSS JOIN params AS p
LEFT JOIN gaps AS g USING (session_id)
LEFT JOIN calls AS c USING (session_id)
LEFT JOIN texts AS t USING (session_id)
