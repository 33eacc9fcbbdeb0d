package copilot

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
	"github.com/agenttrace/agenttrace/schema"
)

// The accounts that Copilot keeps of its requests, in the order in which one is taken: of one session
// there may be all of them.
const (
	rankStore  = 1 // every request with all counters
	rankEvents = 2 // totals when a process ends
	rankChat   = 4 // requests without counters; the traces are between
)

// Store reads session-store.db, in which the command line writes down each request of all its sessions.
// Its zero value is ready for use.
//
// The sessions themselves are told by their event logs. Their prompts are in the database again, and are
// not read: only where a log is gone does a session count its turns by the database.
type Store struct{}

// Format describes the database.
func (Store) Format() ingest.Format {
	return ingest.Format{Agent: agent, Parser: "copilot-store", Title: "GitHub Copilot", Version: 1, StoreKind: "sqlite", Roots: func(env ingest.Env) []ingest.Root {
		dir, why := home(env)
		if !filepath.IsAbs(dir) {
			return nil
		}
		return []ingest.Root{{Path: filepath.Join(dir, "session-store.db"), Why: why}}
	}}
}

// Match takes no files: the database is told by its tables.
func (Store) Match(string, []byte) ingest.Match { return ingest.Match{} }

// MatchDatabase knows the tables.
func (Store) MatchDatabase(_ string, db *sqlitedb.DB) ingest.Match {
	if db.Has("assistant_usage_events", "session_id", "model") && db.Has("sessions", "id") {
		return ingest.Match{Verdict: ingest.Sure}
	}
	return ingest.Match{}
}

// Sessions lists the sessions whose requests were written down.
func (Store) Sessions(ctx context.Context, db *sqlitedb.DB, list func(ingest.DatabaseSession) error) error {
	sum := func(name string) string {
		if db.Has("assistant_usage_events", name) {
			return "total(" + name + ")"
		}
		return "0"
	}
	q := db.Query(ctx, "SELECT session_id, count(*) || ' ' || max(rowid) || ' ' || "+sum("input_tokens")+" || ' ' || "+sum("output_tokens")+
		" || ' ' || "+sum("duration_ms")+", max("+db.Column("assistant_usage_events", "created_at")+"), (SELECT "+about(db)+
		" FROM sessions WHERE id = assistant_usage_events.session_id) FROM assistant_usage_events GROUP BY session_id")
	for q.Next() {
		s := ingest.DatabaseSession{ID: q.Str(0), Mark: q.Str(1) + "/" + q.Str(3), UpdatedAt: instantOf(q.Str(2))}
		if err := list(s); err != nil {
			q.Close()
			return err
		}
	}
	return q.Close()
}

// about is what is read of a session, as one text.
func about(db *sqlitedb.DB) string {
	var parts []string
	for _, name := range []string{"cwd", "repository", "branch"} {
		parts = append(parts, "coalesce("+db.Column("sessions", name)+", '')")
	}
	return strings.Join(parts, " || char(10) || ")
}

// instantOf reads a time: ISO, or SQLite's own form, which is UTC.
func instantOf(text string) schema.Instant {
	if len(text) == len("2006-01-02 15:04:05") && text[10] == ' ' {
		text = text[:10] + "T" + text[11:] + "Z"
	}
	return schema.ParseInstant([]byte(text))
}

// Parse reads the requests of one session; the line of a row is the number of its request.
func (Store) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	a := &account{log: rows.New(agent, src, emit), native: src.Session}
	if err := a.begin(ctx, src); err != nil {
		return err
	}
	q := src.DB.Query(ctx, "SELECT rowid, "+src.DB.Columns("assistant_usage_events", "turn_index", "model", "copilot_usage_model",
		"input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens",
		"total_nano_aiu", "duration_ms", "time_to_first_token_ms", "finish_reason", "initiator", "agent_id", "parent_tool_call_id", "created_at")+
		" FROM assistant_usage_events WHERE session_id = ? ORDER BY rowid", src.Session)
	for line := int64(1); q.Next(); line++ {
		a.request(line, q)
		if a.log.Err() != nil {
			break
		}
	}
	if q.Replaced > 0 {
		a.log.Problem(schema.ProblemBadEncoding, "", "")
	}
	if err := q.Close(); err != nil {
		return err
	}
	ledger(a.log, a.s, rankStore)
	return a.log.Close()
}

// ledger says that the source is an account of the session's requests.
func ledger(log *rows.Log, s *rows.Session, rank int64) {
	log.Put(&schema.Ledger{Where: schema.Where{Line: max(s.Row.Line, 1)}, SessionID: s.Row.SessionID, Rank: rank})
}

