// Package goose reads the sessions of Goose: its database, and the JSON Lines that versions before 1.10
// wrote, one file for each session. Both have the same messages under the same ids, so that sessions
// which the agent has imported into its database count once.
//
// Newer databases keep a ledger with a row for each request to the model. Sessions that began before
// have totals only; what a total has beyond the ledger is told as a row of the session.
package goose

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
	"github.com/agenttrace/agenttrace/ingest/trace"
)

// Agent is this format's word in the column agent.
const Agent = "goose"

// Parser reads Goose's JSON Lines. The zero value is ready for use.
type Parser struct{}

// Database reads Goose's databases. The zero value is ready for use.
type Database struct{}

// Format describes the agent.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: Agent, Title: "Goose", Version: 1, StoreKind: "jsonl", Roots: roots}
}

// Format describes the agent. The databases lie in the folder of the JSON Lines, whose root finds them.
func (Database) Format() ingest.Format {
	return ingest.Format{Agent: Agent, Parser: "goose-db", Title: "Goose", Version: 1, StoreKind: "sqlite",
		Roots: func(ingest.Env) []ingest.Root { return nil }}
}

// roots are the folders of sessions, of all systems.
func roots(env ingest.Env) []ingest.Root {
	var out []ingest.Root
	add := func(why string, parts ...string) {
		if filepath.IsAbs(parts[0]) {
			out = append(out, ingest.Root{Path: filepath.Join(append(parts, "sessions")...), Why: why, Want: want,
				Skip: func(string) bool { return true }})
		}
	}
	if dir := env.Getenv("GOOSE_PATH_ROOT"); dir != "" {
		add("GOOSE_PATH_ROOT", dir, "data")
	}
	if dir := env.Getenv("XDG_DATA_HOME"); dir != "" {
		add("XDG_DATA_HOME", dir, "goose")
	} else if env.Home != "" {
		add("default", env.Home, ".local", "share", "goose")
		add("default", env.Home, ".local", "share", "Block", "goose")
		add("default", env.Home, "Library", "Application Support", "goose")
	}
	if dir := env.Getenv("APPDATA"); dir != "" {
		add("default", dir, "Block", "goose", "data")
		add("default", dir, "Block", "goose")
	}
	return out
}

func want(rel string) bool {
	return rel == "sessions.db" || strings.HasSuffix(rel, ".jsonl")
}

// Match knows a first line that describes the session, and a message where there is none.
func (Parser) Match(path string, head []byte) ingest.Match {
	line := head
	for i, b := range head {
		if b == '\n' {
			line = head[:i]
			break
		}
	}
	o := trace.ObjectOf(line)
	switch {
	case o.Has("working_dir") && (o.Has("description") || o.Has("message_count")) && !o.Has("type") && !o.Has("role"):
		return ingest.Match{Verdict: ingest.Sure}
	case o.Has("role") && trace.Kind(o.Raw("created")) == jscan.Number && trace.Kind(o.Raw("content")) == jscan.Array && !o.Has("type"):
		for e := range trace.Elems(o.Raw("content")) {
			if known(trace.ObjectOf(e).Str("type")) {
				return ingest.Match{Verdict: ingest.Sure}
			}
		}
	}
	return ingest.Match{}
}

// known reports whether a block has a type that Goose writes.
func known(typ string) bool {
	switch typ {
	case "text", "image", "thinking", "redactedThinking", "toolRequest", "toolResponse", "frontendToolRequest", "actionRequired",
		"toolConfirmationRequest", "systemNotification":
		return true
	}
	return false
}

// Match takes no files: databases are told by their tables.
func (Database) Match(string, []byte) ingest.Match { return ingest.Match{} }

// MatchDatabase knows the tables.
func (Database) MatchDatabase(_ string, db *sqlitedb.DB) ingest.Match {
	if db.Has("sessions", "id", "working_dir") && db.Has("messages", "id", "session_id", "role", "content_json", "created_timestamp") {
		return ingest.Match{Verdict: ingest.Sure}
	}
	return ingest.Match{}
}

// Sessions marks a session by when it was updated, its totals, its messages with the sizes of the newest,
// and its rows in the ledger.
func (Database) Sessions(ctx context.Context, db *sqlitedb.DB, list func(ingest.DatabaseSession) error) error {
	ledger := "NULL"
	if db.Has("usage_ledger", "session_id") {
		ledger = "(SELECT count(*) || ' ' || max(rowid) FROM usage_ledger WHERE session_id = sessions.id)"
	}
	q := db.Query(ctx, "SELECT id, "+db.Column("sessions", "updated_at")+", concat_ws(' ', "+
		db.Columns("sessions", "accumulated_total_tokens", "accumulated_input_tokens", "accumulated_output_tokens", "accumulated_cost", "name", "description")+`),
		(SELECT count(*) || ' ' || max(id) FROM messages WHERE session_id = sessions.id),
		(SELECT group_concat(n) FROM (SELECT octet_length(content_json) AS n FROM messages WHERE session_id = sessions.id ORDER BY id DESC LIMIT 3)),
		`+ledger+" FROM sessions")
	for q.Next() {
		s := ingest.DatabaseSession{ID: q.Str(0), UpdatedAt: instant(q.Str(1))}
		s.Mark = strings.Join([]string{q.Str(1), q.Str(2), q.Str(3), q.Str(4), q.Str(5)}, "/")
		if err := list(s); err != nil {
			q.Close()
			return err
		}
	}
	return q.Close()
}

// Capabilities says what the logs can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "partial", Note: "per request in newer databases, else per session"},
		{Field: "usage", Available: "partial", Note: "per request in newer databases, else per session"},
		{Field: "cache_read", Available: "partial", Note: "newer databases"}, {Field: "cache_write", Available: "partial", Note: "newer databases"},
		{Field: "reasoning", Available: "no"}, {Field: "cost", Available: "partial", Note: "newer databases"},
		{Field: "times", Available: "yes", Note: "whole seconds"}, {Field: "tool_calls", Available: "yes"}, {Field: "tool_status", Available: "yes"},
		{Field: "tool_args", Available: "yes"}, {Field: "tool_durations", Available: "no"}, {Field: "texts", Available: "yes"},
		{Field: "thinking", Available: "yes"}, {Field: "workspace", Available: "yes"}, {Field: "git_branch", Available: "no"},
		{Field: "sub_agents", Available: "partial", Note: "newer databases"}, {Field: "compactions", Available: "yes"},
		{Field: "api_errors", Available: "no"}, {Field: "approvals", Available: "partial", Note: "asked for"},
		{Field: "agent_version", Available: "no"}, {Field: "finish_reason", Available: "no"},
	}
}
