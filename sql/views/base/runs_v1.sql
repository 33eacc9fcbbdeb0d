-- summary: One row per run: the main run of a session and every sub-agent.
-- grain: run_id
-- status: current
-- since: 0.1.0
-- kept: facts
-- columns:
--   run_id              The run.
--   session_id          Its session: for a sub-agent, that of the main run.
--   parent_run_id       The run that started it.
--   spawn_tool_call_id  The tool call that started it.
--   depth               0 = main run.
--   run_kind            main, subagent, side_question, review, compaction, guardian, workflow.
--   agent_type          Type of sub-agent as named by its caller.
--   native_run_id       The agent's own id of the run.
--   is_background       The caller did not wait.
--   started_at          First own instant, UTC.
--   ended_at            Last own instant, UTC.
--   end_state           How it ended, by its last record: as in sessions.
--   source_id           File it was read from.
WITH merged AS (
    SELECT
        run_id,
        arg_min(session_id, source_id) AS session_id,
        arg_min(parent_run_id, source_id) AS parent_run_id,
        arg_min(spawn_tool_call_id, source_id) AS spawn_tool_call_id,
        max(depth) AS depth,
        arg_min(run_kind, source_id) AS run_kind,
        arg_min(agent_type, source_id) AS agent_type,
        arg_min(native_run_id, source_id) AS native_run_id,
        arg_min(is_background, source_id) AS is_background,
        arg_max(end_state, source_id) AS end_state,
        min(source_id) AS source_id
    FROM own_runs
    GROUP BY run_id
),

spans AS (
    SELECT run_id, min(occurred_at) AS started_at, max(occurred_at) AS ended_at FROM own_records GROUP BY run_id
),

spawns AS (
    SELECT child_run_id AS run_id, min(tool_call_id) AS tool_call_id FROM own_spawns GROUP BY child_run_id
)

SELECT
    m.run_id,
    m.session_id,
    m.parent_run_id,
    coalesce(m.spawn_tool_call_id, p.tool_call_id) AS spawn_tool_call_id,
    coalesce(m.depth, CASE WHEN coalesce(m.run_kind, 'main') = 'main' THEN 0 ELSE 1 END)::INTEGER AS depth,
    coalesce(m.run_kind, 'main') AS run_kind,
    m.agent_type,
    m.native_run_id,
    m.is_background,
    s.started_at,
    s.ended_at,
    coalesce(m.end_state, 'unknown') AS end_state,
    m.source_id
FROM merged AS m
LEFT JOIN spans AS s USING (run_id)
LEFT JOIN spawns AS p USING (run_id)
-- A resumed or forked session copies its sub-agents with the rest: one of which it has nothing but copies ran in the
-- session that they come from.
WHERE coalesce(m.run_kind, 'main') = 'main'
    OR s.run_id IS NOT NULL
    OR m.run_id NOT IN (SELECT run_id FROM own_copied_runs WHERE run_id IS NOT NULL)
