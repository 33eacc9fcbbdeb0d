package pi

import "github.com/agenttrace/agenttrace/ingest"

// Capabilities says what the logs of the family can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "yes"},
		{Field: "usage", Available: "yes", Note: "per response; OpenClaw has none for turns that another agent's program ran"},
		{Field: "cache_read", Available: "yes"},
		{Field: "cache_write", Available: "yes", Note: "split by lifetime in newer versions"},
		{Field: "reasoning", Available: "partial", Note: "newer versions"},
		{Field: "cost", Available: "yes", Note: "the agent's own estimate"},
		{Field: "times", Available: "yes"},
		{Field: "tool_calls", Available: "yes"},
		{Field: "tool_status", Available: "yes"},
		{Field: "tool_args", Available: "yes"},
		{Field: "tool_durations", Available: "partial", Note: "between request and result; Oh My Pi logs the start in newer versions"},
		{Field: "texts", Available: "yes"},
		{Field: "thinking", Available: "yes", Note: "unless redacted"},
		{Field: "workspace", Available: "yes"},
		{Field: "git_branch", Available: "no"},
		{Field: "sub_agents", Available: "partial", Note: "Oh My Pi: files in a folder named as the session's"},
		{Field: "compactions", Available: "yes"},
		{Field: "api_errors", Available: "yes"},
		{Field: "approvals", Available: "no"},
		{Field: "agent_version", Available: "no"},
		{Field: "finish_reason", Available: "yes"},
	}
}
