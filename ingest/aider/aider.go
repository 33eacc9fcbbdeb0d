// Package aider reads the chat histories of Aider: one Markdown file per project, to which every start
// of the program appends. A header line begins a session; below it prompts, what the program says and
// what the model answers are told apart by how their lines begin.
//
// The file has no ids and one instant per session. Roles are inferred, token counts are rounded.
package aider

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/agenttrace/agenttrace/ingest"
)

const agent = "aider"

// version is raised when the same file would yield other rows.
const version = 1

// Names of the files that Aider writes into a project.
const (
	chatName  = ".aider.chat.history.md"
	inputName = ".aider.input.history"
)

// Parser reads chat histories. Its zero value is ready for use.
type Parser struct {
	// Zone is where the histories were written, as they hold local times; nil is this machine's.
	Zone *time.Location
}

var _ ingest.Parser = Parser{}

// Format describes Aider.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: agent, Title: "Aider", Version: version, StoreKind: "markdown", Roots: roots}
}

// roots are the few places that can be known: Aider keeps its histories in the projects themselves.
func roots(env ingest.Env) []ingest.Root {
	var out []ingest.Root
	add := func(path, why string) {
		if filepath.IsAbs(path) {
			out = append(out, ingest.Root{Path: filepath.Clean(path), Why: why})
		}
	}
	if path := env.Getenv("AIDER_CHAT_HISTORY_FILE"); path != "" {
		if rest, ok := strings.CutPrefix(path, "~/"); ok {
			path = filepath.Join(env.Home, rest)
		}
		add(path, "AIDER_CHAT_HISTORY_FILE")
	}
	if dir := env.Getenv("PWD"); dir != "" && dir != env.Home {
		add(filepath.Join(dir, chatName), "current folder")
	}
	if env.Home != "" {
		add(filepath.Join(env.Home, chatName), "default")
	}
	return out
}

// Capabilities lists what a chat history can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "yes"},
		{Field: "usage", Available: "partial", Note: "rounded above 1,000; calls of the weak model are not logged"},
		{Field: "cache_read", Available: "partial", Note: "of the last request of a message"},
		{Field: "cache_write", Available: "partial", Note: "of the last request of a message"},
		{Field: "reasoning", Available: "no"},
		{Field: "cost", Available: "yes", Note: "per message and cumulative"},
		{Field: "times", Available: "partial", Note: "start of a session; prompts where the input history is beside; local time"},
		{Field: "tool_calls", Available: "partial", Note: "edits and shell commands, by notices"},
		{Field: "tool_status", Available: "partial", Note: "edits only"},
		{Field: "tool_args", Available: "partial", Note: "command lines and paths"},
		{Field: "tool_durations", Available: "no"},
		{Field: "texts", Available: "yes", Note: "roles are inferred"},
		{Field: "thinking", Available: "partial", Note: "when streaming"},
		{Field: "workspace", Available: "yes"},
		{Field: "git_branch", Available: "no"},
		{Field: "sub_agents", Available: "no"},
		{Field: "compactions", Available: "no"},
		{Field: "api_errors", Available: "yes", Note: "by notices"},
		{Field: "approvals", Available: "partial", Note: "edits of files that were not allowed"},
		{Field: "agent_version", Available: "yes"},
		{Field: "finish_reason", Available: "no"},
	}
}
