-- title: Where does the time go?
-- about: The main runs of whole sessions, cut into gaps with one owner each. Where a log carries no approvals, tool
--   time contains them.
-- columns:
--   project         varchar  Project; NULL = the logs name no folder.
--   active_ms       bigint   Time without idle and suspended.
--   model_share     double   Part of it that waited for the model.
--   tool_share      double   For tools, sub-agents included.
--   approval_share  double   For approvals.
--   user_share      double   For the user, ten minutes of a pause at most.
--   retry_share     double   For the next attempt after an API error.
--   unknown_share   double   Not to be told.
--   idle_ms         bigint   Pauses beyond ten minutes.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
)

SELECT
    s.project,
    sum(t.active_ms)::BIGINT AS active_ms,
    sum(t.model_ms)::DOUBLE / nullif(sum(t.active_ms), 0)::DOUBLE AS model_share,
    sum(t.tool_ms)::DOUBLE / nullif(sum(t.active_ms), 0)::DOUBLE AS tool_share,
    sum(t.approval_ms)::DOUBLE / nullif(sum(t.active_ms), 0)::DOUBLE AS approval_share,
    sum(t.user_ms)::DOUBLE / nullif(sum(t.active_ms), 0)::DOUBLE AS user_share,
    sum(t.retry_wait_ms)::DOUBLE / nullif(sum(t.active_ms), 0)::DOUBLE AS retry_share,
    sum(t.unknown_ms)::DOUBLE / nullif(sum(t.active_ms), 0)::DOUBLE AS unknown_share,
    sum(t.idle_ms)::BIGINT AS idle_ms
FROM session_time_v1 AS t
JOIN scope AS s USING (session_id)
GROUP BY s.project
ORDER BY active_ms DESC NULLS LAST, s.project
LIMIT $limit
