package codex

import (
	"bytes"
	"strconv"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// event handles event_msg. Most events repeat in other words what the items say; only what the items
// lack is taken. It reports whether the type is known.
func (p *parser) event(typ []byte) bool {
	v := &p.rec.v
	switch string(typ) {
	case "token_count":
		p.tokenCount()
	case "user_message":
		p.facts.eventTexts = true
		p.userMessage()
	case "agent_message", "agent_reasoning", "agent_reasoning_raw_content", "agent_reasoning_section_break":
		p.facts.eventTexts = true
		p.prompt.release(p)
	case "task_started", "turn_started":
		if n, ok := v[fContextWindow].int(); ok && n > 0 {
			p.ctx.window = schema.Known(n)
		}
		p.nativeTurn(v[fTurnID])
		p.facts.endState = ""
	case "task_complete", "turn_complete":
		p.taskComplete()
	case "turn_aborted":
		p.turnAborted()
	case "turn.completed":
		p.turnUsage()
		p.endTurn("answered")
		p.facts.endState = "completed"
	case "thread_rolled_back":
		p.rolledBack()
	case "context_compacted":
		p.compaction(markEvent)
	case "patch_apply_end", "mcp_tool_call_end", "exec_command_end", "dynamic_tool_call_response",
		"view_image_tool_call", "collab_agent_spawn_end", "sub_agent_activity":
		p.toolEvent(typ)
	case "item_completed":
		p.itemCompleted()
	case "error", "stream_error":
		p.errorEvent(string(typ) == "error")
	case "account/rateLimits/updated":
		p.rateLimits(v[fRateLimits])
	case "thread_name_updated":
		p.thread.title = v[fThreadName].str()
	case "web_search_begin", "web_search_end", "image_generation_begin", "image_generation_end",
		"entered_review_mode", "exited_review_mode", "undo_started", "undo_completed",
		"thread_settings_applied", "thread_goal_updated", "item_started",
		"exec_command_begin", "mcp_tool_call_begin", "patch_apply_begin", "dynamic_tool_call_request",
		"collab_agent_spawn_begin", "collab_agent_interaction_begin", "collab_agent_interaction_end",
		"collab_waiting_begin", "collab_waiting_end", "collab_close_begin", "collab_close_end",
		"collab_resume_begin", "collab_resume_end", "guardian_assessment", "session_configured",
		"background_event", "plan_update", "plan_delta", "turn_diff", "warning", "shutdown_complete",
		"codex/event/raw_item":
	default:
		return bytes.HasPrefix(typ, []byte("collab_")) && bytes.HasSuffix(typ, []byte("_end"))
	}
	return true
}

// userMessage handles the event that stands for a prompt.
func (p *parser) userMessage() {
	v := &p.rec.v
	switch {
	case v[fKind].is("environment_context"), v[fKind].is("user_instructions"):
		// The client's own texts, in the first versions with envelopes.
		return
	}
	p.userEvent(p.plain(v[fMessage].text()))
}

func (p *parser) taskComplete() {
	p.prompt.release(p)
	if e := p.rec.v[fError]; e.kind == jscan.Object {
		p.endTurn("error")
		p.facts.endState = "api_error"
		p.sub.scanObject(e.raw)
		p.facts.apiErrors = true
		p.apiError(&p.sub, true, true)
		return
	}
	p.endTurn("answered")
	p.facts.endState = "completed"
}

func (p *parser) turnAborted() {
	p.prompt.release(p)
	reason := p.wordOf(p.rec.v[fReason])
	end := "unknown"
	switch reason {
	case "interrupted":
		end = "interrupted"
	case "replaced":
		end = "superseded"
	}
	p.endTurn(end)
	for _, c := range p.group.byID {
		if !c.done {
			c.aborted = true
		}
	}
	switch reason {
	case "interrupted", "replaced":
		p.note("interrupt", reason)
		p.facts.endState = "interrupted"
	case "budget_limited":
		p.facts.endState = "budget"
	default:
		p.facts.endState = "unknown"
	}
}

// rolledBack handles the removal of the last turns from the conversation. They stay paid for.
func (p *parser) rolledBack() {
	n, ok := p.rec.v[fNumTurns].int()
	if !ok || n < 0 {
		p.note("rewind", "")
		return
	}
	p.note("rewind", strconv.FormatInt(n, 10))
	if n == 0 || len(p.starts) == 0 {
		return
	}
	first := max(0, len(p.starts)-int(min(n, int64(len(p.starts)))))
	dead := schema.DeadBranch{Where: schema.Where{Line: p.starts[first]}, LastLine: p.line - 1}
	p.starts = p.starts[:first]
	if dead.LastLine >= dead.Line {
		p.emit(&dead)
	}
}

// The marks of one compaction stand close together in several families of records.
type compaction struct {
	marks uint8
	over  bool // the model answered since: the next mark is of another compaction
}

const (
	markRecord = 1 << iota
	markEvent
	markItem
)

func (p *parser) compaction(mark uint8) {
	c := &p.compact
	if !c.over && c.marks != 0 && c.marks&mark == 0 {
		c.marks |= mark
		return
	}
	c.marks, c.over = mark, false
	p.note("compaction", "")
}

func (p *parser) compacted() {
	p.prompt.release(p)
	p.compaction(markRecord)
	// The replacement history repeats old items: only the summary is new.
	if m := p.rec.v[fMessage].text(); m.Present && len(m.Raw) > 0 {
		p.say("assistant", "summary", p.plain(m))
	}
}

// rateLimits notes the moment at which a window of a rate limit is full.
func (p *parser) rateLimits(v value) {
	if v.kind != jscan.Object {
		return
	}
	var s jscan.Scanner
	s.Reset(v.raw)
	for s.Object(); s.Key(); {
		window := 0
		switch string(s.Name) {
		case "primary":
		case "secondary":
			window = 1
		default:
			s.Skip()
			continue
		}
		for in := s.ObjectOrSkip(); in && s.Key(); {
			if string(s.Name) != "used_percent" {
				s.Skip()
				continue
			}
			used, ok := s.Float()
			if !ok {
				continue
			}
			full := used >= 100
			if full && !p.limits[window] {
				p.note("limit_seen", [2]string{"primary", "secondary"}[window])
			}
			p.limits[window] = full
		}
	}
}

func (p *parser) errorEvent(final bool) {
	p.prompt.release(p)
	p.facts.apiErrors = true
	if e := p.rec.v[fError]; e.kind == jscan.Object && !p.rec.v[fMessage].present() {
		p.sub.scanObject(e.raw)
		p.apiError(&p.sub, final, false)
	} else {
		p.apiError(&p.rec, final, false)
	}
	p.facts.endState = "api_error"
}

// apiError emits an error of the provider. The end of a turn may repeat the error before it: echo.
func (p *parser) apiError(r *record, final, echo bool) {
	hash := schema.HashBytes(p.plain(r.v[fMessage].text()))
	if echo && hash != 0 && hash == p.lastErr {
		return
	}
	p.lastErr = hash
	kind, status := errorClass(r)
	p.emit(&schema.Error{
		Where:       p.here(),
		ErrorID:     p.eventID(),
		SessionID:   p.thread.session,
		RunID:       p.thread.run,
		TurnID:      p.turnID(),
		Seq:         p.next(),
		OccurredAt:  p.at,
		Source:      "api",
		ErrorType:   kind,
		HTTPStatus:  status,
		IsFinal:     schema.Known(final),
		MessageHash: hash,
	})
}

// errorClass reads codex_error_info: a word, or an object with one key that may hold a status.
func errorClass(r *record) (kind string, status schema.Int) {
	word := ""
	switch v := r.v[fCodexError]; v.kind {
	case jscan.String:
		word = v.str()
	case jscan.Object:
		var s jscan.Scanner
		s.Reset(v.raw)
		for s.Object(); s.Key(); {
			if word == "" {
				word = string(s.Name)
			}
			for in := s.ObjectOrSkip(); in && s.Key(); {
				if string(s.Name) != "http_status_code" {
					s.Skip()
					continue
				}
				if n, ok := s.Int(); ok && n >= 100 && n < 600 {
					status = schema.Known(n)
				}
			}
		}
	default:
		word = r.v[fKind].str()
	}
	switch word {
	case "rate_limit", "usage_limit_exceeded", "usage_limit":
		return "rate_limit", status
	case "server_overloaded", "overloaded":
		return "overloaded", status
	case "context_window_exceeded":
		return "context_length", status
	case "unauthorized":
		return "auth", status
	case "bad_request", "invalid_request":
		return "invalid_request", status
	case "internal_server_error":
		return "server", status
	case "http_connection_failed", "response_stream_connection_failed", "response_stream_disconnected",
		"response_too_many_failed_attempts":
		if status.Valid && status.V == 429 {
			return "rate_limit", status
		}
		if status.Valid && status.V >= 500 {
			return "server", status
		}
		return "network", status
	}
	return "unknown", status
}
