package kimi

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// maxNesting bounds how deep the events of sub-agents are followed into each other.
const maxNesting = 8

// An event is what Kimi CLI writes on each line: a type and what belongs to it.
type event struct {
	present bool
	typ     jscan.Text
	payload []byte
}

var noPayload = []byte("{}")

func (e *event) scan(s *jscan.Scanner) {
	*e = event{payload: noPayload}
	if !s.ObjectOrSkip() {
		return
	}
	e.present = true
	for s.Key() {
		switch string(s.Name) {
		case "type":
			e.typ = s.Text()
		case "payload":
			if s.Kind() == jscan.Object {
				e.payload = s.Raw()
			} else {
				s.Skip()
			}
		default:
			s.Skip()
		}
	}
}

// event takes an event, perhaps one of a sub-agent inside another.
func (r *reader) event(a *agent, e *event, depth int) {
	var s jscan.Scanner
	s.Reset(e.payload)
	typ := e.typ
	name := string(typ.Raw)
	switch name {
	case "ToolCallPart":
		r.more(a, &s)
		return
	case "ContentPart":
		r.piece(a, &s)
		return
	case "SubagentEvent":
		r.nested(a, &s, depth)
		return
	}
	r.flush(a)
	r.mark(a)
	switch name {
	case "TurnBegin", "SteerInput":
		r.prompt(a, &s, name == "SteerInput")
	case "TurnEnd":
		if a.run.Last == rows.LastText || a.run.Last == rows.LastReasoning {
			a.run.Last = rows.LastDone
		}
	case "StepBegin":
		r.begun(a, r.l.Key().With(1))
	case "StepInterrupted":
		r.interrupted(a)
	case "StepRetry":
		r.retried(a, &s)
	case "ToolCall":
		r.streamed(a, &s)
	case "ToolResult":
		r.toolResult(a, &s)
	case "StatusUpdate":
		r.status(a, &s)
	case "CompactionBegin":
		a.run.Event(schema.Event{Event: "compaction_start"})
	case "CompactionEnd":
		a.run.Event(schema.Event{Event: "compaction_end"})
		a.run.Event(schema.Event{Event: "compaction"})
	case "HookResolved":
		var e schema.Event
		e.Event = "hook"
		for s.Object(); s.Key(); {
			switch string(s.Name) {
			case "event":
				e.Detail = s.Str()
			case "duration_ms":
				if v, ok := s.Float(); ok && v >= 0 && v < 1e15 {
					e.DurationMS = schema.Known(int64(v))
				}
			default:
				s.Skip()
			}
		}
		a.run.Event(e)
	case "ApprovalRequest":
		r.asked(a, &s)
	case "ApprovalResponse", "ApprovalRequestResolved":
		r.answer(a, &s)
	case "HookTriggered", "QuestionRequest", "ToolCallRequest", "HookRequest", "Notification", "PlanDisplay", "MCPLoadingBegin", "MCPLoadingEnd",
		"MCPStatusSnapshot", "BtwBegin", "BtwEnd":
	default:
		word, _ := typ.Prefix(64)
		r.l.Unknown(word)
	}
}

// mark makes the record comparable with copies of it, once for each line.
func (r *reader) mark(a *agent) { a.run.Record() }

// prompt takes what the user asked, or the parent of a sub-agent.
func (r *reader) prompt(a *agent, s *jscan.Scanner, steered bool) {
	r.buf = r.buf[:0]
	present := false
	for s.Object(); s.Key(); {
		if string(s.Name) == "user_input" {
			r.buf, present = parts(s, r.buf)
		} else {
			s.Skip()
		}
	}
	trigger := "user"
	switch {
	case a.run != r.s.Main:
		trigger = "parent"
	case steered:
		trigger = "queued"
	}
	text := r.buf
	if len(text) == 0 {
		text = nil
	}
	if present && bytes.HasPrefix(text, []byte("<system-reminder>")) && a.run == r.s.Main {
		a.run.Message("user", "injected", text)
		return
	}
	if !steered {
		a.step = nil
	}
	a.stopped = false
	a.run.Prompt(trigger, text)
}

// interrupted takes the user's stop.
func (r *reader) interrupted(a *agent) {
	if !a.stopped {
		a.run.Event(schema.Event{Event: "interrupt"})
	}
	a.stopped = true
	for _, c := range a.open {
		if !c.Ended() {
			c.End("interrupted", "")
			c.Put()
		}
	}
	a.open = a.open[:0]
	if a.step != nil && !a.step.used {
		a.step.row.Status = "interrupted"
	}
	a.run.Last = rows.LastInterrupt
}

// retried takes an attempt that failed and is tried again.
func (r *reader) retried(a *agent, s *jscan.Scanner) {
	e := schema.Error{Source: "api", IsFinal: schema.Known(false)}
	var word []byte
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "error_type":
			word = s.Text().Bytes(nil)
		case "status_code":
			if n := rows.Count(s); n.Valid && n.V >= 100 && n.V < 600 {
				e.HTTPStatus = n
			}
		case "next_attempt":
			if n := rows.Count(s); n.Valid && n.V > 0 {
				e.Attempt = schema.Known(n.V - 1)
			}
		case "wait_s":
			if v, ok := s.Float(); ok && v >= 0 && v < 1e9 {
				e.RetryAfterMS = schema.Known(int64(v * 1000))
			}
		default:
			s.Skip()
		}
	}
	if e.ErrorType = rows.ErrorType(e.HTTPStatus, word); e.ErrorType == "unknown" {
		e.ErrorType = "api_retry"
	}
	e.MessageHash = schema.HashBytes(word)
	a.run.Error(e)
}

