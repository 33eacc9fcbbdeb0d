package qwen

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest/digest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/recording"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// assistant takes a response.
func (r *reader) assistant() {
	rec, u := &r.rec, r.run
	r.respond()
	for i := range rec.parts {
		p := &rec.parts[i]
		switch {
		case p.call.present:
			r.call(i, &p.call)
		case len(p.text.Raw) == 0:
		case p.thought:
			u.r.Message("assistant", "reasoning", r.l.Bytes(p.text))
		default:
			u.r.Message("assistant", "text", r.l.Bytes(p.text))
		}
	}
}

// respond tells the request that the record comes from. A sub-agent has one record for each call beside
// the one with the usage of the round; only that is a response.
func (r *reader) respond() {
	rec, s, u := &r.rec, r.ses, r.run
	side := u.r != s.s.Main
	model := rec.model.String()
	if !rec.usage.any() && (side || model == "") {
		if !side || !rec.round.Valid || rec.round != u.round {
			u.r.Response = 0
		}
		return
	}
	id := r.l.ID("response", rec.uuid.String())
	if id == 0 {
		id = r.l.Key().With(1)
	}
	u.round = rec.round
	c := r.callOf[id]
	if c == nil {
		c = &call{row: u.r.Model(id)}
		c.row.ObservedCount = 0
		if len(rec.uuid.Raw) > 0 {
			c.row.DedupBasis = "provider_id"
		}
		r.callOf[id] = c
		r.calls = append(r.calls, c)
	}
	c.row.ObservedCount++
	u.r.Response = id
	c.row.ContextWindow = rec.contextLimit
	if model != "" {
		c.row.ResponseModel = model
		u.changed(&u.model, model, "model_changed")
	} else if side {
		c.row.RequestModel = r.meta.model
	}
	if rec.usage.any() {
		c.usage = rec.usage
		c.row.Line = r.l.Line()
	}
	s.calls = true
	s.usage = s.usage || rec.usage.prompt.Valid || rec.usage.output.Valid
	s.cache = s.cache || rec.usage.cached.Valid
	s.thinking = s.thinking || rec.usage.thoughts.Valid
	for i := len(r.timings) - 1; i >= 0; i-- {
		if t := &r.timings[i]; t.fits(c) {
			t.apply(c)
			r.timings = append(r.timings[:i], r.timings[i+1:]...)
			break
		}
	}
}

func (r *reader) call(i int, f *function) {
	u := r.run
	native := f.id.String()
	id := r.l.ID("tool", r.ses.s.Row.NativeSessionID, native)
	if native == "" {
		id = r.l.Key().With(3000 + uint64(i))
	}
	c, fresh := u.r.Call(f.name.String(), native, id)
	if !fresh {
		return
	}
	c.Row.MCPServer = recording.Server(c.Row.ToolNameRaw)
	recording.Arguments(c, f.args)
	u.keepArgs(c, f.args)
	u.open = append(u.open, c)
}

// results takes the results in a record.
func (r *reader) results() (any bool) {
	rec := &r.rec
	n := 0
	for i := range rec.parts {
		if rec.parts[i].response.present {
			n++
		}
	}
	for i := range rec.parts {
		if f := &rec.parts[i].response; f.present {
			var beside toolResult
			if n == 1 {
				beside = rec.result
			}
			r.result(f.id, f.response, &beside)
		}
	}
	if n == 0 && rec.result.present {
		r.result(rec.result.callID, nil, &rec.result)
		return true
	}
	return n > 0
}

func (r *reader) result(id jscan.Text, response []byte, beside *toolResult) {
	u := r.run
	if len(id.Raw) == 0 {
		id = beside.callID
	}
	c := r.ses.s.Find(id.String())
	if c == nil {
		r.l.Problem(schema.ProblemOrphanResult, "tool_result", "")
		return
	}
	if c.Ended() {
		return
	}
	text, isError := recording.ResponseText(response)
	status := string(beside.status.Raw)
	if status == "" {
		// The logs of sub-agents have no word for it.
		switch {
		case isError || failedResponse(response):
			status = "error"
		case response != nil:
			status = "success"
		}
	}
	var d recording.Diff
	if beside.display != nil {
		s := &r.inner
		s.Reset(beside.display)
		d.Scan(s)
	}
	if beside.durationMS.Valid {
		c.Row.DurationMS, c.Row.DurationBasis = beside.durationMS, "reported"
	}
	body := response
	if text.Present {
		body = r.l.Bytes(text)
	}
	out := recording.Outcome(c, status, beside.errorType.String(), body)
	u.effects(c, &d, body)
	if text.Present || response != nil {
		c.Output(out)
		c.Row.ResultBytes = schema.Known(int64(len(body)))
	}
	c.Put()
	for i, o := range u.open {
		if o == c {
			u.open = append(u.open[:i], u.open[i+1:]...)
			break
		}
	}
}

func failedResponse(response []byte) bool {
	var s jscan.Scanner
	s.Reset(response)
	if s.Kind() != jscan.Object {
		return false
	}
	failed := false
	for s.Object(); s.Key(); {
		if string(s.Name) == "success" {
			ok, known := s.Bool()
			failed = known && !ok
		} else {
			s.Skip()
		}
	}
	return failed
}

