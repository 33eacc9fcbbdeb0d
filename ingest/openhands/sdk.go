package openhands

import (
	"strings"

	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// base takes base_state.json: what the conversation is, and the usages of its responses. Keys of
// providers stand in it too and are never looked at.
func (t *thread) base(o trace.Object) {
	r := &t.s.Row
	t.model = trace.Str(o.At("agent", "llm", "model"))
	if dir := trace.Str(o.At("workspace", "working_dir")); dir != "" {
		r.Workspace, t.s.Dir = dir, dir
	}
	t.log.Begin(1, 0, t.log.ID("state", t.native))
	t.stats(o.Object("stats"))
	switch trace.Str(o.First("execution_status", "agent_status")) {
	case "finished":
		t.ended = "completed"
	case "error", "stuck":
		t.ended = "error"
	case "waiting_for_confirmation":
		t.ended = "awaiting_approval"
	case "paused":
		t.ended = "interrupted"
	}
}

// stats takes the counters that the conversation keeps for each use of a model.
func (t *thread) stats(o trace.Object) {
	cost := 0.0
	for _, raw := range o.Object("usage_to_metrics").Members() {
		m := trace.ObjectOf(raw)
		t.metrics(m)
		cost += m.Float("accumulated_cost").V
	}
	if usd := rows.Dollars(cost); usd.Valid {
		t.s.Row.ReportedCostUSD = usd
	}
}

// sdk takes an event of the SDK.
func (t *thread) sdk(n int64, o trace.Object) {
	if !t.begin(n, o.Str("id"), o) {
		return
	}
	main := t.s.Main
	main.Response = 0
	if m := t.call(o.Str("llm_response_id")); m != nil {
		main.Response = m.ModelCallID
		if m.OccurredAt == 0 {
			// The usages stand apart and without instants.
			m.OccurredAt, m.Line, m.Seq = t.log.At(), t.log.Line(), t.log.Next()
		}
		m.TurnID = main.TurnID()
	}
	switch kind := o.Str("kind"); kind {
	case "SystemPromptEvent":
		t.text("system", "injected", o.Raw("system_prompt"))
	case "MessageEvent":
		t.said(o)
	case "ActionEvent":
		t.acted(o)
	case "ACPToolCallEvent":
		t.acp(o)
	case "ObservationEvent":
		t.observed(o)
	case "UserRejectObservation", "UserRejectEvent":
		text, _ := trace.Content(o.Raw("rejection_reason"))
		if c := t.open(t.s.Find(o.Str("tool_call_id"))); c != nil {
			c.Row.Approval = "denied"
			if o.Str("rejection_source") == "hook" {
				c.Row.Approval = "rule"
			}
			c.End("denied", "")
			c.Output(text)
			c.Put()
		}
		main.Event(schema.Event{Event: "approval_resolved", Detail: "rejected"})
	case "AgentErrorEvent":
		text, _ := trace.Content(o.Raw("error"))
		if c := t.open(t.s.Find(o.Str("tool_call_id"))); c != nil {
			c.End("error", rows.Failure(text))
			c.Output(text)
			c.Put()
			return
		}
		main.Error(schema.Error{Source: "agent", ErrorType: rows.ErrorType(schema.Int{}, text), MessageHash: schema.HashBytes(text)})
	case "ConversationErrorEvent":
		text, _ := trace.Content(o.Raw("detail"))
		class := rows.ErrorType(schema.Int{}, append([]byte(o.Str("code")+" "), text...))
		main.Error(schema.Error{Source: "agent", ErrorType: class, IsFinal: schema.Known(true), MessageHash: schema.HashBytes(text)})
		main.Last, t.ended = rows.LastError, "error"
	case "Condensation", "CondensationSummaryEvent":
		main.Event(schema.Event{Event: "compaction"})
		if text, ok := trace.Content(o.Raw("summary")); ok && !trace.IsBlank(text) {
			main.Message("user", "summary", text)
		}
	case "PauseEvent", "InterruptEvent":
		main.Event(schema.Event{Event: "interrupt"})
		main.Last = rows.LastInterrupt
	case "HookExecutionEvent":
		main.Event(schema.Event{Event: "hook", Detail: o.Str("hook_event_type")})
		if exit := trace.Signed(o.Raw("exit_code")); exit.Valid && exit.V != 0 {
			main.Error(schema.Error{Source: "hook", ErrorType: "unknown", IsFinal: schema.Known(false)})
		}
	case "ConversationStateUpdateEvent":
		if o.Str("key") == "stats" {
			t.stats(o.Object("value"))
		}
	case "CondensationRequest", "TokenEvent", "LLMCompletionLogEvent", "StreamingDeltaEvent":
		// Requests for what follows, and raw material of what is there.
	default:
		t.log.Unknown(kind)
	}
}

// said takes a message of the user or the agent.
func (t *thread) said(o trace.Object) {
	main, m := t.s.Main, o.Object("llm_message")
	text, _ := trace.Content(m.Raw("content"))
	if o.Str("source") == "user" || m.Str("role") == "user" && o.Str("source") != "agent" {
		switch o.Str("source") {
		case "user":
			main.Prompt("user", text)
			t.ended = ""
		default:
			main.Message("user", "injected", text)
		}
		return
	}
	t.reasoning(m)
	if !trace.IsBlank(text) {
		main.Message("assistant", "text", text)
	}
	t.answered = true
}

// reasoning emits what the model thought, or that it did and hid it.
func (t *thread) reasoning(o trace.Object) {
	if text, ok := trace.Content(o.Raw("reasoning_content")); ok && !trace.IsBlank(text) {
		t.s.Main.Message("assistant", "reasoning", text)
		return
	}
	for e := range trace.Elems(o.Raw("thinking_blocks")) {
		b := trace.ObjectOf(e)
		if text := b.Text("thinking"); len(text.Raw) > 0 {
			t.s.Main.Message("assistant", "reasoning", text.Bytes(nil))
		} else {
			t.s.Main.Hidden()
		}
	}
}

// acted takes an action: thoughts and a call of a tool.
func (t *thread) acted(o trace.Object) {
	main := t.s.Main
	t.answered = true
	t.reasoning(o)
	if text, ok := trace.Content(o.Raw("thought")); ok && !trace.IsBlank(text) {
		main.Message("assistant", "text", text)
	}
	id := o.Str("tool_call_id")
	if id == "" {
		id = o.Str("id")
	}
	name := o.Str("tool_name")
	if name == "" {
		name = trace.Str(o.At("tool_call", "name"))
	}
	c, fresh := main.Call(name, id, t.log.ID("tool", t.native, id))
	if !fresh {
		return
	}
	t.ended = ""
	raw := o.At("tool_call", "arguments")
	if trace.IsNull(raw) {
		raw = o.Raw("action")
	}
	trace.Arguments(c, raw)
	if name == "finish" {
		t.ended = "completed"
	}
}

// observed takes the result of a call.
func (t *thread) observed(o trace.Object) {
	x := o.Object("observation")
	c := t.open(t.s.Find(o.Str("tool_call_id")))
	if dir := trace.Str(x.At("metadata", "working_dir")); dir != "" && rows.IsAbs(dir) {
		t.s.Dir = dir
		if t.s.Row.Workspace == "" {
			t.s.Row.Workspace = dir
		}
	}
	if c == nil {
		t.log.Problem(schema.ProblemOrphanResult, "ObservationEvent", "")
		return
	}
	raw := x.Raw("content")
	if trace.IsNull(raw) {
		raw = x.Raw("output")
	}
	text, ok := trace.Content(raw)
	status, class := "ok", ""
	exit := trace.Signed(x.Raw("exit_code"))
	if !exit.Valid {
		exit = trace.Signed(x.At("metadata", "exit_code"))
	}
	switch {
	case trace.IsTrue(x.Raw("timeout")):
		status, class = "error", "timeout"
	case exit.Valid && exit.V > 0:
		status, class = "error", "nonzero_exit"
		c.Row.ExitCode = exit
	case trace.IsTrue(x.Raw("is_error")), trace.IsTrue(x.Raw("error")):
		status, class = "error", rows.Failure(text)
	case exit.Valid && exit.V < 0:
		status = "unknown" // it still runs
	case exit.Valid:
		c.Row.ExitCode = exit
	}
	c.End(status, class)
	if ok {
		c.Output(text)
	}
	if status == "ok" && x.Has("new_content") {
		t.edited(c, x)
	}
	if c.Row.ToolNameRaw == "finish" || strings.HasPrefix(x.Str("kind"), "Finish") {
		t.s.Main.Last = rows.LastDone
	}
	c.Put()
}

// acp takes a call that an agent behind the protocol of editors made; its updates have one id.
func (t *thread) acp(o trace.Object) {
	id := o.Str("tool_call_id")
	name := o.Str("title")
	if name == "" {
		name = "acp_tool"
	}
	c, fresh := t.s.Main.Call(name, id, t.log.ID("tool", t.native, id))
	if fresh {
		trace.Arguments(c, o.Raw("raw_input"))
	}
	if c.Ended() {
		return
	}
	text, ok := trace.Content(o.Raw("raw_output"))
	switch status := o.Str("status"); {
	case trace.IsTrue(o.Raw("is_error")), status == "failed":
		c.End("error", rows.Failure(text))
	case status == "completed":
		c.End("ok", "")
	default:
		return
	}
	if ok {
		c.Output(text)
	}
	c.Put()
}
