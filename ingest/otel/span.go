package otel

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// A span is what is kept of one span.
type span struct {
	line              int64
	trace, id, parent string
	name              string
	start, end        schema.Instant
	role              trace.SpanRole
	failed            bool
	unstated          bool   // there is no status
	message           []byte // of the status
	attrs             attrs
}

// attrs are the attributes of interest of a span.
type attrs []attr

// An attr is one attribute, its value as raw JSON.
type attr struct {
	name string
	raw  []byte
}

func (a *attrs) add(name string, raw []byte) {
	if *a == nil {
		*a = make(attrs, 0, 16) // spans of calls have about as many
	}
	*a = append(*a, attr{name, raw})
}

// raw returns the first of these attributes that is there.
func (a *attrs) raw(names ...string) []byte {
	for _, n := range names {
		for i := len(*a) - 1; i >= 0; i-- {
			if at := &(*a)[i]; at.name == n && !trace.IsNull(at.raw) {
				return at.raw
			}
		}
	}
	return nil
}

func (a *attrs) str(names ...string) string { return trace.Label(a.raw(names...)) }

// wanted reports whether an attribute is of interest.
func wanted(name string) bool {
	for _, p := range [...]string{"gen_ai.", "llm.", "ai.", "openinference.", "traceloop.", "langfuse.", "input.", "output.", "tool", "session.id", "error.type", "exception.", "vcs.", "service.", "copilot_chat.", "github.copilot."} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// long is the length from which on the value of an attribute is content, which is let go when a file
// holds more of it than is kept.
const long = 512

// attributes reads attributes: an OTLP list of keys and values, Jaeger's tags, or a plain object.
func (p *parser) attributes(a *attrs, raw []byte) {
	var s jscan.Scanner
	s.Reset(raw)
	switch s.Kind() {
	case jscan.Array:
		for s.Array(); s.Elem(); {
			var key jscan.Text
			var value []byte
			for in := s.ObjectOrSkip(); in && s.Key(); {
				switch string(s.Name) {
				case "key":
					key = s.Text()
				case "value":
					if value = s.Raw(); len(value) > 0 && value[0] == '{' {
						value = scalar(value)
					}
				default:
					s.Skip()
				}
			}
			p.attribute(a, key.Bytes(nil), value)
		}
	case jscan.Object:
		for s.Object(); s.Key(); {
			name := s.Name
			p.attribute(a, name, s.Raw())
		}
	}
}

// attribute takes an attribute, if it is of interest.
func (p *parser) attribute(a *attrs, key []byte, value []byte) {
	name, known := p.names[string(key)]
	if !known {
		if name = string(key); !wanted(name) {
			name = ""
		}
		if len(p.names) < maxNames {
			p.names[string(key)] = name
		}
	}
	if name == "" {
		return
	}
	if len(value) > long && p.kept+int64(len(value)) > maxKept {
		p.dropped++
		return
	}
	if p.volatile {
		value = bytes.Clone(value)
	}
	p.kept += int64(len(value))
	a.add(name, value)
}

// maxNames is how many names of attributes are remembered. Programs have few, unless numbers are in them.
const maxNames = 4096

// scalar takes the value out of OTLP's wrapping. Lists stay as they are.
func scalar(raw []byte) []byte {
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() != jscan.Object {
		return nil
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "stringValue", "string_value", "intValue", "int_value", "doubleValue", "double_value", "boolValue", "bool_value":
			if v := s.Raw(); !trace.IsNull(v) {
				return v
			}
		case "arrayValue", "array_value":
			if v := trace.ObjectOf(s.Raw()).Raw("values"); v != nil {
				return v
			}
		default:
			s.Skip()
		}
	}
	return nil
}

// idOf brings an id to lower-case hex. Old exporters write base64, consoles put 0x in front.
func idOf(raw []byte, size int) string {
	s := strings.TrimPrefix(trace.Label(raw), "0x")
	if len(s) == 2*size {
		return strings.ToLower(s)
	}
	if len(s) == base64.StdEncoding.EncodedLen(size) {
		if b, err := base64.StdEncoding.DecodeString(s); err == nil && len(b) == size {
			return hex.EncodeToString(b)
		}
	}
	return s
}

