-- summary: What the logs of each agent can tell, and what they cannot: what is NULL there for good.
-- grain: agent, field
-- status: current
-- since: 0.1.0
-- columns:
--   agent      The agent, as in sessions.
--   field      model, usage, cache_read, cache_write, reasoning, cost, times, tool_calls, tool_status, tool_args, tool_durations, texts, thinking, workspace, git_branch, sub_agents, compactions, api_errors, approvals, agent_version or finish_reason.
--   available  yes, partial (in some files, versions or records) or no.
--   note       What is special.
--   rank       Order of the declarations.
SELECT agent, field, available, note, rank
FROM raw.agent_capabilities