// An account are the requests of a session being read.
type account struct {
	log    *rows.Log
	s      *rows.Session
	native string
	beside bool // the event log is there too, and tells all but the counters
	turn   int64
}

func (a *account) begin(ctx context.Context, src *ingest.Source) error {
	a.turn = -1
	a.log.Again(1, 0, 0)
	a.s = a.log.Session(src.Session)
	a.beside = hasEventLog(src)
	row := &a.s.Row
	row.IsMain, a.s.Elsewhere = !a.beside, a.beside
	row.Fidelity = "outline"
	q := src.DB.Query(ctx, "SELECT "+src.DB.Columns("sessions", "cwd", "repository", "branch")+" FROM sessions WHERE id = ?", src.Session)
	if q.Next() {
		row.Workspace, a.s.Dir = q.Str(0), q.Str(0)
		row.GitRemote = remote(q.Str(1), "")
		if branch := q.Str(2); branch != "HEAD" {
			row.GitBranch = branch
		}
	}
	return q.Close()
}

// hasEventLog reports whether the log of the session lies where the command line writes it.
func hasEventLog(src *ingest.Source) bool {
	if src.ListBeside == nil || strings.ContainsAny(src.Session, `/\`) || strings.HasPrefix(src.Session, ".") {
		return false
	}
	names, err := src.ListBeside("session-state/" + src.Session)
	if err == nil && slices.Contains(names, "events.jsonl") {
		return true
	}
	names, err = src.ListBeside("session-state")
	return err == nil && slices.Contains(names, src.Session+".jsonl")
}

func (a *account) request(line int64, q *sqlitedb.Rows) {
	number := func(col int) (n schema.Int) {
		if n.V, n.Valid = q.Int(col); n.V < 0 {
			n = schema.Int{}
		}
		return n
	}
	end := instantOf(q.Str(16))
	id := a.log.ID("usage", a.native, q.Str(0))
	a.log.Begin(line, end, id)
	if end == 0 {
		a.log.Problem(schema.ProblemBadTime, "assistant_usage_events", "created_at")
	} else {
		a.s.Row.HasTimes = true
	}
	begun, first := schema.Instant(0), schema.Instant(0)
	if took := number(10); took.Valid && took.V > 0 && took.V < 1e9 && end != 0 {
		begun = end - schema.Instant(took.V*1000)
		if wait := number(11); wait.Valid && wait.V > 0 && wait.V <= took.V {
			first = begun + schema.Instant(wait.V*1000)
		}
	}
	run := a.run(q.Str(14), q.Str(15))
	if turn := number(1); !a.beside && run == a.s.Main && turn.Valid && turn.V != a.turn {
		a.turn = turn.V
		if begun != 0 {
			a.log.Now(begun)
		}
		run.Prompt("user", nil)
		a.log.Now(end)
	}
	run.Record()
	m := run.Model(id)
	m.DedupBasis = "provider_id"
	m.RequestModel = q.Str(2)
	if m.RequestModel == "" || m.RequestModel == "auto" {
		m.RequestModel = q.Str(3)
	}
	m.StartedAt, m.FirstTokenAt, m.EndedAt, m.FinishReason = begun, first, end, q.Str(12)
	if begun != 0 {
		m.OccurredAt = begun
	}
	c := counters{in: number(4), out: number(5), read: number(6), write: number(7), reasoning: number(8)}
	if c.in.V+c.out.V > 0 {
		m.Usage, m.UsageQuality = c.usage(a.log), "final"
		row := &a.s.Row
		row.HasUsage, row.HasCache = true, row.HasCache || c.read.Valid
		row.HasReasoning = row.HasReasoning || c.reasoning.Valid
		a.log.Observe(id, line, m.OccurredAt, m.Usage, "")
	}
	if n := number(9); n.V > 0 && n.V < 1e15 && end >= creditsBegan {
		m.ReportedCostUSD = schema.Known(n.V * 10)
	}
	a.log.Put(&m)
	if !a.beside {
		if q.Str(13) == "compaction" {
			a.s.Row.HasCompactions = true
			run.Event(schema.Event{Event: "compaction"})
		}
		run.Last = rows.LastNone
		if m.FinishReason == "stop" {
			run.Last = rows.LastText
		}
	}
}

// run is whose a request is. Event logs name sub-agents in the same way.
func (a *account) run(agentID, parentCall string) *rows.Run {
	name := agentID
	if name == "" {
		name = parentCall
	}
	if name == "" {
		return a.s.Main
	}
	run := a.s.Run(name)
	if parentCall != "" {
		run.Row.SpawnToolCallID = toolID(a.log, a.native, parentCall)
	}
	return run
}