// piece takes a part of an answer. Parts of one kind that follow each other are one text.
func (r *reader) piece(a *agent, s *jscan.Scanner) {
	var typ, body jscan.Text
	hidden := false
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "type":
			typ = s.Text()
		case "text", "think":
			body = s.Text()
		case "encrypted":
			hidden = s.Kind() == jscan.String
			s.Skip()
		default:
			s.Skip()
		}
	}
	kind := ""
	switch string(typ.Raw) {
	case "text":
		kind = "text"
	case "think":
		kind = "reasoning"
	case "image_url", "audio_url", "video_url":
		return
	default:
		word, _ := typ.Prefix(64)
		r.l.Problem(schema.ProblemUnknownField, "ContentPart", word)
		return
	}
	t := &a.text
	if t.kind != kind || a.pending.on {
		r.flush(a)
		r.mark(a)
		*t = text{kind: kind, line: r.l.Line(), at: r.l.At(), key: r.l.Key(), body: t.body[:0]}
	}
	t.body = appendText(t.body, body)
	if len(body.Raw) == 0 && hidden {
		a.run.Hidden()
	}
	a.said()
}

// flush tells what was streamed: a text, or a call.
func (r *reader) flush(a *agent) {
	line, at, key := r.l.Line(), r.l.At(), r.l.Key()
	if t := &a.text; t.kind != "" {
		if len(t.body) > 0 {
			r.at(t.line, t.at, t.key)
			a.run.Message("assistant", t.kind, t.body)
		}
		t.kind = ""
	}
	if p := &a.pending; p.on {
		p.on = false
		r.at(p.line, p.at, p.key)
		r.begin(a, p.id, p.name, p.args)
	}
	r.at(line, at, key)
}

// at begins a record that has been counted already.
func (r *reader) at(line int64, at schema.Instant, key schema.ID) {
	r.l.Begin(line, at, key)
	r.src.Records--
}

// streamed takes the beginning of a call, whose arguments may come in pieces.
func (r *reader) streamed(a *agent, s *jscan.Scanner) {
	p := &a.pending
	*p = pendingCall{on: true, line: r.l.Line(), at: r.l.At(), key: r.l.Key(), args: p.args[:0]}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "id":
			p.id = s.Str()
		case "function":
			if !s.ObjectOrSkip() {
				continue
			}
			for s.Key() {
				switch string(s.Name) {
				case "name":
					p.name = s.Str()
				case "arguments":
					p.args = appendText(p.args, s.Text())
				default:
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
	a.said()
}

func (r *reader) more(a *agent, s *jscan.Scanner) {
	for s.Object(); s.Key(); {
		if string(s.Name) == "arguments_part" && a.pending.on {
			a.pending.args = appendText(a.pending.args, s.Text())
		} else {
			s.Skip()
		}
	}
}

func (r *reader) toolResult(a *agent, s *jscan.Scanner) {
	var id string
	var res result
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "tool_call_id":
			id = s.Str()
		case "return_value":
			if !s.ObjectOrSkip() {
				continue
			}
			for s.Key() {
				switch string(s.Name) {
				case "is_error":
					res.isError = isTrue(s)
				case "output":
					r.out, res.hasOutput = parts(s, r.out[:0])
					res.output = r.out
				case "message":
					res.message = s.Text().Bytes(nil)
				case "display":
					res.display(s)
				default:
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
	r.end(a, id, &res)
}

// display reads what the client shows of a result.
func (res *result) display(s *jscan.Scanner) {
	if !s.ArrayOrSkip() {
		return
	}
	for s.Elem() {
		if !s.ObjectOrSkip() {
			continue
		}
		var typ string
		var d diff
		var text []byte
		for s.Key() {
			switch string(s.Name) {
			case "type":
				typ = s.Str()
			case "path":
				d.path = s.Str()
			case "old_text":
				d.old = s.Text().Bytes(nil)
			case "new_text":
				d.new = s.Text().Bytes(nil)
			case "text":
				text = s.Text().Bytes(nil)
			default:
				s.Skip()
			}
		}
		switch typ {
		case "diff":
			res.diffs = append(res.diffs, d)
		case "brief":
			res.brief = text
		}
	}
}

// status takes the counters of a step, and its provider's id. The same may come more than once.
func (r *reader) status(a *agent, s *jscan.Scanner) {
	var id string
	var window schema.Int
	var usage schema.Usage
	has, plan, planned := false, false, false
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "message_id":
			id = s.Str()
		case "max_context_tokens":
			window = rows.Count(s)
		case "token_usage":
			usage, has = readUsage(s)
		case "plan_mode":
			plan, planned = s.Bool()
		default:
			s.Skip()
		}
	}
	if planned {
		mode := "default"
		if plan {
			mode = "plan"
		}
		if a.mode != "" && a.mode != mode {
			a.run.Event(schema.Event{Event: "mode_changed", Detail: mode})
		}
		a.mode = mode
	}
	if !has && id == "" {
		return
	}
	st := a.step
	told := usageKey(r.l.ID("usage", a.run.Row.NativeRunID, "of "+id), schema.Usage{})
	if id != "" && r.observed[told] {
		return
	}
	if st == nil || st.used && st.row.ResponseID != id {
		// A request without a beginning of its own.
		key := r.l.ID("response", "of "+id).With(uint64(r.l.At()))
		if id == "" {
			key = r.l.Key().With(1)
		}
		st = r.begun(a, usageKey(key, usage))
		st.row.StartedAt = 0
		if id != "" {
			st.row.DedupBasis = "provider_id"
		}
	}
	m := &st.row
	m.ResponseID = id
	if window.V > 0 {
		m.ContextWindow = window
	}
	st.said = true
	if !has {
		return
	}
	if id != "" {
		r.observed[told] = true
	}
	st.used = true
	m.Line = r.l.Line()
	add(&m.Usage, usage)
	r.l.Observe(m.ModelCallID, m.Line, r.l.At(), usage, "")
}

// asked takes a question whether a call may run.
func (r *reader) asked(a *agent, s *jscan.Scanner) {
	ap := &approval{a: a, at: r.l.At()}
	var id string
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "id":
			id = s.Str()
		case "tool_call_id":
			ap.call = s.Str()
		default:
			s.Skip()
		}
	}
	for _, b := range r.agentsInOrder() {
		r.flush(b) // the call may be a sub-agent's, whose arguments are complete now
	}
	r.approvals[id] = ap
	a.run.Event(schema.Event{Event: "approval_requested"})
	a.run.Last = rows.LastApproval
}

