package claude

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// system takes a record of the agent about itself.
func (r *reader) system() {
	rec, u := &r.rec, r.run
	switch string(rec.subtype.Raw) {
	case "turn_duration":
		if u.inTurn && rec.duration.Valid {
			// One prompt may have several: work that goes on after a background task reports again.
			u.turn.DurationReportedMS = schema.Known(u.turn.DurationReportedMS.V + rec.duration.V)
		}
		u.done = true
	case "stop_hook_summary":
		r.stopHooks()
		u.done = true
	case "compact_boundary":
		r.compaction("compaction")
	case "microcompact_boundary":
		r.compaction("micro")
	case "api_error":
		r.retried()
	case "error":
		text := textOf2(rec.errObject, "message")
		if !text.Present {
			text = rec.err
		}
		e := r.error("agent", "unknown")
		e.MessageHash = schema.HashBytes(r.decoded(text))
		r.put(e)
	case "model_refusal_fallback":
		if m := r.name(rec.fallbackModel); m != "" {
			r.changed(&u.model, m, "model_changed")
		}
	case "scheduled_task_fire":
		text := r.decoded(rec.content)
		turn := r.startTurn("schedule", r.next())
		if len(text) > 0 {
			turn.PromptCharCount = schema.Known(runes(text))
			turn.PromptHash = schema.HashBytes(text)
		}
	case "local_command":
		if text := r.decoded(rec.content); len(text) > 0 {
			kind := "injected"
			if voiceOf(text) == voiceCommand {
				kind = "command"
			}
			r.message(0, "system", kind, text, 0)
		}
	case "informational", "away_summary", "permission_retry", "bridge_status", "memory_saved", "agents_killed":
	default:
		r.problem(schema.ProblemUnknownField, "system", className(rec.subtype))
	}
}

// textOf2 reads one text of an object that was kept as bytes.
func textOf2(raw []byte, key string) jscan.Text {
	if raw == nil {
		return jscan.Text{}
	}
	var s jscan.Scanner
	s.Reset(raw)
	return textOf(&s, key)
}

// compaction takes the mark that the conversation was shortened here.
func (r *reader) compaction(kind string) {
	e := r.event("compaction", "")
	if r.rec.compact != nil {
		s := &r.inner
		s.Reset(r.rec.compact)
		for s.Object(); s.Key(); {
			switch string(s.Name) {
			case "trigger":
				e.Detail = className(s.Text())
			case "preTokens":
				e.TokensBefore = optInt(s)
			case "postTokens":
				e.TokensAfter = optInt(s)
			case "durationMs":
				e.DurationMS = millis(s)
			default:
				s.Skip()
			}
		}
	}
	if kind == "micro" {
		e.Detail = kind
	}
	r.put(e)
}

// retried takes one attempt that failed and is tried again.
func (r *reader) retried() {
	rec := &r.rec
	var f apiFailure
	f.read(rec.errObject, 0)
	f.read(rec.causeObject, 0)
	if f.text == nil && rec.err.Present {
		f.text = rec.err.Bytes(nil)
	}
	class := classify(f.word, f.status, f.text)
	if class == "unknown" {
		class = "api_retry"
	}
	e := r.error("api", class)
	e.HTTPStatus = f.status
	e.RetryAfterMS, e.Attempt = rec.retryIn, rec.attempt
	e.IsFinal = schema.Known(false)
	e.MessageHash = schema.HashBytes(f.text)
	r.put(e)
}

// An apiFailure is what the object of an API error tells, whose shape is that of the client library
// and changes with it.
type apiFailure struct {
	word   string
	text   []byte
	status schema.Int
}

func (f *apiFailure) read(raw []byte, depth int) {
	if raw == nil || depth > 4 {
		return
	}
	var s jscan.Scanner
	s.Reset(raw)
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "status":
			if n := optInt(&s); n.Valid && n.V >= 100 && n.V < 600 {
				f.status = n
			}
		case "type":
			// The outermost type is only "error".
			if w := className(s.Text()); w != "" && w != "error" {
				f.word = w
			}
		case "message", "code":
			if t := s.Text(); len(t.Raw) > 0 {
				f.text = append(append(f.text, t.Bytes(nil)...), ' ')
			}
		case "error", "cause", "connection":
			if s.Kind() == jscan.Object {
				f.read(s.Raw(), depth+1)
			} else {
				s.Skip()
			}
		default:
			s.Skip()
		}
	}
}

