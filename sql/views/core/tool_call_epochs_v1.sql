-- summary: Numbers the stretches of a run in which nothing new was asked and nothing was changed.
-- grain: tool_call_id
-- status: current
-- since: 0.1.0
-- columns:
--   tool_call_id    The call.
--   session_id      The session.
--   run_id          The run.
--   turn_id         The turn.
--   model_call_id   The model call that requested it.
--   seq             Order within the session.
--   tool_name       Folded tool name.
--   tool_kind       Kind of tool.
--   args_hash       Hash of tool name and arguments.
--   args_norm_hash  The same without arguments that do not change the effect.
--   result_hash     Hash of the result without volatile parts.
--   status          How the call ended.
--   is_polling      Only waits or asks for the state of a job.
--   epoch           Rises with every call that may have changed the world and with every prompt of the user.
WITH prompts AS (
    SELECT
        run_id,
        started_at,
        count(*) OVER (PARTITION BY run_id ORDER BY started_at) AS prompt_count
    FROM turns_v1
    WHERE trigger = 'user' AND started_at IS NOT NULL
),

calls AS (
    SELECT
        tool_call_id, session_id, run_id, requested_at,
        coalesce(
            count(*) FILTER (WHERE is_state_changing AND status IN ('ok', 'unknown')) OVER (
                PARTITION BY run_id ORDER BY seq, tool_call_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            0
        ) AS change_count
    FROM tool_calls_v1
),

-- Both of these sort their rows: they are kept narrow, and the rest of a call is added at the end.
epochs AS (
    SELECT c.tool_call_id, c.session_id, c.change_count + coalesce(p.prompt_count, 0) AS epoch
    FROM calls AS c
    ASOF LEFT JOIN prompts AS p
        ON p.run_id = c.run_id
        AND p.started_at <= c.requested_at
)

SELECT
    t.tool_call_id, t.session_id, t.run_id, t.turn_id, t.model_call_id, t.seq, t.tool_name, t.tool_kind,
    t.args_hash, t.args_norm_hash, t.result_hash, t.status, t.is_polling,
    e.epoch
FROM tool_calls_v1 AS t
JOIN epochs AS e ON e.session_id = t.session_id AND e.tool_call_id = t.tool_call_id
