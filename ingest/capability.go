package ingest

// A Capability says what the logs of an agent can tell of one thing, for the table of agents.
type Capability struct {
	// Field is one of: model, usage, cache_read, cache_write, reasoning, cost, times, tool_calls,
	// tool_status, tool_args, tool_durations, texts, thinking, workspace, git_branch, sub_agents,
	// compactions, api_errors, approvals, agent_version, finish_reason.
	Field string
	// Available is yes, partial or no.
	Available string
	// Note says in a few words what is special; may be empty.
	Note string
}
