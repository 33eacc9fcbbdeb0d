// Package gemini reads the chat recordings of Gemini CLI.
package gemini

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/recording"
)

// Agent is this format's word in the column agent.
const Agent = "gemini"

// version is raised when the same file would yield other rows.
const version = 1

// Parser reads Gemini CLI's recordings. The zero value is ready for use.
type Parser struct{}

var _ ingest.Parser = Parser{}

// Format describes the agent.
func (Parser) Format() ingest.Format {
	return ingest.Format{
		Agent: Agent, Title: "Gemini CLI", Version: version, StoreKind: "jsonl", Roots: roots, RetentionDays: 30,
	}
}

// Parse reads one recording.
func (Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	return recording.Read(ctx, src, emit, recording.Dialect{Agent: Agent, Model: "gemini"})
}

// roots is the folder of temporary files: there the recordings are. The variable names another home
// folder, not another .gemini.
func roots(env ingest.Env) []ingest.Root {
	home, why := env.Home, "default"
	if dir := env.Getenv("GEMINI_CLI_HOME"); dir != "" {
		if rest, ok := strings.CutPrefix(dir, "~/"); ok {
			dir = filepath.Join(env.Home, rest)
		}
		if filepath.IsAbs(dir) {
			home, why = filepath.Clean(dir), "GEMINI_CLI_HOME"
		}
	}
	if home == "" {
		home = os.TempDir()
	}
	return []ingest.Root{{Path: filepath.Join(home, ".gemini", "tmp"), Why: why, Want: want, Skip: skip}}
}

func want(rel string) bool {
	return strings.Contains(rel, "/chats/") && (strings.HasSuffix(rel, ".jsonl") || strings.HasSuffix(rel, ".json"))
}

func skip(rel string) bool {
	switch rel[strings.LastIndexByte(rel, '/')+1:] {
	case "tool-outputs", "checkpoints", "plans":
		return true
	}
	return false
}

// Capabilities says what the recordings can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "yes"},
		{Field: "usage", Available: "yes", Note: "per request; requests of the client's own (routing, summaries) are not recorded"},
		{Field: "cache_read", Available: "yes"},
		{Field: "cache_write", Available: "no", Note: "the provider has no such counter"},
		{Field: "reasoning", Available: "yes"},
		{Field: "cost", Available: "no"},
		{Field: "times", Available: "yes"},
		{Field: "tool_calls", Available: "yes"},
		{Field: "tool_status", Available: "yes", Note: "exit codes from the text"},
		{Field: "tool_args", Available: "yes"},
		{Field: "tool_durations", Available: "no"},
		{Field: "texts", Available: "yes"},
		{Field: "thinking", Available: "partial", Note: "summaries"},
		{Field: "workspace", Available: "partial", Note: "by a file beside, from 0.29"},
		{Field: "git_branch", Available: "no"},
		{Field: "sub_agents", Available: "yes", Note: "from 0.37 with their parent"},
		{Field: "compactions", Available: "partial"},
		{Field: "api_errors", Available: "partial", Note: "final ones, as text"},
		{Field: "approvals", Available: "partial", Note: "refusals"},
		{Field: "agent_version", Available: "no"},
		{Field: "finish_reason", Available: "no"},
	}
}
