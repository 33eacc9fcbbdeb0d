package generic

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// Parse reads one file; the line of a row is the number of its message in the file.
func (Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	p := &parser{src: src, log: rows.New(Agent, src, emit), threads: map[string]*thread{}, groups: map[string]string{}}
	p.spans = trace.NewSpans(p.log)
	if err := p.read(ctx); err != nil {
		return err
	}
	for _, t := range p.order {
		t.close()
	}
	p.spans.Name(p.groups)
	p.spans.Tell(func(r *schema.Session, first *trace.Span) {
		r.IsComplete = schema.Known(!p.cut)
		if src.Content != ingest.ContentNone {
			r.Title = first.Name
		}
	})
	return p.log.Close()
}

// A parser reads one file.
type parser struct {
	src     *ingest.Source
	log     *rows.Log
	spans   *trace.Spans
	groups  map[string]string // the conversation of a trace
	n       int64             // messages and records so far
	threads map[string]*thread
	order   []*thread
	loose   *thread // of records that name no session
	cut     bool
}

// read goes through the values of the file. One value a line is read line by line, so that the file may
// be of any size; anything else is a document.
func (p *parser) read(ctx context.Context) error {
	head, err := p.src.Head(64 << 10)
	if err != nil {
		return err
	}
	if !lineByLine(head) {
		data, err := p.log.Document()
		if err != nil {
			return err
		}
		for v, whole := range trace.Values(trace.Plain(data)) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			p.value(v, schema.HashBytes(v))
			if !whole {
				p.log.Problem(schema.ProblemTruncated, "", "")
				p.cut = true
			}
		}
		return nil
	}
	whole, err := p.log.Lines(ctx, func(line []byte, no int64, hash schema.ID) bool {
		line = trace.Plain(line)
		if !trace.IsJSON(line) || trace.Kind(line) != jscan.Object && trace.Kind(line) != jscan.Array {
			p.n++
			p.log.Again(p.n, 0, 0)
			return false
		}
		p.value(bytes.Clone(line), hash)
		return true
	})
	p.cut = p.cut || !whole
	return err
}

// lineByLine reports whether the first line is a value by itself and something follows.
func lineByLine(head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	line, rest, found := bytes.Cut(head, []byte{'\n'})
	if !found || trace.IsJSON(head) {
		return false
	}
	return (trace.IsJSON(trace.Plain(line)) || len(line) > 0 && line[0] != '{' && line[0] != '[') && len(bytes.TrimSpace(rest)) > 0
}

// value takes one value of the file.
func (p *parser) value(raw []byte, hash schema.ID) {
	switch s := shapeOf(raw); s {
	case shapeATIF:
		p.trajectory(trace.ObjectOf(raw))
	case shapeAgents:
		p.agents(trace.ObjectOf(raw))
	case shapePair:
		p.pair(trace.ObjectOf(raw), hash)
	case shapeList:
		p.conversation(trace.ObjectOf(raw), hash)
	case shapeMessages:
		t := p.thread(p.named("", hash))
		p.all(t, raw)
		p.done(t)
	case shapeMessage, shapeResponse, shapeEvent:
		o := trace.ObjectOf(raw)
		t := p.threadOf(o, hash)
		switch s {
		case shapeMessage:
			t.record(o)
		case shapeResponse:
			t.response(o)
		default:
			t.event(o)
		}
	default:
		if trace.Kind(raw) == jscan.Array {
			for e, whole := range trace.Elems(raw) {
				if whole {
					p.value(e, schema.HashBytes(e))
				}
			}
			return
		}
		p.n++
		p.log.Begin(p.n, 0, 0)
		p.log.Unknown("value")
	}
}

