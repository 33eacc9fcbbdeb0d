-- summary: One row per session: resumed and forked ones related, sub-agents inside.
-- grain: session_id
-- status: current
-- since: 0.1.0
-- columns:
--   session_id          The session, by the hash of agent and native id.
--   machine_id          Machine its log was read on.
--   account             Account, where a log names one.
--   agent               The agent: claude-code, codex, ...
--   agent_version       Version at the start.
--   native_session_id   The agent's own id.
--   relation            resume, fork, continuation or import; NULL = it stands alone.
--   parent_session_id   The session it comes from.
--   root_session_id     The first session of the family; itself if it stands alone.
--   project_id          The project: see projects.
--   workspace           First working directory.
--   git_branch          First branch.
--   git_commit          First commit.
--   entrypoint          How the agent was started.
--   is_headless         Started without a person at the terminal.
--   session_kind        user, automation, review, memory, background.
--   title               Title, where content is kept.
--   started_at          First own instant, UTC; copied records do not count.
--   ended_at            Last own instant, UTC.
--   end_state           completed, unanswered, interrupted, awaiting_approval, stopped_after_tool, pending_tool, max_tokens, max_turns, budget, api_error, error, truncated, unknown.
--   live_until          When it is no longer taken to go on, by settings session.live_ms; NULL = its end state is final.
--   is_live             That instant has not come.
--   is_complete         The last record was whole.
--   fidelity            full, partial (some families of records missing), outline (text only).
--   has_usage           The log can state token counters: decides between 0 and NULL.
--   has_cache_counters  The log can state cache counters.
--   has_tool_status     The log can state how tool calls ended.
--   has_tool_args       The log carries arguments and commands.
--   has_times           The log carries instants.
--   has_compactions     The log reports compactions.
--   has_api_errors      The log reports API errors.
--   has_approvals       The log reports approvals.
--   has_reasoning       The log can state reasoning tokens.
--   reported_cost_usd   Cost that the agent states for the whole session, USD; never added to calculated cost.
--   source_count        Log files it was read from.
--   main_source_id      The file of its main run: raw.sources.
WITH params AS (
    SELECT coalesce(max(num) FILTER (key = 'session.live_ms'), 1800000) AS live_ms FROM settings_v1
),

remotes AS (
    SELECT workspace, max(git_remote) AS git_remote FROM session_facts_v1 WHERE workspace IS NOT NULL GROUP BY workspace
)

SELECT
    f.session_id,
    f.machine_id,
    f.account,
    f.agent,
    f.agent_version,
    f.native_session_id,
    f.relation,
    f.parent_session_id,
    f.root_session_id,
    md5_number_lower(
        CASE
            WHEN coalesce(f.git_remote, r.git_remote) IS NOT NULL THEN 'remote:' || coalesce(f.git_remote, r.git_remote)
            ELSE 'root:' || f.workspace
        END
    ) AS project_id,
    f.workspace,
    f.git_branch,
    f.git_commit,
    f.entrypoint,
    f.is_headless,
    f.session_kind,
    f.title,
    f.started_at,
    f.ended_at,
    f.end_state,
    CASE
        WHEN f.end_state NOT IN ('completed', 'max_tokens', 'max_turns', 'budget') THEN f.ended_at + to_milliseconds(p.live_ms::BIGINT)
    END AS live_until,
    coalesce(live_until > now(), false) AS is_live,
    f.is_complete,
    f.fidelity,
    f.has_usage,
    f.has_cache_counters,
    f.has_tool_status,
    f.has_tool_args,
    f.has_times,
    f.has_compactions,
    f.has_api_errors,
    f.has_approvals,
    f.has_reasoning,
    f.reported_cost_usd,
    f.source_count,
    f.main_source_id
FROM session_facts_v1 AS f
CROSS JOIN params AS p
LEFT JOIN remotes AS r USING (workspace)
