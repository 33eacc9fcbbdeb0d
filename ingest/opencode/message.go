package opencode

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// message takes a message and its parts.
func (t *thread) message(info trace.Object, parts []trace.Object) {
	t.n++
	// The first versions kept time and model in an object of their own.
	old := info.Object("metadata")
	created := info.At("time", "created")
	if trace.IsNull(created) {
		created = old.At("time", "created")
	}
	at := trace.Instant(created)
	id := info.Str("id")
	key := t.log.ID("message", id)
	if key == 0 {
		key = t.log.ID("message of", t.root).With(uint64(t.n))
	}
	t.tools = trace.NewTools(t.log, id)
	t.log.Begin(t.n, at, key)
	if at != 0 {
		t.s.Row.HasTimes = true
	} else if !trace.IsNull(created) {
		t.log.Problem(schema.ProblemBadTime, "message", "time")
	}
	if id != "" && id == t.revert {
		t.revertLine = t.n
	}
	t.run.Record()
	switch info.Str("role") {
	case "user":
		t.user(info, parts)
	case "assistant":
		t.assistant(info, old, parts)
	default:
		t.log.Unknown("message " + info.Str("role"))
	}
}

// user takes what a person, or the agent in a person's name, put in.
func (t *thread) user(info trace.Object, parts []trace.Object) {
	t.run.Response = 0
	var prompt []byte
	asked := false
	for _, p := range parts {
		switch typ := p.Str("type"); typ {
		case "text":
			text, ok := trace.Content(p.Raw("text"))
			switch {
			case !ok || trace.IsBlank(text):
			case trace.IsTrue(p.Raw("synthetic")), trace.IsTrue(p.Raw("ignored")):
				t.run.Message("user", "injected", text)
			default:
				if asked {
					prompt = append(prompt, '\n')
				}
				prompt = append(prompt, text...)
				asked = true
			}
		case "subtask":
			if text, ok := trace.Content(p.Raw("prompt")); ok {
				t.run.Message("user", "command", text)
			}
		case "compaction":
			t.compaction = "manual"
			if trace.IsTrue(p.Raw("auto")) {
				t.compaction = "auto"
			}
		case "file", "agent", "step-start", "snapshot", "patch", "source-url":
		default:
			t.log.Problem(schema.ProblemUnknownField, "user", typ)
		}
	}
	if !asked {
		return
	}
	trigger := "user"
	if t.child {
		trigger = "parent"
	}
	t.run.Prompt(trigger, prompt)
}

// assistant takes an answer: one or more responses of the model and the tools they called.
func (t *thread) assistant(info, old trace.Object, parts []trace.Object) {
	a := old.Object("assistant")
	field := func(name string) []byte {
		if v := info.Raw(name); !trace.IsNull(v) {
			return v
		}
		return a.Raw(name)
	}
	provider, model := trace.Str(field("providerID")), trace.Str(field("modelID"))
	if cwd := trace.Str(trace.ObjectOf(field("path")).Raw("cwd")); cwd != "" {
		t.s.Dir = cwd
		if t.s.Row.Workspace == "" {
			t.s.Row.Workspace = cwd
		}
	}
	mode := info.Str("agent")
	if mode == "" {
		mode = info.Str("mode")
	}
	t.changed(&t.mode, mode, "mode_changed")
	t.changed(&t.model, model, "model_changed")

	r := &responses{t: t, id: info.Str("id"), provider: provider, model: model}
	summary := trace.IsTrue(info.Raw("summary"))
	steps := 0
	for _, p := range parts {
		if p.Str("type") == "step-finish" {
			steps++
		}
	}
	if steps == 0 {
		// What the message says of tokens and cost is all there is.
		m := r.begin("")
		m.FinishReason = trace.Str(field("finish"))
		t.observe(m, trace.ObjectOf(field("tokens")))
		m.ReportedCostUSD = dollars(field("cost"))
	}
	// Parts of a response stand between its start and its finish; some versions leave out the start.
	for _, p := range parts {
		switch p.Str("type") {
		case "text", "reasoning", "tool":
			if r.now == nil {
				r.begin(p.Str("id"))
			}
		}
		t.part(p, r, summary, old)
	}
	if m := r.last(); m != nil && m.FinishReason == "" {
		m.FinishReason = trace.Str(field("finish"))
	}
	if summary {
		t.run.Event(schema.Event{Event: "compaction", Detail: t.compaction})
		t.compaction = ""
	}
	switch trace.Str(field("finish")) {
	case "length":
		t.run.Last = rows.LastMaxTokens
	case "stop":
		t.run.Last = rows.LastDone
	case "tool-calls":
		if t.run.Last == rows.LastText {
			t.run.Last = rows.LastCall
		}
	}
	if e := trace.ObjectOf(field("error")); e.Len() > 0 {
		t.failed(e, r)
	}
	if done := trace.Instant(info.At("time", "completed")); done != 0 {
		if turn := t.run.Turn(); turn != nil {
			turn.EndedAt = max(turn.EndedAt, done)
		}
	}
}

