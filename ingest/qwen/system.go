package qwen

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// payload are the parts of a system record's payload that mean something here.
type payload struct {
	event                                                           event
	title, command, phase, model, auth, parent, state, stop, target jscan.Text
	mode                                                            jscan.Text
	code, message                                                   jscan.Text
	before, after, status, started, ended, truncated                schema.Int
	files                                                           []jscan.Text
}

func (p *payload) scan(s *jscan.Scanner) {
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "uiEvent":
			p.event.scan(s)
		case "customTitle":
			p.title = s.Text()
		case "rawCommand":
			p.command = s.Text()
		case "phase":
			p.phase = s.Text()
		case "modelId":
			p.model = s.Text()
		case "authType":
			p.auth = s.Text()
		case "parentSessionId":
			p.parent = s.Text()
		case "approvalMode", "mode":
			p.mode = s.Text()
		case "state":
			p.state = s.Text()
		case "stopReason":
			p.stop = s.Text()
		case "targetUuid":
			p.target = s.Text()
		case "truncatedCount":
			p.truncated = rows.Count(s)
		case "startedAt":
			p.started = millis(s)
		case "endedAt":
			p.ended = millis(s)
		case "filesRead":
			if !s.ArrayOrSkip() {
				continue
			}
			for s.Elem() {
				p.files = append(p.files, s.Text())
			}
		case "error":
			if !s.ObjectOrSkip() {
				continue
			}
			for s.Key() {
				switch string(s.Name) {
				case "message":
					p.message = s.Text()
				case "code":
					p.code = s.Text()
				default:
					s.Skip()
				}
			}
		case "info":
			if !s.ObjectOrSkip() {
				continue
			}
			for s.Key() {
				switch string(s.Name) {
				case "originalTokenCount":
					p.before = rows.Count(s)
				case "newTokenCount":
					p.after = rows.Count(s)
				case "compressionStatus":
					p.status = rows.Count(s)
				default:
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
}

// system takes a record of the client about itself.
func (r *reader) system(again bool, key schema.ID) {
	rec := &r.rec
	var p payload
	if rec.payload != nil {
		s := &r.inner
		s.Reset(rec.payload)
		p.scan(s)
	}
	if string(rec.subtype.Raw) == "ui_telemetry" {
		r.facts()
		main := r.run
		agent := p.event.agent()
		file := agentFile{}
		if agent != "" {
			// The client writes these for its sub-agents too. Those with a log tell the rest themselves.
			if file = r.file(agent); !file.exists || !file.usage && p.event.usage.any() {
				r.run = r.subRun(r.ses, agent, kindOf(&p.event, agent))
			}
		}
		r.mark(again)
		r.event(&p.event, agent != "", file)
		r.run = main
		return
	}
	r.mark(again)
	r.facts()
	u := r.run
	switch sub := string(rec.subtype.Raw); sub {
	case "chat_compression":
		if !p.status.Valid || p.status.V == 1 {
			u.r.Event(schema.Event{Event: "compaction", TokensBefore: p.before, TokensAfter: p.after})
		}
	case "slash_command":
		if len(p.command.Raw) > 0 && string(p.phase.Raw) != "result" {
			u.r.Message("user", "command", r.l.Bytes(p.command))
		}
	case "at_command":
		for _, f := range p.files {
			if path := f.String(); path != "" {
				r.l.Put(&schema.FileRead{
					Where: r.l.Where(), SessionID: r.ses.s.Row.SessionID, RunID: u.r.Row.RunID, Seq: r.l.Next(),
					Path: rows.Join(r.ses.s.Dir, path), Basis: "attachment",
				})
			}
		}
	case "rewind":
		u.r.Event(schema.Event{Event: "rewind"})
		target := schema.IDOf(Agent, "uuid", rec.parent.String())
		if len(p.target.Raw) > 0 {
			target = schema.IDOf(Agent, "uuid", p.target.String())
		}
		r.rewound(target)
	case "custom_title":
		r.ses.title = p.title.String()
	case "session_model":
		if m := p.model.String(); m != "" {
			u.changed(&u.model, m, "model_changed")
		}
		if a := p.auth.String(); a != "" {
			r.auth = a
		}
	case "session_approval_mode":
		if m := p.mode.String(); m != "" {
			u.changed(&r.ses.mode, m, "mode_changed")
		}
	case "parent_session":
		if id := p.parent.String(); id != "" && id != r.ses.s.Row.NativeSessionID {
			r.ses.s.Row.ParentSessionID = schema.IDOf(Agent, id)
		}
	case "turn_result":
		r.turnResult(&p)
	default:
		if !known(sub) {
			r.l.Problem(schema.ProblemUnknownField, "system", word(rec.subtype))
		}
	}
}

// known tells the bookkeeping of which nothing but its place is of use.
func known(subtype string) bool {
	switch subtype {
	case "agent_bootstrap", "agent_launch_prompt", "agent_retry", "branch_checkpoint", "attribution_snapshot", "file_history_snapshot",
		"session_notes", "background_task_completed", "realtime_message", "session_source":
		return true
	}
	return strings.HasPrefix(subtype, "goal_") || strings.HasPrefix(subtype, "session_artifact_")
}

// turnResult takes the end of a turn.
func (r *reader) turnResult(p *payload) {
	u := r.run
	r.turnResults = true
	if t := u.r.Turn(); t != nil && p.started.Valid && p.ended.Valid && p.ended.V >= p.started.V {
		t.DurationReportedMS = schema.Known(p.ended.V - p.started.V)
	}
	switch string(p.state.Raw) {
	case "completed":
		u.r.Last = rows.LastDone
		if stop := p.stop.Raw; bytes.Contains(stop, []byte("max_tokens")) || bytes.Contains(stop, []byte("MAX_TOKENS")) {
			u.r.Last = rows.LastMaxTokens
		}
	case "cancelled":
		u.r.Event(schema.Event{Event: "interrupt"})
		for _, c := range u.open {
			if !c.Ended() {
				c.End("interrupted", "")
				c.Put()
			}
		}
		u.open = u.open[:0]
		u.r.Last = rows.LastInterrupt
	case "error":
		text := append(append([]byte(nil), p.code.Bytes(nil)...), ' ')
		text = append(text, p.message.Bytes(nil)...)
		class := rows.ErrorType(schema.Int{}, text)
		source := "api"
		if class == "unknown" {
			source = "agent"
		}
		u.r.Error(schema.Error{Source: source, ErrorType: class, IsFinal: schema.Known(true), MessageHash: schema.HashBytes(p.message.Bytes(nil))})
		u.r.Last = rows.LastError
	}
}

// agent is the sub-agent that an event is of, by its mark or by the id of its prompt, which then has
// three parts.
func (e *event) agent() string {
	if id := e.agentID.String(); id != "" {
		return id
	}
	first, rest, ok := strings.Cut(e.prompt.String(), "#")
	if ok && first != "" {
		if agent, _, ok := strings.Cut(strings.TrimLeft(rest, "#"), "#"); ok && agent != "" {
			return agent
		}
	}
	return e.agentName.String()
}

// kindOf is what kind of sub-agent it is: its id is that with some letters behind.
func kindOf(e *event, agent string) string {
	if t := e.agentType.String(); t != "" {
		return t
	}
	if n := e.agentName.String(); n != "" {
		return n
	}
	if i := strings.LastIndexByte(agent, '-'); i > 0 {
		return agent[:i]
	}
	return agent
}

// event takes a row of telemetry.
func (r *reader) event(e *event, side bool, file agentFile) {
	name := e.name.String()
	u := r.run
	if name != "" {
		r.telemetry = true
	}
	if a := e.auth.String(); a != "" && !side {
		r.auth = a
	}
	switch name[strings.LastIndexByte(name, '.')+1:] {
	case "api_response":
		switch {
		case !side:
			r.response(e)
		case !file.usage:
			r.unloggedResponse(u, e)
		}
	case "api_error":
		text := append(append([]byte(nil), e.errorType.Bytes(nil)...), ' ')
		text = append(text, e.message.Bytes(nil)...)
		u.r.Error(schema.Error{
			Source: "api", ErrorType: rows.ErrorType(e.code, text), HTTPStatus: status(e.code), MessageHash: schema.HashBytes(e.message.Bytes(nil)),
		})
		if !side || !file.exists {
			u.r.Last = rows.LastError
		}
	case "tool_call":
		switch {
		case !side:
			u.timed(e)
		case !file.exists:
			r.unlogged(u, e)
		}
	case "user_feedback", "":
	default:
		r.l.Problem(schema.ProblemUnknownField, "ui_telemetry", word(e.name))
	}
}

func status(code schema.Int) schema.Int {
	if code.V < 100 || code.V > 599 {
		return schema.Int{}
	}
	return code
}

// response keeps the timing of a response until its record comes, which may stand before as well.
func (r *reader) response(e *event) {
	t := timing{
		at: schema.ParseInstant(e.stamp.Raw), model: e.model.String(), response: e.response.String(), auth: e.auth.String(),
		prompt: e.usage.prompt, output: e.usage.output, durationMS: e.durationMS, firstMS: e.firstMS,
	}
	if t.at == 0 {
		t.at = r.l.At()
	}
	for i := len(r.calls) - 1; i >= 0 && i > len(r.calls)-6; i-- {
		if t.fits(r.calls[i]) {
			t.apply(r.calls[i])
			return
		}
	}
	if len(r.timings) >= 16 {
		r.timings = append(r.timings[:0], r.timings[1:]...)
	}
	r.timings = append(r.timings, t)
}

// unloggedResponse tells a response of a sub-agent that has no log of its own.
func (r *reader) unloggedResponse(u *run, e *event) {
	if !e.usage.any() {
		return
	}
	id := r.l.ID("response", e.response.String())
	if id == 0 {
		id = r.l.Key().With(1)
	}
	if r.callOf[id] != nil {
		return
	}
	c := &call{row: u.r.Model(id), usage: e.usage}
	c.row.DedupBasis = "provider_id"
	c.row.ResponseModel = e.model.String()
	t := timing{at: schema.ParseInstant(e.stamp.Raw), response: e.response.String(), auth: e.auth.String(), durationMS: e.durationMS, firstMS: e.firstMS}
	if t.at == 0 {
		t.at = r.l.At()
	}
	if t.at != 0 {
		t.apply(c)
	}
	r.callOf[id] = c
	r.calls = append(r.calls, c)
	s := r.ses
	s.calls, s.usage = true, true
	s.cache = s.cache || e.usage.cached.Valid
	s.thinking = s.thinking || e.usage.thoughts.Valid
	u.r.Response = id
	u.r.Last = rows.LastText
}
