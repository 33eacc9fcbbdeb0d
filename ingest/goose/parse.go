package goose

import (
	"context"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// Parse reads a session of JSON Lines.
func (Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	t := newThread(src, emit)
	name := strings.ReplaceAll(src.Path, `\`, "/")
	name = strings.TrimSuffix(name[strings.LastIndexByte(name, '/')+1:], ".jsonl")
	t.begin(name, name)
	whole, err := t.log.Lines(ctx, func(line []byte, no int64, _ schema.ID) bool {
		o := trace.ObjectOf(line)
		if o.Len() == 0 || o.Cut {
			return false
		}
		if !o.Has("role") {
			t.describe(no, o)
			return true
		}
		created := trace.Int(o.Raw("created"))
		// Calls hold on to their arguments, and the line is read over.
		t.message(no, o.Str("role"), created.V, append([]byte(nil), o.Raw("content")...), o.Object("metadata"))
		return true
	})
	if err != nil {
		return err
	}
	t.s.Row.IsComplete = schema.Known(whole)
	t.rest(totals{})
	return t.log.Close()
}

// describe takes the first line.
func (t *thread) describe(no int64, o trace.Object) {
	t.log.Begin(no, 0, t.log.ID("session", t.id))
	r := &t.s.Row
	if dir := o.Str("working_dir"); dir != "" {
		r.Workspace, t.s.Dir = dir, dir
	}
	if t.src.Content != ingest.ContentNone {
		r.Title = o.Str("description")
	}
	if o.Has("schedule_id") {
		r.SessionKind = "automation"
	}
	t.total = totals{input: o.Int("accumulated_input_tokens"), output: o.Int("accumulated_output_tokens")}
	t.run.Aside()
}

// Parse reads one session; the line of a row is the number of its message.
func (Database) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	t := newThread(src, emit)
	if err := t.beginRow(ctx, src.DB); err != nil {
		return err
	}
	ledger, err := readLedger(ctx, src.DB, src.Session)
	if err != nil {
		return err
	}
	q := src.DB.Query(ctx, "SELECT role, created_timestamp, "+src.DB.Column("messages", "metadata_json")+", "+src.DB.Cell("messages", "content_json")+
		" FROM messages WHERE session_id = ? ORDER BY id", src.Session)
	var told totals
	var line int64
	for q.Next() {
		line++
		created, _ := q.Int(1)
		if q.Oversized(3) {
			t.log.Begin(line, seconds(created), 0)
			t.log.Bad(schema.ProblemOversized)
			continue
		}
		role, content := q.Str(0), q.Text(3)
		if role == "assistant" {
			// A request is noted when its answer begins or ends: those before this one are told first.
			for len(ledger) > 0 && ledger[0].created < created {
				t.entry(line, ledger[0], &told)
				ledger = ledger[1:]
			}
			if len(ledger) > 0 && !ledger[0].compaction && ledger[0].created == created {
				t.entry(line, ledger[0], &told)
				ledger = ledger[1:]
			}
		}
		t.message(line, role, created, content, trace.ObjectOf(q.Text(2)))
		if t.log.Err() != nil {
			break
		}
	}
	if q.Replaced > 0 {
		t.log.Problem(schema.ProblemBadEncoding, "", "")
	}
	if err := q.Close(); err != nil {
		return err
	}
	for _, e := range ledger {
		t.entry(max(line, 1), e, &told)
	}
	t.rest(told)
	return t.log.Close()
}

// beginRow takes the session's row.
func (t *thread) beginRow(ctx context.Context, db *sqlitedb.DB) error {
	q := db.Query(ctx, "SELECT "+db.Columns("sessions", "working_dir", "name", "description", "session_type", "schedule_id", "provider_name",
		"model_config_json", "parent_session_id", "accumulated_cost", "accumulated_input_tokens", "accumulated_output_tokens",
		"accumulated_cache_read_tokens", "accumulated_cache_write_tokens")+" FROM sessions WHERE id = ?", t.src.Session)
	var dir, name, kind, schedule, parent string
	if q.Next() {
		dir, name, kind, schedule, parent = q.Str(0), q.Str(1), q.Str(3), q.Str(4), q.Str(7)
		if name == "" {
			name = q.Str(2)
		}
		t.provider = q.Str(5)
		t.model = trace.ObjectOf(q.Text(6)).Str("model_name")
		t.total.cost, _ = q.Float(8)
		for i, n := range []*schema.Int{&t.total.input, &t.total.output, &t.total.read, &t.total.write} {
			if v, ok := q.Int(9 + i); ok && v >= 0 {
				*n = schema.Known(v)
			}
		}
	}
	if err := q.Close(); err != nil {
		return err
	}
	root := t.src.Session
	if parent != "" {
		root = parent
		for range 16 {
			q := db.Query(ctx, "SELECT parent_session_id FROM sessions WHERE id = ?", root)
			up := ""
			if q.Next() {
				up = q.Str(0)
			}
			if q.Close() != nil || up == "" || up == root {
				break
			}
			root = up
		}
	}
	t.begin(t.src.Session, root)
	if parent != "" && parent != root {
		t.run.Row.ParentRunID, t.run.Row.Depth = t.log.ID("run", root, parent), schema.Int{}
	}
	r := &t.s.Row
	r.Workspace, t.s.Dir = dir, dir
	if t.src.Content != ingest.ContentNone && !t.child {
		r.Title = name
	}
	switch {
	case schedule != "" || kind == "scheduled":
		r.SessionKind = "automation"
	case kind == "hidden", kind == "sub_agent":
		r.SessionKind = "background"
	case kind == "user" || kind == "terminal":
		r.SessionKind = "user"
	}
	return nil
}

// An entry is a row of the ledger.
type entry struct {
	id, created         int64
	model               string
	in, out, read, made schema.Int
	cost                float64
	estimated           bool
	compaction          bool
}

func readLedger(ctx context.Context, db *sqlitedb.DB, session string) ([]entry, error) {
	if !db.Has("usage_ledger", "session_id", "created_timestamp", "input_tokens", "output_tokens") {
		return nil, nil
	}
	q := db.Query(ctx, "SELECT rowid, created_timestamp, "+db.Columns("usage_ledger", "model", "input_tokens", "output_tokens", "cache_read_tokens",
		"cache_write_tokens", "cost", "cost_source", "is_compaction")+" FROM usage_ledger WHERE session_id = ? ORDER BY created_timestamp, rowid", session)
	var out []entry
	for q.Next() {
		var e entry
		e.id, _ = q.Int(0)
		e.created, _ = q.Int(1)
		e.model = q.Str(2)
		for i, n := range []*schema.Int{&e.in, &e.out, &e.read, &e.made} {
			if v, ok := q.Int(3 + i); ok && v >= 0 {
				*n = schema.Known(v)
			}
		}
		e.cost, _ = q.Float(7)
		if q.Str(8) == "carried_forward" {
			continue // no request: what a session had before there was a ledger
		}
		compaction, _ := q.Int(9)
		e.compaction = compaction != 0
		out = append(out, e)
	}
	return out, q.Close()
}

// entry emits a request. Its input holds what went through the cache.
func (t *thread) entry(line int64, e entry, told *totals) {
	at := seconds(e.created)
	t.log.Again(line, at, t.log.ID("ledger", t.id, strconv.FormatInt(e.id, 10)))
	if e.model != "" && t.model != "" && e.model != t.model && !e.compaction {
		t.model = e.model
	}
	u := schema.Usage{UncachedInput: e.in, CacheRead: e.read, CacheCreation5m: e.made, Output: e.out}
	u.UncachedInput, _ = rows.Minus(e.in, e.read, e.made)
	c := t.run.Model(schema.ID(0))
	c.ModelCallID = rows.Fingerprint(t.log.ID("response", t.id, strconv.FormatInt(e.created, 10), e.model+"."), &u).With(uint64(e.id))
	c.DedupBasis = "fingerprint"
	c.RequestModel, c.ProviderName = e.model, t.provider
	c.Usage = u
	c.ReportedCostUSD = rows.Dollars(e.cost)
	t.run.PutModel(&c)
	if e.compaction {
		t.run.Event(schema.Event{Event: "compaction"})
	} else {
		t.run.Response = c.ModelCallID
	}
	add := func(dst *schema.Int, n schema.Int) { dst.V, dst.Valid = dst.V+n.V, dst.Valid || n.Valid }
	add(&told.input, e.in)
	add(&told.output, e.out)
	add(&told.read, e.read)
	add(&told.write, e.made)
	told.cost += e.cost
}

// instant reads a time of the database, which is UTC.
func instant(s string) schema.Instant {
	return trace.Instant([]byte(`"` + s + `"`))
}
