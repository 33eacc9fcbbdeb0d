package opencode

import (
	"strconv"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// version2 reads the rows of a session of version 2, each a step.
func (t *dbThread) version2() error {
	q := t.db.Query(t.ctx, "SELECT "+t.db.Column("session_message", "id")+", type, "+t.db.Cell("session_message", "data")+
		" FROM session_message WHERE session_id = ? ORDER BY seq", t.src.Session)
	for q.Next() {
		id, typ := q.Str(0), q.Str(1)
		t.n++
		if q.Oversized(2) {
			t.log.Begin(t.n, 0, 0)
			t.log.Bad(schema.ProblemOversized)
			continue
		}
		o := object(id, q.Text(2))
		if o.Cut || o.Len() == 0 {
			t.log.Begin(t.n, 0, 0)
			t.log.Bad(schema.ProblemBadJSON)
			continue
		}
		t.step(id, typ, o)
		if t.log.Err() != nil {
			break
		}
	}
	if q.Replaced > 0 {
		t.log.Problem(schema.ProblemBadEncoding, "", "")
	}
	if err := q.Close(); err != nil {
		return err
	}
	return t.log.Err()
}

// step takes one row.
func (t *dbThread) step(id, typ string, o trace.Object) {
	created := o.At("time", "created")
	at := trace.Instant(created)
	key := t.log.ID("message", id)
	if key == 0 {
		key = t.log.ID("message of", t.src.Session).With(uint64(t.n))
	}
	t.tools = trace.NewTools(t.log, id)
	t.log.Begin(t.n, at, key)
	if at != 0 {
		t.s.Row.HasTimes = true
	} else if !trace.IsNull(created) {
		t.log.Problem(schema.ProblemBadTime, typ, "time")
	}
	if id != "" && id == t.revert {
		t.revertLine = t.n
	}
	t.run.Record()
	text, hasText := trace.Content(o.Raw("text"))
	switch typ {
	case "user":
		trigger := "user"
		if t.child {
			trigger = "parent"
		}
		turn := t.run.Prompt(trigger, text)
		// A fork repeats its parent's prompts under other ids.
		turn.NativeTurnKey = t.log.ID("prompt", strconv.FormatInt(int64(at), 10), string(text))
	case "synthetic", "skill":
		if hasText && !trace.IsBlank(text) {
			t.run.Message("user", "injected", text)
		}
	case "system":
		if hasText && !trace.IsBlank(text) {
			t.run.Message("system", "injected", text)
		}
	case "shell":
		t.shell(o)
	case "assistant":
		t.answer(o)
	case "compaction":
		t.compacted(o)
	case "idle":
		t.idle(o)
	case "agent-switched":
		t.changed(&t.mode, trace.Str(o.First("agent", "name")), "mode_changed")
	case "model-switched":
		t.changed(&t.model, o.Object("model").Str("id"), "model_changed")
	case "location-switched":
		t.run.Setting(schema.Event{Event: "workspace_changed"})
	default:
		t.log.Unknown("session_message " + typ)
	}
}

// shell takes what the user ran himself.
func (t *dbThread) shell(o trace.Object) {
	if text, ok := trace.Content(o.Raw("command")); ok {
		t.run.Message("user", "command", text)
	}
	if out, ok := trace.Content(o.Object("output").Raw("output")); ok && !trace.IsBlank(out) {
		t.run.Message("user", "injected", out)
	}
}

// answer takes one response of the model with its tools.
func (t *dbThread) answer(o trace.Object) {
	model := o.Object("model")
	t.changed(&t.mode, o.Str("agent"), "mode_changed")
	t.changed(&t.model, model.Str("id"), "model_changed")
	r := &responses{t: &t.thread, id: o.Str("id"), provider: model.Str("providerID"), model: model.Str("id")}
	m := r.begin()
	times := o.Object("time")
	m.StartedAt, m.EndedAt = trace.Instant(times.Raw("created")), trace.Instant(times.Raw("completed"))
	m.FinishReason = o.Str("finish")
	m.ReportedCostUSD = dollars(o.Raw("cost"))
	t.observeApart(m, o.Object("tokens"))
	for e, whole := range trace.Elems(o.Raw("content")) {
		if !whole {
			continue
		}
		p := trace.ObjectOf(e)
		switch typ := p.Str("type"); typ {
		case "text", "reasoning":
			t.part(p, r, false, trace.Object{})
		case "tool":
			t.toolStep(p)
		default:
			t.log.Problem(schema.ProblemUnknownField, "assistant", typ)
		}
	}
	if retry := o.Object("retry"); retry.Len() > 0 {
		e := t.errorOf(retry.Object("error"))
		e.Attempt, e.IsFinal = retry.Int("attempt"), schema.Known(false)
		t.run.Error(e)
	}
	switch m.FinishReason {
	case "length":
		t.run.Last = rows.LastMaxTokens
	case "stop":
		t.run.Last = rows.LastDone
	}
	if e := o.Object("error"); e.Len() > 0 {
		failure := t.errorOf(e)
		failure.IsFinal = schema.Known(true)
		t.run.Error(failure)
		t.run.Last = rows.LastError
		if m.ObservedCount > 0 {
			m.Status, m.ErrorType = "error", failure.ErrorType
		} else {
			// A request that failed without any counters is an error, not a call.
			t.calls.Drop(m)
		}
	}
	if turn := t.run.Turn(); turn != nil {
		turn.EndedAt = max(turn.EndedAt, m.EndedAt)
	}
}

// observeApart takes counters of which each leaves out the others.
func (t *dbThread) observeApart(m *schema.ModelCall, tokens trace.Object) {
	c := trace.CountsOf(tokens)
	c.Total = schema.Int{}
	u := c.Usage(trace.WithoutCache)
	if c.Reasoning.V > 0 && c.Output.Valid {
		u.Output.V = c.Output.V + c.Reasoning.V
	}
	t.calls.Observe(m, u)
}

// toolStep takes a call with its state.
func (t *dbThread) toolStep(p trace.Object) {
	name := p.Str("name")
	if name == "" {
		t.log.Problem(schema.ProblemUnknownField, "tool", "name")
		return
	}
	state, times := p.Object("state"), p.Object("time")
	c := t.tools.Begin(t.run, name, p.Str("id"))
	meta := state.Object("metadata")
	if child := trace.Str(meta.First("sessionId", "sessionID")); child != "" {
		c.Row.ChildRunID = t.log.ID("run", t.root, child)
	}
	if at := trace.Instant(times.Raw("created")); at != 0 {
		c.Row.RequestedAt = at
	}
	c.Row.StartedAt = trace.Instant(times.Raw("ran"))
	c.Row.EndedAt = trace.Instant(times.Raw("completed"))
	if trace.Kind(state.Raw("input")) == jscan.Object {
		trace.Arguments(c, state.Raw("input")) // a text is what has streamed in so far
	}
	text, ok := trace.Content(state.First("content", "output"))
	status, class := "ok", ""
	exit := trace.Signed(meta.Raw("exit"))
	switch state.Str("status") {
	case "completed":
		switch {
		case trace.IsTrue(meta.Raw("interrupted")):
			status = "interrupted"
		case exit.Valid && exit.V != 0:
			status, class = "error", "nonzero_exit"
		case c.IsShell() && !exit.Valid && trace.IsTrue(meta.Raw("timeout")):
			status, class = "error", "timeout"
		case name == "invalid":
			status, class = "error", "bad_args"
		}
	case "error":
		if failure := state.Raw("error"); !trace.IsNull(failure) {
			text, ok = trace.Content(failure)
			if !ok {
				text, ok = trace.Content(trace.ObjectOf(failure).Raw("message"))
			}
		}
		status, class = t.toolFailure(c, text, meta)
	default:
		return // it runs, or was running when the agent died
	}
	if !(exit.Valid && exit.V >= 0) {
		exit = schema.Int{}
	}
	t.edited(c, name, status, meta)
	trace.Finish(c, status, class, exit, text, ok)
}

// compacted takes a compaction, which is a call of the model of its own.
func (t *dbThread) compacted(o trace.Object) {
	if o.Has("tokens") {
		model := o.Object("model")
		r := &responses{t: &t.thread, id: o.Str("id"), provider: model.Str("providerID"), model: model.Str("id")}
		m := r.begin()
		m.ReportedCostUSD = dollars(o.Raw("cost"))
		t.observeApart(m, o.Object("tokens"))
	}
	if text, ok := trace.Content(o.Raw("summary")); ok && !trace.IsBlank(text) {
		t.run.Message("assistant", "summary", text)
	}
	if e := o.Object("error"); e.Len() > 0 || o.Str("status") == "failed" {
		t.run.Error(t.errorOf(e))
		return
	}
	if o.Str("status") != "running" {
		t.run.Event(schema.Event{Event: "compaction", Detail: o.Str("reason")})
	}
}

// idle takes how the work ended.
func (t *dbThread) idle(o trace.Object) {
	switch o.Str("outcome") {
	case "succeeded":
		if t.run.Last == rows.LastText {
			t.run.Last = rows.LastDone
		}
	case "failed":
		t.run.Last = rows.LastError
	case "interrupted":
		t.run.Interrupt()
	}
}