// stem is the file's name without its ending.
func (p *parser) stem() string {
	base := p.src.Path[strings.LastIndexAny(p.src.Path, `/\`)+1:]
	if i := strings.IndexByte(base, '.'); i > 0 {
		base = base[:i]
	}
	return strings.ToValidUTF8(base, "\uFFFD")
}

// named makes an id for a session that has none, or one that other files use too.
func (p *parser) named(id string, hash schema.ID) string {
	if id == "" {
		id = p.stem()
	}
	return fmt.Sprintf("%s@%016x", id, uint64(hash))
}

// threadOf finds the session of a record in a file of records.
func (p *parser) threadOf(o trace.Object, hash schema.ID) *thread {
	if id := trace.Label(o.Find(sessions...)); id != "" {
		t := p.thread(id)
		p.loose = t
		return t
	}
	if p.loose == nil {
		// The first record tells the file from others of its name, and stays when it grows.
		p.loose = p.thread(p.named("", hash))
	}
	return p.loose
}

// conversation reads an object that holds a list of messages: a session of its own.
func (p *parser) conversation(o trace.Object, hash schema.ID) {
	id := trace.Label(o.Find(sessions...))
	if id == "" {
		id = p.named(trace.Label(o.Find("id")), hash)
	}
	t := p.thread(id)
	t.about(o)
	if isTurn(o) {
		t.events = false
		ask, _ := trace.Content(o.Raw("instruction"))
		if more, ok := trace.Content(o.Raw("input")); ok && !trace.IsBlank(more) {
			ask = append(append(ask, '\n'), more...)
		}
		answer, _ := trace.Content(o.Raw("output"))
		t.begin(o, 0)
		t.Tell(trace.Message{Role: "user", Text: ask, HasText: true})
		t.begin(o, 0)
		t.Tell(trace.Message{Role: "assistant", Text: answer, HasText: true})
		p.done(t)
		return
	}
	if text, ok := trace.Content(o.Raw("system")); ok && !trace.IsBlank(text) {
		t.begin(o, 0)
		t.Tell(trace.Message{Role: "system", Text: text, HasText: true})
	}
	p.all(t, messageList(o))
	t.totals(o)
	if o.Cut {
		t.s.Row.IsComplete = schema.Known(false)
	}
	p.done(t)
}

// all tells the messages of a list.
func (p *parser) all(t *thread, raw []byte) {
	for e, whole := range trace.Elems(raw) {
		if whole {
			t.record(trace.ObjectOf(e))
		}
	}
}

// done ends a session that the file tells in one place, so that little is held.
func (p *parser) done(t *thread) {
	t.close()
	delete(p.threads, t.native)
	for i := range p.order {
		if p.order[i] == t {
			p.order = append(p.order[:i], p.order[i+1:]...)
			break
		}
	}
}

// pair reads a request and its response as a call. Requests repeat the conversation, of which only what
// is new is told.
func (p *parser) pair(o trace.Object, hash schema.ID) {
	p.n++
	p.src.Records++
	request, response := pair(o)
	r := readResponse(response)
	s := &trace.Span{
		Line: p.n, Role: trace.CallSpan, Conversation: trace.Label(o.Find(sessions...)), ID: r.id,
		Start: trace.Instant(o.Find("starttime", "startedat", "timestamp", "ts", "time", "createdat", "created", "date")),
		End:   trace.Instant(o.Find("endtime", "endedat", "completedat", "finishedat")),
	}
	if s.Start == 0 {
		s.Start = r.at
	}
	if ms := trace.Float(o.Find("durationms", "latencyms", "elapsedms")); s.End == 0 && s.Start != 0 && ms.Valid && ms.V >= 0 && ms.V < 1e9 {
		s.End = s.Start + schema.Instant(ms.V*1000)
	}
	if s.End < s.Start {
		s.End = 0
	}
	if s.ID == "" {
		s.ID = fmt.Sprintf("%016x", uint64(hash))
	}
	if s.Conversation == "" {
		if p.groups[""] == "" {
			p.groups[""] = p.named("", hash)
		}
		s.Conversation = p.groups[""]
	}
	s.Trace = s.Conversation
	asked := trace.ObjectOf(request)
	if body := asked.Object("body"); body.Len() > 0 {
		asked = body
	}
	s.RequestModel = trace.Str(asked.Find(models...))
	if s.RequestModel == "" {
		s.RequestModel = trace.Str(o.Find(models...))
	}
	s.ResponseModel, s.ResponseID, s.Finish, s.Usage = r.model, r.id, r.finish, r.usage
	if s.Cost = r.cost; !s.Cost.Valid {
		s.Cost = rows.Dollars(trace.Float(o.Find(costs...)).V)
	}
	list := request
	if asked.Len() > 0 {
		if list = messageList(asked); list == nil {
			list = asked.Raw("input")
		}
	}
	s.Inputs = func() []trace.Message {
		if text, ok := trace.Content(list); ok && trace.Kind(list) == jscan.String {
			return []trace.Message{{Role: "user", Text: text, HasText: true}}
		}
		var out []trace.Message
		if text, ok := trace.Content(asked.First("system", "instructions")); ok {
			out = append(out, trace.Message{Role: "system", Text: text, HasText: true})
		}
		for e := range trace.Elems(list) {
			if m, ok := trace.MessageOf(trace.ObjectOf(e)); ok {
				out = append(out, m)
			}
		}
		return out
	}
	s.Outputs = func() []trace.Message { return r.messages }
	if !p.spans.Add(s) {
		p.spans.Find(s.Trace, s.ID).Merge(s)
	}
}