// changed emits an event when a known value becomes another one.
func (t *thread) changed(have *string, now, event string) {
	if now == "" || *have == now {
		return
	}
	if *have != "" {
		t.run.Event(schema.Event{Event: event, Detail: now})
	}
	*have = now
}

// responses are the model calls of one message. The first has the message's id; each that follows has
// that of the part which ends it.
type responses struct {
	t                   *thread
	id, provider, model string
	now                 *schema.ModelCall
	seen                []*schema.ModelCall
}

// begin starts the next response.
func (r *responses) begin(part string) *schema.ModelCall {
	t := r.t
	key := t.log.ID("response", r.id)
	if len(r.seen) > 0 {
		key = t.log.ID("response", r.id, part)
		if key == 0 {
			key = t.log.ID("response", r.id).With(uint64(len(r.seen)))
		}
	}
	basis := "provider_id"
	if key == 0 {
		key, basis = t.log.Key().With(1<<33+uint64(len(r.seen))), "position"
	}
	m := t.calls.Take(t.run, key, basis)
	m.ProviderName, m.RequestModel = r.provider, r.model
	r.now = m
	r.seen = append(r.seen, m)
	t.run.Response = m.ModelCallID
	return m
}

func (r *responses) last() *schema.ModelCall {
	if len(r.seen) == 0 {
		return nil
	}
	return r.seen[len(r.seen)-1]
}

// observe takes counters. Input leaves out what went through the cache. Output leaves out the reasoning
// in most versions; where a total is given, it decides.
func (t *thread) observe(m *schema.ModelCall, tokens trace.Object) {
	c := trace.CountsOf(tokens)
	u := c.Usage(trace.WithoutCache)
	if !c.Total.Valid && c.Reasoning.V > 0 && c.Output.Valid && u.Output == c.Output {
		u.Output.V += c.Reasoning.V
	}
	t.calls.Observe(m, u)
}

// dollars reads a cost; zero is what the agent has no price for.
func dollars(raw []byte) schema.Picodollars { return rows.Dollars(trace.Float(raw).V) }