func (r *reader) answer(a *agent, s *jscan.Scanner) {
	var id, said string
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "request_id":
			id = s.Str()
		case "response":
			said = s.Str()
		default:
			s.Skip()
		}
	}
	ap := r.approvals[id]
	if ap == nil {
		return
	}
	delete(r.approvals, id)
	e := schema.Event{Event: "approval_resolved", Detail: said}
	if r.l.At() != 0 && ap.at != 0 && r.l.At() >= ap.at {
		e.DurationMS = schema.Known(int64(r.l.At()-ap.at) / 1000)
	}
	ap.a.run.Event(e)
	ap.a.run.Last = rows.LastCall
	if c := r.callNamed(ap); c != nil && !c.Ended() {
		c.Row.Approval, c.Row.ApprovalWaitMS = "user", e.DurationMS
		if said == "reject" {
			c.Row.Approval = "denied"
		}
	}
}

// callNamed finds the call that a question is about: of the run that asked, or of one of its sub-agents.
func (r *reader) callNamed(ap *approval) *rows.Call {
	if c := ap.a.calls[ap.call]; c != nil {
		return c
	}
	for _, a := range r.agentsInOrder() {
		if c := a.calls[ap.call]; c != nil && !c.Ended() {
			return c
		}
	}
	return nil
}

// nested takes an event of a sub-agent. It counts where the sub-agent has no log of its own.
func (r *reader) nested(a *agent, s *jscan.Scanner, depth int) {
	var call, id, kind string
	var inner event
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "parent_tool_call_id", "task_tool_call_id":
			if v := s.Str(); v != "" {
				call = v
			}
		case "agent_id":
			id = s.Str()
		case "subagent_type":
			kind = s.Str()
		case "event":
			inner.scan(s)
		default:
			s.Skip()
		}
	}
	name := id
	if name == "" {
		name = call
	}
	if name == "" || !inner.present || depth >= maxNesting {
		r.l.Problem(schema.ProblemUnknownField, "SubagentEvent", "event")
		return
	}
	if a.pending.on {
		r.flush(a)
	}
	spawn := a.calls[call]
	if spawn != nil && spawn.Row.ChildRunID == 0 {
		spawn.Row.ChildRunID = r.l.ID("run", r.place.session, name)
	}
	if id != "" && r.hasLog(id) {
		return
	}
	run := r.s.Run(name)
	b := r.agentOf(run)
	if b.parent == nil {
		b.parent = a
		run.Row.AgentType = kind
		run.Row.ParentRunID = a.run.Row.RunID
		run.Row.Depth = schema.Known(a.run.Row.Depth.V + 1)
		if spawn != nil {
			run.Row.SpawnToolCallID = spawn.Row.ToolCallID
		}
	}
	r.event(b, &inner, depth+1)
}

// hasLog reports whether a sub-agent has a log of its own.
func (r *reader) hasLog(id string) bool {
	has, known := r.child[id]
	if !known {
		if r.src.ReadBeside != nil && !bytes.ContainsAny([]byte(id), `/\.`) {
			_, err := r.src.ReadBeside(r.place.up + "/subagents/" + id + "/wire.jsonl")
			has = err == nil
		}
		r.child[id] = has
	}
	return has
}
