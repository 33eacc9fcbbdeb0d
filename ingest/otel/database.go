package otel

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
	"github.com/agenttrace/agenttrace/schema"
)

// CopilotDatabase reads agent-traces.db, in which the extension for VS Code keeps the spans of its
// newest sessions. The zero value is ready for use.
type CopilotDatabase struct{}

// Format describes the database.
func (CopilotDatabase) Format() ingest.Format {
	return ingest.Format{Agent: copilotAgent, Parser: "copilot-spans", Title: "GitHub Copilot", Version: 1, StoreKind: "sqlite", RetentionDays: 7, Roots: databaseRoots}
}

const traceDatabase = "globalStorage/github.copilot-chat/agent-traces.db"

func databaseRoots(env ingest.Env) []ingest.Root {
	var users []string
	for _, editor := range []string{"Code", "Code - Insiders", "VSCodium"} {
		if env.Home != "" {
			users = append(users, filepath.Join(env.Home, ".config", editor, "User"), filepath.Join(env.Home, "Library", "Application Support", editor, "User"))
		}
		if dir := env.Getenv("APPDATA"); dir != "" {
			users = append(users, filepath.Join(dir, editor, "User"))
		}
	}
	if env.Home != "" {
		users = append(users, filepath.Join(env.Home, ".vscode-server", "data", "User"), filepath.Join(env.Home, ".vscode-server-insiders", "data", "User"))
	}
	var out []ingest.Root
	for _, u := range users {
		if filepath.IsAbs(u) {
			out = append(out, ingest.Root{Path: filepath.Join(u, filepath.FromSlash(traceDatabase)), Why: "default"})
		}
	}
	return out
}

// Match takes no files: the database is told by its tables.
func (CopilotDatabase) Match(string, []byte) ingest.Match { return ingest.Match{} }

// MatchDatabase knows the tables.
func (CopilotDatabase) MatchDatabase(_ string, db *sqlitedb.DB) ingest.Match {
	if db.Has("spans", "span_id", "trace_id", "operation_name") && db.Has("span_attributes", "span_id", "key", "value") && db.Has("span_events") {
		return ingest.Match{Verdict: ingest.Sure}
	}
	return ingest.Match{}
}

// A kept session is one in the database: its traces, and what its mark is made of.
type kept struct {
	id     string
	traces []string
	mark   strings.Builder
	last   int64
}

// sessions finds what traces belong to which session: spans name a chat, and those of a sub-agent the chat
// that called it too. A trace that names none is a session of its own.
func sessions(ctx context.Context, db *sqlitedb.DB) ([]*kept, error) {
	parents := map[string]string{}
	q := db.Query(ctx, `SELECT s.trace_id, a.value FROM span_attributes AS a JOIN spans AS s ON s.span_id = a.span_id
		WHERE a.key = 'copilot_chat.parent_chat_session_id'`)
	for q.Next() {
		parents[q.Str(0)] = q.Str(1)
	}
	if err := q.Close(); err != nil {
		return nil, err
	}
	sum := func(name string) string {
		if c := db.Column("spans", name); c != "NULL" {
			return "total(" + c + ")"
		}
		return "0"
	}
	q = db.Query(ctx, "SELECT trace_id, max("+db.Column("spans", "chat_session_id")+"), max("+db.Column("spans", "conversation_id")+"), "+
		"count(*) || ' ' || total(start_time_ms) || ' ' || "+sum("end_time_ms")+" || ' ' || "+sum("output_tokens")+", max("+db.Column("spans", "end_time_ms")+
		") FROM spans GROUP BY trace_id ORDER BY min(start_time_ms), trace_id")
	var out []*kept
	byID := map[string]*kept{}
	for q.Next() {
		id := q.Str(0)
		for _, name := range []string{q.Str(2), q.Str(1), parents[q.Str(0)]} {
			if name != "" {
				id = name
			}
		}
		k := byID[id]
		if k == nil {
			k = &kept{id: id}
			byID[id] = k
			out = append(out, k)
		}
		k.traces = append(k.traces, q.Str(0))
		k.mark.WriteString(q.Str(0) + " " + q.Str(3) + "/")
		if at, ok := q.Int(4); ok {
			k.last = max(k.last, at)
		}
	}
	return out, q.Close()
}

// Sessions lists the sessions.
func (CopilotDatabase) Sessions(ctx context.Context, db *sqlitedb.DB, list func(ingest.DatabaseSession) error) error {
	all, err := sessions(ctx, db)
	if err != nil {
		return err
	}
	for _, k := range all {
		if err := list(ingest.DatabaseSession{ID: k.id, Mark: k.mark.String(), UpdatedAt: schema.UnixMillis(k.last)}); err != nil {
			return err
		}
	}
	return nil
}

