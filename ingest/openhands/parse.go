package openhands

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// Parse reads one source. The line of a row is the number of its event in the source, because one line
// of a file may hold a whole history.
func (Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	p := &parser{src: src, log: rows.New(Agent, src, emit)}
	p.calls = trace.NewCalls(p.log)
	if strings.HasSuffix(strings.ToLower(src.Path), ".jsonl") {
		return p.lines(ctx)
	}
	data, err := p.log.Document()
	if err != nil {
		return err
	}
	if err := p.document(ctx, trace.Plain(data)); err != nil {
		return err
	}
	return p.close()
}

// A parser reads one source.
type parser struct {
	src   *ingest.Source
	log   *rows.Log
	calls *trace.Calls
	n     int64 // events so far
	loose *thread
}

// lines reads a file of runs or of events, one a line.
func (p *parser) lines(ctx context.Context) error {
	whole, err := p.log.Lines(ctx, func(line []byte, no int64, hash schema.ID) bool {
		line = trace.Plain(line)
		if !trace.IsJSON(line) {
			p.n++
			p.log.Again(p.n, 0, 0)
			return false
		}
		o := trace.ObjectOf(line)
		if isRun(o) {
			p.run(o, hash)
			return true
		}
		// Calls keep their arguments until they end, and the line does not.
		p.event(trace.ObjectOf(bytes.Clone(line)))
		return true
	})
	if err != nil {
		return err
	}
	if p.loose != nil {
		p.loose.s.Row.IsComplete = schema.Known(whole)
	}
	return p.close()
}

// document reads everything that is no file of lines.
func (p *parser) document(ctx context.Context, data []byte) error {
	for value, whole := range trace.Values(data) {
		o := trace.ObjectOf(value)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case isRun(o):
			p.run(o, schema.HashBytes(value))
		case isState(o):
			p.state(o)
		case o.Len() > 0:
			if whole {
				p.first(o)
			}
		default:
			for e, whole := range trace.Elems(value) {
				if whole {
					p.event(trace.ObjectOf(e))
				}
			}
		}
		if !whole {
			p.broken()
		}
	}
	return nil
}

// broken notes that the text ended inside a value.
func (p *parser) broken() {
	p.log.Problem(schema.ProblemTruncated, "", "")
	if p.loose != nil {
		p.loose.s.Row.IsComplete = schema.Known(false)
	}
}

func (p *parser) close() error {
	if p.loose != nil {
		p.loose.end("")
	}
	return p.log.Close()
}

// run reads a line of output.jsonl, which is a session of its own.
func (p *parser) run(o trace.Object, hash schema.ID) {
	native := o.Str("instance_id")
	if issue := o.Object("issue"); native == "" {
		native = issue.Str("owner") + "/" + issue.Str("repo") + "#" + trace.Label(issue.Raw("number"))
	}
	// The same task is tried again and again, with several models: the run is told by when it began.
	began := ""
	for e := range trace.Elems(o.Raw("history")) {
		began = trace.ObjectOf(e).Str("timestamp")
		break
	}
	if began == "" {
		began = fmt.Sprintf("%08x", uint32(hash))
	}
	t := p.thread(native + "@" + began)
	r := &t.s.Row
	r.IsHeadless, r.SessionKind = schema.Known(true), "automation"
	r.Title = p.title(native)
	r.GitCommit = o.Str("base_commit")
	if r.GitCommit == "" {
		r.GitCommit = trace.Str(o.At("instance", "base_commit"))
	}
	t.model = trace.Str(o.At("metadata", "llm_config", "model"))
	for e, whole := range trace.Elems(o.Raw("history")) {
		if !whole {
			break
		}
		if trace.Kind(e) == '[' { // old histories pair action and observation
			for half := range trace.Elems(e) {
				p.step(t, trace.ObjectOf(half))
			}
			continue
		}
		p.step(t, trace.ObjectOf(e))
	}
	metrics := o.Object("metrics")
	t.metrics(metrics)
	r.ReportedCostUSD = rows.Dollars(metrics.Float("accumulated_cost").V)
	r.IsComplete = schema.Known(!o.Cut)
	t.end(o.Str("error"))
}

// title is kept only where content is.
func (p *parser) title(s string) string {
	if p.src.Content == ingest.ContentNone {
		return ""
	}
	return s
}

// event takes an event of a file that holds one conversation.
func (p *parser) event(o trace.Object) {
	if p.loose == nil {
		p.loose = p.thread(conversation(p.src.Path))
	}
	p.step(p.loose, o)
}

// step takes one event of a conversation.
func (p *parser) step(t *thread, o trace.Object) {
	p.n++
	kind := kindOf(o)
	if kind == notEvent && (o.Has("action") != o.Has("observation")) && !o.Has("kind") {
		kind = v0 // the oldest ones do not say their source
	}
	switch kind {
	case v0:
		t.v0(p.n, o)
	case sdk:
		t.sdk(p.n, o)
	default:
		p.log.Begin(p.n, 0, 0)
		p.log.Unknown("event")
	}
}

