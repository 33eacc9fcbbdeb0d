// Package langfuse reads what Langfuse exports: traces with their observations, lists of observations as
// the API returns them, rows of a batch export, and the events of its ingestion API. A session is what
// the user named one, and a trace where nothing is named.
package langfuse

import (
	"bytes"
	"context"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// Agent is this format's word in the column agent.
const Agent = "langfuse"

// Parser reads exports. The zero value is ready for use.
type Parser struct{}

// Format describes the format. Exports lie where the user put them.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: Agent, Title: "Langfuse", Version: 1, StoreKind: "json", Roots: func(ingest.Env) []ingest.Root { return nil }}
}

// types are the kinds of observation.
var types = map[string]trace.SpanRole{
	"SPAN": trace.OtherSpan, "GENERATION": trace.CallSpan, "EVENT": trace.OtherSpan, "AGENT": trace.AgentSpan, "TOOL": trace.ToolSpan,
	"CHAIN": trace.OtherSpan, "RETRIEVER": trace.OtherSpan, "EVALUATOR": trace.OtherSpan, "EMBEDDING": trace.EmbeddingSpan, "GUARDRAIL": trace.OtherSpan,
}

// isObservation tells an observation by its keys, as the API or a batch export names them.
func isObservation(o trace.Object) bool {
	_, known := types[strings.ToUpper(o.Str("type"))]
	return known && (o.Has("startTime") || o.Has("start_time")) && (o.Has("traceId") || o.Has("trace_id")) && o.Has("id") && !o.Has("spanId")
}

// isTrace tells a trace that holds its observations.
func isTrace(o trace.Object) bool {
	for e, whole := range trace.Elems(o.Raw("observations")) {
		x := trace.ObjectOf(e)
		_, known := types[strings.ToUpper(x.Str("type"))]
		return isObservation(x) || known && (x.Has("startTime") || !whole)
	}
	return trace.Kind(o.Raw("observations")) == jscan.Array && (o.Has("trace") || o.Has("timestamp") && o.Has("id"))
}

// isBatch tells a request of the ingestion API.
func isBatch(o trace.Object) bool {
	for e := range trace.Elems(o.Raw("batch")) {
		x := trace.ObjectOf(e)
		return x.Has("body") && x.Has("type")
	}
	return false
}

func isAny(o trace.Object) bool { return isObservation(o) || isTrace(o) || isBatch(o) }

// Match knows the shapes by their keys.
func (Parser) Match(path string, head []byte) ingest.Match {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	for v := range trace.Values(head) {
		o := trace.ObjectOf(v)
		list := v
		if data := o.Raw("data"); trace.Kind(data) == jscan.Array {
			list = data
		}
		for e := range trace.Elems(list) {
			o = trace.ObjectOf(e)
			break
		}
		if isAny(o) {
			return ingest.Match{Verdict: ingest.Sure}
		}
		break
	}
	return ingest.Match{}
}

