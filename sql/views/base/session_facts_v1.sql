-- summary: What the log files together say of each session; sessions adds what depends on the moment.
-- grain: session_id
-- status: current
-- since: 0.1.0
-- kept: facts
-- columns:
--   session_id          The session.
--   machine_id          Machine its log was read on.
--   account             Account, where a log names one.
--   agent               The agent.
--   agent_version       Version at the start.
--   native_session_id   The agent's own id.
--   relation            resume, fork, continuation or import; NULL = it stands alone.
--   parent_session_id   The session it comes from.
--   root_session_id     The first session of the family; itself if it stands alone.
--   workspace           First working directory.
--   git_remote          Remote as host/owner/name.
--   git_branch          First branch.
--   git_commit          First commit.
--   entrypoint          How the agent was started.
--   is_headless         Started without a person at the terminal.
--   session_kind        user, automation, review, memory, background.
--   title               Title, where content is kept.
--   started_at          First own instant, UTC; copied records do not count.
--   ended_at            Last own instant, UTC.
--   end_state           How the main run ended, by its last record.
--   is_complete         The last record was whole.
--   fidelity            full, partial, outline.
--   has_usage           The log can state token counters.
--   has_cache_counters  The log can state cache counters.
--   has_tool_status     The log can state how tool calls ended.
--   has_tool_args       The log carries arguments and commands.
--   has_times           The log carries instants.
--   has_compactions     The log reports compactions.
--   has_api_errors      The log reports API errors.
--   has_approvals       The log reports approvals.
--   has_reasoning       The log can state reasoning tokens.
--   reported_cost_usd   Cost that the agent states for the whole session, USD.
--   source_count        Log files it was read from.
--   main_source_id      The file of its main run, if there is one.
WITH said AS (
    SELECT
        *,
        source_id + CASE WHEN is_main THEN 0 ELSE 1000000000000 END AS preference
    FROM own_sessions
),

merged AS (
    SELECT
        session_id,
        arg_min(machine_id, preference) AS machine_id,
        arg_min(account, preference) AS account,
        arg_min(agent, preference) AS agent,
        arg_min(agent_version, preference) AS agent_version,
        arg_min(native_session_id, preference) AS native_session_id,
        arg_min(workspace, preference) AS workspace,
        arg_min(git_remote, preference) AS git_remote,
        arg_min(git_branch, preference) AS git_branch,
        arg_min(git_commit, preference) AS git_commit,
        arg_min(entrypoint, preference) AS entrypoint,
        arg_min(is_headless, preference) AS is_headless,
        arg_min(session_kind, preference) AS session_kind,
        arg_min(title, preference) AS title,
        arg_max(is_complete, source_id) FILTER (is_main) AS is_complete,
        arg_min(fidelity, preference) AS fidelity,
        bool_or(has_usage) AS has_usage,
        bool_or(has_cache_counters) AS has_cache_counters,
        bool_or(has_tool_status) AS has_tool_status,
        bool_or(has_tool_args) AS has_tool_args,
        bool_or(has_times) AS has_times,
        bool_or(has_compactions) AS has_compactions,
        bool_or(has_api_errors) AS has_api_errors,
        bool_or(has_approvals) AS has_approvals,
        bool_or(has_reasoning) AS has_reasoning,
        max(reported_cost_usd) AS reported_cost_usd,
        count(DISTINCT source_id) AS source_count,
        min(source_id) FILTER (is_main) AS main_source_id
    FROM said
    GROUP BY session_id
),

spans AS (
    SELECT session_id, min(occurred_at) AS started_at, max(occurred_at) AS ended_at
    FROM own_records
    GROUP BY session_id
),

ends AS (
    SELECT session_id, arg_max(end_state, source_id) AS end_state
    FROM own_runs
    WHERE run_kind = 'main'
    GROUP BY session_id
)

SELECT
    m.session_id,
    m.machine_id,
    m.account,
    m.agent,
    m.agent_version,
    m.native_session_id,
    l.relation,
    l.parent_session_id,
    coalesce(l.root_session_id, m.session_id) AS root_session_id,
    m.workspace,
    m.git_remote,
    m.git_branch,
    m.git_commit,
    m.entrypoint,
    m.is_headless,
    coalesce(m.session_kind, 'user') AS session_kind,
    m.title,
    s.started_at,
    s.ended_at,
    coalesce(e.end_state, 'unknown') AS end_state,
    m.is_complete,
    coalesce(m.fidelity, 'full') AS fidelity,
    m.has_usage,
    m.has_cache_counters,
    m.has_tool_status,
    m.has_tool_args,
    m.has_times,
    m.has_compactions,
    m.has_api_errors,
    m.has_approvals,
    m.has_reasoning,
    m.reported_cost_usd::DECIMAL(24, 12) AS reported_cost_usd,
    m.source_count,
    m.main_source_id
FROM merged AS m
LEFT JOIN spans AS s USING (session_id)
LEFT JOIN ends AS e USING (session_id)
LEFT JOIN own_lineage AS l USING (session_id)
