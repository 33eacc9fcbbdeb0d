package sweagent

import (
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// mini reads a trajectory of mini-swe-agent.
func (p *parser) mini(o trace.Object) {
	info := o.Object("info")
	config := info.Object("config")
	name := o.Str("instance_id")
	if name == "" {
		name = stem(p.src.Path)
	}
	// The file of the last run is written anew each time: the run is told by when it began.
	began := schema.Instant(0)
	for e := range trace.Elems(o.Raw("messages")) {
		if began = stamp(trace.ObjectOf(e)); began != 0 {
			break
		}
	}
	p.native = name + "@" + strconv.FormatInt(int64(began), 10)
	if began == 0 {
		p.native = copyID(name, schema.HashBytes(o.Raw("messages")))
	}
	p.s, p.tools = p.log.Session(p.native), trace.NewTools(p.log, p.native)
	r := &p.s.Row
	r.HasToolStatus, r.HasToolArgs, r.HasAPIErrors = true, true, true
	r.AgentVersion = info.Str("mini_version")
	p.log.Version = r.AgentVersion
	if p.log.Content().Limit(1) > 0 {
		r.Title = name
	}
	p.model = trace.Str(config.At("model", "model_name"))
	if cwd := trace.Str(config.At("environment", "cwd")); rows.IsAbs(cwd) {
		r.Workspace, p.s.Dir = cwd, cwd
	}
	r.ReportedCostUSD = rows.Dollars(info.Object("model_stats").Float("instance_cost").V)
	t := &miniThread{parser: p, run: p.s.Main}
	for e, whole := range trace.Elems(o.Raw("messages")) {
		if whole {
			t.message(trace.ObjectOf(e))
		}
	}
	t.end(info.Str("exit_status"))
}

// stamp is when a message was written, in epoch seconds.
func stamp(m trace.Object) schema.Instant {
	if raw := m.Object("extra").Raw("timestamp"); raw != nil {
		return trace.Instant(raw)
	}
	return trace.Instant(m.Raw("timestamp"))
}

type miniThread struct {
	*parser
	run      *rows.Run
	open     []*rows.Call // of the last answer, in order
	prompted bool
}

// message takes one message. Which kind of provider wrote it shows only in its shape.
func (t *miniThread) message(m trace.Object) {
	at := stamp(m)
	t.begin(at, t.run)
	if at != 0 {
		t.s.Row.HasTimes = true
	}
	extra := m.Object("extra")
	role := m.Str("role")
	if m.Str("object") == "response" {
		role = "assistant"
	}
	if m.Str("type") == "function_call_output" {
		role = "tool"
	}
	text, ok := trace.Content(m.First("content", "output"))
	switch {
	case role == "assistant":
		t.answer(m, extra)
	case extra.Has("interrupt_type"):
		// The answer had no usable call; it is asked for again.
		t.respond(extra.Object("response"), extra)
		t.run.Error(schema.Error{Source: "agent", ErrorType: "unknown", IsFinal: schema.Known(false)})
		t.run.Message("user", "injected", text)
	case role == "exit" || extra.Has("exit_status"):
		t.run.Message("system", "injected", text)
	case role == "tool" || extra.Has("returncode") || role == "user" && len(t.open) > 0:
		t.result(m, extra, text, ok)
	case role == "system":
		t.run.Message("system", "injected", text)
	case !t.prompted:
		t.prompted = true
		t.run.Prompt("user", text)
	default:
		t.run.Message("user", "injected", text)
	}
}

// respond takes the provider's response, with its usage and its cost.
func (t *miniThread) respond(resp, extra trace.Object) {
	key, basis := t.log.ID("response", resp.Str("id")), "provider_id"
	if key == 0 {
		key, basis = t.log.ID("response", t.native).With(uint64(t.n)), "position"
	}
	m := t.calls.Take(t.run, key, basis)
	m.ResponseID, m.RequestModel, m.ResponseModel = resp.Str("id"), t.model, resp.Str("model")
	m.ReportedCostUSD = rows.Dollars(extra.Float("cost").V)
	for c := range trace.Elems(resp.Raw("choices")) {
		m.FinishReason = trace.ObjectOf(c).Str("finish_reason")
		break
	}
	if u := resp.Object("usage"); u.Len() > 0 {
		by := trace.WithCache
		if u.Has("input_tokens") && !u.Has("prompt_tokens") {
			by = trace.ByFigures
		}
		t.calls.Observe(m, trace.CountsOf(u).Usage(by))
	}
	t.run.Response = m.ModelCallID
}

// answer takes an answer of the model: texts and calls.
func (t *miniThread) answer(m, extra trace.Object) {
	resp := extra.Object("response")
	if resp.Len() == 0 && m.Str("object") == "response" {
		resp = m // the message is the response itself
	}
	t.respond(resp, extra)
	if text, ok := trace.Content(m.First("reasoning_content", "reasoning")); ok && !trace.IsBlank(text) {
		t.run.Message("assistant", "reasoning", text)
	}
	if text, ok := trace.Content(m.Raw("content")); ok && !trace.IsBlank(text) {
		t.run.Message("assistant", "text", text)
	}
	t.open = t.open[:0]
	for e := range trace.Elems(m.Raw("output")) { // items of the Responses API
		item := trace.ObjectOf(e)
		switch item.Str("type") {
		case "message":
			if text, ok := trace.Content(item.Raw("content")); ok && !trace.IsBlank(text) {
				t.run.Message("assistant", "text", text)
			}
		case "reasoning":
			if text, ok := trace.Content(item.First("content", "summary")); ok && !trace.IsBlank(text) {
				t.run.Message("assistant", "reasoning", text)
			} else {
				t.run.Hidden()
			}
		case "function_call":
			t.call(item.Str("call_id"), item.Str("name"), item.Raw("arguments"))
		}
	}
	for e := range trace.Elems(m.Raw("tool_calls")) {
		call := trace.ObjectOf(e)
		t.call(call.Str("id"), trace.Str(call.At("function", "name")), call.At("function", "arguments"))
	}
	if len(t.open) > 0 {
		return
	}
	for e := range trace.Elems(extra.Raw("actions")) { // commands in the text of the answer
		a := trace.ObjectOf(e)
		if c := t.call(a.Str("tool_call_id"), "bash", a.Raw("command")); !c.IsShell() {
			c.Shell(a.Str("command"))
		}
	}
	if len(t.open) == 0 {
		if command := fenced(m.Str("content")); command != "" {
			c := t.call("", "bash", nil)
			c.Args([]byte(command))
			c.Shell(command)
		}
	}
}

// fenced finds the one block of shell in an answer, which is how the first versions ask for a command.
func fenced(text string) string {
	_, rest, ok := strings.Cut(text, "```bash\n")
	if !ok {
		return ""
	}
	block, _, ok := strings.Cut(rest, "```")
	if !ok {
		return ""
	}
	return strings.TrimSpace(block)
}

func (t *miniThread) call(id, name string, raw []byte) *rows.Call {
	c := t.tools.Begin(t.run, name, id)
	trace.Arguments(c, raw)
	t.open = append(t.open, c)
	return c
}

// result takes what came of a command: of the call it names, else of the first that is open.
func (t *miniThread) result(m, extra trace.Object, text []byte, ok bool) {
	c := t.tools.Open(trace.Str(m.First("tool_call_id", "call_id")))
	if c == nil {
		t.log.Problem(schema.ProblemOrphanResult, m.Str("role"), "")
		return
	}
	status, class := "unknown", ""
	code := trace.Signed(extra.Raw("returncode"))
	if !code.Valid {
		code = tagged(text)
	}
	exception := extra.Str("exception_info")
	switch {
	case exception != "":
		status, class = "error", rows.Failure([]byte(exception))
	case code.Valid && code.V < 0:
		status, class = "error", "tool_error" // it did not run, or was stopped
	case code.Valid && code.V > 0:
		status, class = "error", "nonzero_exit"
	case code.Valid:
		status = "ok"
	}
	if code.V < 0 {
		code = schema.Int{}
	}
	if trace.Kind(extra.Raw("raw_output")) == jscan.String {
		text, ok = trace.Content(extra.Raw("raw_output"))
	}
	trace.Finish(c, status, class, code, text, ok)
}

// tagged reads the code out of the text that the first versions put around an output.
func tagged(text []byte) schema.Int {
	rest, ok := strings.CutPrefix(string(text[:min(len(text), 64)]), "<returncode>")
	if !ok {
		return schema.Int{}
	}
	code, _, ok := strings.Cut(rest, "</returncode>")
	if !ok {
		return schema.Int{}
	}
	return trace.Signed([]byte(code))
}

// end tells how the run ended.
func (t *miniThread) end(status string) {
	switch {
	case status == "":
	case status == "Submitted":
		t.run.Row.EndState = "completed"
	case status == "LimitsExceeded":
		t.run.Row.EndState = "budget"
	case strings.Contains(status, "Interrupt"):
		t.run.Row.EndState = "interrupted"
	default:
		t.run.Row.EndState = "error"
		if t.n > 0 {
			t.run.Error(schema.Error{Source: "agent", ErrorType: rows.ErrorType(schema.Int{}, []byte(status)), IsFinal: schema.Known(true)})
		}
	}
}