// Parse reads one export; the line of a row is the number of its observation in the file.
func (Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	p := &parser{src: src, log: rows.New(Agent, src, emit), sessions: map[string]string{}}
	p.spans = trace.NewSpans(p.log)
	if name := strings.ToLower(src.Path); strings.HasSuffix(name, ".jsonl") || strings.HasSuffix(name, ".ndjson") {
		if _, err := p.log.Lines(ctx, func(line []byte, no int64, hash schema.ID) bool {
			line = trace.Plain(line)
			if !trace.IsJSON(line) {
				return false
			}
			if !p.spans.Keep(line) {
				p.src.Records++
				p.log.Bad(schema.ProblemOversized)
				return true
			}
			p.value(bytes.Clone(line)) // what is in it is told at the end
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
		p.value(v)
		if !whole {
			p.log.Problem(schema.ProblemTruncated, "", "")
			p.cut = true
		}
	}
	return p.tell()
}

// A parser reads one export.
type parser struct {
	src      *ingest.Source
	log      *rows.Log
	spans    *trace.Spans
	n        int64
	sessions map[string]string // the session of a trace
	release  string
	cut      bool
}

// value takes a value of the file, whichever shape it has.
func (p *parser) value(raw []byte) {
	if trace.Kind(raw) == jscan.Array {
		for e, whole := range trace.Elems(raw) {
			if whole || isTrace(trace.ObjectOf(e)) {
				p.value(e)
			}
		}
		return
	}
	o := trace.ObjectOf(raw)
	switch {
	case isObservation(o):
		p.observation(o, "")
	case trace.Kind(o.Raw("observations")) == jscan.Array:
		about := o.Object("trace")
		if about.Len() == 0 {
			about = o
		}
		p.about(about)
		for e, whole := range trace.Elems(o.Raw("observations")) {
			if whole {
				p.observation(trace.ObjectOf(e), about.Str("id"))
			}
		}
		// A download repeats the list inside the trace.
		for e, whole := range trace.Elems(about.Raw("observations")) {
			if whole && o.Has("trace") {
				p.observation(trace.ObjectOf(e), about.Str("id"))
			}
		}
	case isBatch(o):
		for e, whole := range trace.Elems(o.Raw("batch")) {
			if whole {
				p.event(trace.ObjectOf(e))
			}
		}
	case trace.Kind(o.Raw("data")) == jscan.Array:
		p.value(o.Raw("data"))
	case o.Has("id") && (o.Has("timestamp") || o.Has("sessionId")):
		p.about(o)
	default:
		p.n++
		p.log.Begin(p.n, 0, 0)
		p.log.Unknown("value")
	}
}

// event takes an event of the ingestion API.
func (p *parser) event(o trace.Object) {
	body := o.Object("body")
	switch typ := o.Str("type"); typ {
	case "trace-create":
		p.about(body)
	case "generation-create", "generation-update", "span-create", "span-update", "event-create", "agent-create", "tool-create", "chain-create",
		"retriever-create", "evaluator-create", "embedding-create", "guardrail-create", "observation-create":
		kind, _, _ := strings.Cut(typ, "-")
		p.body(body, strings.ToUpper(kind), "")
	case "score-create", "sdk-log":
	default:
		p.n++
		p.log.Begin(p.n, 0, 0)
		p.log.Unknown("event " + typ)
	}
}

// about takes what a trace says of itself.
func (p *parser) about(o trace.Object) {
	id := o.Str("id")
	if session := trace.Str(o.First("sessionId", "session_id")); session != "" && id != "" {
		p.sessions[id] = session
	}
	if v := trace.Str(o.First("release", "version")); v != "" && p.release == "" {
		p.release = v
	}
}

func (p *parser) observation(o trace.Object, of string) {
	p.body(o, strings.ToUpper(o.Str("type")), of)
}

// body reads an observation.
func (p *parser) body(o trace.Object, kind, of string) {
	p.n++
	p.src.Records++
	if kind == "OBSERVATION" {
		kind = strings.ToUpper(o.Str("type"))
	}
	role, known := types[kind]
	if !known {
		p.log.Again(p.n, 0, 0)
		p.log.Unknown("observation " + kind)
		return
	}
	get := func(names ...string) []byte { return o.First(names...) }
	s := &trace.Span{
		Line: p.n, Trace: trace.Str(get("traceId", "trace_id")), ID: o.Str("id"), Parent: trace.Str(get("parentObservationId", "parent_observation_id")),
		Name: o.Str("name"), Conversation: trace.Str(get("sessionId", "session_id")), Role: role,
		Start: trace.Instant(get("startTime", "start_time")), End: trace.Instant(get("endTime", "end_time")),
		FirstToken: trace.Instant(get("completionStartTime", "completion_start_time")),
		Failed:     o.Str("level") == "ERROR",
	}
	if s.Trace == "" {
		s.Trace = of
	}
	if s.ID == "" || s.Trace == "" {
		p.log.Again(p.n, 0, 0)
		p.log.Unknown("observation without id")
		return
	}
	if s.End < s.Start {
		s.End = 0
	}
	s.Message, _ = trace.Content(get("statusMessage", "status_message"))
	input, output := trace.Unwrap(o.Raw("input")), trace.Unwrap(o.Raw("output"))
	switch role {
	case trace.ToolSpan:
		s.Tool, s.Args = s.Name, input
		if s.Result, s.HasResult = trace.Content(output); !s.HasResult && !trace.IsNull(output) {
			s.Result, s.HasResult = output, true
		}
		if s.Failed {
			s.ErrorType = rows.Failure(s.Message)
		}
	case trace.CallSpan, trace.EmbeddingSpan, trace.AgentSpan:
		s.Agent = s.Name
		s.RequestModel = trace.Str(get("model", "providedModelName", "provided_model_name"))
		s.Usage = usageOf(o)
		s.Cost = costOf(o)
		s.ErrorType = rows.ErrorType(schema.Int{}, s.Message)
		s.Inputs = func() []trace.Message { return messages(input, "user") }
		s.Outputs = func() []trace.Message { return messages(output, "assistant") }
		if role == trace.CallSpan {
			s.Finish = finish(output)
		}
	}
	if !p.spans.Add(s) {
		// A copy, or an update that knows more.
		p.spans.Find(s.Trace, s.ID).Merge(s)
	}
}

// messages reads an input or output, which may be a text, a message, a list, or an object that holds one.
func messages(raw []byte, role string) []trace.Message {
	var out []trace.Message
	switch trace.Kind(raw) {
	case jscan.String:
		text, _ := trace.Content(raw)
		return []trace.Message{{Role: role, Text: text, HasText: true}}
	case jscan.Array:
		for e := range trace.Elems(raw) {
			o := trace.ObjectOf(e)
			if inner := o.Object("message"); inner.Has("role") {
				o = inner // LangChain's generations
			}
			if m, ok := trace.MessageOf(o); ok {
				out = append(out, m)
			}
		}
	case jscan.Object:
		o := trace.ObjectOf(raw)
		for _, name := range [...]string{"messages", "input", "contents", "output", "choices"} {
			if list := o.Raw(name); trace.Kind(list) == jscan.Array {
				return messages(list, role)
			}
		}
		if m, ok := trace.MessageOf(o); ok {
			return []trace.Message{m}
		}
		if text, ok := trace.Content(o.First("content", "text", "completion")); ok {
			return []trace.Message{{Role: role, Text: text, HasText: true}}
		}
	}
	return out
}

// finish finds why a response ended, where the output is the provider's own.
func finish(raw []byte) string {
	o := trace.ObjectOf(raw)
	for e := range trace.Elems(o.Raw("choices")) {
		o = trace.ObjectOf(e)
		break
	}
	return trace.Str(o.First("finish_reason", "stop_reason", "finishReason"))
}

// tell emits everything.
func (p *parser) tell() error {
	p.spans.Name(p.sessions)
	p.spans.Tell(func(r *schema.Session, first *trace.Span) {
		r.AgentVersion = p.release
		r.IsComplete = schema.Known(!p.cut)
		if p.src.Content != ingest.ContentNone {
			r.Title = first.Name
		}
	})
	return p.log.Close()
}

// Capabilities says what exports can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "yes"}, {Field: "usage", Available: "yes"}, {Field: "cache_read", Available: "partial"}, {Field: "cache_write", Available: "partial"},
		{Field: "reasoning", Available: "partial"}, {Field: "cost", Available: "yes", Note: "as Langfuse calculated it"}, {Field: "times", Available: "yes"},
		{Field: "tool_calls", Available: "partial", Note: "rows of type TOOL, calls in outputs"}, {Field: "tool_status", Available: "partial", Note: "level"},
		{Field: "tool_args", Available: "yes"}, {Field: "tool_durations", Available: "yes"}, {Field: "texts", Available: "yes"}, {Field: "thinking", Available: "partial"},
		{Field: "workspace", Available: "no"}, {Field: "git_branch", Available: "no"}, {Field: "sub_agents", Available: "partial", Note: "where observations name agents"}, {Field: "compactions", Available: "no"},
		{Field: "api_errors", Available: "yes"}, {Field: "approvals", Available: "no"}, {Field: "agent_version", Available: "partial", Note: "release"},
		{Field: "finish_reason", Available: "partial"},
	}
}
