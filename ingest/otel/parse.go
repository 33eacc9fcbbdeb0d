package otel

import (
	"context"
	"slices"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// maxKept bounds the attributes that are in memory at a time; beyond it texts are let go.
const maxKept = 192 << 20

// Parse reads one dump; the line of a row is the number of its span in the file.
func (Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	return newParser(Agent, src, emit).read(ctx)
}

func newParser(agent string, src *ingest.Source, emit ingest.Emit) *parser {
	return &parser{src: src, log: rows.New(agent, src, emit), seen: map[spanKey]*span{}, names: map[string]string{}}
}

func (p *parser) read(ctx context.Context) error {
	src := p.src
	if strings.HasSuffix(strings.ToLower(src.Path), ".jsonl") || strings.HasSuffix(strings.ToLower(src.Path), ".ndjson") {
		p.volatile = true
		if _, err := p.log.Lines(ctx, func(line []byte, no int64, hash schema.ID) bool {
			if !trace.IsJSON(line) {
				return false
			}
			p.value(line)
			return true
		}); err != nil {
			return err
		}
		return p.tell()
	}
	data, err := p.log.Document()
	if err != nil {
		return err
	}
	for v, whole := range trace.Values(trace.Plain(data)) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p.value(v)
		if !whole {
			p.log.Problem(schema.ProblemTruncated, "", "")
			p.cut = true
		}
	}
	return p.tell()
}

// A parser reads one dump.
type parser struct {
	src       *ingest.Source
	log       *rows.Log
	n         int64
	spans     []*span
	seen      map[spanKey]*span
	names     map[string]string // of attributes; those that are not of interest are empty
	lastTrace string
	volatile  bool // the text is gone after each line
	kept      int64
	dropped   int64
	cut       bool
	resource  attrs // of the current resource
	version   string
	branch    string
	commit    string
	remote    string
	copilot   *copilot // of GitHub Copilot: what else is there of its sessions
}

// A spanKey names a span.
type spanKey struct{ trace, id string }

// value takes a value of the file: an export request, a span, or a list.
func (p *parser) value(raw []byte) {
	var s jscan.Scanner
	s.Reset(raw)
	switch s.Kind() {
	case jscan.Array:
		for e, whole := range trace.Elems(raw) {
			if whole {
				p.value(e)
			}
		}
		return
	case jscan.Object:
		if p.request(&s) {
			return
		}
	}
	o := trace.ObjectOf(raw)
	switch {
	case o.Has("resourceMetrics"):
	case trace.Kind(o.Raw("data")) == jscan.Array:
		for e := range trace.Elems(o.Raw("data")) {
			for s := range trace.Elems(trace.ObjectOf(e).Raw("spans")) {
				p.span(trace.ObjectOf(s))
			}
		}
	case p.copilot != nil && isAside(o):
		p.n++
		p.log.Begin(p.n, 0, 0)
	case isDump(o), p.copilot != nil && isCopilotSpan(o):
		p.resource = nil
		p.attributes(&p.resource, o.Object("resource").Raw("attributes"))
		p.about()
		p.span(o)
	default:
		p.n++
		p.log.Begin(p.n, 0, 0)
		p.log.Unknown("value")
	}
}

// request takes an export request and reports whether it is one. It is walked in place: what is of
// interest is nested so deep that finding the end of each value first would cost more than reading it.
func (p *parser) request(s *jscan.Scanner) (known bool) {
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "resourceSpans", "resource_spans", "batches":
			known = known || s.Kind() != jscan.Null
			for in := s.ArrayOrSkip(); in && s.Elem(); {
				p.resourceOf(s, "spans", p.span, "scopeSpans", "scope_spans", "instrumentationLibrarySpans")
			}
		case "resourceLogs":
			known = known || s.Kind() != jscan.Null
			for in := s.ArrayOrSkip(); in && s.Elem(); {
				p.resourceOf(s, "logRecords", p.logRecord, "scopeLogs")
			}
		default:
			s.Skip()
		}
	}
	return known
}

// resourceOf takes what one resource exported: records in a list, which is in each of the scopes.
func (p *parser) resourceOf(s *jscan.Scanner, list string, take func(trace.Object), scopes ...string) {
	p.resource = nil
	ahead := *s // the resource is wanted first, wherever it stands
	for in := ahead.ObjectOrSkip(); in && ahead.Key(); {
		if string(ahead.Name) == "resource" {
			p.attributes(&p.resource, trace.ObjectOf(ahead.Raw()).Raw("attributes"))
			break
		}
		ahead.Skip()
	}
	p.about()
	for in := s.ObjectOrSkip(); in && s.Key(); {
		if !slices.Contains(scopes, string(s.Name)) {
			s.Skip()
			continue
		}
		for in := s.ArrayOrSkip(); in && s.Elem(); {
			for in := s.ObjectOrSkip(); in && s.Key(); {
				if string(s.Name) != list {
					s.Skip()
					continue
				}
				for in := s.ArrayOrSkip(); in && s.Elem(); {
					if raw := s.Raw(); !s.Bad() {
						take(trace.ObjectOf(raw))
					}
				}
			}
		}
	}
}

// about takes what a resource says of the program.
func (p *parser) about() {
	if v := p.resource.str("service.version"); v != "" && p.version == "" {
		p.version = v
	}
	if v := p.resource.str("vcs.ref.head.name"); v != "" && p.branch == "" {
		p.branch = v
	}
	if v := p.resource.str("vcs.ref.head.revision"); v != "" && p.commit == "" {
		p.commit = v
	}
	if v := p.resource.str("vcs.repository.url.full"); v != "" && p.remote == "" {
		p.remote = trace.Remote(v)
	}
}

