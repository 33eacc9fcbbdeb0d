// Package zed reads the threads of Zed's own agent, which lie as compressed documents in one database.
//
// A document has no instants but those of the thread, one model, which was selected last, and two tellings
// of usage: the last request after each prompt, and the sum of all. What the sum has beyond the requests
// is told as a row of the session. Older builds kept no sum; then only the last requests are known.
package zed

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// Agent is this format's word in the column agent.
const Agent = "zed"

// Parser reads Zed's database. The zero value is ready for use.
type Parser struct{}

// Format describes the agent.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: Agent, Title: "Zed", Version: 1, StoreKind: "sqlite", Roots: roots}
}

// roots are the database in the data folders of all systems.
func roots(env ingest.Env) []ingest.Root {
	var out []ingest.Root
	add := func(why string, parts ...string) {
		if filepath.IsAbs(parts[0]) {
			out = append(out, ingest.Root{Path: filepath.Join(append(parts, "threads", "threads.db")...), Why: why})
		}
	}
	if dir := env.Getenv("XDG_DATA_HOME"); dir != "" {
		add("XDG_DATA_HOME", dir, "zed")
	} else if env.Home != "" {
		add("default", env.Home, ".local", "share", "zed")
	}
	if env.Home != "" {
		add("default", env.Home, "Library", "Application Support", "Zed")
		add("default", env.Home, ".var", "app", "dev.zed.Zed", "data", "zed")
	}
	if dir := env.Getenv("LOCALAPPDATA"); dir != "" {
		add("default", dir, "Zed")
	}
	return out
}

// Match takes no files: databases are told by their tables.
func (Parser) Match(string, []byte) ingest.Match { return ingest.Match{} }

// MatchDatabase knows the table of threads.
func (Parser) MatchDatabase(_ string, db *sqlitedb.DB) ingest.Match {
	if db.Has("threads", "id", "summary", "updated_at", "data_type", "data") {
		return ingest.Match{Verdict: ingest.Sure}
	}
	return ingest.Match{}
}

// Sessions marks a thread by when it was updated and the size of its document: all of it is rewritten with
// each change.
func (Parser) Sessions(ctx context.Context, db *sqlitedb.DB, list func(ingest.DatabaseSession) error) error {
	q := db.Query(ctx, "SELECT id, updated_at, octet_length(data) FROM threads")
	for q.Next() {
		at := q.Str(1)
		if err := list(ingest.DatabaseSession{ID: q.Str(0), Mark: at + "/" + q.Str(2), UpdatedAt: schema.ParseInstant([]byte(at))}); err != nil {
			q.Close()
			return err
		}
	}
	return q.Close()
}

// A thread is one session being read.
type thread struct {
	log   *rows.Log
	calls *trace.Calls
	tools *trace.Tools
	s     *rows.Session
	run   *rows.Run
	id    string
	child bool // another thread started this one

	line             int64
	created, updated schema.Instant
	model, provider  string
	old              bool         // a document of the first agent
	usage            trace.Object // of the last request after each prompt, by its id
	list             [][]byte     // likewise in old documents, by the place of the message
	asked            string       // the prompt that is being answered
	last             *schema.ModelCall
	told             schema.Usage
}

// Parse reads one thread; the line of a row is the number of its message.
func (Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	db := src.DB
	q := db.Query(ctx, "SELECT updated_at, data_type, "+db.Columns("threads", "summary", "parent_id", "folder_paths", "folder_paths_order", "created_at")+", "+
		db.Cell("threads", "data")+" FROM threads WHERE id = ?", src.Session)
	t := &thread{log: rows.New(Agent, src, emit), id: src.Session}
	t.calls = trace.NewCalls(t.log)
	var title, parent, folders, order string
	var doc []byte
	problem := ""
	if q.Next() {
		t.updated, t.created = schema.ParseInstant(q.Bytes(0)), schema.ParseInstant(q.Bytes(6))
		title, parent, folders, order = q.Str(2), q.Str(3), q.Str(4), q.Str(5)
		if q.Oversized(7) {
			problem = schema.ProblemOversized
		} else if doc, problem = document(q.Bytes(7)); problem == "" {
			doc = []byte(strings.ToValidUTF8(string(doc), "\uFFFD"))
		}
	}
	if err := q.Close(); err != nil {
		return err
	}
	o := trace.ObjectOf(doc)
	if context := o.Object("subagent_context"); parent == "" && context.Len() > 0 {
		parent = context.Str("parent_thread_id")
	}
	root, err := rootOf(ctx, db, src.Session, parent)
	if err != nil {
		return err
	}
	t.begin(root, parent)
	r := &t.s.Row
	if src.Content != ingest.ContentNone && !t.child {
		r.Title = title
	}
	r.Workspace = first(folders, order)
	if problem != "" {
		t.log.Begin(1, t.updated, t.log.ID("message", t.id, "1"))
		t.log.Bad(problem)
		return t.log.Close()
	}
	t.about(o)
	t.messages(o)
	if o.Cut {
		t.log.Problem(schema.ProblemTruncated, "", "")
		r.IsComplete = schema.Known(false)
	}
	t.total(o)
	t.calls.Close(t.s)
	return t.log.Close()
}

