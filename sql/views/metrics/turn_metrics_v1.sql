-- summary: One row per turn: how long it worked and waited, what it used, what it changed, how it ended.
-- grain: turn_id
-- status: current
-- since: 0.1.0
-- kept: findings
-- columns:
--   turn_id              The turn.
--   session_id           The session.
--   run_id               The run.
--   turn_no              Number in its run, from 1.
--   trigger              What began it: user, queued, command, hook, schedule, parent, continuation.
--   started_at           When.
--   work_ms              How long the agent was at work, by the log or by its instants; NULL = neither.
--   work_basis           reported or derived.
--   model_ms             The model worked.
--   tool_ms              Tools worked.
--   approval_ms          Waited for an approval.
--   wait_after_ms        From the answer to the next prompt.
--   model_call_count     Model calls.
--   cost_usd             Cost of the priced calls; NULL = none is priced.
--   unpriced_call_count  Model calls without a cost.
--   peak_input_tokens    Largest prompt.
--   output_tokens        Output.
--   tool_call_count      Tool calls.
--   tool_error_count     Tool calls that failed; NULL = the log cannot tell.
--   changed_file_count   Files changed; NULL = the log does not carry arguments.
--   added_line_count     Lines added.
--   removed_line_count   Lines removed.
--   end_reason           answered, interrupted, error, superseded, unknown.
--   is_pushback          The prompt begins with a correction; NULL = first turn, or not readable.
WITH calls AS (
    SELECT
        c.turn_id,
        count(*) AS model_call_count,
        sum(p.cost_usd)::DECIMAL(24,12) AS cost_usd,
        count(*) - count(p.cost_usd) AS unpriced_call_count,
        max(c.input_tokens) AS peak_input_tokens,
        sum(c.output_tokens)::BIGINT AS output_tokens
    FROM model_calls_v1 AS c
    LEFT JOIN call_costs_v1 AS p USING (model_call_id)
    WHERE c.turn_id IS NOT NULL
    GROUP BY c.turn_id
),

tools AS (
    SELECT turn_id, count(*) AS tool_call_count, count(*) FILTER (WHERE status = 'error') AS tool_error_count
    FROM tool_calls_v1
    WHERE turn_id IS NOT NULL
    GROUP BY turn_id
),

gaps AS (
    SELECT
        turn_id,
        sum(gap_ms) FILTER (WHERE owner = 'model')::BIGINT AS model_ms,
        sum(gap_ms) FILTER (WHERE owner = 'tool')::BIGINT AS tool_ms,
        sum(gap_ms) FILTER (WHERE owner = 'approval')::BIGINT AS approval_ms,
        sum(gap_ms) FILTER (WHERE owner = 'user')::BIGINT AS wait_after_ms,
        sum(gap_ms) FILTER (WHERE owner <> 'user')::BIGINT AS work_ms
    FROM timeline_gaps_v1
    WHERE turn_id IS NOT NULL
    GROUP BY turn_id
),

changes AS (
    SELECT
        turn_id,
        count(DISTINCT path) AS changed_file_count,
        sum(added_line_count)::BIGINT AS added_line_count,
        sum(removed_line_count)::BIGINT AS removed_line_count
    FROM file_changes_v1
    WHERE is_applied IS NOT FALSE AND turn_id IS NOT NULL
    GROUP BY turn_id
)

SELECT
    u.turn_id, u.session_id, u.run_id, u.turn_no, u.trigger, u.started_at,
    coalesce(u.duration_reported_ms, g.work_ms) AS work_ms,
    CASE WHEN u.duration_reported_ms IS NOT NULL THEN 'reported' WHEN g.work_ms IS NOT NULL THEN 'derived' END AS work_basis,
    g.model_ms, g.tool_ms, g.approval_ms, g.wait_after_ms,
    coalesce(c.model_call_count, 0) AS model_call_count,
    c.cost_usd,
    coalesce(c.unpriced_call_count, 0) AS unpriced_call_count,
    c.peak_input_tokens,
    c.output_tokens,
    coalesce(t.tool_call_count, 0) AS tool_call_count,
    CASE WHEN s.has_tool_status THEN coalesce(t.tool_error_count, 0) END AS tool_error_count,
    CASE WHEN s.has_tool_args THEN coalesce(f.changed_file_count, 0) END AS changed_file_count,
    f.added_line_count, f.removed_line_count,
    u.end_reason, u.is_pushback
FROM turns_v1 AS u
JOIN sessions_v1 AS s USING (session_id)
LEFT JOIN calls AS c USING (turn_id)
LEFT JOIN tools AS t USING (turn_id)
LEFT JOIN gaps AS g USING (turn_id)
LEFT JOIN changes AS f USING (turn_id)
