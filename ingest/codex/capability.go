package codex

import "github.com/agenttrace/agenttrace/ingest"

// Capabilities says what rollout files can tell, and in the notes what old ones lack.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "yes", Note: "from autumn 2025"},
		{Field: "usage", Available: "yes", Note: "per response, from autumn 2025"},
		{Field: "cache_read", Available: "yes"},
		{Field: "cache_write", Available: "partial", Note: "newest versions"},
		{Field: "reasoning", Available: "yes", Note: "inside the output"},
		{Field: "cost", Available: "no"},
		{Field: "times", Available: "yes", Note: "old versions: start of the session alone"},
		{Field: "tool_calls", Available: "yes"},
		{Field: "tool_status", Available: "yes", Note: "mostly from the text of the output"},
		{Field: "tool_args", Available: "yes"},
		{Field: "tool_durations", Available: "yes", Note: "from the text of the output, else between request and result"},
		{Field: "texts", Available: "yes"},
		{Field: "thinking", Available: "partial", Note: "summaries; the rest is encrypted"},
		{Field: "workspace", Available: "yes"},
		{Field: "git_branch", Available: "yes", Note: "at the start"},
		{Field: "sub_agents", Available: "partial", Note: "newer versions"},
		{Field: "compactions", Available: "yes"},
		{Field: "api_errors", Available: "partial", Note: "those that ended a turn"},
		{Field: "approvals", Available: "partial", Note: "refusals"},
		{Field: "agent_version", Available: "yes"},
		{Field: "finish_reason", Available: "no"},
	}
}
