package kimi

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A loopEvent is one event of the loop in which Kimi Code asks its model.
type loopEvent struct {
	typ, uuid, parent, step, callID, name jscan.Text
	finish, messageID                     jscan.Text
	args, result, part                    []byte
	usage                                 schema.Usage
	hasUsage                              bool
	first, stream                         schema.Int
}

func (e *loopEvent) scan(s *jscan.Scanner, raw []byte) {
	s.Reset(raw)
	if s.Kind() != jscan.Object {
		return
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "type":
			e.typ = s.Text()
		case "uuid":
			e.uuid = s.Text()
		case "parentUuid":
			e.parent = s.Text()
		case "toolCallId":
			e.callID = s.Text()
		case "name":
			e.name = s.Text()
		case "finishReason":
			e.finish = s.Text()
		case "messageId":
			e.messageID = s.Text()
		case "args":
			e.args = s.Raw()
		case "result":
			e.result = s.Raw()
		case "part":
			e.part = s.Raw()
		case "usage":
			e.usage, e.hasUsage = readUsage(s)
		case "llmFirstTokenLatencyMs":
			e.first = rows.Count(s)
		case "llmStreamDurationMs":
			e.stream = rows.Count(s)
		default:
			s.Skip()
		}
	}
}

// loop takes an event. It is known by its own id, for a newer build may write the line anew, and by its
// instant, for the ids of calls count from zero in every run.
func (r *reader) loop(a *agent, raw []byte) {
	var e loopEvent
	e.scan(&r.inner, raw)
	r.code.loops = true
	key := schema.ID(0)
	switch {
	case len(e.uuid.Raw) > 0:
		key = r.l.ID(word(e.typ), e.uuid.String())
	case len(e.parent.Raw) > 0:
		key = r.l.ID(word(e.typ), e.parent.String())
	}
	if key != 0 {
		if at := r.l.At(); at != 0 {
			key = key.With(uint64(at))
		} else {
			key = key.With(uint64(r.sessionKey()))
		}
		if n := r.times(key); n > 0 {
			key = key.With(n)
		}
		r.at(r.l.Line(), r.l.At(), key)
	}
	r.mark(a)
	switch string(e.typ.Raw) {
	case "step.begin":
		r.begun(a, r.l.Key().With(1)).row.StartedAt = 0
	case "content.part":
		r.part(a, e.part)
	case "tool.call":
		a.said()
		r.begin(a, e.callID.String(), e.name.String(), e.args)
	case "tool.result":
		r.returned(a, &e)
	case "step.end":
		r.stepEnded(a, &e)
	default:
		r.l.Problem(schema.ProblemUnknownField, "context.append_loop_event", word(e.typ))
	}
}

func word(t jscan.Text) string {
	w, _ := t.Prefix(64)
	return w
}

func (r *reader) part(a *agent, raw []byte) {
	var typ, text jscan.Text
	hidden := false
	s := &r.inner
	s.Reset(raw)
	if s.Kind() != jscan.Object {
		return
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "type":
			typ = s.Text()
		case "text", "think":
			text = s.Text()
		case "encrypted":
			hidden = s.Kind() == jscan.String
			s.Skip()
		default:
			s.Skip()
		}
	}
	a.said()
	switch string(typ.Raw) {
	case "text":
		if len(text.Raw) > 0 {
			a.run.Message("assistant", "text", r.l.Bytes(text))
		}
	case "think":
		switch {
		case len(text.Raw) > 0:
			a.run.Message("assistant", "reasoning", r.l.Bytes(text))
		case hidden:
			a.run.Hidden()
		}
	case "image_url", "audio_url", "video_url":
	default:
		r.l.Problem(schema.ProblemUnknownField, "content.part", word(typ))
	}
}

func (r *reader) returned(a *agent, e *loopEvent) {
	var res result
	s := &r.inner
	s.Reset(e.result)
	if s.Kind() != jscan.Object {
		res.output, res.hasOutput = parts(s, nil)
		r.end(a, e.callID.String(), &res)
		return
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "output":
			r.out, res.hasOutput = parts(s, r.out[:0])
			res.output = r.out
		case "message":
			res.message = s.Text().Bytes(nil)
		case "isError":
			res.isError = isTrue(s)
		case "truncated":
			res.truncated = isTrue(s)
		default:
			s.Skip()
		}
	}
	id := e.callID.String()
	if c := a.calls[id]; c != nil && c.Row.ToolNameRaw == "Agent" {
		// The result begins with the name of the sub-agent.
		if rest, ok := bytes.CutPrefix(res.output, []byte("agent_id: ")); ok {
			name, _, _ := bytes.Cut(rest, []byte{'\n'})
			c.Row.ChildRunID = r.l.ID("run", r.place.session, string(bytes.TrimSpace(name)))
		}
	}
	r.end(a, id, &res)
}

