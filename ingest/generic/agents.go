package generic

import (
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// agents takes a record of the Agents SDK: the start of a trace, or a span when it ended.
func (p *parser) agents(o trace.Object) {
	if list := o.Raw("data"); trace.Kind(list) == jscan.Array && !o.Has("object") {
		for e, whole := range trace.Elems(list) {
			if whole {
				p.agents(trace.ObjectOf(e))
			}
		}
		return
	}
	if o.Str("object") == "trace" {
		p.n++
		p.src.Records++
		if group := o.Str("group_id"); group != "" {
			p.groups[o.Str("id")] = group
		}
		return
	}
	p.n++
	p.src.Records++
	if !p.spans.Keep(o.Source()) {
		p.log.Again(p.n, 0, 0)
		p.log.Bad(schema.ProblemOversized)
		return
	}
	d := o.Object("span_data")
	s := &trace.Span{
		Line: p.n, Trace: o.Str("trace_id"), ID: o.Str("id"), Parent: o.Str("parent_id"), Name: d.Str("name"),
		Start: trace.Instant(o.Raw("started_at")), End: trace.Instant(o.Raw("ended_at")),
	}
	if s.End < s.Start {
		s.End = 0
	}
	if s.ID == "" || s.Trace == "" {
		p.log.Again(p.n, 0, 0)
		p.log.Unknown("span without id")
		return
	}
	failure := o.Object("error")
	if failure.Len() > 0 {
		s.Failed = true
		s.Message, _ = trace.Content(failure.Raw("message"))
		s.ErrorType = rows.ErrorType(schema.Int{}, s.Message)
	}
	switch typ := d.Str("type"); typ {
	case "generation":
		s.Role = trace.CallSpan
		s.RequestModel = d.Str("model")
		s.Usage = trace.CountsOf(d.Object("usage")).Usage(trace.WithCache)
		input, output := d.Raw("input"), d.Raw("output")
		s.Inputs = func() []trace.Message { return messages(input) }
		s.Outputs = func() []trace.Message { return messages(output) }
	case "response":
		s.Role = trace.CallSpan
		s.ResponseID = d.Str("response_id")
		s.Usage = trace.CountsOf(d.Object("usage")).Usage(trace.WithCache)
	case "function":
		s.Role = trace.ToolSpan
		s.Tool, s.Args = d.Str("name"), d.Raw("input")
		s.Result, s.HasResult = trace.Content(d.Raw("output"))
		if s.Failed {
			s.ErrorType = rows.Failure(s.Message)
		}
	case "agent":
		s.Role, s.Agent = trace.AgentSpan, d.Str("name")
	case "handoff", "guardrail", "mcp_tools", "transcription", "speech", "speech_group", "custom":
		// A task or turn repeats the usage of what it holds.
	default:
		p.log.Again(p.n, s.Start, 0)
		p.log.Unknown("span " + typ)
		return
	}
	p.spans.Add(s)
}

func messages(raw []byte) []trace.Message {
	var out []trace.Message
	for e := range trace.Elems(raw) {
		if m, ok := trace.MessageOf(trace.ObjectOf(e)); ok {
			out = append(out, m)
		}
	}
	return out
}