// inference is the log record that tells a call in the place of a span, or beside it.
const inference = "gen_ai.client.inference.operation.details"

func (p *parser) logRecord(rec trace.Object) {
	p.n++
	name := rec.Str("eventName")
	if name != inference {
		p.log.Begin(p.n, 0, 0)
		if strings.HasPrefix(name, "gen_ai.") {
			p.log.Unknown("log " + name)
		}
		return
	}
	p.src.Records++
	s := p.spanOf(rec)
	if s.start = trace.Instant(rec.First("timeUnixNano", "observedTimeUnixNano")); s.role == trace.OtherSpan {
		s.role = trace.CallSpan
	}
	p.keep(s)
}

func (p *parser) span(o trace.Object) {
	p.n++
	p.src.Records++
	s := p.spanOf(o)
	for _, at := range p.resource { // a session named for the whole resource
		if at.name == "session.id" && s.attrs.conversation() == "" {
			s.attrs.add(at.name, at.raw)
		}
	}
	p.keep(s)
}

// keep remembers a span. One that was exported twice counts once; a log record of a span adds to it.
func (p *parser) keep(s *span) {
	if s.id == "" || s.trace == "" {
		p.log.Again(p.n, 0, 0)
		p.log.Unknown("span without id")
		return
	}
	key := spanKey{s.trace, s.id}
	if have := p.seen[key]; have != nil {
		for _, at := range s.attrs {
			if have.attrs.raw(at.name) == nil {
				have.attrs.add(at.name, at.raw)
			}
		}
		return
	}
	p.seen[key] = s
	p.spans = append(p.spans, s)
}

// tell emits everything, session by session in the order of time.
func (p *parser) tell() error {
	if p.dropped > 0 {
		p.log.Problem(schema.ProblemOversized, "attributes", "")
	}
	spans := trace.NewSpans(p.log)
	for _, s := range p.spans {
		plain := s.plain()
		if p.copilot != nil {
			p.copilot.add(s, plain)
		}
		spans.Add(plain)
	}
	if p.copilot != nil {
		p.copilot.about(spans)
	}
	spans.Tell(func(r *schema.Session, first *trace.Span) {
		r.AgentVersion, r.GitBranch, r.GitCommit, r.GitRemote = p.version, p.branch, p.commit, p.remote
		r.IsComplete = schema.Known(!p.cut)
		if r.GitBranch == "HEAD" {
			r.GitBranch = ""
		}
		if p.src.Content != ingest.ContentNone {
			r.Title = first.Name
		}
		if p.copilot != nil {
			p.copilot.session(r, first)
		}
	})
	return p.log.Close()
}

// plain reads the attributes of a span.
func (s *span) plain() *trace.Span {
	a := &s.attrs
	out := &trace.Span{
		Line: s.line, Trace: s.trace, ID: s.id, Parent: s.parent, Name: s.name, Conversation: a.conversation(), Role: s.role,
		Start: s.start, End: s.end, Failed: s.failed, Message: s.message,
		Agent: a.str("gen_ai.agent.name", "agent.name"),
	}
	if s.failed {
		out.HTTPStatus = trace.Int(a.raw("http.response.status_code", "error.type"))
		if out.HTTPStatus.V < 100 || out.HTTPStatus.V > 599 {
			out.HTTPStatus = schema.Int{}
		}
		text := append([]byte(a.str("error.type", "exception.type")+" "), s.message...)
		out.ErrorType = rows.ErrorType(out.HTTPStatus, text)
		if s.role == trace.ToolSpan {
			out.ErrorType = rows.Failure(text)
		}
	}
	switch s.role {
	case trace.ToolSpan:
		out.Tool = a.str("gen_ai.tool.name", "ai.toolCall.name", "tool.name", "traceloop.entity.name")
		if out.Tool == "" {
			out.Tool = s.name
		}
		out.CallID = a.str("gen_ai.tool.call.id", "ai.toolCall.id", "tool_call.id")
		out.Args = s.arguments()
		out.Result, out.HasResult = s.answer()
		return out
	case trace.OtherSpan:
		return out
	}
	out.Provider = a.str("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "ai.model.provider")
	out.RequestModel = a.str("gen_ai.request.model", "llm.request.model", "llm.model_name", "ai.model.id")
	out.ResponseModel = a.str("gen_ai.response.model", "llm.response.model", "ai.response.model")
	out.ResponseID = a.str("gen_ai.response.id", "ai.response.id")
	out.Finish = finish(a)
	out.Usage = s.usage()
	out.Cost = rows.Dollars(trace.Float(a.raw("gen_ai.usage.cost", "llm.cost.total", "gen_ai.usage.total_cost")).V)
	out.Inputs, out.Outputs = s.inputs, s.outputs
	if ms := trace.Millis(trace.Float(a.raw("gen_ai.response.time_to_first_chunk"))); ms.Valid && s.start != 0 {
		out.FirstToken = s.start + schema.Instant(ms.V*1000)
	} else if ms := trace.Float(a.raw("ai.response.msToFirstChunk")); ms.Valid && ms.V >= 0 && ms.V < 1e9 && s.start != 0 {
		out.FirstToken = s.start + schema.Instant(ms.V*1000)
	}
	return out
}

// finish reads why a response ended, which is a list.
func finish(a *attrs) string {
	raw := trace.Unwrap(a.raw("gen_ai.response.finish_reasons", "ai.response.finishReason", "llm.response.finish_reason"))
	for e := range trace.Elems(raw) {
		if s := trace.Str(e); s != "" {
			return s
		}
		return trace.Str(scalar(e))
	}
	return trace.Str(raw)
}