// stepEnded takes the end of a request: why it ended and how long it took.
func (r *reader) stepEnded(a *agent, e *loopEvent) {
	st := a.step
	if st == nil {
		return
	}
	m := &st.row
	st.end, st.hasEnd, st.done = e.usage, e.hasUsage, true
	m.FinishReason = e.finish.String()
	m.ResponseID = e.messageID.String()
	if m.StartedAt != 0 && e.first.Valid && e.first.V < 1<<40 {
		m.FirstTokenAt = m.StartedAt + schema.Instant(e.first.V*1000)
		if e.stream.Valid && e.stream.V < 1<<40 {
			m.EndedAt = m.FirstTokenAt + schema.Instant(e.stream.V*1000)
		}
	}
	switch m.FinishReason {
	case "interrupted":
		m.Status = "interrupted"
	case "max_tokens":
		a.run.Last = rows.LastMaxTokens
	case "end_turn", "completed":
		if a.run.Last == rows.LastText || a.run.Last == rows.LastReasoning {
			a.run.Last = rows.LastDone
		}
	}
}

// requested takes the request of a step, or of one of its attempts: that of a later one says that the
// one before failed.
func (r *reader) requested(a *agent, f *flat) {
	c := &r.code
	alias, model := f.alias.String(), f.model.String()
	if c.models == nil {
		c.models = map[string]string{}
	}
	if alias != "" && model != "" {
		c.models[alias] = model
	}
	c.vendor, c.at, c.try = f.provider.String(), r.l.At(), schema.Int{}
	n := int64(0)
	for _, ch := range f.attempt.Raw {
		if ch < '0' || ch > '9' || n > 1<<20 {
			break
		}
		n = n*10 + int64(ch-'0')
	}
	if n > 0 {
		c.try = schema.Known(n)
	}
	if n > 1 {
		a.run.Error(schema.Error{Source: "api", ErrorType: "api_retry", Attempt: schema.Known(n - 1), IsFinal: schema.Known(false)})
	}
	if string(f.kind.Raw) == "compaction" || a.step == nil || a.step.done {
		return
	}
	m := &a.step.row
	m.StartedAt, m.OccurredAt, m.Attempt = r.l.At(), r.l.At(), c.try
	m.RequestModel, m.ResponseModel, m.ProviderName = alias, model, c.vendor
}

// used takes the counters of one request. Those of a step come beside its end; those of a compaction
// have no step.
func (r *reader) used(a *agent, f *flat) {
	c := &r.code
	c.records = true
	u := f.usage
	if !f.hasUsage || u.UncachedInput.V == 0 && u.CacheRead.V == 0 && u.CacheCreation5m.V == 0 && u.Output.V == 0 {
		return // of a request that never came to anything
	}
	st := a.step
	if string(f.scope.Raw) == "session" || st == nil || st.used || st.hasEnd && st.end != u {
		alias := f.model.String()
		before, answer := a.step, a.run.Response
		st = r.begun(a, usageKey(r.l.ID("response", "of "+alias).With(uint64(r.l.At())), u))
		a.step, a.run.Response = before, answer
		st.row.StartedAt, st.row.ProviderName = 0, c.vendor
	}
	m := &st.row
	st.used = true
	m.Line = r.l.Line()
	m.Usage = u
	if alias := f.model.String(); alias != "" {
		m.RequestModel = alias
		if model := c.models[alias]; model != "" {
			m.ResponseModel = model
		}
	}
	r.l.Observe(m.ModelCallID, m.Line, r.l.At(), u, "")
}

// ended takes the end of a turn.
func (r *reader) ended(a *agent, f *flat) {
	if t := a.run.Turn(); t != nil {
		t.DurationReportedMS = f.duration
	}
	switch string(f.reason.Raw) {
	case "completed":
		a.run.Last = rows.LastDone
	case "cancelled":
		r.interrupted(a)
	case "failed", "blocked":
		class := rows.ErrorType(schema.Int{}, f.failure.text)
		source := "api"
		if class == "unknown" {
			source = "agent"
		}
		a.run.Error(schema.Error{Source: source, ErrorType: class, IsFinal: schema.Known(true), MessageHash: schema.HashBytes(f.failure.text)})
		a.run.Last = rows.LastError
	default:
		r.l.Problem(schema.ProblemUnknownField, "turn.ended", word(f.reason))
	}
}

// approved takes the user's answer, which may stand before the call.
func (r *reader) approved(a *agent, f *flat) {
	answer := ""
	switch string(f.decision.Raw) {
	case "approved":
		answer = "user"
	case "rejected", "cancelled":
		answer = "denied"
	}
	if r.code.asked > 0 {
		r.code.asked--
		a.run.Event(schema.Event{Event: "approval_resolved", Detail: word(f.decision)})
		a.run.Last = rows.LastCall
	}
	id := f.callID.String()
	if c := a.calls[id]; c != nil && !c.Ended() {
		c.Row.Approval = answer
	} else if id != "" && answer != "" {
		r.answered[id] = answer
	}
}
