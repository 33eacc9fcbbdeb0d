package opencode

import (
	"strconv"
	"strings"

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
	t.name, t.basis = id, "provider_id"
	if mark := fingerprint(info, parts, created); mark != "" && !t.marks[mark] {
		if t.marks == nil {
			t.marks = map[string]bool{}
		}
		t.marks[mark] = true
		t.name, t.basis = mark, "fingerprint"
	}
	key := t.log.ID("message", t.name)
	if key == 0 {
		key = t.log.ID("message of", t.root).With(uint64(t.n))
	}
	t.tools = trace.NewTools(t.log, t.name)
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

// fingerprint names a message by what its copies share: a forked session repeats the messages of the other
// one under new ids, with their instants, models, counters, texts and ids of tool calls.
func fingerprint(info trace.Object, parts []trace.Object, created []byte) string {
	if trace.Instant(created) == 0 {
		return ""
	}
	h := schema.HashBytes(created)
	add := func(raw []byte) {
		if text := trace.Text(raw); text.Present {
			raw = text.Bytes(nil)
		}
		h = h.With(uint64(schema.HashBytes(raw)))
	}
	tokens := info.Object("tokens")
	cache := tokens.Object("cache")
	for _, raw := range [][]byte{info.Raw("role"), info.Raw("modelID"), tokens.Raw("input"), tokens.Raw("output"), tokens.Raw("reasoning"), cache.Raw("read"), cache.Raw("write")} {
		add(raw)
	}
	for _, p := range parts {
		add(p.Raw("type"))
		add(p.Raw("text"))
		add(p.Raw("callID"))
	}
	return strconv.FormatUint(uint64(h), 16)
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

	r := &responses{t: t, id: t.name, provider: provider, model: model}
	summary := trace.IsTrue(info.Raw("summary"))
	steps := 0
	for _, p := range parts {
		if p.Str("type") == "step-finish" {
			steps++
		}
	}
	if steps == 0 {
		// What the message says of tokens and cost is all there is.
		m := r.begin()
		m.FinishReason = trace.Str(field("finish"))
		t.observe(m, trace.ObjectOf(field("tokens")))
		m.ReportedCostUSD = dollars(field("cost"))
	}
	// Parts of a response stand between its start and its finish; some versions leave out the start.
	for _, p := range parts {
		switch p.Str("type") {
		case "text", "reasoning", "tool":
			if r.now == nil {
				r.begin()
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

// responses are the model calls of one message. The first has the message's name; each that follows has
// that and its number.
type responses struct {
	t                   *thread
	id, provider, model string
	now                 *schema.ModelCall
	seen                []*schema.ModelCall
}

// begin starts the next response.
func (r *responses) begin() *schema.ModelCall {
	t := r.t
	key := t.log.ID("response", r.id)
	if len(r.seen) > 0 && key != 0 {
		key = key.With(uint64(len(r.seen)))
	}
	basis := t.basis
	if basis == "" {
		basis = "provider_id"
	}
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
			m = r.begin()
		}
		m.FinishReason = p.Str("reason")
		m.ReportedCostUSD = dollars(p.Raw("cost"))
		t.observe(m, p.Object("tokens"))
		r.now = nil
	case "step-start":
		if r.now == nil {
			r.begin()
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
