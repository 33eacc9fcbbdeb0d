package lake

import "fmt"

// What is done to the values of a column, by --content and --anonymize.
const (
	PolicyKeep    = "keep"     // numbers, instants, ids, closed sets of words
	PolicyName    = "name"     // names of tools, programs, models: kept, secrets redacted
	PolicyProject = "project"  // where work was done: kept, secrets redacted; hashed by --anonymize
	PolicyFolder  = "folder"   // likewise, name by name
	PolicyUser    = "user"     // accounts and agents' own ids: kept; hashed by --anonymize
	PolicyPath    = "path"     // files: the names below the working folder hashed; kept by --content preview
	PolicyText    = "text"     // words of people, agents and tools: left out; kept by --content preview, secrets redacted
	PolicyDetail  = "detail"   // a short class, or a name: as path where it is one; hashed by --anonymize where it names a branch or folder
	PolicyHash    = "checksum" // of content: kept; hashed again by --anonymize
	PolicyOmit    = "omit"     // never exported
)

// byColumn is the policy of every column that may hold words, by its name: it is the same in every table. A
// name that is not listed here is text, which is left out by default.
var byColumn = map[string]string{}

func init() {
	for policy, names := range map[string][]string{
		PolicyName: {"tool_name", "tool_name_raw", "mcp_server", "program", "subcommand", "agent_type", "agent_version", "entrypoint", "provider_name",
			"provider", "request_model", "response_model", "model", "known_model", "record_type", "field", "region"},
		PolicyProject: {"git_branch", "git_remote", "remote_norm", "name"},
		PolicyFolder:  {"workspace", "root_path"},
		PolicyUser:    {"account", "native_session_id", "native_run_id", "native_call_id", "request_id", "response_id"},
		PolicyPath:    {"path", "target_path"},
		PolicyText:    {"title", "body", "rest", "command_norm", "evidence", "target", "step_key", "deductions"},
		PolicyDetail:  {"detail"},
		PolicyHash: {"prompt_hash", "text_hash", "args_hash", "args_norm_hash", "result_hash", "command_hash", "command_key", "failure_signature",
			"before_hash", "after_hash", "message_hash"},
		PolicyOmit: {"file_id", "head_hash", "tail_hash", "parser_state", "state_reason", "parsed_offset"},
		PolicyKeep: {"machine_id", "agent", "anomaly", "unit", "metric", "tool_kind", "sub", "status", "severity", "end_state", "error_type", "verification_kind",
			"signal", "statistic", "source", "session_kind", "run_kind", "price_source", "price_provider", "price_confidence", "part", "basis", "verification_state",
			"verdict", "usage_quality", "usage_grain", "unscored_reason", "trigger", "service_tier", "sentence", "role", "relation", "reason", "price_model",
			"price_effects", "outcome", "hint", "finish_reason", "file_role", "fidelity", "end_reason", "duration_basis", "dedup_basis", "confidence",
			"command_class", "cap_id", "band", "activity", "work_basis", "rule_severity", "phase", "op", "miss_cause", "kind", "event", "compaction_basis",
			"approval", "allocation", "owner", "rules_without_data", "rule", "store_kind", "parser", "source_state", "owner_kind", "problem_kind", "summary",
			"prev_outcome", "ev", "next_ev", "content"},
	} {
		for _, n := range names {
			if byColumn[n] != "" {
				panic(fmt.Sprintf("column %s has two policies", n))
			}
			byColumn[n] = policy
		}
	}
}

// policyOf is what is done to a column.
func policyOf(name, dataType string) string {
	p := byColumn[name]
	switch dataType {
	case "VARCHAR", "VARCHAR[]", "BLOB":
		if p == "" {
			return PolicyText
		}
		return p
	}
	if p == PolicyHash || p == PolicyOmit {
		return p
	}
	return PolicyKeep
}