// part takes one part of an answer.
func (t *thread) part(p trace.Object, r *responses, summary bool, old trace.Object) {
	switch typ := p.Str("type"); typ {
	case "text":
		kind := "text"
		switch {
		case summary:
			kind = "summary"
		case trace.IsTrue(p.Raw("synthetic")):
			kind = "injected"
		}
		if text, ok := trace.Content(p.Raw("text")); ok && !trace.IsBlank(text) {
			t.run.Message("assistant", kind, text)
		}
	case "reasoning":
		if text, ok := trace.Content(p.Raw("text")); ok && !trace.IsBlank(text) {
			t.run.Message("assistant", "reasoning", text)
		} else {
			t.run.Hidden() // the provider gave it in a form that nobody can read
		}
	case "tool":
		t.tool(p)
	case "tool-invocation":
		t.invocation(p.Object("toolInvocation"), old.Object("tool"))
	case "step-finish":
		m := r.now
		if m == nil {
			m = r.begin(p.Str("id"))
		}
		m.FinishReason = p.Str("reason")
		m.ReportedCostUSD = dollars(p.Raw("cost"))
		t.observe(m, p.Object("tokens"))
		r.now = nil
	case "step-start":
		if r.now == nil {
			r.begin(p.Str("id"))
		}
	case "retry":
		e := t.errorOf(p.Object("error"))
		e.Attempt, e.IsFinal = p.Int("attempt"), schema.Known(false)
		t.run.Error(e)
	case "compaction":
		t.compaction = "manual"
		if trace.IsTrue(p.Raw("auto")) {
			t.compaction = "auto"
		}
	case "snapshot", "patch", "file", "agent", "subtask", "source-url":
	default:
		t.log.Problem(schema.ProblemUnknownField, "assistant", typ)
	}
}

// errorOf classes an error of a message.
func (t *thread) errorOf(o trace.Object) schema.Error {
	data := o.Object("data")
	text, _ := trace.Content(data.Raw("message"))
	if text == nil {
		text, _ = trace.Content(o.Raw("message"))
	}
	e := schema.Error{Source: "api", HTTPStatus: data.Int("statusCode"), MessageHash: schema.HashBytes(text)}
	switch name := o.Str("name"); name {
	case "ProviderAuthError":
		e.ErrorType = "auth"
	case "ContextOverflowError":
		e.ErrorType = "context_length"
	case "MessageOutputLengthError", "StructuredOutputError":
		e.Source, e.ErrorType = "agent", "unknown"
	default:
		e.ErrorType = rows.ErrorType(e.HTTPStatus, text)
		if e.ErrorType == "unknown" && !strings.Contains(name, "API") {
			e.Source = "agent"
		}
	}
	return e
}

// failed takes the error that ended a message.
func (t *thread) failed(o trace.Object, r *responses) {
	m := r.last()
	if o.Str("name") == "MessageAbortedError" {
		t.run.Event(schema.Event{Event: "interrupt"})
		t.run.Last = rows.LastInterrupt
		if m != nil && m.FinishReason == "" {
			m.Status = "interrupted"
		}
		return
	}
	e := t.errorOf(o)
	e.IsFinal = schema.Known(true)
	t.run.Error(e)
	t.run.Last = rows.LastError
	if o.Str("name") == "MessageOutputLengthError" {
		t.run.Last = rows.LastMaxTokens
		return
	}
	if m != nil && m.ObservedCount > 0 && m.FinishReason == "" {
		m.Status, m.ErrorType, m.HTTPStatus = "error", e.ErrorType, e.HTTPStatus
	}
	if m != nil && m.ObservedCount == 0 && len(r.seen) == 1 {
		// A request that failed without any counters is an error, not a call.
		t.calls.Drop(m)
	}
}

// Markers of the agent in the errors of tools.
var (
	rejected = []byte("The user rejected permission")
	ruled    = []byte("The user has specified a rule which prevents")
	aborted  = []byte("Tool execution aborted")
)

