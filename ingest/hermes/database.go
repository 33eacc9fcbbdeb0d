package hermes

import (
	"context"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// Database reads Hermes' databases. Usage stands there by session and model, and never by message: it is
// told in rows of the session. Its zero value is ready for use.
type Database struct{}

// Format describes Hermes Agent. The databases lie in the folders whose transcripts the other parser reads,
// and its roots find them.
func (Database) Format() ingest.Format {
	return ingest.Format{Agent: agent, Parser: "hermes-db", Title: "Hermes Agent", Version: 1, StoreKind: "sqlite",
		Roots: func(ingest.Env) []ingest.Root { return nil }}
}

// Match takes no files: databases are told by their tables.
func (Database) Match(string, []byte) ingest.Match { return ingest.Match{} }

// MatchDatabase knows the tables.
func (Database) MatchDatabase(_ string, db *sqlitedb.DB) ingest.Match {
	if db.Has("sessions", "id", "source", "started_at") && (db.Has("sessions", "api_call_count") || db.Has("sessions", "message_count")) &&
		db.Has("messages", "id", "session_id", "role", "content", "tool_calls", "finish_reason") {
		return ingest.Match{Verdict: ingest.Sure}
	}
	return ingest.Match{}
}

// Sessions marks a session by its own row, the number and the newest of its messages, and its usage. What is
// undone changes the row too.
func (Database) Sessions(ctx context.Context, db *sqlitedb.DB, list func(ingest.DatabaseSession) error) error {
	usage := "NULL"
	if db.Has("session_model_usage", "session_id") {
		usage = "(SELECT group_concat(concat_ws(' ', " + db.Columns("session_model_usage", "model", "task", "api_call_count", "input_tokens", "output_tokens") +
			")) FROM session_model_usage WHERE session_id = sessions.id)"
	}
	q := db.Query(ctx, "SELECT id, coalesce("+db.Columns("sessions", "last_activity_at", "ended_at", "started_at")+"), concat_ws(' ', "+
		db.Columns("sessions", "last_activity_at", "ended_at", "end_reason", "message_count", "api_call_count", "input_tokens", "output_tokens",
			"cache_read_tokens", "rewind_count", "title")+`),
		(SELECT count(*) || ' ' || max(id) FROM messages WHERE session_id = sessions.id), `+usage+" FROM sessions")
	for q.Next() {
		n, u := q.Str(3), q.Str(4)
		s := ingest.DatabaseSession{ID: q.Str(0), Mark: q.Str(2) + "/" + n + "/" + u}
		if at, ok := q.Float(1); ok {
			s.UpdatedAt = schema.UnixSeconds(at)
		}
		if err := list(s); err != nil {
			q.Close()
			return err
		}
	}
	return q.Close()
}

// A header is the row of a session.
type header struct {
	source, model, parent, reason, title, cwd, branch, provider string
	config                                                      trace.Object
	usage                                                       schema.Usage
	cost                                                        float64
}

func readHeader(ctx context.Context, db *sqlitedb.DB, id string) (h header, err error) {
	q := db.Query(ctx, "SELECT "+db.Columns("sessions", "source", "model", "parent_session_id", "end_reason", "title", "cwd", "git_branch", "billing_provider",
		"model_config", "input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "actual_cost_usd", "estimated_cost_usd")+
		" FROM sessions WHERE id = ?", id)
	if q.Next() {
		for i, s := range []*string{&h.source, &h.model, &h.parent, &h.reason, &h.title, &h.cwd, &h.branch, &h.provider} {
			*s = q.Str(i)
		}
		h.config = trace.ObjectOf(q.Text(8))
		h.usage = counters(q, 9)
		h.cost = dollars(q, 14)
	}
	return h, q.Close()
}

// counters reads five columns from col on. Reasoning is part of the output.
func counters(q *sqlitedb.Rows, col int) (u schema.Usage) {
	for i, n := range []*schema.Int{&u.UncachedInput, &u.CacheRead, &u.CacheCreation5m, &u.Output, &u.Reasoning} {
		if v, ok := q.Int(col + i); ok && v >= 0 {
			*n = schema.Known(v)
		}
	}
	return u
}

// dollars reads what the provider reported, else what the agent estimated.
func dollars(q *sqlitedb.Rows, col int) float64 {
	if usd, ok := q.Float(col); ok && usd > 0 {
		return usd
	}
	usd, _ := q.Float(col + 1)
	return usd
}

// relation tells what a session is to its parent. A mark counts only if it names that very parent, as
// continuations inherit it.
func relation(h, parent header) string {
	is := func(mark string) bool { return h.config.Str(mark) == h.parent }
	switch {
	case parent.reason == "compression":
		return "continuation"
	case is("_branched_from"), parent.reason == "branched":
		return "fork"
	case is("_reset_from"), parent.reason == "session_reset", parent.reason == "new_session", parent.reason == "idle", parent.reason == "daily":
		return "reset"
	}
	return "delegate"
}

// Parse reads one session; the line of a row is the number of its message.
func (Database) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	p := &parser{src: src, log: rows.New(agent, src, emit)}
	db := src.DB
	h, err := readHeader(ctx, db, src.Session)
	if err != nil {
		return err
	}
	if err := p.begin(ctx, db, src.Session, h); err != nil {
		return err
	}
	line, err := p.rows(ctx, db, src.Session)
	if err != nil {
		return err
	}
	if err := p.usage(ctx, db, src.Session, h, max(line, 1)); err != nil {
		return err
	}
	return p.log.Close()
}

// begin opens the session, or the run of a sub-agent in the session of the one that sent it.
func (p *parser) begin(ctx context.Context, db *sqlitedb.DB, id string, h header) error {
	root, kind, up := id, "", h
	for range 16 {
		if up.parent == "" || up.parent == root {
			break
		}
		above, err := readHeader(ctx, db, up.parent)
		if err != nil {
			return err
		}
		k := relation(up, above)
		if root == id {
			kind = k
		}
		if k != "delegate" {
			break
		}
		root, up = up.parent, above
	}
	p.open(root)
	r := &p.ses.Row
	r.Fidelity, r.HasCompactions = "full", true
	p.platform(h.source)
	if r.Workspace = h.cwd; h.cwd != "" {
		p.ses.Dir = h.cwd
	}
	r.GitBranch = h.branch
	p.model = h.model
	switch kind {
	case "continuation", "fork":
		r.Relation, r.ParentSessionID = kind, schema.IDOf(agent, h.parent)
	case "delegate":
		r.IsMain = false
		p.run = p.ses.Run(id)
		p.run.Row.Line = 1
		p.run.Row.OwnSessionID = schema.IDOf(agent, id)
		if h.parent != root {
			p.run.Row.ParentRunID, p.run.Row.Depth = p.log.ID("run", root, h.parent), schema.Int{}
		}
	}
	if p.src.Content != ingest.ContentNone && r.IsMain {
		r.Title = h.title
	}
	return nil
}

// rows reads the messages and returns how many there are.
func (p *parser) rows(ctx context.Context, db *sqlitedb.DB, id string) (line int64, err error) {
	content := db.Column("messages", "content")
	q := db.Query(ctx, "SELECT role, CASE WHEN octet_length("+content+") > "+strconv.Itoa(sqlitedb.MaxCell)+" THEN NULL ELSE CAST("+content+" AS BLOB) END, "+
		db.Columns("messages", "tool_calls", "tool_call_id", "timestamp", "finish_reason", "reasoning", "reasoning_content", "reasoning_details",
			"codex_reasoning_items", "display_kind", "active", "compacted", "_compressed_summary")+
		" FROM messages WHERE session_id = ? ORDER BY id", id)
	text := func(col int) jscan.Text {
		b := q.Text(col)
		return jscan.Text{Raw: b, Present: b != nil}
	}
	seen := map[schema.ID]bool{}
	var undone int64
	for q.Next() {
		line++
		m := &p.msg
		*m = message{role: text(0), content: text(1), calls: q.Text(2), callID: text(3), finish: text(5), reasoning: text(6)}
		if len(m.reasoning.Raw) == 0 {
			m.reasoning = text(7)
		}
		m.sealed = !q.Null(8) || !q.Null(9)
		m.hidden = q.Str(10) == "hidden"
		if at, ok := q.Float(4); ok {
			m.stamp = strconv.AppendFloat(nil, at, 'f', 6, 64)
		}
		if summary, _ := q.Int(13); summary != 0 {
			p.log.Begin(line, p.instant(m), p.key(m, line))
			p.run.Event(schema.Event{Event: "compaction"})
			p.run.Message("user", "summary", p.text(m))
			p.run.Record()
			continue
		}
		// A compaction writes again what it keeps.
		if key := p.key(m, line); seen[key] {
			p.src.Records++
			continue
		} else {
			seen[key] = true
		}
		p.record(m, line)
		active, known := q.Int(11)
		compacted, _ := q.Int(12)
		if known && active == 0 && compacted == 0 {
			p.log.Dead(line, line)
			undone++
		}
		if p.log.Err() != nil {
			break
		}
	}
	if q.Replaced > 0 {
		p.log.Problem(schema.ProblemBadEncoding, "", "")
	}
	if undone > 0 {
		p.run.Event(schema.Event{Event: "rewind"})
	}
	if err := q.Close(); err != nil {
		return line, err
	}
	return line, p.log.Err()
}

// isRoute reports whether calls of a task are those of turns, which the session counts too. All others with
// a name are calls beside it: titles, compactions, and the like.
func isRoute(task string) bool { return task == "" || strings.HasSuffix(task, "_chat") }

// usage emits a row for each model of the session, and what the session counts beyond them.
func (p *parser) usage(ctx context.Context, db *sqlitedb.DB, id string, h header, line int64) error {
	at := p.log.At()
	var told schema.Usage
	var cost float64
	if db.Has("session_model_usage", "session_id", "model", "input_tokens", "output_tokens") {
		q := db.Query(ctx, "SELECT model, "+db.Columns("session_model_usage", "billing_provider", "billing_base_url", "billing_mode", "task", "input_tokens",
			"cache_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "actual_cost_usd", "estimated_cost_usd", "last_seen")+
			" FROM session_model_usage WHERE session_id = ? ORDER BY rowid", id)
		for q.Next() {
			model, provider, task := q.Str(0), q.Str(1), q.Str(4)
			u := counters(q, 5)
			usd := dollars(q, 10)
			seenAt := at
			if s, ok := q.Float(12); ok && schema.UnixSeconds(s) != 0 {
				seenAt = schema.UnixSeconds(s)
			}
			p.total(p.log.ID("total", id, model, provider, q.Str(2), q.Str(3), task+"."), line, seenAt, model, provider, u, usd)
			if isRoute(task) {
				told, cost = add(told, u), cost+usd
			}
		}
		if err := q.Close(); err != nil {
			return err
		}
	}
	rest := schema.Usage{
		UncachedInput: over(h.usage.UncachedInput, told.UncachedInput), CacheRead: over(h.usage.CacheRead, told.CacheRead),
		CacheCreation5m: over(h.usage.CacheCreation5m, told.CacheCreation5m), Output: over(h.usage.Output, told.Output),
		Reasoning: over(h.usage.Reasoning, told.Reasoning),
	}
	p.total(p.log.ID("total", id), line, at, h.model, h.provider, rest, h.cost-cost)
	return nil
}

func add(a, b schema.Usage) schema.Usage {
	a.UncachedInput.V += b.UncachedInput.V
	a.CacheRead.V += b.CacheRead.V
	a.CacheCreation5m.V += b.CacheCreation5m.V
	a.Output.V += b.Output.V
	a.Reasoning.V += b.Reasoning.V
	return a
}

func over(all, part schema.Int) schema.Int {
	all.V = max(all.V-part.V, 0)
	return all
}

// total emits counters of the whole session.
func (p *parser) total(key schema.ID, line int64, at schema.Instant, model, provider string, u schema.Usage, usd float64) {
	if rows.Zero(&u) {
		return
	}
	p.log.Again(line, at, key)
	c := p.run.Model(key)
	c.DedupBasis, c.UsageGrain, c.TurnID = "provider_id", "session", 0
	c.RequestModel, c.ProviderName = model, provider
	c.Usage = u
	if usd > 1e-9 {
		c.ReportedCostUSD = rows.Dollars(usd)
	}
	p.run.PutModel(&c)
}