// user takes a record in the user's role.
func (r *reader) user(key schema.ID) {
	rec, u := &r.rec, r.run
	results := r.results()
	trigger, human := "user", true
	switch string(rec.subtype.Raw) {
	case "", "mid_turn_user_message":
		if len(rec.subtype.Raw) > 0 {
			trigger = "queued"
		}
		if p := rec.provenance.Raw; len(p) > 0 && string(p) != "real_user" {
			human = false
		}
	case "cron":
		trigger = "schedule"
	case "goal_runtime":
		trigger = "continuation"
	case "notification":
		human = false
	default:
		r.l.Problem(schema.ProblemUnknownField, "user", word(rec.subtype))
		human = false
	}
	if u.r != r.ses.s.Main {
		trigger = "parent"
		human = human && u.prompts == 0
	}
	typed := r.displayText()
	r.buf = r.buf[:0]
	var rest []jscan.Text
	other := 0
	for i := range rec.parts {
		p := &rec.parts[i]
		switch {
		case p.response.present:
		case len(p.text.Raw) == 0:
			other++
		case !human, injected(p.text.Raw), len(typed) > 0 && !bytes.Equal(p.text.Bytes(nil), typed):
			rest = append(rest, p.text)
		default:
			if len(r.buf) > 0 {
				r.buf = append(r.buf, '\n')
			}
			r.buf = append(r.buf, p.text.Bytes(nil)...)
		}
	}
	if human && len(typed) > 0 {
		r.buf = append(r.buf[:0], typed...)
	}
	switch {
	case len(r.buf) > 0:
		r.prompt(trigger, r.buf)
	case human && !results && other > 0 && len(rest) == 0:
		r.prompt(trigger, nil) // an image alone
	}
	for _, t := range rest {
		u.r.Message("user", "injected", r.l.Bytes(t))
	}
}

func (r *reader) prompt(trigger string, text []byte) {
	u, rec := r.run, &r.rec
	if parent := schema.IDOf(Agent, "uuid", rec.parent.String()); trigger == "user" && parent != 0 && parent != u.last && u.last != 0 {
		// The user went back without a word of the client about it.
		if _, ok := r.seen[parent]; ok && r.talked(parent) {
			u.r.Event(schema.Event{Event: "rewind"})
			r.rewound(parent)
		}
	}
	u.prompts++
	u.r.Prompt(trigger, text)
}

// talked reports whether anything was said since a record: bookkeeping alone is no branch.
func (r *reader) talked(since schema.ID) bool {
	at := r.seen[since].line
	return r.run.lastTalk > at
}

// displayText is what the user typed, where the record keeps it beside what was made of it.
func (r *reader) displayText() []byte {
	if r.rec.payload == nil {
		return nil
	}
	s := &r.inner
	s.Reset(r.rec.payload)
	return member(s, "displayText").Bytes(nil)
}

// injected knows the texts that the client puts into the user's mouth.
func injected(raw []byte) bool {
	raw = bytes.TrimLeft(raw, " ")
	for _, tag := range [...]string{"<session_context>", "<system-reminder>", "<hook_context>", "<state_snapshot>", "<qwen:"} {
		if bytes.HasPrefix(raw, []byte(tag)) {
			return true
		}
	}
	return false
}

// timed gives a call what telemetry tells of it: one that waits, with this name and these arguments.
func (u *run) timed(e *event) {
	name := e.function.String()
	hash, _ := digest.Args(name, e.args)
	for _, c := range u.open {
		if c.Row.ToolNameRaw != name || c.Row.ArgsHash != hash || c.Row.DurationMS.Valid {
			continue
		}
		c.Row.DurationMS, c.Row.DurationBasis = e.durationMS, ""
		if e.durationMS.Valid {
			c.Row.DurationBasis = "reported"
		}
		c.Row.Approval = approval(e.decision)
		if server := e.server.String(); server != "" {
			c.Row.MCPServer = server
		}
		return
	}
}

func approval(decision jscan.Text) string {
	switch string(decision.Raw) {
	case "accept", "modify":
		return "user"
	case "auto_accept":
		return "auto"
	case "reject":
		return "denied"
	}
	return ""
}

// unlogged tells a call of a sub-agent that has no log of its own.
func (r *reader) unlogged(u *run, e *event) {
	name := e.function.String()
	c, _ := u.r.Call(name, "", r.l.Key().With(3000))
	c.Row.RequestedAt = 0
	c.Row.MCPServer = recording.Server(name)
	if server := e.server.String(); server != "" {
		c.Row.MCPServer = server
	}
	recording.Arguments(c, e.args)
	u.keepArgs(c, e.args)
	text := r.l.Bytes(e.error)
	recording.Outcome(c, string(e.status.Raw), e.errorType.String(), text)
	c.Row.EndedAt = r.l.At()
	if at := schema.ParseInstant(e.stamp.Raw); at != 0 {
		c.Row.EndedAt = at
	}
	if e.durationMS.Valid {
		c.Row.DurationMS, c.Row.DurationBasis = e.durationMS, "reported"
		if c.Row.EndedAt != 0 && e.durationMS.V < 1<<40 {
			c.Row.StartedAt = c.Row.EndedAt - schema.Instant(e.durationMS.V*1000)
		}
	}
	if c.Row.Approval == "" {
		c.Row.Approval = approval(e.decision)
	}
	u.effects(c, &recording.Diff{Added: e.added, Removed: e.removed}, nil)
	c.Put()
	u.r.Last = rows.LastResult
}