// tool takes a call with its state.
func (t *thread) tool(p trace.Object) {
	state := p.Object("state")
	name := p.Str("tool")
	if name == "" {
		t.log.Problem(schema.ProblemUnknownField, "tool", "tool")
		return
	}
	c := t.tools.Begin(t.run, name, p.Str("callID"))
	trace.Arguments(c, state.Raw("input"))
	meta := state.Object("metadata")
	if child := trace.Str(meta.First("sessionId", "sessionID")); child != "" {
		c.Row.ChildRunID = t.log.ID("run", t.root, child)
	}
	c.Row.StartedAt = trace.Instant(state.At("time", "start"))
	c.Row.EndedAt = trace.Instant(state.At("time", "end"))
	status, class := "", ""
	exit := trace.Signed(meta.Raw("exit"))
	raw := state.Raw("output")
	text, ok := trace.Content(raw)
	switch state.Str("status") {
	case "completed", "success":
		status = "ok"
		switch {
		case trace.IsTrue(meta.Raw("interrupted")):
			status = "interrupted"
		case exit.Valid && exit.V != 0:
			status, class = "error", "nonzero_exit"
		case c.IsShell() && !exit.Valid && (trace.IsTrue(meta.Raw("timeout")) || bytes.Contains(text, []byte("<bash_metadata>")) && bytes.Contains(text, []byte("timeout"))):
			status, class = "error", "timeout"
		case name == "invalid":
			status, class = "error", "bad_args"
		}
	case "error":
		raw = state.Raw("error")
		text, ok = trace.Content(raw)
		status, class = "error", rows.Failure(text)
		switch {
		case bytes.HasPrefix(text, rejected):
			status, class, c.Row.Approval = "denied", "", "denied"
		case bytes.HasPrefix(text, ruled):
			status, class, c.Row.Approval = "denied", "", "rule"
		case bytes.HasPrefix(text, aborted), trace.IsTrue(meta.Raw("interrupted")):
			status, class = "interrupted", ""
		}
	default:
		return // it runs, or was running when the agent died
	}
	if !(exit.Valid && exit.V >= 0) {
		exit = schema.Int{}
	}
	t.edited(c, name, status, meta)
	c.Row.ExitCode = exit
	c.End(status, class)
	switch {
	case state.Object("time").Has("compacted"):
		c.Row.IsResultTruncated = schema.Known(true) // and what is left is a stub
	case ok:
		c.Output(text)
		c.Row.IsResultTruncated = trace.Bool(meta.Raw("truncated"))
	}
	c.Put()
}

// edited takes the change of a file as the tool's own record shows it.
func (t *thread) edited(c *rows.Call, name, status string, meta trace.Object) {
	diff := meta.Object("filediff")
	path := diff.Str("file")
	if status != "ok" || path == "" || name != "edit" && name != "write" && name != "multiedit" {
		return
	}
	before, hasOld := trace.Content(diff.Raw("before"))
	after, hasNew := trace.Content(diff.Raw("after"))
	if hasOld && hasNew {
		c.Rather(trace.Replacement(path, before, after, len(before) > 0 || name != "write"))
		return
	}
	ch := rows.Change{Path: path, Op: "modify", Basis: "snapshot", AddedCount: diff.Int("additions"), RemovedCount: diff.Int("deletions")}
	if name == "write" && ch.RemovedCount.Valid && ch.RemovedCount.V == 0 && !trace.IsTrue(meta.Raw("exists")) {
		ch.Op = "create"
	}
	if ch.AddedCount.Valid {
		c.Rather(ch)
	}
}

// invocation takes a call of the first versions, whose times stand beside the message.
func (t *thread) invocation(o, times trace.Object) {
	name, id := o.Str("toolName"), o.Str("toolCallId")
	if name == "" {
		t.log.Problem(schema.ProblemUnknownField, "tool-invocation", "toolName")
		return
	}
	c := t.tools.Begin(t.run, name, id)
	trace.Arguments(c, o.Raw("args"))
	if o.Str("state") != "result" {
		return
	}
	meta := times.Object(id)
	c.Row.StartedAt = trace.Instant(meta.At("time", "start"))
	c.Row.EndedAt = trace.Instant(meta.At("time", "end"))
	raw := o.Raw("result")
	text, ok := trace.Content(raw)
	if !ok && trace.Kind(raw) != jscan.None {
		text, ok = raw, true
	}
	status, class := "ok", ""
	if trace.IsTrue(meta.Raw("error")) {
		status, class = "error", rows.Failure(text)
	}
	trace.Finish(c, status, class, schema.Int{}, text, ok)
}
