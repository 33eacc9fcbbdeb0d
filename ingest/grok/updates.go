package grok

import (
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// An update is one line of the stream.
type update struct {
	session    jscan.Text
	stamp      []byte // seconds, of the writing
	agentStamp []byte // milliseconds, of the happening
	event      jscan.Text
	prompt     jscan.Text // of the line's frame
	replay     bool

	kind         jscan.Text
	text         jscan.Text // of a piece
	model        jscan.Text
	promptIndex  schema.Int
	hasIndex     bool
	call         toolUpdate
	promptID     jscan.Text
	stop         jscan.Text
	usage        []byte
	child        jscan.Text
	status       jscan.Text
	mode         jscan.Text
	before       schema.Int
	after        schema.Int
	elapsed      schema.Int
	target       schema.Int
	attempt      schema.Int
	reason       jscan.Text
	errorType    jscan.Text
	final        bool
	hook         jscan.Text
	agentMessage jscan.Text
}

func (u *update) scan(line []byte) bool {
	*u = update{}
	var s jscan.Scanner
	s.Reset(line)
	if s.Kind() != jscan.Object {
		return false
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "timestamp":
			u.stamp = s.Raw()
		case "params":
			for in := s.ObjectOrSkip(); in && s.Key(); {
				u.member(&s)
			}
		default:
			u.member(&s)
		}
	}
	return s.End() == nil
}

// member takes a member of the parameters, which stand at the top of old lines.
func (u *update) member(s *jscan.Scanner) {
	switch string(s.Name) {
	case "sessionId":
		u.session = s.Text()
	case "update":
		for in := s.ObjectOrSkip(); in && s.Key(); {
			u.field(s)
		}
	case "_meta":
		for in := s.ObjectOrSkip(); in && s.Key(); {
			switch string(s.Name) {
			case "agentTimestampMs":
				u.agentStamp = s.Raw()
			case "eventId":
				u.event = s.Text()
			case "promptId":
				u.prompt = s.Text()
			case "isReplay":
				u.replay, _ = s.Bool()
			default:
				s.Skip()
			}
		}
	default:
		s.Skip()
	}
}

func (u *update) field(s *jscan.Scanner) {
	switch string(s.Name) {
	case "sessionUpdate":
		u.kind = s.Text()
	case "content":
		if s.Kind() != jscan.Object {
			u.call.content = s.Raw()
			return
		}
		for s.Object(); s.Key(); {
			if string(s.Name) == "text" {
				u.text = s.Text()
			} else {
				s.Skip()
			}
		}
	case "_meta":
		for in := s.ObjectOrSkip(); in && s.Key(); {
			switch string(s.Name) {
			case "modelId":
				u.model = s.Text()
			case "promptIndex":
				u.promptIndex = rows.Count(s)
			case "x.ai/tool":
				u.call.own(s)
			default:
				s.Skip()
			}
		}
	case "toolCallId":
		u.call.id = s.Text()
	case "title":
		u.call.title = s.Text()
	case "kind":
		u.call.kind = s.Text()
	case "status":
		u.status = s.Text()
	case "rawInput":
		u.call.input = s.Raw()
	case "rawOutput":
		u.call.output = s.Raw()
	case "prompt_id":
		u.promptID = s.Text()
	case "stop_reason":
		u.stop = s.Text()
	case "usage":
		u.usage = s.Raw()
	case "child_session_id":
		u.child = s.Text()
	case "currentModeId":
		u.mode = s.Text()
	case "model", "model_id", "modelId", "to":
		u.model = s.Text()
	case "tokens_before", "tokens_used":
		u.before = rows.Count(s)
	case "tokens_after":
		u.after = rows.Count(s)
	case "elapsed_ms":
		u.elapsed = rows.Count(s)
	case "target_prompt_index":
		u.target = rows.Count(s)
	case "attempt":
		u.attempt = rows.Count(s)
	case "reason", "message":
		u.reason = s.Text()
	case "error_type":
		u.errorType = s.Text()
	case "state":
		u.final = final(s.Str())
	case "retrying", "exhausted", "failed":
		u.final = final(string(s.Name))
		for in := s.ObjectOrSkip(); in && s.Key(); {
			switch string(s.Name) {
			case "attempt":
				u.attempt = rows.Count(s)
			case "reason", "message":
				u.reason = s.Text()
			case "error_type":
				u.errorType = s.Text()
			default:
				s.Skip()
			}
		}
	case "hook_name", "hookName", "hook_event":
		u.hook = s.Text()
	default:
		s.Skip()
	}
}

func final(state string) bool { return state == "exhausted" || state == "failed" }