// stopHooks takes the summary of the hooks that ran at the end of a turn.
func (r *reader) stopHooks() {
	rec := &r.rec
	if rec.hookInfos != nil {
		var s jscan.Scanner
		s.Reset(rec.hookInfos)
		for s.Array(); s.Elem(); {
			if !s.ObjectOrSkip() {
				continue
			}
			e := r.event("hook", "Stop")
			for s.Key() {
				if string(s.Name) == "durationMs" {
					e.DurationMS = millis(&s)
				} else {
					s.Skip()
				}
			}
			r.put(e)
		}
	}
	if rec.hookErrors != nil {
		var s jscan.Scanner
		s.Reset(rec.hookErrors)
		for s.Array(); s.Elem(); {
			text := s.Text()
			e := r.error("hook", "unknown")
			e.MessageHash = schema.HashBytes(r.decoded(text))
			r.put(e)
		}
	}
}

// An attachment is what the agent adds to the conversation beside messages.
type attachment struct {
	typ, prompt, mode, origin, filename, hook jscan.Text
	blocks                                    []jscan.Text // of a prompt with images
	meta                                      bool
	duration                                  schema.Int
	message                                   jscan.Text
}

func (a *attachment) read(raw []byte) {
	var s jscan.Scanner
	s.Reset(raw)
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "type":
			a.typ = s.Text()
		case "prompt":
			if s.Kind() != jscan.Array {
				a.prompt = s.Text()
				continue
			}
			for s.Array(); s.Elem(); {
				if t := textOf(&s, "text"); len(t.Raw) > 0 {
					a.blocks = append(a.blocks, t)
				}
			}
		case "commandMode":
			a.mode = s.Text()
		case "origin":
			a.origin = textOf(&s, "kind")
		case "isMeta":
			a.meta = isTrue(&s)
		case "filename":
			a.filename = s.Text()
		case "hookName":
			a.hook = s.Text()
		case "durationMs":
			a.duration = millis(&s)
		case "stderr":
			a.message = s.Text()
		case "blockingError":
			a.message = textOf(&s, "blockingError")
		default:
			s.Skip()
		}
	}
}

// attached takes an attachment. Of those without meaning for rows only type and number are kept.
func (r *reader) attached() {
	if r.rec.attachment == nil {
		r.unknown("attachment", "attachment")
		return
	}
	var a attachment
	a.read(r.rec.attachment)
	switch string(a.typ.Raw) {
	case "queued_command":
		r.queued(&a)
	case "hook_success", "hook_non_blocking_error", "hook_blocking_error", "hook_cancelled", "hook_additional_context", "hook_system_message":
		e := r.event("hook", className(a.hook))
		e.DurationMS = a.duration
		r.put(e)
		if bytes.HasSuffix(a.typ.Raw, []byte("_error")) {
			e := r.error("hook", "unknown")
			e.MessageHash = schema.HashBytes(r.decoded(a.message))
			r.put(e)
		}
	case "file", "edited_text_file":
		// The user named the file, or it changed under the agent's hands: its text is in the conversation.
		if path := r.name(a.filename); path != "" {
			r.row.read = schema.FileRead{
				Where: r.where(), SessionID: r.ses.row.SessionID, RunID: r.run.row.RunID, Seq: r.next(), Path: path, Basis: "attachment",
			}
			r.put(&r.row.read)
		}
	default:
		if !plainAttachment(string(a.typ.Raw)) {
			r.problem(schema.ProblemUnknownField, "attachment", className(a.typ))
		}
	}
}

// plainAttachment tells the known attachments that hold nothing for any row, or what must not be kept.
func plainAttachment(typ string) bool {
	switch typ {
	case "prompt_snapshot", "skill_listing", "mcp_instructions_delta", "session_context", "environment", "model", "date", "date_change",
		"task_reminder", "todo_reminder", "task_status", "deferred_tools_delta", "agent_listing_delta", "auto_mode", "plan_mode", "plan_mode_exit",
		"selected_lines_in_ide", "opened_file_in_ide", "command_permissions", "nested_memory", "read_truncation_notice", "compact_file_reference",
		"invoked_skills", "dynamic_skill", "budget_usd", "total_tokens_reminder", "batching_reminder_sent", "silent_turn_reminder",
		"ultra_effort_enter", "ultra_effort_exit", "diagnostics", "directory", "output_style":
		return true
	}
	return false
}

