package kimi

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

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
