package claudestream

import (
	"bytes"
	"strconv"

	"github.com/agenttrace/agenttrace/ingest/edits"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// tinyOutput is the most that the start of a stream counts as output.
const tinyOutput = 8

// assistant takes a block of a response, or what the agent put in place of one.
func (t *thread) assistant(run *rows.Run, o trace.Object) {
	m := o.Object("message")
	model := m.Str("model")
	if model == "<synthetic>" || o.Has("error") {
		t.synthetic(run, o, m)
		return
	}
	t.respond(run, m.Str("id"), m)
	for e, whole := range trace.Elems(m.Raw("content")) {
		if whole {
			t.block(run, trace.ObjectOf(e))
		}
	}
	switch m.Str("stop_reason") {
	case "":
	case "max_tokens":
		run.Last = rows.LastMaxTokens
	}
}

// respond takes the response that a block belongs to.
func (t *thread) respond(run *rows.Run, id string, m trace.Object) *schema.ModelCall {
	key := t.log.ID("response", id)
	if key == 0 {
		return nil
	}
	t.calls++
	call := t.parser.calls.Take(run, key, "provider_id")
	call.ResponseID = id
	if model := m.Str("model"); model != "" {
		call.ResponseModel = model
	}
	if stop := m.Str("stop_reason"); stop != "" {
		call.FinishReason = stop
	}
	t.usage(call, m.Object("usage"))
	run.Response = key
	return call
}

// usage takes counters; the largest seen of each counts.
func (t *thread) usage(call *schema.ModelCall, o trace.Object) {
	if o.Len() == 0 {
		return
	}
	t.parser.calls.Observe(call, trace.CountsOf(o).Usage(trace.WithoutCache))
	switch tier := o.Str("service_tier"); tier {
	case "batch", "priority", "standard":
		call.ServiceTier = tier
	}
	switch {
	case call.FinishReason != "":
		call.UsageQuality = "final"
	case call.Output.Valid && call.Output.V <= tinyOutput:
		call.UsageQuality = "placeholder"
	case call.Output.Valid:
		call.UsageQuality = "partial"
	}
}

// partial takes an event of the provider's own stream: it brings the final counters of a response.
func (t *thread) partial(o trace.Object) {
	scope := o.Str("parent_tool_use_id")
	event := o.Object("event")
	switch event.Str("type") {
	case "message_start":
		m := event.Object("message")
		t.respond(t.run(scope), m.Str("id"), m)
		t.now[scope] = t.log.ID("response", m.Str("id"))
	case "message_delta":
		call := t.parser.calls.Find(t.now[scope])
		if call == nil {
			return
		}
		if stop := event.Object("delta").Str("stop_reason"); stop != "" {
			call.FinishReason = stop
		}
		t.usage(call, event.Object("usage"))
	case "message_stop":
		delete(t.now, scope)
	}
}

// synthetic takes an error of the provider that ended the work, or filler of the agent.
func (t *thread) synthetic(run *rows.Run, o, m trace.Object) {
	text, _ := trace.Content(m.Raw("content"))
	if !o.Has("error") {
		if !trace.IsBlank(text) {
			run.Message("assistant", "injected", text)
		}
		return
	}
	class := ""
	switch o.Str("error") {
	case "rate_limit":
		class = "rate_limit"
	case "authentication_failed", "billing_error":
		class = "auth"
	case "invalid_request":
		class = "invalid_request"
	case "server_error":
		class = "server"
	default:
		class = rows.ErrorType(schema.Int{}, text)
	}
	run.Error(schema.Error{Source: "api", ErrorType: class, IsFinal: schema.Known(true), MessageHash: schema.HashBytes(text)})
	run.Last = rows.LastError
}

// block takes one block of a response.
func (t *thread) block(run *rows.Run, b trace.Object) {
	switch typ := b.Str("type"); typ {
	case "text":
		if text, ok := trace.Content(b.Raw("text")); ok && len(text) > 0 {
			run.Message("assistant", "text", text)
		}
	case "thinking", "redacted_thinking":
		if text, ok := trace.Content(b.Raw("thinking")); ok && len(text) > 0 {
			run.Message("assistant", "reasoning", text)
		} else {
			run.Hidden()
		}
	case "tool_use", "server_tool_use", "mcp_tool_use":
		id := b.Str("id")
		if id == "" || b.Str("name") == "" {
			t.log.Problem(schema.ProblemUnknownField, "assistant", "tool_use")
			return
		}
		c, fresh := run.Call(b.Str("name"), id, t.log.ID("tool", id))
		if !fresh {
			return
		}
		// The line is gone when the call ends.
		trace.Arguments(c, bytes.Clone(b.Raw("input")))
		if server := b.Str("server_name"); server != "" {
			c.Row.MCPServer = server
		}
		switch c.Row.ToolNameRaw {
		case "BashOutput", "TaskOutput", "AgentOutputTool":
			c.Row.IsPolling = true
		}
	default:
		if c := t.s.Find(b.Str("tool_use_id")); c != nil && b.Has("tool_use_id") {
			if !c.Ended() { // a tool that the provider ran
				text, ok := trace.Content(b.Raw("content"))
				trace.Finish(c, "ok", "", schema.Int{}, text, ok)
			}
			return
		}
		t.log.Problem(schema.ProblemUnknownField, "assistant", typ)
	}
}

// user takes results of tools, prompts that were replayed, and texts that the agent put in.
func (t *thread) user(run *rows.Run, o trace.Object) {
	content := o.Object("message").Raw("content")
	if trace.Kind(content) == jscan.String {
		text, _ := trace.Content(content)
		t.said(run, o, text)
		return
	}
	results := 0
	for e := range trace.Elems(content) {
		if trace.ObjectOf(e).Str("type") == "tool_result" {
			results++
		}
	}
	for e, whole := range trace.Elems(content) {
		b := trace.ObjectOf(e)
		switch typ := b.Str("type"); {
		case !whole:
		case typ == "tool_result":
			beside := trace.Object{}
			if results == 1 {
				beside = o.Object("tool_use_result")
			}
			t.result(run, b, beside)
		case typ == "text":
			text, _ := trace.Content(b.Raw("text"))
			t.said(run, o, text)
		case typ == "image", typ == "document":
		default:
			t.log.Problem(schema.ProblemUnknownField, "user", typ)
		}
	}
}

// said takes a text in the user's role.
func (t *thread) said(run *rows.Run, o trace.Object, text []byte) {
	switch {
	case trace.IsBlank(text):
	case bytes.HasPrefix(text, []byte("[Request interrupted by user")):
		run.Event(schema.Event{Event: "interrupt"})
		run.Last = rows.LastInterrupt
	case trace.IsTrue(o.Raw("isSynthetic")), bytes.HasPrefix(text, []byte("<system-reminder>")), bytes.HasPrefix(text, []byte("<local-command")):
		run.Message("user", "injected", text)
	case run != t.s.Main:
		run.Prompt("parent", text)
	default:
		run.Prompt("user", text)
	}
}

// result takes the result of a call.
func (t *thread) result(run *rows.Run, b, beside trace.Object) {
	c := t.s.Find(b.Str("tool_use_id"))
	if c == nil {
		t.log.Problem(schema.ProblemOrphanResult, "user", "")
		return
	}
	if c.Ended() {
		return
	}
	raw := b.Raw("content")
	text, ok := trace.Content(raw)
	status, class, exit := "ok", "", schema.Int{}
	switch {
	case trace.IsTrue(b.Raw("is_error")):
		status, class, exit = failure(text)
	case trace.IsTrue(beside.Raw("interrupted")):
		status = "interrupted"
	case c.IsShell() && !beside.Has("backgroundTaskId") && !beside.Has("returnCodeInterpretation"):
		exit = schema.Known(int64(0)) // a command that fails ends with an error
	}
	if id := beside.Str("agentId"); id != "" {
		call := b.Str("tool_use_id")
		if t.agents[call] == "" {
			t.agents[call] = id
		}
		c.Row.ChildRunID = t.log.ID("run", t.native, t.agents[call])
	}
	for _, name := range [...]string{"durationMs", "totalDurationMs"} {
		if ms := beside.Int(name); ms.Valid {
			c.Row.DurationMS, c.Row.DurationBasis = ms, "reported"
		}
	}
	if status == "ok" {
		t.edited(c, beside)
	}
	if status == "denied" {
		c.Row.Approval = "denied"
	}
	c.Row.ExitCode = exit
	c.End(status, class)
	if ok {
		c.Output(text)
	}
	if status == "error" {
		t.failed = append(t.failed, c) // the result of the session may say that it was denied
		return
	}
	c.Put()
}

// edited takes a change as the agent applied it.
func (t *thread) edited(c *rows.Call, beside trace.Object) {
	path := beside.Str("filePath")
	patch := beside.Raw("structuredPatch")
	if path == "" || trace.Kind(patch) != jscan.Array {
		return
	}
	ch := rows.Change{Path: path, Op: "modify", Basis: "patch", Exact: true}
	for hunk := range trace.Elems(patch) {
		for e := range trace.Elems(trace.ObjectOf(hunk).Raw("lines")) {
			line := trace.Text(e).Bytes(nil)
			if len(line) == 0 {
				continue
			}
			switch line[0] {
			case '+':
				ch.Added = append(ch.Added, bytes.Clone(line[1:]))
			case '-':
				ch.Removed = append(ch.Removed, bytes.Clone(line[1:]))
			}
		}
	}
	if beside.Str("type") == "create" {
		text, _ := trace.Content(beside.Raw("content"))
		ch.Op, ch.Basis, ch.Added, ch.Removed = "create", "tool_args", edits.Lines(bytes.Clone(text)), nil
	}
	c.Rather(ch)
}

// failure reads the text of a call that ended with an error.
func failure(text []byte) (status, class string, exit schema.Int) {
	text = bytes.TrimPrefix(text, []byte("<tool_use_error>"))
	text = bytes.TrimPrefix(text, []byte("Error: "))
	begins := func(words ...string) bool {
		for _, w := range words {
			if bytes.HasPrefix(text, []byte(w)) {
				return true
			}
		}
		return false
	}
	switch {
	case begins("The user doesn't want to proceed with this tool use", "The user doesn't want to take this action right now", "User rejected",
		"[Request interrupted by user for tool use]", "Permission to use"):
		return "denied", "", exit
	case begins("[Request interrupted by user", "Request interrupted", "Request was aborted"):
		return "interrupted", "", exit
	case begins("Exit code "):
		digits := text[len("Exit code "):]
		n := 0
		for n < len(digits) && n < 9 && digits[n] >= '0' && digits[n] <= '9' {
			n++
		}
		if code, err := strconv.ParseInt(string(digits[:n]), 10, 64); err == nil {
			exit = schema.Known(code)
		}
		if bytes.HasPrefix(digits[n:], []byte("\nCommand timed out after")) {
			return "error", "timeout", exit
		}
		return "error", "nonzero_exit", exit
	case begins("InputValidationError", "String to replace not found", "File has not been read yet", "No changes to make"):
		return "error", "bad_args", exit
	case begins("No such tool available"):
		return "error", "unknown_tool", exit
	}
	return "error", rows.Failure(text), exit
}

// end takes the result of the session, or of one of its prompts.
func (t *thread) end(o trace.Object) {
	main := t.s.Main
	t.final = trace.ObjectOf(bytes.Clone(o.Source()))
	for e := range trace.Elems(o.Raw("permission_denials")) {
		c := t.s.Find(trace.ObjectOf(e).Str("tool_use_id"))
		for _, f := range t.failed {
			if f == c {
				c.Row.Status, c.Row.ErrorType, c.Row.Approval, c.Row.ExitCode = "denied", "", "denied", schema.Int{}
			}
		}
	}
	for _, c := range t.failed {
		c.Put()
	}
	t.failed = t.failed[:0]
	// The cost is that of the session so far.
	if usd := rows.Dollars(o.Float("total_cost_usd").V); usd.Valid && usd.V > t.s.Row.ReportedCostUSD.V {
		t.s.Row.ReportedCostUSD = usd
	}
	if turn := main.Turn(); turn != nil {
		turn.DurationReportedMS = o.Int("duration_ms")
	}
	main.Row.EndState = endOf(o, main)
}

// totals emits the counters of the result, where the stream shows no single response.
func (t *thread) totals() {
	found := false
	for model, raw := range t.final.Object("modelUsage").Members() {
		u := trace.ObjectOf(raw)
		c := trace.CountsOf(u)
		if c.IsZero() {
			continue
		}
		found = true
		m := t.parser.calls.Take(t.s.Main, t.log.ID("total", t.native, model), "position")
		m.UsageGrain, m.ResponseModel = "session", model
		m.ReportedCostUSD = rows.Dollars(u.Float("costUSD").V)
		m.ContextWindow = u.Int("contextWindow")
		t.parser.calls.Observe(m, c.Usage(trace.WithoutCache))
	}
	c := trace.CountsOf(t.final.Object("usage"))
	if found || c.IsZero() {
		return
	}
	m := t.parser.calls.Take(t.s.Main, t.log.ID("total", t.native), "position")
	m.UsageGrain, m.ResponseModel = "session", t.model
	t.parser.calls.Observe(m, c.Usage(trace.WithoutCache))
}
