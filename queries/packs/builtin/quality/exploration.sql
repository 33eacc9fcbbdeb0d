-- title: Do agents look before they edit?
-- about: Sessions with edits, by the model that made most of their calls.
-- columns:
--   agent                       varchar  The agent.
--   model                       varchar  Model of most calls; NULL = not in the log.
--   sessions                    bigint   Sessions with edits.
--   median_explore_before_edit  double   Median count of explorations before the first edit.
--   unread_ratio                double   Existing files changed without having been read, over files changed.
--   explore_share               double   Explorations over all tool calls.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

edited AS (
    SELECT x.session_id, s.agent, x.explore_before_edit, x.explore_call_count, x.tool_call_count, x.modified_file_count, x.unread_modified_file_count
    FROM session_exploration_v1 AS x
    JOIN scope AS s USING (session_id)
    WHERE x.edit_call_count > 0
),

models AS (
    SELECT session_id, arg_max(model, call_count) AS model
    FROM (
        SELECT c.session_id, coalesce(c.model, c.response_model) AS model, count(*) AS call_count
        FROM model_calls_v1 AS c
        SEMI JOIN edited USING (session_id)
        GROUP BY ALL
    )
    GROUP BY session_id
)

SELECT
    e.agent,
    m.model,
    count(*) AS sessions,
    median(e.explore_before_edit)::DOUBLE AS median_explore_before_edit,
    sum(e.unread_modified_file_count)::DOUBLE / nullif(sum(e.modified_file_count), 0)::DOUBLE AS unread_ratio,
    sum(e.explore_call_count)::DOUBLE / nullif(sum(e.tool_call_count), 0)::DOUBLE AS explore_share
FROM edited AS e
LEFT JOIN models AS m USING (session_id)
GROUP BY e.agent, m.model
ORDER BY sessions DESC, e.agent, m.model
LIMIT $limit
