-- summary: Every tool call that repeated an earlier one without need, once.
-- grain: tool_call_id
-- status: current
-- since: 0.1.0
-- columns:
--   session_id    The session.
--   tool_call_id  The call: member 2 or later of an exact repeat or retry chain of three or more.
SELECT session_id, unnest(call_ids[2:]) AS tool_call_id
FROM exact_repeats_v1
WHERE call_count >= 3
UNION
SELECT session_id, unnest(call_ids[2:]) AS tool_call_id
FROM retry_chains_v1
WHERE failure_count >= 3