// Parse reads one session; the line of a row is the number of its span in the order of time.
func (CopilotDatabase) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	found, err := src.DB.Memo("sessions", func() (any, error) { return sessions(ctx, src.DB) })
	if err != nil {
		return err
	}
	p := newParser(copilotAgent, src, emit)
	p.copilot = &copilot{told: func(session string) bool { return hasChat(src, session) }}
	for _, k := range found.([]*kept) {
		if k.id != src.Session {
			continue
		}
		for _, id := range k.traces {
			if err := p.trace(ctx, src.DB, id); err != nil {
				return err
			}
		}
	}
	return p.tell()
}

// columns are what is read of a span, by the names that the conventions give it.
var columns = []struct{ column, attribute string }{
	{"operation_name", "gen_ai.operation.name"}, {"provider_name", "gen_ai.provider.name"}, {"agent_name", "gen_ai.agent.name"},
	{"conversation_id", "gen_ai.conversation.id"}, {"chat_session_id", "copilot_chat.chat_session_id"},
	{"request_model", "gen_ai.request.model"}, {"response_model", "gen_ai.response.model"},
	{"input_tokens", "gen_ai.usage.input_tokens"}, {"output_tokens", "gen_ai.usage.output_tokens"},
	{"cached_tokens", "gen_ai.usage.cache_read.input_tokens"}, {"reasoning_tokens", "gen_ai.usage.reasoning_tokens"},
	{"tool_name", "gen_ai.tool.name"}, {"tool_call_id", "gen_ai.tool.call.id"}, {"ttft_ms", "copilot_chat.time_to_first_token"},
}

// trace reads the spans of one trace.
func (p *parser) trace(ctx context.Context, db *sqlitedb.DB, id string) error {
	sql := "SELECT span_id, " + db.Columns("spans", "parent_span_id", "name", "start_time_ms", "end_time_ms", "status_code", "status_message")
	for _, c := range columns {
		sql += ", " + db.Column("spans", c.column)
	}
	q := db.Query(ctx, sql+" FROM spans WHERE trace_id = ? ORDER BY start_time_ms, span_id", id)
	var list []*span
	for q.Next() {
		p.n++
		p.src.Records++
		s := &span{line: p.n, trace: id, id: q.Str(0), parent: q.Str(1), name: q.Str(2)}
		if at, ok := q.Int(3); ok {
			s.start = schema.UnixMillis(at)
		}
		if at, ok := q.Int(4); ok {
			s.end = schema.UnixMillis(at)
		}
		if s.end < s.start {
			s.end = 0
		}
		code, ok := q.Int(5)
		s.failed, s.unstated, s.message = code == 2, !ok, q.Text(6)
		for i, c := range columns {
			if n, ok := q.Int(7 + i); ok {
				s.attrs.add(c.attribute, strconv.AppendInt(nil, n, 10))
			} else if text := q.Str(7 + i); text != "" {
				s.attrs.add(c.attribute, quote(text))
			}
		}
		list = append(list, s)
	}
	if err := q.Close(); err != nil {
		return err
	}
	for _, s := range list {
		q := db.Query(ctx, "SELECT key, "+db.Cell("span_attributes", "value")+" FROM span_attributes WHERE span_id = ? ORDER BY rowid", s.id)
		for q.Next() {
			if q.Oversized(1) {
				p.dropped++
			} else if name := q.Str(0); wanted(name) && s.attrs.raw(name) == nil && !q.Null(1) {
				s.attrs.add(name, quote(q.Str(1)))
			}
		}
		if q.Replaced > 0 {
			p.log.Again(s.line, 0, 0)
			p.log.Problem(schema.ProblemBadEncoding, "", "")
		}
		if err := q.Close(); err != nil {
			return err
		}
		s.role = roleOf(&s.attrs)
		if s.attrs.raw("error.type") != nil {
			s.failed = true
		}
		p.keep(s)
	}
	return nil
}

// quote makes a text a JSON value.
func quote(text string) []byte {
	b, _ := json.Marshal(text) // texts cannot fail
	return b
}

// hasChat reports whether VS Code's own log of a chat is there, in the folder of a workspace or in that of
// windows without one.
func hasChat(src *ingest.Source, session string) bool {
	if src.ListBeside == nil {
		return false
	}
	found, _ := src.DB.Memo("chats", func() (any, error) {
		chats := map[string]bool{}
		folder := func(rel string) {
			names, _ := src.ListBeside(rel)
			for _, n := range names {
				if name, ok := strings.CutSuffix(n, ".jsonl"); ok {
					chats[name] = true
				} else if name, ok := strings.CutSuffix(n, ".json"); ok {
					chats[name] = true
				}
			}
		}
		workspaces, _ := src.ListBeside("../../workspaceStorage")
		for _, w := range workspaces {
			folder("../../workspaceStorage/" + w + "/chatSessions")
			folder("../../workspaceStorage/" + w + "/GitHub.copilot-chat/transcripts")
		}
		folder("../emptyWindowChatSessions")
		folder("../transferredChatSessions")
		return chats, nil
	})
	return found.(map[string]bool)[session]
}