func (p *parser) updateLine(line []byte, no int64, hash schema.ID) bool {
	var u update
	if !u.scan(line) {
		return false
	}
	kind := string(u.kind.Raw)
	if p.ses != nil {
		switch kind {
		case "user_message_chunk":
			p.speak("user")
		case "agent_message_chunk":
			p.speak("agent")
		case "agent_thought_chunk":
			p.speak("thought")
		default:
			p.speak("")
		}
	}
	at := schema.Instant(0)
	switch {
	case u.agentStamp != nil:
		at = p.log.Time(u.agentStamp, "update")
	case u.stamp != nil:
		at = p.log.Time(u.stamp, "update")
	}
	// A fork writes its parent's lines again, with another session and another time of writing.
	var key schema.ID
	if len(u.event.Raw) > 0 && u.agentStamp != nil {
		key = p.log.ID("event", string(u.agentStamp), kind, u.event.String())
	} else {
		key = schema.IDOf(agent, "line").With(uint64(hash)).With(uint64(no))
	}
	p.log.Begin(no, at, key)
	if p.ses == nil {
		p.open(u.session.String())
		s := &p.ses.Row
		s.HasToolStatus, s.HasCompactions, s.HasAPIErrors = true, true, true
		p.speak(map[string]string{"user_message_chunk": "user", "agent_message_chunk": "agent", "agent_thought_chunk": "thought"}[kind])
	}
	p.ses.Row.HasTimes = p.ses.Row.HasTimes || at != 0
	if u.replay {
		return true // shown to the user again, not done again
	}
	p.take(&u, kind)
	return true
}

func (p *parser) take(u *update, kind string) {
	switch kind {
	case "user_message_chunk":
		p.changedModel(p.word(u.model))
		if len(p.pieces) == 0 {
			p.askedAt = p.log.At()
		}
		p.pieces = append(p.pieces, p.log.Bytes(u.text)...)
		p.prompted(u.promptIndex)
		p.run.Aside() // the turn before has ended; the next begins when all of the prompt is there
		return
	case "agent_message_chunk", "agent_thought_chunk":
		p.pieces = append(p.pieces, p.log.Bytes(u.text)...)
	case "tool_call":
		p.requested(u)
	case "tool_call_update":
		p.progressed(u)
	case "turn_completed":
		p.completed(u)
	case "retry_state":
		text := p.log.Bytes(u.reason)
		e := schema.Error{
			Source: "api", ErrorType: rows.ErrorType(schema.Int{}, append(append([]byte(u.errorType.String()), ' '), text...)),
			Attempt: u.attempt, IsFinal: schema.Known(u.final), MessageHash: schema.HashBytes(text),
		}
		p.run.Error(e)
	case "auto_compact_completed":
		p.run.Event(schema.Event{Event: "compaction", Detail: "auto", TokensBefore: u.before, TokensAfter: u.after, DurationMS: u.elapsed})
	case "auto_compact_started":
		p.run.Event(schema.Event{Event: "compaction_start", TokensBefore: u.before})
	case "auto_compact_failed", "auto_compact_cancelled":
		p.run.Event(schema.Event{Event: "compaction_end", Detail: strings.TrimPrefix(kind, "auto_compact_")})
	case "rewind_marker":
		p.rewound(u.target)
	case "subagent_spawned":
		if id := u.child.String(); id != "" {
			p.waiting(func(c *rows.Call) { c.Row.ChildRunID = p.log.ID("run", id) })
		}
	case "current_mode_update":
		p.run.Setting(schema.Event{Event: "mode_changed", Detail: p.word(u.mode)})
	case "model_changed", "model_auto_switched":
		p.changedModel(p.word(u.model))
	case "hook_execution":
		p.run.Event(schema.Event{Event: "hook", Detail: p.word(u.hook)})
	case "plan", "available_commands_update", "compaction_checkpoint", "task_backgrounded", "task_completed", "goal_updated", "workflow_updated", "subagent_finished",
		"response_started", "reasoning_completed", "response_completed", "tool_call_delta_chunk", "subagent_progress", "last_turn_summary",
		"pending_interaction", "session_info_update", "usage_update", "config_option_update":
	case "":
		p.log.Unknown("without sessionUpdate")
	default:
		p.log.Unknown(kind)
	}
	p.run.Record()
}

// A promptStart is where a prompt of the main line begins.
type promptStart struct{ index, line int64 }

func (p *parser) prompted(index schema.Int) {
	if !index.Valid {
		return
	}
	if n := len(p.prompts); n > 0 && p.prompts[n-1].index == index.V {
		return // another piece of the same
	}
	p.prompts = append(p.prompts, promptStart{index.V, p.log.Line()})
}

// rewound marks what came after the prompt that the user went back to.
func (p *parser) rewound(target schema.Int) {
	p.run.Event(schema.Event{Event: "rewind"})
	if !target.Valid {
		return
	}
	for i, pr := range p.prompts {
		if pr.index <= target.V {
			continue
		}
		d := schema.DeadBranch{Where: schema.Where{Line: pr.line}, LastLine: p.log.Line() - 1}
		kept := p.dead[:0]
		for _, old := range p.dead {
			if old.Line < d.Line {
				kept = append(kept, old) // others lie inside
			}
		}
		p.dead = append(kept, d)
		p.prompts = p.prompts[:i]
		return
	}
}
