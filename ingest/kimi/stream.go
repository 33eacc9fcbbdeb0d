package kimi

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// maxNesting bounds how deep the events of sub-agents are followed into each other.
const maxNesting = 8

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
	for _, b := range r.order {
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
	for _, a := range r.order {
		if len(a.open) == 0 {
			continue
		}
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
