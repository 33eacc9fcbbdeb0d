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
        tool_call_id, session_id, run_id, turn_id, model_call_id, seq, tool_name, tool_kind, requested_at,
        args_hash, args_norm_hash, result_hash, status, is_polling,
        coalesce(
            count(*) FILTER (WHERE is_state_changing AND status IN ('ok', 'unknown')) OVER (
                PARTITION BY run_id ORDER BY seq, tool_call_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            0
        ) AS change_count
    FROM tool_calls_v1
)

SELECT
    c.tool_call_id, c.session_id, c.run_id, c.turn_id, c.model_call_id, c.seq, c.tool_name, c.tool_kind,
    c.args_hash, c.args_norm_hash, c.result_hash, c.status, c.is_polling,
    c.change_count + coalesce(p.prompt_count, 0) AS epoch
FROM calls AS c
ASOF LEFT JOIN prompts AS p
    ON p.run_id = c.run_id
    AND p.started_at <= c.requested_at
