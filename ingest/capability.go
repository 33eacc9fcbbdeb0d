package ingest

// A Capability says what the logs of an agent can tell of one thing. The declarations of all agents are
// the relation agent_capabilities, by which reports say why a figure is unknown.
type Capability struct {
	// Field is one of CapabilityFields.
	Field string
	// Available is Yes, Partial or No.
	Available string
	// Note says in a few words what is special; may be empty.
	Note string
}

// The values of Capability.Available.
const (
	Yes     = "yes"
	Partial = "partial" // in some files, versions or records
	No      = "no"
)

// CapabilityFields lists what every agent declares, in the order of its declaration.
var CapabilityFields = []string{
	"model", "usage", "cache_read", "cache_write", "reasoning", "cost", "times", "tool_calls", "tool_status", "tool_args",
	"tool_durations", "texts", "thinking", "workspace", "git_branch", "sub_agents", "compactions", "api_errors", "approvals",
	"agent_version", "finish_reason",
}
