// Package opencode reads sessions of OpenCode: its databases, what "opencode export" prints, and the tree
// of JSON files that versions before 1.2 kept, one file for each session, message and part. A session of
// the tree is read with its session file, which the agent rewrites after every step.
//
// The database of version 1 holds messages and their parts as the tree does, under the same ids; that of
// version 2 one row for each step. After an upgrade it holds both, and what version 2 has counts.
package opencode

import (
	"path/filepath"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/trace"
)

// Agent is this format's word in the column agent.
const Agent = "opencode"

// Parser reads OpenCode's JSON. The zero value is ready for use.
type Parser struct{}

// Format describes the agent.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: Agent, Title: "OpenCode", Version: 2, StoreKind: "json", Roots: roots}
}

// roots are the data folder, which is the same on every system.
func roots(env ingest.Env) []ingest.Root {
	var out []ingest.Root
	add := func(dir, why string) {
		if filepath.IsAbs(dir) {
			out = append(out, ingest.Root{Path: filepath.Join(dir, "opencode"), Why: why, Want: want, Skip: skip})
		}
	}
	if dir := env.Getenv("XDG_DATA_HOME"); dir != "" {
		add(dir, "XDG_DATA_HOME")
	} else if env.Home != "" {
		add(filepath.Join(env.Home, ".local", "share"), "default")
	}
	if file := env.Getenv("OPENCODE_DB"); filepath.IsAbs(file) {
		out = append(out, ingest.Root{Path: file, Why: "OPENCODE_DB"})
	} else if file != "" && file != ":memory:" && len(out) > 0 {
		out = append(out, ingest.Root{Path: filepath.Join(out[0].Path, file), Why: "OPENCODE_DB"})
	}
	return out
}

// want picks the databases, and the session files of both layouts of the tree.
func want(rel string) bool {
	if strings.HasPrefix(rel, "opencode") && strings.HasSuffix(rel, ".db") {
		return true
	}
	return strings.HasSuffix(rel, ".json") && (strings.HasPrefix(rel, "storage/session/") || strings.Contains(rel, "/storage/session/info/"))
}

// skip leaves out the folders that hold no session files.
func skip(rel string) bool {
	switch rel {
	case "log", "bin", "snapshot", "storage/message", "storage/part", "storage/session_diff", "storage/todo":
		return true
	}
	return strings.HasSuffix(rel, "/storage/session/message") || strings.HasSuffix(rel, "/storage/session/part")
}

// Match knows an export and a session file; the other files of a tree belong to a session.
func (Parser) Match(path string, head []byte) ingest.Match {
	path = strings.ReplaceAll(path, `\`, "/")
	o := trace.ObjectOf(head)
	if o.Len() == 0 {
		if strings.HasSuffix(path, "/migration") && trace.Kind(head) == jscan.Number {
			return ingest.Match{Verdict: ingest.NotSession, Reason: "mark of a migration, not a session"}
		}
		return ingest.Match{}
	}
	tree := strings.Contains(path, "/message/") || strings.Contains(path, "/part/")
	switch {
	case isExport(o), isSession(o):
		return ingest.Match{Verdict: ingest.Sure}
	case o.Has("id") && o.Has("sessionID") && o.Has("role") && o.Object("time").Has("created"):
		return ingest.Match{Verdict: ingest.NotSession, Reason: "one message of a session, which is read with its session file"}
	case o.Has("id") && o.Has("type") && (o.Has("messageID") || tree && (o.Has("text") || o.Has("state") || o.Has("time"))):
		return ingest.Match{Verdict: ingest.NotSession, Reason: "one part of a message, which is read with its session file"}
	case o.Has("id") && o.Has("worktree") && o.Has("time") && strings.Contains(path, "/project/"):
		return ingest.Match{Verdict: ingest.NotSession, Reason: "description of a project, not a session"}
	}
	return ingest.Match{}
}

// isExport tells {info, messages:[{info, parts}]}.
func isExport(o trace.Object) bool {
	info := o.Object("info")
	if !info.Has("id") || trace.Kind(o.Raw("messages")) != jscan.Array {
		return false
	}
	for e, whole := range trace.Elems(o.Raw("messages")) {
		m := trace.ObjectOf(e)
		return m.Object("info").Has("role") && (trace.Kind(m.Raw("parts")) == jscan.Array || !whole)
	}
	return strings.HasPrefix(info.Str("id"), "ses_")
}

// isSession tells a session file.
func isSession(o trace.Object) bool {
	return o.Has("id") && o.Object("time").Has("created") && !o.Has("role") && !o.Has("sessionID") && !o.Has("messages") &&
		(o.Has("projectID") && o.Has("title") || strings.HasPrefix(o.Str("id"), "ses_") && (o.Has("title") || o.Has("version")))
}

// Capabilities says what the logs can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "yes"}, {Field: "usage", Available: "yes", Note: "per step"},
		{Field: "cache_read", Available: "yes"}, {Field: "cache_write", Available: "yes"}, {Field: "reasoning", Available: "yes"},
		{Field: "cost", Available: "yes", Note: "per step; 0 where the agent has no price"},
		{Field: "times", Available: "yes"}, {Field: "tool_calls", Available: "yes"}, {Field: "tool_status", Available: "yes"},
		{Field: "tool_args", Available: "yes"}, {Field: "tool_durations", Available: "yes"}, {Field: "texts", Available: "yes"},
		{Field: "thinking", Available: "yes"}, {Field: "workspace", Available: "yes"}, {Field: "git_branch", Available: "no"},
		{Field: "sub_agents", Available: "yes"}, {Field: "compactions", Available: "yes"}, {Field: "api_errors", Available: "yes"},
		{Field: "approvals", Available: "partial", Note: "rejections"}, {Field: "agent_version", Available: "yes"},
		{Field: "finish_reason", Available: "yes"},
	}
}