// conversation is the id of a conversation as its folder or file is named.
func conversation(path string) string {
	dir, base := split(path)
	if base == "base_state.json" {
		_, name := split(dir)
		return name
	}
	if _, ok := eventNumber(base); ok {
		up, name := split(dir)
		if name == "events" {
			_, name = split(up)
		}
		return name
	}
	stem, _, _ := strings.Cut(base, ".json")
	return stem
}

// state reads a conversation of the SDK from base_state.json and the events beside it.
func (p *parser) state(o trace.Object) {
	t := p.thread(o.Str("id"))
	if t.s.Row.NativeSessionID == "" {
		t = p.thread(conversation(p.src.Path))
	}
	p.loose = t
	t.base(o)
	p.folder(t, "events")
}

// first reads the conversation that a single event begins, unless its folder has a state.
func (p *parser) first(o trace.Object) {
	_, base := split(p.src.Path)
	_, numbered := eventNumber(base)
	if p.src.ReadBeside == nil || p.src.ListBeside == nil || !numbered {
		p.event(o)
		return
	}
	for _, state := range [...]string{"base_state.json", "../base_state.json"} {
		if data, err := p.src.ReadBeside(state); err == nil && isState(trace.ObjectOf(data)) {
			return // it is read with that
		}
	}
	p.loose = p.thread(conversation(p.src.Path))
	if p.folder(p.loose, ".") == 0 {
		p.event(o)
	}
}

// maxBeside is the largest file that is read beside a source.
const maxBeside = 1 << 20

// folder reads the events of a folder in their order and returns how many there were.
func (p *parser) folder(t *thread, dir string) (events int) {
	if p.src.ReadBeside == nil || p.src.ListBeside == nil {
		return 0
	}
	names, err := p.src.ListBeside(dir)
	if err != nil {
		return 0
	}
	names = slices.DeleteFunc(names, func(n string) bool {
		_, ok := eventNumber(n)
		return !ok
	})
	slices.SortStableFunc(names, func(a, b string) int {
		x, _ := eventNumber(a)
		y, _ := eventNumber(b)
		return x - y
	})
	for _, name := range names {
		data, err := p.src.ReadBeside(dir + "/" + name)
		if err != nil {
			continue
		}
		o := trace.ObjectOf(trace.Plain(bytes.ToValidUTF8(data, []byte("\uFFFD"))))
		events++
		switch {
		case o.Cut && len(data) >= maxBeside:
			p.log.Problem(schema.ProblemOversized, "event", "")
		case o.Cut, o.Len() == 0:
			p.n++
			p.log.Begin(p.n, 0, 0)
			p.log.Bad(schema.ProblemBadJSON)
			continue
		}
		p.step(t, o)
	}
	return events
}

// A thread is one conversation being read.
type thread struct {
	p        *parser
	log      *rows.Log
	s        *rows.Session
	native   string
	model    string     // asked for, where the log says so
	last     *rows.Call // the call that began last
	seen     map[schema.ID]bool
	total    trace.Object // last running totals, for logs without counters of calls
	totalOf  string
	answered bool // the agent has spoken
	ended    string
}

// thread begins a conversation.
func (p *parser) thread(native string) *thread {
	if native == "" {
		native = "conversation"
	}
	t := &thread{p: p, log: p.log, native: native, seen: map[schema.ID]bool{}}
	t.s = p.log.Session(native)
	r := &t.s.Row
	r.HasToolStatus, r.HasToolArgs, r.HasCompactions, r.HasAPIErrors = true, true, true, true
	return t
}

// begin starts the record of an event; it is false for one that was here before.
func (t *thread) begin(n int64, id string, o trace.Object) bool {
	at := trace.Instant(o.Raw("timestamp"))
	if id == "" {
		id = "#" + strconv.FormatInt(n, 10)
	}
	key := t.log.ID("event", t.native, id)
	t.log.Begin(n, at, key)
	if t.seen[key] {
		return false
	}
	t.seen[key] = true
	if at != 0 {
		t.s.Row.HasTimes = true
	} else if o.Has("timestamp") {
		t.log.Problem(schema.ProblemBadTime, "event", "timestamp")
	}
	t.s.Main.Record()
	return true
}

// end closes the conversation; why is the error that ended it, if one did.
func (t *thread) end(why string) {
	switch {
	case t.ended != "":
		t.s.Main.Row.EndState = t.ended
	case strings.Contains(strings.ToLower(why), "maximum iteration"):
		t.s.Main.Row.EndState = "max_turns"
	case strings.Contains(strings.ToLower(why), "budget"):
		t.s.Main.Row.EndState = "budget"
	case why != "":
		t.s.Main.Row.EndState = "error"
	}
	if why != "" {
		t.log.Again(max(t.p.n, 1), 0, t.log.ID("error", t.native))
		t.s.Main.Error(schema.Error{Source: "agent", ErrorType: rows.ErrorType(schema.Int{}, []byte(why)), IsFinal: schema.Known(true), MessageHash: schema.HashString(why)})
	}
	t.totals()
	t.p.calls.Close(t.s)
	t.s.Close()
	if t.p.loose == t {
		t.p.loose = nil
	}
}
