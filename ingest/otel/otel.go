// Package otel reads spans of model and tool calls that follow OpenTelemetry's conventions for
// generative AI, or one of the dialects that came before: as OTLP/JSON, and as other programs dump
// spans. A conversation is a session, and a trace is one where no conversation is named.
//
// Spans come in any order, children before their parents, and some twice. So they are collected, each as
// a small struct with what is of interest, and told in the order of time at the end of the file.
package otel

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/trace"
)

// Agent is this format's word in the column agent.
const Agent = "otel"

// Parser reads dumps of spans. The zero value is ready for use.
type Parser struct{}

// Format describes the format. Dumps lie where a collector was told to write them.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: Agent, Title: "OpenTelemetry", Version: 2, StoreKind: "otlp", Roots: func(ingest.Env) []ingest.Root { return nil }}
}

// markers stand in every span of interest.
var markers = [][]byte{
	[]byte(`gen_ai.`), []byte(`"llm.`), []byte(`openinference.`), []byte(`"ai.operationId`), []byte(`"ai.model.`), []byte(`traceloop.`), []byte(`langfuse.observation`),
}

func marked(b []byte) bool {
	for _, m := range markers {
		if bytes.Contains(b, m) {
			return true
		}
	}
	return false
}

// Match knows OTLP by its keys. Other dumps of spans are taken only where a span of interest is seen.
func (Parser) Match(path string, head []byte) ingest.Match {
	if (Copilot{}).Match(path, head).Verdict != ingest.Foreign {
		return ingest.Match{}
	}
	whole := len(head) < ingest.HeadSize
	body := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	var first trace.Object
	for v := range trace.Values(body) {
		first = trace.ObjectOf(v)
		if trace.Kind(v) == jscan.Array {
			for e := range trace.Elems(v) {
				first = trace.ObjectOf(e)
				break
			}
		}
		break
	}
	switch {
	case first.Has("resourceSpans"), first.Has("resource_spans"), first.Has("batches") && bytes.Contains(body, []byte("spans")), first.Has("resourceLogs"):
		if !marked(head) && whole {
			return ingest.Match{Verdict: ingest.NotSession, Reason: "telemetry without a call of a model or a tool"}
		}
		return ingest.Match{Verdict: ingest.Sure}
	case first.Has("resourceMetrics"):
		return ingest.Match{Verdict: ingest.NotSession, Reason: "metrics, which hold no session"}
	case isDump(first) && marked(head):
		return ingest.Match{Verdict: ingest.Sure}
	}
	return ingest.Match{}
}

// isDump tells a span as exporters to consoles and files write it, or what Jaeger and Zipkin return.
func isDump(o trace.Object) bool {
	context := o.Object("context")
	switch {
	case context.Has("trace_id") && context.Has("span_id") && o.Has("name"):
		return true
	case o.Has("traceId") && o.Has("name") && (o.Has("spanId") || o.Has("id")) && (o.Has("attributes") || o.Has("tags")) &&
		(o.Has("startTime") || o.Has("start_time") || o.Has("startTimeUnixNano") || o.Has("timestamp")):
		return true
	case trace.Kind(o.Raw("data")) == jscan.Array:
		for e := range trace.Elems(o.Raw("data")) {
			d := trace.ObjectOf(e)
			return d.Has("traceID") && (d.Has("spans") || d.Cut)
		}
	}
	return false
}

// Capabilities says what spans can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "yes"}, {Field: "usage", Available: "yes"}, {Field: "cache_read", Available: "partial"},
		{Field: "cache_write", Available: "partial"}, {Field: "reasoning", Available: "partial"}, {Field: "cost", Available: "partial", Note: "some vendors"},
		{Field: "times", Available: "yes"}, {Field: "tool_calls", Available: "partial", Note: "where tools have spans or messages are kept"},
		{Field: "tool_status", Available: "yes"}, {Field: "tool_args", Available: "partial", Note: "opt-in"}, {Field: "tool_durations", Available: "yes"},
		{Field: "texts", Available: "partial", Note: "opt-in"}, {Field: "thinking", Available: "partial", Note: "opt-in"},
		{Field: "workspace", Available: "no"}, {Field: "git_branch", Available: "partial", Note: "vcs attributes"},
		{Field: "sub_agents", Available: "yes"}, {Field: "compactions", Available: "no"}, {Field: "api_errors", Available: "yes"},
		{Field: "approvals", Available: "no"}, {Field: "agent_version", Available: "partial"}, {Field: "finish_reason", Available: "partial"},
	}
}