// document decompresses a document, up to the size that documents may have.
func document(data []byte) (doc []byte, problem string) {
	if len(data) < 4 || string(data[:4]) != "\x28\xb5\x2f\xfd" {
		return append([]byte(nil), data...), ""
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(rows.MaxDocument))
	if err != nil {
		return nil, schema.ProblemBadEncoding
	}
	defer d.Close()
	doc, err = d.DecodeAll(data, nil)
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return nil, schema.ProblemOversized
	case err != nil:
		return nil, schema.ProblemTruncated
	}
	return doc, ""
}

// rootOf climbs from a thread to the one that no other started.
func rootOf(ctx context.Context, db *sqlitedb.DB, id, parent string) (string, error) {
	for range 16 {
		if parent == "" || parent == id {
			return id, nil
		}
		id = parent
		q := db.Query(ctx, "SELECT "+db.Column("threads", "parent_id")+" FROM threads WHERE id = ?", id)
		parent = ""
		if q.Next() {
			parent = q.Str(0)
		}
		if err := q.Close(); err != nil {
			return "", err
		}
	}
	return id, nil
}

func (t *thread) begin(root, parent string) {
	t.s = t.log.Session(root)
	t.run = t.s.Main
	t.tools = trace.NewTools(t.log, t.id)
	r := &t.s.Row
	r.HasToolStatus, r.HasToolArgs = true, true
	if root == t.id {
		return
	}
	t.child = true
	r.IsMain = false
	t.run = t.s.Run(t.id)
	t.run.Row.Line = 1
	t.run.Row.OwnSessionID = schema.IDOf(Agent, t.id)
	if parent != root {
		t.run.Row.ParentRunID, t.run.Row.Depth = t.log.ID("run", root, parent), schema.Int{}
	}
}

// first is the first of the folders in the user's order: the paths are sorted, and the order gives for
// each the place that the user put it in.
func first(folders, order string) string {
	paths := strings.Split(folders, "\n")
	for i, place := range strings.Split(order, ",") {
		if strings.TrimSpace(place) == "0" && i < len(paths) {
			return paths[i]
		}
	}
	return paths[0]
}

// Capabilities says what the logs can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "partial", Note: "the one selected last in the thread"},
		{Field: "usage", Available: "partial", Note: "the last request after each prompt; the sum in newer builds"},
		{Field: "cache_read", Available: "partial"}, {Field: "cache_write", Available: "partial"}, {Field: "reasoning", Available: "no"},
		{Field: "cost", Available: "no"}, {Field: "times", Available: "partial", Note: "begin and end of the thread"},
		{Field: "tool_calls", Available: "yes"}, {Field: "tool_status", Available: "yes"}, {Field: "tool_args", Available: "yes"},
		{Field: "tool_durations", Available: "no"}, {Field: "texts", Available: "yes"}, {Field: "thinking", Available: "yes"},
		{Field: "workspace", Available: "yes"}, {Field: "git_branch", Available: "partial", Note: "at the start of the thread"},
		{Field: "sub_agents", Available: "yes"}, {Field: "compactions", Available: "no"}, {Field: "api_errors", Available: "no"},
		{Field: "approvals", Available: "no"}, {Field: "agent_version", Available: "no"}, {Field: "finish_reason", Available: "no"},
	}
}
