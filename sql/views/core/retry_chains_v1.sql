-- summary: Consecutive failures of one normalised call while nothing else changed.
-- grain: run_id, epoch, tool_name, args_norm_hash, first_seq
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id      The session.
--   run_id          The run.
--   epoch           The stretch in which nothing changed.
--   tool_name       Folded tool name.
--   args_norm_hash  Hash of tool name and the arguments that matter.
--   failure_count   Failures in a row, two or more.
--   first_seq       Order of the first.
--   last_seq        Order of the last.
--   call_ids        The calls, in order.
WITH calls AS (
    SELECT
        session_id, run_id, epoch, tool_name, args_norm_hash, seq, tool_call_id,
        status = 'error' AS is_failure
    FROM tool_call_epochs_v1
    WHERE status IN ('ok', 'error')
        AND NOT is_polling
        AND args_norm_hash IS NOT NULL
),

candidates AS (
    SELECT run_id, epoch, args_norm_hash
    FROM calls
    WHERE is_failure
    GROUP BY run_id, epoch, args_norm_hash
    HAVING count(*) >= 2
),

-- The number of successes before a failure is the same for all failures in a row.
rows_of_failures AS (
    SELECT
        session_id, run_id, epoch, tool_name, args_norm_hash, seq, tool_call_id, is_failure,
        count(*) FILTER (WHERE NOT is_failure) OVER (
            PARTITION BY run_id, epoch, tool_name, args_norm_hash ORDER BY seq, tool_call_id
        ) AS success_count
    FROM calls
    SEMI JOIN candidates USING (run_id, epoch, args_norm_hash)
)

SELECT
    session_id, run_id, epoch, tool_name, args_norm_hash,
    count(*) AS failure_count,
    min(seq) AS first_seq,
    max(seq) AS last_seq,
    list(tool_call_id ORDER BY seq, tool_call_id) AS call_ids
FROM rows_of_failures
WHERE is_failure
GROUP BY session_id, run_id, epoch, tool_name, args_norm_hash, success_count
HAVING count(*) >= 2
