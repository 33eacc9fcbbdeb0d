package inspect

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// Parse reads one log; the line of a row is the number of its message or event in the file.
func (Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	p := &parser{src: src, log: rows.New(Agent, src, emit)}
	p.calls = trace.NewCalls(p.log)
	var magic [4]byte
	n, err := io.ReadFull(src.Reader, magic[:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err
	}
	src.Reader = io.MultiReader(bytes.NewReader(magic[:n]), src.Reader)
	if bytes.Equal(magic[:n], zipMagic) {
		if err := p.container(ctx); err != nil {
			return err
		}
		return p.log.Close()
	}
	data, err := p.log.Document()
	if err != nil {
		return err
	}
	o := trace.ObjectOf(trace.Plain(data))
	p.header(o)
	for e, whole := range trace.Elems(o.Raw("samples")) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// Of a sample that is cut the messages before the cut are there.
		p.sample(trace.ObjectOf(e), whole)
	}
	if p.samples == 0 && isLog(o) {
		p.outline(o)
	}
	switch {
	case o.Len() == 0:
		p.log.Problem(schema.ProblemBadJSON, "", "")
	case o.Cut:
		p.log.Problem(schema.ProblemTruncated, "", "")
	}
	return p.log.Close()
}

// A parser reads one log.
type parser struct {
	src     *ingest.Source
	log     *rows.Log
	calls   *trace.Calls
	n       int64 // records so far
	samples int

	run, task, model, version, commit, remote string
}

// container reads a ZIP file: the header first, then sample by sample.
func (p *parser) container(ctx context.Context) error {
	c, err := openContainer(p.src)
	if errors.Is(err, errDamaged) {
		// A log that is being written, or was not finished, has no list of its members.
		p.src.ParsedOffset = p.src.Size
		p.log.Problem(schema.ProblemTruncated, "", "")
		return nil
	}
	if err != nil {
		return err
	}
	p.src.ParsedOffset = p.src.Size
	head, err := c.read(c.members["header.json"])
	if err != nil {
		head, err = c.read(c.members["_journal/start.json"])
	}
	if err != nil {
		p.log.Problem(schema.ProblemBadJSON, "header", "")
	}
	o := trace.ObjectOf(p.plain(head))
	p.header(o)
	for _, f := range c.samples {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		data, err := c.read(f)
		switch {
		case errors.Is(err, errTooLarge):
			p.src.Records++
			p.log.Bad(schema.ProblemOversized)
			continue
		case errors.Is(err, errDamaged):
			p.src.Records++
			p.log.Bad(schema.ProblemTruncated)
			continue
		case err != nil:
			return err
		}
		sample := trace.ObjectOf(p.plain(data))
		if sample.Cut || sample.Len() == 0 {
			p.log.Problem(schema.ProblemBadJSON, "sample", "")
		}
		p.sample(sample, !sample.Cut)
	}
	if p.samples == 0 && o.Len() > 0 {
		p.outline(o)
	}
	return nil
}

// plain makes valid text and plain JSON of a member.
func (p *parser) plain(data []byte) []byte {
	if !utf8.Valid(data) {
		p.log.Problem(schema.ProblemBadEncoding, "", "")
		data = bytes.ToValidUTF8(data, []byte("\uFFFD"))
	}
	return trace.Plain(data)
}

// header takes what holds for all samples.
func (p *parser) header(o trace.Object) {
	eval := o.Object("eval")
	p.run = eval.Str("eval_id")
	if p.run == "" {
		p.run = eval.Str("run_id")
	}
	p.task, p.model = eval.Str("task"), eval.Str("model")
	p.version = eval.Object("packages").Str("inspect_ai")
	p.log.Version = p.version
	revision := eval.Object("revision")
	p.commit, p.remote = revision.Str("commit"), trace.Remote(revision.Str("origin"))
}

// session begins a session with what the header says.
func (p *parser) session(native, title string) *rows.Session {
	s := p.log.Session(native)
	r := &s.Row
	r.AgentVersion, r.GitCommit, r.GitRemote = p.version, p.commit, p.remote
	r.SessionKind, r.IsHeadless = "automation", schema.Known(true)
	if p.src.Content != ingest.ContentNone {
		r.Title = title
	}
	return s
}

