package otel

import (
	"sort"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/trace"
)

// inputs are the messages that a call was asked with; outputs those that it answered.
func (s *span) inputs() []trace.Message {
	a := &s.attrs
	out := list(a.raw("gen_ai.input.messages", "ai.prompt.messages", "gen_ai.prompt", "pydantic_ai.all_messages"))
	if system, ok := trace.Content(trace.Unwrap(a.raw("gen_ai.system_instructions"))); ok {
		out = append([]trace.Message{{Role: "system", Text: system, HasText: true}}, out...)
	}
	if len(out) == 0 {
		out = numbered(a, "gen_ai.prompt.")
	}
	if len(out) == 0 {
		out = numbered(a, "llm.input_messages.")
	}
	return out
}

func (s *span) outputs() []trace.Message {
	a := &s.attrs
	out := list(a.raw("gen_ai.output.messages", "gen_ai.completion"))
	if len(out) == 0 {
		out = numbered(a, "gen_ai.completion.")
	}
	if len(out) == 0 {
		out = numbered(a, "llm.output_messages.")
	}
	if len(out) == 0 {
		m := trace.Message{Role: "assistant"}
		m.Text, m.HasText = trace.Content(a.raw("ai.response.text"))
		for e := range trace.Elems(trace.Unwrap(a.raw("ai.response.toolCalls"))) {
			o := trace.ObjectOf(e)
			if name := o.Str("toolName"); name != "" {
				m.Calls = append(m.Calls, trace.ToolUse{ID: o.Str("toolCallId"), Name: name, Args: o.First("input", "args")})
			}
		}
		if m.HasText || len(m.Calls) > 0 {
			out = append(out, m)
		}
	}
	return out
}

// list reads messages that are written as JSON, mostly inside a string.
func list(raw []byte) []trace.Message {
	raw = trace.Unwrap(raw)
	var out []trace.Message
	if o := trace.ObjectOf(raw); o.Len() > 0 {
		raw = o.First("messages", "contents")
	}
	for e := range trace.Elems(raw) {
		if m, ok := trace.MessageOf(trace.ObjectOf(e)); ok {
			out = append(out, m)
		}
	}
	return out
}

// numbered reads messages that are spread over attributes with numbers in their names:
// gen_ai.prompt.0.role, llm.input_messages.0.message.tool_calls.1.tool_call.function.name.
func numbered(a *attrs, prefix string) []trace.Message {
	type fields map[string][]byte
	byNumber := map[int]fields{}
	for _, at := range *a {
		rest, ok := strings.CutPrefix(at.name, prefix)
		if !ok {
			continue
		}
		number, field, ok := strings.Cut(rest, ".")
		n, err := strconv.Atoi(number)
		if !ok || err != nil || n < 0 || n > 1<<16 {
			continue
		}
		if byNumber[n] == nil {
			byNumber[n] = fields{}
		}
		byNumber[n][strings.TrimPrefix(field, "message.")] = at.raw
	}
	var order []int
	for n := range byNumber {
		order = append(order, n)
	}
	sort.Ints(order)
	var out []trace.Message
	for _, n := range order {
		f := byNumber[n]
		m := trace.Message{Role: trace.RoleOf(trace.Str(f["role"]))}
		if m.Role == "" {
			if m.Role = "user"; strings.Contains(prefix, "completion") || strings.Contains(prefix, "output") {
				m.Role = "assistant"
			}
		}
		content := trace.Unwrap(f["content"])
		m.Text, m.HasText = trace.Content(content)
		for k := 0; k < 256; k++ {
			base := "tool_calls." + strconv.Itoa(k) + "."
			get := func(names ...string) []byte {
				for _, name := range names {
					for _, mid := range [...]string{"", "tool_call.", "tool_call.function."} {
						if v := f[base+mid+name]; v != nil {
							return v
						}
					}
				}
				return nil
			}
			name := trace.Str(get("name"))
			if name == "" {
				break
			}
			m.Calls = append(m.Calls, trace.ToolUse{ID: trace.Str(get("id")), Name: name, Args: get("arguments")})
		}
		if m.Role == "tool" {
			m.Results = []trace.ToolResult{{ID: trace.Str(f["tool_call_id"]), Text: m.Text, HasText: m.HasText}}
			m.Text, m.HasText = nil, false
		}
		out = append(out, m)
	}
	return out
}

// arguments and answer are what a span of a tool was given and gave.
func (s *span) arguments() []byte {
	return s.attrs.raw("gen_ai.tool.call.arguments", "ai.toolCall.args", "tool.parameters", "traceloop.entity.input", "input.value", "langfuse.observation.input")
}

func (s *span) answer() ([]byte, bool) {
	raw := s.attrs.raw("gen_ai.tool.call.result", "ai.toolCall.result", "traceloop.entity.output", "output.value", "langfuse.observation.output")
	text, ok := trace.Content(raw)
	if !ok && raw != nil {
		return raw, true
	}
	return text, ok
}
