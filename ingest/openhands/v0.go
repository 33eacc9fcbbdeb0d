package openhands

import (
	"bytes"
	"strconv"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// v0 takes an event of the older server.
func (t *thread) v0(n int64, o trace.Object) {
	if !t.begin(n, trace.Label(o.Raw("id")), o) {
		return
	}
	meta := o.Object("tool_call_metadata")
	t.s.Main.Response = 0
	t.metrics(o.Object("llm_metrics"))
	t.response(meta.Object("model_response"))
	if action := o.Str("action"); action != "" {
		t.action(action, o, meta)
		return
	}
	t.observation(o.Str("observation"), o, meta)
}

// args are the arguments of an action, extras those of an observation; the oldest events have them
// beside the rest.
func args(o trace.Object) trace.Object {
	for _, name := range [...]string{"args", "extras"} {
		if a := o.Object(name); a.Len() > 0 {
			return a
		}
	}
	return o
}

func (t *thread) action(action string, o, meta trace.Object) {
	a, main := args(o), t.s.Main
	source := o.Str("source")
	switch action {
	case "message":
		text, _ := trace.Content(a.First("content", "message"))
		switch {
		case source == "user", source == "" && !t.answered:
			main.Prompt("user", text)
			t.ended = ""
		case !trace.IsBlank(text):
			main.Message("assistant", "text", text)
			t.answered = true
		}
	case "system":
		t.text("system", "injected", a.Raw("content"))
	case "recall", "null", "", "condensation_request", "loop_recovery":
		// Searches of the server's own knowledge and marks of its loop.
	case "condensation":
		main.Event(schema.Event{Event: "compaction"})
	case "change_agent_state":
		t.state(a.Str("agent_state"))
	case "reject":
		main.Last, t.ended = rows.LastDone, "error"
		t.text("assistant", "text", a.First("thought", "reason"))
	case "finish":
		text, _ := trace.Content(a.Raw("final_thought"))
		if trace.IsBlank(text) {
			text, _ = trace.Content(a.First("message", "thought"))
		}
		if !trace.IsBlank(text) {
			main.Message("assistant", "text", text)
		}
		main.Last, t.ended = rows.LastDone, "completed"
	case "run", "run_ipython", "read", "write", "edit", "browse", "browse_interactive", "call_tool_mcp", "delegate", "think", "task_tracking", "mcp", "add_task", "modify_task":
		if source == "user" {
			t.text("user", "command", a.First("command", "code", "path"))
			return
		}
		t.ended = ""
		if thought, ok := trace.Content(a.Raw("thought")); ok && !trace.IsBlank(thought) && action != "think" {
			main.Message("assistant", "text", thought)
		}
		t.answered = true
		t.callOf(action, o, a, meta)
	default:
		t.log.Unknown("action " + action)
	}
}

// text emits a message, if there is one to see.
func (t *thread) text(role, kind string, raw []byte) {
	if text, ok := trace.Content(raw); ok && !trace.IsBlank(text) {
		t.s.Main.Message(role, kind, text)
	}
}

// callOf begins the tool call of an action.
func (t *thread) callOf(action string, o, a, meta trace.Object) {
	name := meta.Str("function_name")
	if name == "" {
		name = action
	}
	id := trace.Label(o.Raw("id"))
	if id == "" {
		id = "#" + strconv.FormatInt(t.log.Line(), 10)
	}
	c, fresh := t.s.Main.Call(name, id, t.log.ID("tool", t.native, id))
	if !fresh {
		return
	}
	t.last = c
	c.Row.NativeCallID = meta.Str("tool_call_id")
	raw := modelArgs(meta)
	if raw == nil {
		raw = o.Raw("args")
	}
	if raw == nil {
		raw = a.First("command", "code", "path", "content")
	}
	trace.Arguments(c, raw)
	switch action {
	case "run":
		if !c.IsShell() && !trace.IsTrue(a.Raw("is_input")) {
			if command := a.Str("command"); command != "" {
				c.Shell(command)
			}
		}
	case "call_tool_mcp", "mcp":
		c.Row.MCPServer = a.Str("server")
	case "read", "write", "edit":
		if path := a.Str("path"); c.Row.TargetPath == "" && path != "" {
			c.Target(path)
		}
	}
	if confirm := a.Str("confirmation_state"); confirm == "rejected" {
		c.Row.Approval = "denied"
	}
}

// modelArgs are the arguments as the model wrote them, which the response carries.
func modelArgs(meta trace.Object) []byte {
	id := meta.Str("tool_call_id")
	for c := range trace.Elems(meta.Object("model_response").Raw("choices")) {
		for call := range trace.Elems(trace.ObjectOf(c).Object("message").Raw("tool_calls")) {
			if o := trace.ObjectOf(call); o.Str("id") == id && id != "" {
				return o.Object("function").Raw("arguments")
			}
		}
	}
	return nil
}

func (t *thread) observation(kind string, o, meta trace.Object) {
	x, main := args(o), t.s.Main
	switch kind {
	case "null", "recall", "condense", "loop_detection", "download", "server_ready":
		return
	case "agent_state_changed":
		t.state(x.Str("agent_state"))
		return
	}
	c := t.answers(o, meta)
	if dir := trace.Str(x.At("metadata", "working_dir")); dir != "" && rows.IsAbs(dir) {
		t.s.Dir = dir
		if t.s.Row.Workspace == "" {
			t.s.Row.Workspace = dir
		}
	}
	text, ok := trace.Content(o.Raw("content"))
	if c == nil {
		if kind == "error" {
			main.Error(schema.Error{Source: "agent", ErrorType: rows.ErrorType(schema.Int{}, text), MessageHash: schema.HashBytes(text)})
			return
		}
		t.log.Problem(schema.ProblemOrphanResult, "observation", kind)
		return
	}
	status, class := "ok", ""
	exit := trace.Signed(x.At("metadata", "exit_code"))
	if !exit.Valid {
		exit = trace.Signed(x.Raw("exit_code"))
	}
	switch {
	case kind == "user_rejected":
		status = "denied"
		c.Row.Approval = "denied"
	case kind == "error":
		status, class = "error", rows.Failure(text)
	case exit.Valid && exit.V > 0:
		status, class = "error", "nonzero_exit"
		c.Row.ExitCode = exit
	case exit.Valid && exit.V < 0:
		status = "unknown" // it still runs, or was stopped
	case exit.Valid:
		c.Row.ExitCode = exit
	case (kind == "edit" || kind == "read") && bytes.HasPrefix(text, editorError):
		status, class = "error", rows.Failure(text[len(editorError):])
	case trace.Kind(o.Raw("success")) == jscan.False:
		status, class = "error", "tool_error"
	}
	c.End(status, class)
	if ok {
		c.Output(text)
	}
	if kind == "edit" && status == "ok" {
		t.edited(c, x)
	}
	c.Put()
}

// editorError is how the editor marks that it did nothing.
var editorError = []byte("ERROR:\n")

// edited takes a change as the observation shows it.
func (t *thread) edited(c *rows.Call, x trace.Object) {
	path := x.Str("path")
	before, hadOld := trace.Content(x.Raw("old_content"))
	after, hasNew := trace.Content(x.Raw("new_content"))
	if path == "" || !hasNew {
		return
	}
	existed := trace.Bool(x.Raw("prev_exist"))
	c.Rather(trace.Replacement(path, before, after, hadOld || existed.V))
}

// answers finds the call that an observation answers: by the id of the action, else, where events have
// none, the call before.
func (t *thread) answers(o, meta trace.Object) *rows.Call {
	if cause := trace.Label(o.Raw("cause")); cause != "" {
		return t.open(t.s.Find(cause))
	}
	if !o.Has("id") {
		return t.open(t.last)
	}
	if id := meta.Str("tool_call_id"); id != "" && t.last != nil && t.last.Row.NativeCallID == id {
		return t.open(t.last)
	}
	return nil
}

func (t *thread) open(c *rows.Call) *rows.Call {
	if c == nil || c.Ended() {
		return nil
	}
	return c
}

// state takes a change of what the agent is doing.
func (t *thread) state(state string) {
	main := t.s.Main
	switch state {
	case "stopped", "paused":
		main.Event(schema.Event{Event: "interrupt", Detail: state})
		main.Last = rows.LastInterrupt
	case "awaiting_user_confirmation":
		main.Event(schema.Event{Event: "approval_requested"})
		main.Last = rows.LastApproval
	case "user_confirmed", "user_rejected":
		main.Event(schema.Event{Event: "approval_resolved", Detail: state})
		main.Last = rows.LastCall
	case "finished":
		main.Last = rows.LastDone
	case "rate_limited":
		main.Error(schema.Error{Source: "api", ErrorType: "rate_limit", IsFinal: schema.Known(false)})
	case "error":
		main.Error(schema.Error{Source: "agent", ErrorType: "unknown", IsFinal: schema.Known(true)})
		main.Last = rows.LastError
	}
}
