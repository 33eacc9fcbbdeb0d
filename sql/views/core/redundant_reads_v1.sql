-- summary: The same question with the same answer again in one run, though nothing was forgotten in between.
-- grain: tool_call_id
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   tool_call_id  The call that asked again.
--   session_id    The session.
--   run_id        The run.
--   seq           Order within the session.
--   prev_seq      Order of the call before that asked the same.
--   n             [count] How often it was asked by then, since the last compaction.
--   result_bytes  Size of the answer.
WITH explorations AS (
    SELECT t.tool_call_id, t.session_id, t.run_id, t.seq, t.args_norm_hash, t.result_hash, t.result_bytes
    FROM tool_calls_v1 AS t
    JOIN tool_call_activity_v1 AS a USING (tool_call_id)
    WHERE a.activity = 'explore'
        AND t.status = 'ok'
        AND t.args_norm_hash IS NOT NULL
        AND t.result_hash IS NOT NULL
        AND NOT t.is_polling
),

asked_again AS (
    SELECT run_id, args_norm_hash, result_hash
    FROM explorations
    GROUP BY run_id, args_norm_hash, result_hash
    HAVING count(*) >= 2
),

compactions AS (
    SELECT run_id, seq
    FROM session_events_v1
    WHERE event IN ('compaction', 'compaction_end')
),

repeated AS (
    SELECT tool_call_id, session_id, run_id, seq, args_norm_hash, result_hash, result_bytes
    FROM explorations
    SEMI JOIN asked_again USING (run_id, args_norm_hash, result_hash)
),

-- What was read before a compaction may have to be read again after it.
remembered AS (
    SELECT
        x.tool_call_id, x.session_id, x.run_id, x.seq, x.result_bytes,
        lag(x.seq) OVER same AS prev_seq,
        row_number() OVER same AS n
    FROM repeated AS x
    ASOF LEFT JOIN compactions AS c ON c.run_id = x.run_id AND c.seq < x.seq
    WINDOW same AS (PARTITION BY x.run_id, x.args_norm_hash, x.result_hash, c.seq ORDER BY x.seq, x.tool_call_id)
)

SELECT tool_call_id, session_id, run_id, seq, prev_seq, n, result_bytes
FROM remembered
WHERE n > 1
