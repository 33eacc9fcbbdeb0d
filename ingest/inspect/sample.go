package inspect

import (
	"strconv"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// A thread is one sample being read. Its events tell when what happened and in which order; its messages
// tell what nothing else does: prompts, and everything in logs without events.
type thread struct {
	*parser
	native      string
	s           *rows.Session
	tools       *trace.Tools
	attachments trace.Object
	spans       map[string]span
	began       schema.Instant

	messages []trace.Object
	next     int // the first message that was not told yet
	prompted bool
	scorer   string // the scorer that is at work, in logs without spans
	seen     map[string]bool
}

// A span is a stretch of the sample: a solver, an agent, a tool, a scorer.
type span struct{ parent, kind, name string }

// at starts a record.
func (t *thread) at(at schema.Instant, id string) {
	t.n++
	if at != 0 {
		t.s.Row.HasTimes = true
	}
	if id == "" || t.seen[id] {
		id = "#" + strconv.FormatInt(int64(len(t.seen)), 10)
	}
	t.seen[id] = true
	t.log.Begin(t.n, at, t.log.ID("record", t.native, id))
}

// walk goes through the events and returns how many were answers of a model.
func (t *thread) walk(raw []byte) (models int) {
	for _, e := range flatten(raw, nil) {
		at := trace.Instant(e.Raw("timestamp"))
		if t.began == 0 {
			t.began = at
		}
		id := e.Str("uuid")
		switch kind := e.Str("event"); kind {
		case "model":
			if t.answer(e, at, id) {
				models++
			}
		case "tool":
			t.result(e, at, id)
		case "span_begin":
			t.spans[e.Str("id")] = span{e.Str("parent_id"), e.Str("type"), e.Str("name")}
		case "step":
			if e.Str("type") == "scorer" {
				t.scorer = ""
				if e.Str("action") == "begin" {
					t.scorer = e.Str("name")
				}
			}
		case "error":
			text, _ := trace.Content(e.Object("error").Raw("message"))
			t.at(at, id)
			t.s.Main.Record()
			t.s.Main.Error(schema.Error{Source: "agent", ErrorType: rows.ErrorType(schema.Int{}, text), MessageHash: schema.HashBytes(text)})
		case "sample_limit":
			t.event(e, at, id, schema.Event{Event: "limit_seen", Detail: e.Str("type")})
		case "compaction":
			t.event(e, at, id, schema.Event{Event: "compaction", TokensBefore: e.Int("tokens_before"), TokensAfter: e.Int("tokens_after")})
		case "approval":
			t.event(e, at, id, schema.Event{Event: "approval_resolved", Detail: e.Str("decision")})
			if c := t.tools.Open(e.Object("call").Str("id")); c != nil && e.Object("call").Str("id") != "" {
				switch e.Str("decision") {
				case "approve", "modify":
					c.Row.Approval = "rule"
					if e.Str("approver") == "human" {
						c.Row.Approval = "user"
					}
				case "reject", "terminate":
					c.Row.Approval = "denied"
				}
			}
		case "interrupt":
			t.event(e, at, id, schema.Event{Event: "interrupt"})
			t.s.Main.Last = rows.LastInterrupt
		case "span_end", "sample_init", "state", "store", "sandbox", "score", "score_edit", "info", "logger", "input", "subtask", "branch", "checkpoint":
		default:
			t.at(at, id)
			t.log.Unknown("event " + kind)
		}
	}
	return models
}

func (t *thread) event(e trace.Object, at schema.Instant, id string, event schema.Event) {
	t.at(at, id)
	run := t.runOf(e.Str("span_id"))
	run.Record()
	run.Event(event)
}

// runOf finds the run of an event. What scores the sample is a run of its own, and so is an agent that
// another agent, or a tool, called.
func (t *thread) runOf(id string) *rows.Run {
	if t.scorer != "" {
		return t.side("scorer:"+t.scorer, "review", t.scorer)
	}
	agent, agents, tool := "", 0, false
	for range 64 {
		sp, ok := t.spans[id]
		if !ok {
			break
		}
		switch sp.kind {
		case "scorer":
			return t.side("scorer:"+sp.name, "review", sp.name)
		case "agent":
			if agents++; agents == 1 {
				agent = id
			}
		case "tool", "handoff":
			tool = tool || agents > 0
		}
		id = sp.parent
	}
	if agents > 1 || agents == 1 && tool {
		return t.side(agent, "subagent", t.spans[agent].name)
	}
	return t.s.Main
}

func (t *thread) side(name, kind, agent string) *rows.Run {
	r := t.s.Run(name)
	r.Row.RunKind, r.Row.AgentType = kind, agent
	r.Row.Line = max(r.Row.Line, 1)
	return r
}

// answer takes an answer of a model. It reports whether a request was made for it.
func (t *thread) answer(e trace.Object, at schema.Instant, id string) bool {
	output := e.Object("output")
	if trace.IsTrue(e.Raw("pending")) && output.Len() == 0 {
		return false
	}
	run := t.runOf(e.Str("span_id"))
	var message trace.Object
	for c := range trace.Elems(output.Raw("choices")) {
		message = trace.ObjectOf(c).Object("message")
		break
	}
	if run == t.s.Main {
		t.upTo(message.Str("id"))
	}
	end := trace.Instant(e.Raw("completed"))
	if end == 0 && at != 0 {
		if ms := trace.Millis(output.Float("time")); ms.Valid {
			end = at + schema.Instant(ms.V*1000)
		}
	}
	t.at(max(at, end), id)
	run.Record()
	run.Response = 0
	asked := e.Str("cache") != "read" // or the answer was kept from an earlier run
	if asked {
		t.call(run, e, output, at, end, id)
	}
	t.speak(run, message)
	if trace.Str(stopOf(output)) == "max_tokens" || trace.Str(stopOf(output)) == "model_length" {
		run.Last = rows.LastMaxTokens
	}
	return asked
}

// stopOf is why the first choice ended.
func stopOf(output trace.Object) []byte {
	for c := range trace.Elems(output.Raw("choices")) {
		return trace.ObjectOf(c).Raw("stop_reason")
	}
	return nil
}

// call emits the model call of an answer.
func (t *thread) call(run *rows.Run, e, output trace.Object, at, end schema.Instant, id string) {
	key, basis := t.log.ID("response", id), "provider_id"
	usage := output.Object("usage")
	if key == 0 {
		c := trace.CountsOf(usage)
		key = t.log.ID("response", t.native, e.Str("model")).With(uint64(at)).With(uint64(c.Input.V)).With(uint64(c.Output.V))
		basis = "fingerprint"
	}
	m := t.calls.Take(run, key, basis)
	run.Response = m.ModelCallID
	m.RequestModel, m.ResponseModel = e.Str("model"), output.Str("model")
	m.ProviderName = providerOf(m.RequestModel)
	m.StartedAt, m.EndedAt = at, end
	if at != 0 {
		m.OccurredAt = at
	}
	m.FinishReason = trace.Str(stopOf(output))
	if n := e.Int("retries"); n.Valid && n.V > 0 {
		m.Attempt = schema.Known(n.V + 1)
	}
	m.ReportedCostUSD = rows.Dollars(usage.Float("total_cost").V)
	t.calls.Observe(m, usageOf(usage))
	raw := e.Raw("error")
	if trace.IsNull(raw) {
		raw = output.Raw("error")
	}
	if text, ok := trace.Content(raw); ok && len(text) > 0 {
		class := rows.ErrorType(schema.Int{}, text)
		run.Error(schema.Error{Source: "api", ErrorType: class, MessageHash: schema.HashBytes(text)})
		m.Status, m.ErrorType = "error", class
	}
}

// speak emits what an answer says: thoughts, texts, calls.
func (t *thread) speak(run *rows.Run, message trace.Object) {
	content := message.Raw("content")
	for part := range trace.Elems(content) {
		o := trace.ObjectOf(part)
		switch o.Str("type") {
		case "reasoning":
			text := t.text(o.Raw("reasoning"))
			if trace.IsTrue(o.Raw("redacted")) || trace.IsBlank(text) {
				if text = t.text(o.Raw("summary")); trace.IsBlank(text) {
					run.Hidden()
					continue
				}
			}
			run.Message("assistant", "reasoning", text)
		case "tool_use": // a tool that the provider ran
			name := o.Str("name")
			if name == "" {
				name = o.Str("tool_type")
			}
			c := t.tools.Begin(run, name, o.Str("id"))
			trace.Arguments(c, o.Raw("arguments"))
			text, ok := trace.Content(o.Raw("result"))
			if o.Has("error") {
				trace.Finish(c, "error", "tool_error", schema.Int{}, text, ok)
			} else {
				trace.Finish(c, "ok", "", schema.Int{}, text, ok)
			}
		}
	}
	if text := t.text(content); !trace.IsBlank(text) {
		run.Message("assistant", "text", text)
	}
	for e := range trace.Elems(message.Raw("tool_calls")) {
		o := trace.ObjectOf(e)
		name := o.Str("function")
		if name == "" {
			continue
		}
		c := t.tools.Begin(run, name, o.Str("id"))
		t.arguments(c, o.Raw("arguments"))
		if o.Has("parse_error") {
			c.Row.ErrorType = "bad_args"
		}
	}
}

// failures are the kinds of failure of tools.
var failures = map[string]string{
	"parsing": "bad_args", "timeout": "timeout", "permission": "permission", "file_not_found": "not_found", "is_a_directory": "bad_args",
}

// outcome reads how a call ended.
func outcome(e trace.Object) (status, class string) {
	failure := e.Object("error")
	switch {
	case failure.Len() > 0 && failure.Str("type") == "approval":
		return "denied", ""
	case failure.Len() > 0 && failure.Str("type") == "cancelled":
		return "interrupted", ""
	case failure.Len() > 0:
		if class = failures[failure.Str("type")]; class == "" {
			class = "tool_error"
		}
		return "error", class
	case trace.IsTrue(e.Raw("failed")):
		return "error", "tool_error"
	}
	return "ok", ""
}

// result takes what came of a call.
func (t *thread) result(e trace.Object, at schema.Instant, id string) {
	if trace.IsTrue(e.Raw("pending")) && trace.IsNull(e.Raw("completed")) {
		return
	}
	run := t.runOf(e.Str("span_id"))
	end := trace.Instant(e.Raw("completed"))
	t.at(max(at, end), id)
	run.Record()
	c := t.tools.Open(e.Str("id"))
	if c == nil || e.Str("id") == "" {
		// Solvers may call tools without a model.
		if c = t.tools.Begin(run, e.Str("function"), e.Str("id")); at != 0 {
			c.Row.RequestedAt = at
		}
		t.arguments(c, e.Raw("arguments"))
	}
	c.Row.StartedAt = at
	if end == 0 {
		c.Untimed = true
	}
	if ms := trace.Millis(e.Float("working_time")); ms.Valid {
		c.Row.DurationMS, c.Row.DurationBasis = ms, "reported"
	}
	if trace.Kind(e.Raw("truncated")) == jscan.Array {
		c.Row.IsResultTruncated = schema.Known(true)
	}
	status, class := outcome(e)
	text := t.text(e.Raw("result"))
	if status == "error" && len(text) == 0 {
		text = t.text(e.Object("error").Raw("message"))
	}
	trace.Finish(c, status, class, schema.Int{}, text, true)
}

// upTo tells the messages before an answer, which is that of an id, or else the next one.
func (t *thread) upTo(id string) {
	for k := t.next; k < len(t.messages); k++ {
		m := t.messages[k]
		if m.Str("role") != "assistant" || m.Str("source") == "input" || id != "" && m.Str("id") != "" && m.Str("id") != id {
			continue
		}
		t.rest(k)
		t.next = k + 1
		return
	}
	if !t.prompted {
		// The answer is not among the messages that were kept; what began the sample is.
		k := 0
		for k < len(t.messages) && (t.messages[k].Str("role") == "system" || t.messages[k].Str("role") == "user") {
			k++
		}
		t.rest(k)
	}
}

// rest tells the messages before the k-th that events have not told.
func (t *thread) rest(k int) {
	for ; t.next < k; t.next++ {
		t.message(t.messages[t.next])
	}
}

// message tells one message of the sample.
func (t *thread) message(m trace.Object) {
	main := t.s.Main
	var at schema.Instant
	role := m.Str("role")
	if !t.prompted && role != "tool" {
		at = t.began
	}
	if role == "tool" {
		c := t.tools.Open(m.Str("tool_call_id"))
		if c == nil && t.tools.Find(m.Str("tool_call_id")) != nil {
			return // its event told it
		}
		t.at(0, m.Str("id"))
		main.Record()
		if c == nil {
			if c = t.tools.Begin(main, m.Str("function"), m.Str("tool_call_id")); m.Str("function") == "" {
				c.Row.ToolNameRaw = "unknown"
			}
			t.log.Problem(schema.ProblemOrphanResult, "tool", "")
		}
		status, class := outcome(m)
		trace.Finish(c, status, class, schema.Int{}, t.text(m.Raw("content")), true)
		return
	}
	t.at(at, m.Str("id"))
	main.Record()
	main.Response = 0
	text := t.text(m.Raw("content"))
	switch role {
	case "system":
		main.Message("system", "injected", text)
	case "user":
		trigger := "continuation"
		if !t.prompted || m.Str("source") == "input" {
			trigger = "user"
		}
		t.prompted = true
		main.Prompt(trigger, text)
	case "assistant":
		if m.Str("source") == "input" {
			main.Message("assistant", "injected", text)
			return
		}
		t.speak(main, m)
	default:
		t.log.Unknown("message " + role)
	}
}
