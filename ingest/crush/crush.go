// Package crush reads the databases of Crush, one for each project, and those of its ancestor, the
// OpenCode of 2025 that was written in Go.
//
// A session has two counters, which every step of the model overwrites: they are the context of the last
// step and no totals. What the step generated is told as the output of the last response; its prompt,
// which mixes cached and other tokens, is not. The cost of a session includes that of its sub-agents.
package crush

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// Agent is this format's word in the column agent.
const Agent = "crush"

// Parser reads Crush's databases. The zero value is ready for use.
type Parser struct{}

// OpenCode reads those of the OpenCode of 2025. The zero value is ready for use.
type OpenCode struct{}

// Format describes the agent.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: Agent, Title: "Crush", Version: 1, StoreKind: "sqlite", Roots: roots}
}

// Format describes the agent. Its databases lie in the folders of projects, of which there is no list.
func (OpenCode) Format() ingest.Format {
	return ingest.Format{Agent: "opencode", Parser: "opencode-go", Title: "OpenCode", Version: 1, StoreKind: "sqlite",
		Roots: func(ingest.Env) []ingest.Root { return nil }}
}

// roots are the databases of the projects that Crush keeps a list of.
func roots(env ingest.Env) []ingest.Root {
	var lists []string
	if dir := env.Getenv("CRUSH_GLOBAL_DATA"); dir != "" {
		lists = append(lists, dir)
	} else if dir := env.Getenv("XDG_DATA_HOME"); dir != "" {
		lists = append(lists, filepath.Join(dir, "crush"))
	} else if env.Home != "" {
		lists = append(lists, filepath.Join(env.Home, ".local", "share", "crush"))
	}
	if dir := env.Getenv("LOCALAPPDATA"); dir != "" {
		lists = append(lists, filepath.Join(dir, "crush"))
	}
	var out []ingest.Root
	seen := map[string]bool{}
	for _, dir := range lists {
		data, err := os.ReadFile(filepath.Join(dir, "projects.json"))
		if err != nil {
			continue
		}
		for _, path := range projects(data) {
			if path = filepath.Join(path, "crush.db"); filepath.IsAbs(path) && !seen[path] {
				seen[path] = true
				out = append(out, ingest.Root{Path: path, Why: "projects.json"})
			}
		}
	}
	return out
}

// projects are the data folders in a list of projects, which is an array, or an object by ids.
func projects(data []byte) []string {
	var out []string
	add := func(p trace.Object) {
		dir := p.Str("data_dir")
		if dir == "" {
			dir = ".crush"
		}
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(p.Str("path"), dir)
		}
		out = append(out, dir)
	}
	list := trace.ObjectOf(data).Raw("projects")
	for e := range trace.Elems(list) {
		add(trace.ObjectOf(e))
	}
	for _, e := range trace.ObjectOf(list).Members() {
		add(trace.ObjectOf(e))
	}
	return out
}

// Match takes no files: databases are told by their tables.
func (Parser) Match(string, []byte) ingest.Match   { return ingest.Match{} }
func (OpenCode) Match(string, []byte) ingest.Match { return ingest.Match{} }

// MatchDatabase knows the tables.
func (Parser) MatchDatabase(path string, db *sqlitedb.DB) ingest.Match { return match(path, db, false) }

// MatchDatabase knows the ancestor, whose tables are Crush's first, by its folder.
func (OpenCode) MatchDatabase(path string, db *sqlitedb.DB) ingest.Match {
	return match(path, db, true)
}

func match(path string, db *sqlitedb.DB, ancestor bool) ingest.Match {
	if !db.Has("sessions", "id", "prompt_tokens", "completion_tokens", "cost", "message_count") || !db.Has("messages", "id", "session_id", "role", "parts") {
		return ingest.Match{}
	}
	path = strings.ReplaceAll(path, `\`, "/")
	old := !db.Has("messages", "provider") && !db.Has("sessions", "todos") &&
		(strings.Contains(path, "/.opencode/") || strings.HasSuffix(path, "/opencode.db"))
	if old != ancestor {
		return ingest.Match{}
	}
	return ingest.Match{Verdict: ingest.Sure}
}

// Sessions lists the sessions.
func (Parser) Sessions(ctx context.Context, db *sqlitedb.DB, list func(ingest.DatabaseSession) error) error {
	return sessions(ctx, db, list)
}

// Sessions lists the sessions.
func (OpenCode) Sessions(ctx context.Context, db *sqlitedb.DB, list func(ingest.DatabaseSession) error) error {
	return sessions(ctx, db, list)
}

// sessions marks a session by its counters, its messages and the sizes of the newest: times are whole
// seconds, in which a message may be rewritten many times.
func sessions(ctx context.Context, db *sqlitedb.DB, list func(ingest.DatabaseSession) error) error {
	q := db.Query(ctx, `SELECT id, updated_at, updated_at || ' ' || prompt_tokens || ' ' || completion_tokens || ' ' || cost || ' ' || title,
		(SELECT count(*) || ' ' || max(rowid) || ' ' || total(updated_at) FROM messages WHERE session_id = sessions.id),
		(SELECT group_concat(n) FROM (SELECT octet_length(parts) AS n FROM messages WHERE session_id = sessions.id ORDER BY rowid DESC LIMIT 3))
		FROM sessions`)
	for q.Next() {
		s := ingest.DatabaseSession{ID: q.Str(0), Mark: q.Str(2) + "/" + q.Str(3) + "/" + q.Str(4)}
		if at, ok := q.Int(1); ok {
			s.UpdatedAt = instant(at)
		}
		if err := list(s); err != nil {
			q.Close()
			return err
		}
	}
	return q.Close()
}

// instant reads a time in seconds; some versions may have written milliseconds, as their schema says.
func instant(at int64) schema.Instant {
	if at > 1e11 {
		return schema.UnixMillis(at)
	}
	return schema.UnixSeconds(float64(at))
}

// Parse reads one session; the line of a row is the number of its message.
func (Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	return parse(ctx, Agent, src, emit)
}

// Parse reads one session.
func (OpenCode) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	return parse(ctx, "opencode", src, emit)
}

// Capabilities says what the logs can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "yes"}, {Field: "usage", Available: "partial", Note: "output of the last step of a session only"},
		{Field: "cache_read", Available: "no"}, {Field: "cache_write", Available: "no"}, {Field: "reasoning", Available: "no"},
		{Field: "cost", Available: "yes", Note: "per session, sub-agents included; 0 where the agent has no price"},
		{Field: "times", Available: "yes", Note: "whole seconds"}, {Field: "tool_calls", Available: "yes"}, {Field: "tool_status", Available: "yes"},
		{Field: "tool_args", Available: "yes"}, {Field: "tool_durations", Available: "partial", Note: "shell commands"},
		{Field: "texts", Available: "yes"}, {Field: "thinking", Available: "yes"},
		{Field: "workspace", Available: "yes", Note: "the folder of the database"}, {Field: "git_branch", Available: "no"},
		{Field: "sub_agents", Available: "yes"}, {Field: "compactions", Available: "yes"}, {Field: "api_errors", Available: "yes"},
		{Field: "approvals", Available: "partial", Note: "refusals"}, {Field: "agent_version", Available: "no"},
		{Field: "finish_reason", Available: "yes"},
	}
}