// spanOf reads a span in any of the forms.
func (p *parser) spanOf(o trace.Object) *span {
	s := &span{line: p.n}
	context := o.Object("context")
	if context.Len() == 0 {
		context = o.Object("spanContext")
	}
	if context.Len() == 0 {
		context = o.Object("_spanContext")
	}
	pick := func(names ...string) []byte {
		if raw := o.First(names...); raw != nil {
			return raw
		}
		return context.First(names...)
	}
	if s.trace = idOf(pick("traceId", "trace_id", "traceID"), 16); s.trace == p.lastTrace {
		s.trace = p.lastTrace // spans of one trace stand together: one string will do
	}
	p.lastTrace = s.trace
	s.id = idOf(pick("spanId", "span_id", "spanID", "id"), 8)
	s.parent = idOf(o.First("parentSpanId", "parent_span_id", "parent_id", "parentId"), 8)
	if s.parent == "" {
		s.parent = idOf(o.Object("parentSpanContext").First("spanId"), 8)
	}
	for e := range trace.Elems(o.Raw("references")) {
		if r := trace.ObjectOf(e); r.Str("refType") == "CHILD_OF" || s.parent == "" {
			s.parent = idOf(r.Raw("spanID"), 8)
		}
	}
	s.name = trace.Str(o.First("name", "operationName"))
	s.start = trace.Instant(o.First("startTimeUnixNano", "start_time_unix_nano", "startTime", "start_time", "timestamp"))
	s.end = trace.Instant(o.First("endTimeUnixNano", "end_time_unix_nano", "endTime", "end_time"))
	if d := o.Int("duration"); s.end == 0 && s.start != 0 && d.Valid && d.V < 1<<50 {
		s.end = s.start + schema.Instant(d.V) // microseconds
	}
	if s.end < s.start {
		s.end = 0
	}
	status := o.Object("status")
	s.unstated = status.Len() == 0
	switch code := trace.Label(status.First("code", "status_code")); code {
	case "2", "ERROR", "STATUS_CODE_ERROR", "StatusCode.ERROR":
		s.failed = true
	}
	s.message, _ = trace.Content(status.First("message", "description"))
	s.message = bytes.Clone(s.message)
	p.attributes(&s.attrs, o.First("attributes", "tags"))
	// Older conventions put messages into events of the span.
	for e := range trace.Elems(o.First("events", "logs")) {
		event := trace.ObjectOf(e)
		if name := event.Str("name"); strings.HasPrefix(name, "gen_ai.") || name == "exception" {
			p.attributes(&s.attrs, event.Raw("attributes"))
		}
	}
	s.role = roleOf(&s.attrs)
	if s.attrs.raw("error.type") != nil {
		s.failed = true
	}
	return s
}

// roleOf tells what a span is by its attributes.
func roleOf(a *attrs) trace.SpanRole {
	switch a.str("gen_ai.operation.name") {
	case "chat", "generate_content", "text_completion":
		return trace.CallSpan
	case "embeddings":
		return trace.EmbeddingSpan
	case "execute_tool":
		return trace.ToolSpan
	case "invoke_agent", "create_agent", "invoke_workflow":
		return trace.AgentSpan
	case "retrieval":
		return trace.OtherSpan
	}
	switch a.str("openinference.span.kind") {
	case "LLM":
		return trace.CallSpan
	case "EMBEDDING":
		return trace.EmbeddingSpan
	case "TOOL":
		return trace.ToolSpan
	case "AGENT":
		return trace.AgentSpan
	case "CHAIN", "RETRIEVER", "RERANKER", "GUARDRAIL", "EVALUATOR":
		return trace.OtherSpan
	}
	switch op := a.str("ai.operationId"); {
	case strings.Contains(op, "doEmbed"):
		return trace.EmbeddingSpan
	case strings.HasSuffix(op, ".doGenerate"), strings.HasSuffix(op, ".doStream"):
		return trace.CallSpan
	case op == "ai.toolCall":
		return trace.ToolSpan
	case op != "":
		return trace.OtherSpan // the frame around the call, which repeats its usage
	}
	switch a.str("traceloop.span.kind") {
	case "tool":
		return trace.ToolSpan
	case "agent":
		return trace.AgentSpan
	case "workflow", "task":
		return trace.OtherSpan
	}
	switch a.str("langfuse.observation.type") {
	case "generation":
		return trace.CallSpan
	case "embedding":
		return trace.EmbeddingSpan
	case "tool":
		return trace.ToolSpan
	case "agent":
		return trace.AgentSpan
	case "span", "chain", "event", "retriever", "evaluator", "guardrail":
		return trace.OtherSpan
	}
	switch {
	case a.raw("gen_ai.tool.name", "gen_ai.tool.call.id") != nil:
		return trace.ToolSpan
	case a.raw("gen_ai.response.model", "gen_ai.request.model", "llm.request.type", "llm.model_name") != nil:
		return trace.CallSpan
	}
	return trace.OtherSpan
}

// usage reads the counters of a span. By convention the input holds what a cache gave.
func (s *span) usage() schema.Usage {
	a := &s.attrs
	c := trace.Counts{
		Input: trace.Int(a.raw("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "llm.usage.prompt_tokens", "ai.usage.inputTokens", "ai.usage.promptTokens")),
		Output: trace.Int(a.raw("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion", "llm.usage.completion_tokens",
			"ai.usage.outputTokens", "ai.usage.completionTokens")),
		CacheRead: trace.Int(a.raw("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens", "gen_ai.usage.input_tokens.cached",
			"gen_ai.usage.input_tokens_cached", "llm.token_count.prompt_details.cache_read", "ai.usage.cachedInputTokens")),
		CacheWrite: trace.Int(a.raw("gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens", "llm.token_count.prompt_details.cache_write")),
		Reasoning: trace.Int(a.raw("gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_output_tokens", "gen_ai.usage.reasoning_tokens", "gen_ai.usage.output_tokens.reasoning",
			"llm.token_count.completion_details.reasoning", "ai.usage.reasoningTokens")),
		Total: trace.Int(a.raw("gen_ai.usage.total_tokens", "llm.usage.total_tokens", "llm.token_count.total", "ai.usage.totalTokens", "ai.usage.tokens")),
	}
	return c.Usage(trace.WithCache)
}

// conversation is the conversation that a span names.
func (a *attrs) conversation() string {
	return a.str("gen_ai.conversation.id", "session.id", "ai.telemetry.metadata.sessionId", "langfuse.session.id", "traceloop.association.properties.session_id")
}
