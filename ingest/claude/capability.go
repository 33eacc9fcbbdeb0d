package claude

import "github.com/agenttrace/agenttrace/ingest"

// Capabilities says what transcripts can tell, and in the notes what the captured output of -p lacks.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "yes"},
		{Field: "usage", Available: "yes", Note: "per response; output of sub-agents and of captured output may be that of the start of a response"},
		{Field: "cache_read", Available: "yes"},
		{Field: "cache_write", Available: "yes", Note: "split by lifetime"},
		{Field: "reasoning", Available: "partial", Note: "newest versions, inside the output"},
		{Field: "cost", Available: "partial", Note: "old versions per response, captured output per session"},
		{Field: "times", Available: "yes", Note: "not in captured output"},
		{Field: "tool_calls", Available: "yes"},
		{Field: "tool_status", Available: "yes", Note: "exit codes from the text"},
		{Field: "tool_args", Available: "yes"},
		{Field: "tool_durations", Available: "partial", Note: "some tools report one, else between request and result"},
		{Field: "texts", Available: "yes"},
		{Field: "thinking", Available: "yes", Note: "often with its text withheld"},
		{Field: "workspace", Available: "yes"},
		{Field: "git_branch", Available: "yes", Note: "not in captured output"},
		{Field: "sub_agents", Available: "yes"},
		{Field: "compactions", Available: "yes"},
		{Field: "api_errors", Available: "yes"},
		{Field: "approvals", Available: "partial", Note: "refusals"},
		{Field: "agent_version", Available: "yes"},
		{Field: "finish_reason", Available: "yes"},
	}
}
