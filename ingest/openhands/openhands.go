// Package openhands reads what OpenHands leaves behind: conversations of the SDK and the CLI (one file
// per event beside base_state.json), event folders and trajectories of the older server (V0), and the
// output.jsonl of benchmarks and the issue resolver, whose lines hold whole histories.
//
// A conversation in a folder is read with base_state.json, which the agent rewrites after every step;
// where there is none, with its first event.
package openhands

import (
	"path/filepath"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
)

// Agent is this format's word in the column agent.
const Agent = "openhands"

// Parser reads OpenHands' logs. The zero value is ready for use.
type Parser struct{}

// Format describes the agent.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: Agent, Title: "OpenHands", Version: 1, StoreKind: "json", Roots: roots}
}

func roots(env ingest.Env) []ingest.Root {
	var out []ingest.Root
	seen := map[string]bool{}
	add := func(path, why string) {
		if path = filepath.Clean(path); filepath.IsAbs(path) && !seen[path] {
			seen[path] = true
			out = append(out, ingest.Root{Path: path, Why: why, Want: want})
		}
	}
	if dir := env.Getenv("OPENHANDS_CONVERSATIONS_DIR"); dir != "" {
		add(dir, "OPENHANDS_CONVERSATIONS_DIR")
	}
	home := func(dir, why string) {
		for _, sub := range [...]string{"conversations", "sessions", "users"} {
			add(filepath.Join(dir, sub), why)
		}
	}
	if dir := env.Getenv("OPENHANDS_PERSISTENCE_DIR"); dir != "" {
		home(dir, "OPENHANDS_PERSISTENCE_DIR")
	}
	if env.Home != "" {
		home(filepath.Join(env.Home, ".openhands"), "default")
	}
	return out
}

// want picks the files that stand for a conversation.
func want(rel string) bool {
	dir, base := split(rel)
	return base == "base_state.json" || base == "0.json" && strings.HasSuffix(dir, "/events")
}

// split cuts a slash-separated path into folder and name.
func split(path string) (dir, base string) {
	path = strings.ReplaceAll(path, `\`, "/")
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

// Capabilities says what the logs can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "yes"},
		{Field: "usage", Available: "yes", Note: "per response id; none in event folders without base_state.json"},
		{Field: "cache_read", Available: "yes"},
		{Field: "cache_write", Available: "yes"},
		{Field: "reasoning", Available: "partial", Note: "SDK only"},
		{Field: "cost", Available: "partial", Note: "total of the conversation"},
		{Field: "times", Available: "yes", Note: "without zone, taken as UTC"},
		{Field: "tool_calls", Available: "yes"},
		{Field: "tool_status", Available: "yes"},
		{Field: "tool_args", Available: "yes"},
		{Field: "tool_durations", Available: "yes", Note: "from action to observation"},
		{Field: "texts", Available: "yes"},
		{Field: "thinking", Available: "yes"},
		{Field: "workspace", Available: "yes"},
		{Field: "git_branch", Available: "no", Note: "base commit in benchmarks"},
		{Field: "sub_agents", Available: "no"},
		{Field: "compactions", Available: "yes"},
		{Field: "api_errors", Available: "partial"},
		{Field: "approvals", Available: "partial", Note: "rejections"},
		{Field: "agent_version", Available: "no"},
		{Field: "finish_reason", Available: "partial", Note: "V0 only"},
	}
}