// queued takes a prompt that was typed while the agent worked.
func (r *reader) queued(a *attachment) {
	if a.prompt.Present {
		a.blocks = append(a.blocks, a.prompt)
	}
	goesOn := false
	for i, t := range a.blocks {
		if len(bytes.TrimSpace(t.Raw)) == 0 {
			continue
		}
		text := r.decoded(t)
		_, rest := stripBlocks(text)
		human := !a.meta && r.run == r.ses.main && (len(a.origin.Raw) == 0 || string(a.origin.Raw) == "human") &&
			string(a.mode.Raw) != "task-notification"
		switch v := voiceOf(rest); {
		case human && v == voiceHuman:
			r.prompt(i, rest, "queued", goesOn)
			goesOn = true
		case human && v == voiceCommand:
			r.message(i, "user", "command", text, 0)
		default:
			r.message(i, "user", "injected", text, 0)
		}
	}
}

// progress takes a note about work under way. A sub-agent's copies its responses, which its own file
// has; what it adds is which call started which sub-agent.
func (r *reader) progress() {
	if r.rec.data == nil {
		return
	}
	s := &r.inner
	s.Reset(r.rec.data)
	var typ, agent jscan.Text
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "type":
			typ = s.Text()
		case "agentId":
			agent = s.Text()
		default:
			s.Skip()
		}
	}
	switch string(typ.Raw) {
	case "agent_progress":
		if len(agent.Raw) == 0 {
			return
		}
		if t := r.tools[id("tool", r.rec.parentTool)]; t != nil && t != settled && t.row.ChildRunID == 0 {
			r.spawned(t, r.name(agent))
		}
	case "hook_progress", "bash_progress", "mcp_progress":
	default:
		r.problem(schema.ProblemUnknownField, "progress", className(typ))
	}
}

// bookkeeping takes the records around a conversation, most of which are written again and again: the
// last one wins.
func (r *reader) bookkeeping() {
	rec := &r.rec
	switch string(rec.typ.Raw) {
	case "custom-title":
		s := r.sessionOf(rec.session, false)
		s.title = r.name(rec.title)
	case "ai-title":
		s := r.sessionOf(rec.session, false)
		s.aiTitle = r.name(rec.aiTitle)
	case "summary":
		// It may describe any session of the project; it is this one's if its leaf is among the records.
		if len(rec.leaf.Raw) > 0 {
			if s := r.sessionOf(rec.session, false); true {
				if s.leaves == nil {
					s.leaves = map[schema.ID]string{}
				}
				s.leaves[id("uuid", rec.leaf)] = r.name(rec.summary)
			}
		}
	case "cost-state":
		s := r.sessionOf(rec.session, false)
		if rec.totalCost.Valid && rec.totalCost.V >= 0 && rec.totalCost.V < 1e6 {
			s.row.ReportedCostUSD = larger(s.row.ReportedCostUSD, schema.Known(picodollars(rec.totalCost.V)))
		}
	case "permission-mode":
		s := r.sessionOf(rec.session, false)
		mode := r.name(rec.mode)
		if s.main == nil || mode == "" {
			if mode != "" {
				s.mode = mode
			}
			return
		}
		r.ses, r.run = s, s.main
		r.key = schema.IDOf(Agent, "line", s.native).With(uint64(r.line))
		r.changed(&s.mode, mode, "mode_changed")
	case "queue-operation":
		r.notified()
	default:
		if !metadata(rec.typ.Raw) && string(rec.typ.Raw) != "atis-latch" {
			r.unknown(r.typeName(), "")
			return
		}
		if len(rec.session.Raw) > 0 {
			r.sessionOf(rec.session, false)
		}
	}
}

// notified reads the notice about a background task, which in older versions is all that ties a call
// to the sub-agent it started.
func (r *reader) notified() {
	rec := &r.rec
	s := r.sessionOf(rec.session, false)
	if len(rec.content.Raw) == 0 {
		return
	}
	text := r.decoded(rec.content)
	task, call := inside(text, "task-id"), inside(text, "tool-use-id")
	if len(task) == 0 || len(call) == 0 {
		return
	}
	if t := r.tools[schema.IDOf(Agent, "tool", str(call))]; t != nil && t != settled && t.act == actDelegate && t.row.ChildRunID == 0 {
		t.row.ChildRunID = runID(s.native, r.nameOf(task))
	}
}

// inside returns what stands in the first element <tag>…</tag>.
func inside(text []byte, tag string) []byte {
	_, rest, ok := bytes.Cut(text, []byte("<"+tag+">"))
	if !ok {
		return nil
	}
	in, _, ok := bytes.Cut(rest, []byte("</"+tag+">"))
	if !ok {
		return nil
	}
	return bytes.TrimSpace(in)
}
