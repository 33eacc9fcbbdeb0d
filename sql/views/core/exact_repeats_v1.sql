-- summary: The same call with the same result, twice or more, while nothing changed in between.
-- grain: run_id, epoch, tool_name, args_hash, result_hash
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   session_id    The session.
--   run_id        The run.
--   epoch         The stretch in which nothing changed.
--   tool_name     Folded tool name.
--   tool_kind     Kind of tool.
--   args_hash     Hash of tool name and arguments.
--   result_hash   Hash of the result without volatile parts.
--   call_count    Calls that are equal.
--   repeat_count  All but the first.
--   first_seq     Order of the first.
--   last_seq      Order of the last.
--   call_ids      The calls, in order.
WITH calls AS (
    SELECT
        session_id, run_id, epoch, tool_name, tool_kind, args_hash, result_hash, seq, tool_call_id
    FROM tool_call_epochs_v1
    WHERE NOT is_polling
        AND args_hash IS NOT NULL
        AND result_hash IS NOT NULL
        AND tool_kind NOT IN ('todo', 'plan', 'ask_user', 'task')
),

-- Most calls are unique. Finding the others first keeps the lists short.
repeated AS (
    SELECT run_id, epoch, args_hash, result_hash
    FROM calls
    GROUP BY run_id, epoch, args_hash, result_hash
    HAVING count(*) >= 2
)

SELECT
    session_id, run_id, epoch, tool_name,
    min(tool_kind) AS tool_kind,
    args_hash, result_hash,
    count(*) AS call_count,
    count(*) - 1 AS repeat_count,
    min(seq) AS first_seq,
    max(seq) AS last_seq,
    list(tool_call_id ORDER BY seq, tool_call_id) AS call_ids
FROM calls
SEMI JOIN repeated USING (run_id, epoch, args_hash, result_hash)
GROUP BY session_id, run_id, epoch, tool_name, args_hash, result_hash
HAVING count(*) >= 2
