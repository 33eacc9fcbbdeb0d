-- title: What can I not know?
-- about: Per agent and version: sessions whose log lacks what figures rest on, calls whose counters are incomplete,
--   and problems while reading.
-- columns:
--   agent                varchar  The agent.
--   agent_version        varchar  Version of the first record; NULL = not in the log.
--   session_count        bigint   Sessions.
--   without_usage        bigint   Of them, without token counters.
--   without_times        bigint   Without instants.
--   without_tool_status  bigint   Without outcomes of tool calls.
--   lower_bound_share    double   Part of the calls whose cost is a lower bound, or that have none.
--   problem_count        bigint   Records and fields of their files that were not understood.
WITH scope AS (
    SELECT session_id, agent, project, machine_id, title, session_kind FROM session_scope_v1($since, $until, $project, $agent, $model, $machine)
),

sources AS (
    -- The problems of a file with several sessions count once, for the first of them.
    SELECT f.source_id, min(f.session_id) AS session_id
    FROM session_sources_v1 AS f
    SEMI JOIN scope AS s USING (session_id)
    GROUP BY f.source_id
),

problems AS (
    SELECT f.session_id, sum(p.occurrence_count) AS problem_count
    FROM raw.problems AS p
    JOIN sources AS f USING (source_id)
    GROUP BY f.session_id
)

SELECT
    x.agent,
    x.agent_version,
    count(*) AS session_count,
    count(*) FILTER (WHERE NOT x.has_usage) AS without_usage,
    count(*) FILTER (WHERE NOT x.has_times) AS without_times,
    count(*) FILTER (WHERE NOT x.has_tool_status) AS without_tool_status,
    sum(m.lower_bound_call_count + m.unpriced_call_count)::DOUBLE / nullif(sum(m.priced_call_count + m.unpriced_call_count), 0)::DOUBLE AS lower_bound_share,
    coalesce(sum(p.problem_count), 0)::BIGINT AS problem_count
FROM sessions_v1 AS x
SEMI JOIN scope AS s USING (session_id)
LEFT JOIN session_metrics_v1 AS m USING (session_id)
LEFT JOIN problems AS p USING (session_id)
GROUP BY x.agent, x.agent_version
ORDER BY session_count DESC, x.agent, x.agent_version
LIMIT $limit
