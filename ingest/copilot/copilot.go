// Package copilot reads the sessions of GitHub Copilot: the event logs of its command line, the
// transcripts that its extension for VS Code writes in the same form, the chat sessions of VS Code
// itself, exports of its debug log, and the documents of the first versions of the command line.
//
// None of them tells the tokens of single requests in full: the command line writes totals when it
// ends, VS Code only how full the context was. The database beside the logs of the command line does
// (Store), and so do traces, where they were switched on (package otel). Each of these is an account of
// the session's requests, of which one counts.
package copilot

import (
	"path/filepath"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
)

const agent = "copilot"

// version is raised when the same file would yield other rows.
const version = 2

// Parser reads Copilot's sessions. Its zero value is ready for use.
type Parser struct{}

var _ ingest.Parser = Parser{}

// Format describes GitHub Copilot.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: agent, Title: "GitHub Copilot", Version: version, StoreKind: "jsonl", Roots: roots}
}

// editors are VS Code and its relatives, by the names of their folders.
var editors = []string{"Code", "Code - Insiders", "VSCodium"}

// home is the folder of the command line.
func home(env ingest.Env) (dir, why string) {
	if dir := env.Getenv("COPILOT_HOME"); dir != "" {
		return dir, "COPILOT_HOME"
	}
	if env.Home == "" {
		return "", ""
	}
	return filepath.Join(env.Home, ".copilot"), "default"
}

func roots(env ingest.Env) []ingest.Root {
	var out []ingest.Root
	add := func(path, why string, want func(string) bool) {
		if filepath.IsAbs(path) {
			out = append(out, ingest.Root{Path: filepath.Clean(path), Why: why, Want: want})
		}
	}
	under := func(parts ...string) string {
		if env.Home == "" {
			return ""
		}
		return filepath.Join(append([]string{env.Home}, parts...)...)
	}
	if cli, why := home(env); cli != "" {
		add(filepath.Join(cli, "session-state"), why, isEventLog)
		add(filepath.Join(cli, "history-session-state"), why, func(rel string) bool { return strings.HasSuffix(rel, ".json") })
	}
	var users []string
	for _, e := range editors {
		users = append(users, under(".config", e, "User"), under("Library", "Application Support", e, "User"))
		if dir := env.Getenv("APPDATA"); dir != "" {
			users = append(users, filepath.Join(dir, e, "User"))
		}
	}
	users = append(users, under(".vscode-server", "data", "User"), under(".vscode-server-insiders", "data", "User"))
	for _, u := range users {
		if u == "" {
			continue
		}
		add(filepath.Join(u, "workspaceStorage"), "default", isChat)
		add(filepath.Join(u, "globalStorage", "emptyWindowChatSessions"), "default", isJSON)
		add(filepath.Join(u, "globalStorage", "transferredChatSessions"), "default", isJSON)
	}
	return out
}

func isEventLog(rel string) bool {
	return strings.HasSuffix(rel, "/events.jsonl") || !strings.Contains(rel, "/") && strings.HasSuffix(rel, ".jsonl")
}

func isJSON(rel string) bool {
	return strings.HasSuffix(rel, ".json") || strings.HasSuffix(rel, ".jsonl")
}

// isChat picks <hash>/chatSessions/* and <hash>/GitHub.copilot-chat/transcripts/*.
func isChat(rel string) bool {
	_, rest, _ := strings.Cut(rel, "/")
	return isJSON(rel) && (strings.HasPrefix(rest, "chatSessions/") || strings.HasPrefix(strings.ToLower(rest), "github.copilot-chat/transcripts/"))
}

// Capabilities lists what Copilot's logs can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "yes", Note: "not in the extension's transcripts"},
		{Field: "usage", Available: "partial", Note: "of each call in the command line's database, in traces and in exports of the debug log; else totals at a clean end, and none in chat sessions"},
		{Field: "cache_read", Available: "partial", Note: "where usage is told"},
		{Field: "cache_write", Available: "partial", Note: "where usage is told"},
		{Field: "reasoning", Available: "partial", Note: "where usage is told"},
		{Field: "cost", Available: "partial", Note: "AI credits from 2026-06 on"},
		{Field: "times", Available: "yes"},
		{Field: "tool_calls", Available: "yes"},
		{Field: "tool_status", Available: "yes"},
		{Field: "tool_args", Available: "yes"},
		{Field: "tool_durations", Available: "partial", Note: "not in chat sessions"},
		{Field: "texts", Available: "yes"},
		{Field: "thinking", Available: "yes", Note: "where it is returned"},
		{Field: "workspace", Available: "yes"},
		{Field: "git_branch", Available: "partial", Note: "command line"},
		{Field: "sub_agents", Available: "yes"},
		{Field: "compactions", Available: "yes"},
		{Field: "api_errors", Available: "partial", Note: "those that ended a turn; all in traces"},
		{Field: "approvals", Available: "partial"},
		{Field: "agent_version", Available: "partial", Note: "not in chat sessions"},
		{Field: "finish_reason", Available: "partial", Note: "in the command line's database and in traces"},
	}
}
