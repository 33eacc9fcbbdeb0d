package generic

import (
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// A thread is one session of messages.
type thread struct {
	trace.Teller
	p      *parser
	s      *rows.Session
	native string
	seen   map[string]bool // ids of records
	n      int             // records
	models *trace.Calls
	counts int  // model calls with counters
	events bool // nothing but events was understood
}

// thread finds a session by its id.
func (p *parser) thread(native string) *thread {
	if t := p.threads[native]; t != nil {
		return t
	}
	p.log.Again(p.n+1, 0, 0)
	t := &thread{p: p, native: native, s: p.log.Session(native), seen: map[string]bool{}, models: trace.NewCalls(p.log), events: true}
	t.Teller = trace.Teller{Log: p.log, Run: t.s.Main, Tools: trace.NewTools(p.log, native), Timed: true}
	t.s.Row.HasToolArgs = true
	p.threads[native] = t
	p.order = append(p.order, t)
	return t
}

// about takes what an object says of the session.
func (t *thread) about(o trace.Object) {
	r := &t.s.Row
	if dir := trace.Str(o.Find(folders...)); r.Workspace == "" && rows.IsAbs(dir) {
		r.Workspace, t.s.Dir = dir, dir
	}
	if branch := trace.Str(o.Find(branches...)); r.GitBranch == "" && branch != "HEAD" {
		r.GitBranch = branch
	}
	if title := o.Str("title"); r.Title == "" && t.p.src.Content != ingest.ContentNone {
		r.Title = title
	}
}

// begin starts a record.
func (t *thread) begin(o trace.Object, at schema.Instant) {
	t.p.n++
	t.n++
	id := trace.Label(o.Find("uuid", "id", "messageid", "eventid", "spanid", "stepid"))
	if id == "" || t.seen[id] {
		id = "#" + strconv.Itoa(t.n)
	}
	t.seen[id] = true
	t.Log.Begin(t.p.n, at, t.Log.ID("record", t.native, id))
	if at != 0 {
		t.s.Row.HasTimes = true
	}
	t.Run.Record()
}

// record tells a message, and the response that it came with.
func (t *thread) record(o trace.Object) {
	raw := o.Find(instants...)
	at := trace.Instant(raw)
	t.begin(o, at)
	if at == 0 && !trace.IsNull(raw) && trace.Kind(raw) != jscan.Object {
		t.Log.Problem(schema.ProblemBadTime, "message", "timestamp")
	}
	m, ok := messageOf(o)
	if !ok {
		t.Log.Unknown("message")
		return
	}
	t.events = false
	t.about(o)
	if m.Role == "assistant" {
		t.called(o)
	}
	t.Tell(m)
	if e := o.Raw("error"); m.Role == "assistant" && trace.Kind(e) == jscan.Object {
		text, _ := trace.Content(trace.ObjectOf(e).Raw("message"))
		t.Run.Error(schema.Error{Source: "api", ErrorType: rows.ErrorType(schema.Int{}, text), MessageHash: schema.HashBytes(text)})
		t.Run.Last = rows.LastError
	}
}

// messageOf reads a message. Data sets write a call as the text of a turn of its own.
func messageOf(o trace.Object) (trace.Message, bool) {
	if from := trace.Fold(o.Str("from")); from == "functioncall" || from == "toolcall" {
		text := strings.TrimSpace(o.Str("value"))
		text = strings.TrimSuffix(strings.TrimPrefix(text, "<tool_call>"), "</tool_call>")
		call := trace.ObjectOf([]byte(strings.TrimSpace(text)))
		if name := call.Str("name"); name != "" {
			return trace.Message{Role: "assistant", Calls: []trace.ToolUse{{Name: name, Args: call.First("arguments", "parameters", "args")}}}, true
		}
	}
	m, ok := trace.MessageOf(o)
	if ok && m.Role != "user" && m.Role != "assistant" && m.Role != "system" && m.Role != "tool" {
		m.Role = "other"
	}
	return m, ok
}

// called emits the model call of an answer, where the record says anything of it.
func (t *thread) called(o trace.Object) {
	t.Run.Response = 0
	usage := trace.ObjectOf(o.Find(usages...))
	if inner := usage.Object("token_usage"); inner.Len() > 0 { // LangChain
		usage = inner
	}
	c := trace.CountsOf(usage)
	model := trace.Str(o.Find(models...))
	if (!c.Any() || c.IsZero()) && model == "" {
		return
	}
	id := trace.Str(o.First("response_id", "id"))
	if !isResponseID(id) {
		id = ""
	}
	m := t.call(id)
	m.ResponseModel = model
	m.ProviderName = trace.Str(o.Find("provider", "providerid", "vendor"))
	m.FinishReason = trace.Str(o.Find("stopreason", "finishreason"))
	m.ReportedCostUSD = rows.Dollars(trace.Float(o.Find(costs...)).V)
	if cost := rows.Dollars(usage.Float("cost").V); !m.ReportedCostUSD.Valid {
		m.ReportedCostUSD = cost
	}
	t.observe(m, c, trace.ByFigures)
}

// isResponseID tells the ids that providers give their responses.
func isResponseID(id string) bool {
	for _, p := range [...]string{"msg_", "chatcmpl-", "resp_", "gen-"} {
		if strings.HasPrefix(id, p) {
			return true
		}
	}
	return false
}

// call begins or finds a model call.
func (t *thread) call(id string) *schema.ModelCall {
	key, basis := t.Log.ID("response", id), "provider_id"
	if key == 0 {
		key, basis = t.Log.ID("response", t.native).With(uint64(t.n)), "position"
	}
	m := t.models.Take(t.Run, key, basis)
	m.ResponseID = id
	t.Run.Response = m.ModelCallID
	return m
}

func (t *thread) observe(m *schema.ModelCall, c trace.Counts, by trace.Inclusive) {
	if c.Any() && !c.IsZero() {
		t.counts++
		t.models.Observe(m, c.Usage(by))
	}
}

// response tells a provider's response that stands alone.
func (t *thread) response(o trace.Object) {
	r := readResponse(o)
	t.begin(o, r.at)
	t.events = false
	m := t.call(r.id)
	m.ResponseModel, m.FinishReason, m.ReportedCostUSD = r.model, r.finish, r.cost
	if r.counts.Any() && !r.counts.IsZero() {
		t.counts++
		t.models.Observe(m, r.usage)
	}
	for _, msg := range r.messages {
		t.Tell(msg)
	}
	if r.finish == "length" || r.finish == "max_tokens" {
		t.Run.Last = rows.LastMaxTokens
	}
}

// event notes a record of which only the type and the instant are understood.
func (t *thread) event(o trace.Object) {
	t.begin(o, trace.Instant(o.Find(instants...)))
	t.about(o)
}

// totals emits counters that stand beside a list of messages none of which has any: they are of the
// whole.
func (t *thread) totals(o trace.Object) {
	model := trace.Str(o.Find(models...))
	usage := trace.ObjectOf(o.Find(usages...))
	c := trace.CountsOf(usage)
	cost := rows.Dollars(trace.Float(o.Find(costs...)).V)
	if !cost.Valid {
		cost = rows.Dollars(usage.Float("cost").V)
	}
	t.s.Row.ReportedCostUSD = cost
	if t.counts > 0 || !c.Any() || c.IsZero() {
		return
	}
	t.Log.Again(max(t.p.n, 1), 0, 0)
	m := t.models.Take(t.Run, t.Log.ID("total", t.native), "position")
	m.UsageGrain, m.ResponseModel = "session", model
	t.models.Observe(m, c.Usage(trace.ByFigures))
}

// close emits what was held back.
func (t *thread) close() {
	t.s.Row.HasToolStatus = t.Stated
	if t.p.cut {
		t.s.Row.IsComplete = schema.Known(false)
	}
	if t.events {
		t.s.Row.Fidelity = "outline"
	}
	t.models.Close(t.s)
	t.s.Close()
}