// outline is a log whose samples were not kept: only what they took is known.
func (p *parser) outline(o trace.Object) {
	eval := o.Object("eval")
	native := p.run
	if native == "" {
		native = trace.Label(eval.First("task_id", "created"))
	}
	if native == "" {
		return
	}
	s := p.session(native, p.task)
	s.Row.Fidelity = "outline"
	p.n++
	stats := o.Object("stats")
	at := trace.Instant(stats.Raw("started_at"))
	if at == 0 {
		at = trace.Instant(eval.Raw("created"))
	}
	p.log.Begin(p.n, at, p.log.ID("eval", native))
	s.Main.Record()
	s.Row.HasTimes = at != 0
	p.totals(s.Main, native, stats.Object("model_usage"))
	switch o.Str("status") {
	case "success":
		s.Main.Row.EndState = "completed"
	case "cancelled":
		s.Main.Row.EndState = "interrupted"
	case "error":
		s.Main.Row.EndState = "error"
	}
	p.calls.Close(s)
	s.Close()
}

// totals emits counters that stand for a whole session, one row for each model.
func (p *parser) totals(run *rows.Run, native string, usage trace.Object) {
	for model, raw := range usage.Members() {
		u := trace.ObjectOf(raw)
		if trace.CountsOf(u).IsZero() {
			continue
		}
		m := p.calls.Take(run, p.log.ID("total", native, model), "position")
		m.UsageGrain, m.RequestModel, m.ProviderName = "session", model, providerOf(model)
		m.ReportedCostUSD = rows.Dollars(u.Float("total_cost").V)
		p.calls.Observe(m, usageOf(u))
	}
}

// usageOf brings counters to their meaning. Input leaves out the cached part in newer versions and
// holds it in older ones: the total tells.
func usageOf(u trace.Object) schema.Usage {
	c := trace.CountsOf(u)
	if !c.Total.Valid {
		return c.Usage(trace.WithoutCache)
	}
	return c.Usage(trace.ByFigures)
}

// providerOf is the provider in a model's name, provider/model.
func providerOf(model string) string {
	provider, _, ok := strings.Cut(model, "/")
	if !ok {
		return ""
	}
	return provider
}

// limits are the limits that end a sample, and how that is called.
var limits = map[string]string{
	"message": "max_turns", "turn": "max_turns", "token": "budget", "cost": "budget", "time": "budget", "working": "budget", "operator": "interrupted",
}

// sample reads one sample and epoch.
func (p *parser) sample(o trace.Object, whole bool) {
	if o.Len() == 0 {
		return
	}
	p.samples++
	native := o.Str("uuid")
	name := trace.Label(o.Raw("id")) + "_epoch_" + trace.Label(o.Raw("epoch"))
	if native == "" {
		native = p.run + "/" + name
	}
	t := &thread{
		parser: p, native: native, s: p.session(native, p.task+" "+name), tools: trace.NewTools(p.log, native), attachments: o.Object("attachments"),
		spans: map[string]span{}, seen: map[string]bool{},
	}
	r := &t.s.Row
	r.HasToolStatus, r.HasToolArgs, r.HasCompactions, r.HasAPIErrors, r.HasApprovals = true, true, true, true, true
	r.IsComplete = schema.Known(whole)
	for e, ok := range trace.Elems(o.Raw("messages")) {
		if ok {
			t.messages = append(t.messages, trace.ObjectOf(e))
		}
	}
	events := o.Raw("events")
	if trace.IsNull(events) {
		events = o.Object("transcript").Raw("events")
	}
	t.began = trace.Instant(o.Raw("started_at"))
	models := t.walk(events)
	t.rest(len(t.messages))
	if models == 0 && !p.calls.Counted() {
		t.at(0, "totals")
		p.totals(t.s.Main, native, o.Object("model_usage"))
	}
	if limit := o.Object("limit").Str("type"); limit != "" {
		t.s.Main.Row.EndState = limits[limit]
		if t.s.Main.Row.EndState == "" {
			t.s.Main.Row.EndState = "budget"
		}
	}
	if e := o.Object("error"); e.Len() > 0 {
		t.at(0, "error")
		text, _ := trace.Content(e.Raw("message"))
		t.s.Main.Error(schema.Error{Source: "agent", ErrorType: rows.ErrorType(schema.Int{}, text), IsFinal: schema.Known(true), MessageHash: schema.HashBytes(text)})
		t.s.Main.Row.EndState = "error"
	}
	p.calls.Close(t.s)
	t.s.Close()
}

// flatten lists events in their order: older logs nest those of tools and subtasks.
func flatten(raw []byte, out []trace.Object) []trace.Object {
	for e, whole := range trace.Elems(raw) {
		if !whole {
			break
		}
		o := trace.ObjectOf(e)
		inner := o.Raw("events")
		if kind := o.Str("event"); kind == "subtask" || kind == "tool" {
			// What a tool did comes before what came of it.
			out = flatten(inner, out)
		}
		out = append(out, o)
	}
	return out
}
