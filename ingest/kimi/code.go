package kimi

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// codeFacts is what the records of Kimi Code have told so far.
type codeFacts struct {
	records bool // usage has records of its own
	prompts bool // so have prompts
	loops   bool // and answers
	asked   int  // questions that wait for an answer

	alias  string
	models map[string]string // the model behind an alias, by the last request
	vendor string
	at     schema.Instant // of the last request
	try    schema.Int
}

// A flat is a record of Kimi Code, taken apart as far as any type needs.
type flat struct {
	model, alias, provider, attempt, scope, cwd jscan.Text
	reason, mode, kind, callID, summary         jscan.Text
	origin, decision                            jscan.Text
	input, event, message                       []byte
	failure                                     apiFailure
	usage                                       schema.Usage
	hasUsage                                    bool
	duration, before, after, count              schema.Int
}

// An apiFailure is what a record says of a failure.
type apiFailure struct {
	present bool
	text    []byte
}

func (f *flat) scan(s *jscan.Scanner, raw []byte) {
	s.Reset(raw)
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "model":
			f.model = s.Text()
		case "modelAlias":
			f.alias = s.Text()
		case "provider":
			f.provider = s.Text()
		case "attempt":
			f.attempt = s.Text()
		case "usageScope":
			f.scope = s.Text()
		case "cwd":
			f.cwd = s.Text()
		case "reason":
			f.reason = s.Text()
		case "mode":
			f.mode = s.Text()
		case "kind":
			f.kind = s.Text()
		case "toolCallId":
			f.callID = s.Text()
		case "summary":
			if s.Kind() == jscan.Object {
				var m contextMessage
				raw := s.Raw()
				var in jscan.Scanner
				m.scan(&in, raw)
				f.summary = jscan.Text{Raw: m.text, Present: true}
			} else {
				f.summary = s.Text()
			}
		case "contextSummary":
			if t := s.Text(); !f.summary.Present {
				f.summary = t
			}
		case "environmentDisclosure":
			f.cwd = within(s, "cwd")
		case "origin":
			f.origin = within(s, "kind")
		case "result":
			f.decision = within(s, "decision")
		case "usage":
			f.usage, f.hasUsage = readUsage(s)
		case "durationMs":
			f.duration = rows.Count(s)
		case "tokensBefore":
			f.before = rows.Count(s)
		case "tokensAfter":
			f.after = rows.Count(s)
		case "count":
			f.count = rows.Count(s)
		case "input":
			f.input = s.Raw()
		case "event":
			f.event = s.Raw()
		case "message":
			f.message = s.Raw()
		case "error":
			if !s.ObjectOrSkip() {
				continue
			}
			f.failure.present = true
			for s.Key() {
				switch string(s.Name) {
				case "code", "message", "name":
					if t := s.Text(); len(t.Raw) > 0 {
						f.failure.text = append(append(f.failure.text, t.Bytes(nil)...), ' ')
					}
				default:
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
}

// within takes one text of an object.
func within(s *jscan.Scanner, name string) (t jscan.Text) {
	if !s.ObjectOrSkip() {
		return t
	}
	for s.Key() {
		if string(s.Name) == name {
			t = s.Text()
		} else {
			s.Skip()
		}
	}
	return t
}

// record takes a record of Kimi Code.
func (r *reader) record(raw []byte, typ jscan.Text) {
	a := r.main
	name := string(typ.Raw)
	if plain(name) {
		return
	}
	var f flat
	f.scan(&r.inner, raw)
	if name == "context.append_loop_event" {
		r.loop(a, f.event)
		return
	}
	r.mark(a)
	switch name {
	case "config.update", "profile.bind":
		r.configured(a, &f)
	case "turn.prompt", "turn.steer":
		r.code.prompts = true
		r.prompted(a, &f, name == "turn.steer")
	case "context.append_message":
		r.appended(a, &f)
	case "llm.request":
		r.requested(a, &f)
	case "usage.record":
		r.used(a, &f)
	case "turn.cancel":
		r.interrupted(a)
	case "turn.ended":
		r.ended(a, &f)
	case "permission.set_mode":
		r.changed(a, &a.mode, f.mode.String(), "mode_changed")
	case "plan_mode.enter":
		a.run.Event(schema.Event{Event: "mode_changed", Detail: "plan"})
	case "plan_mode.exit", "plan_mode.cancel":
		a.run.Event(schema.Event{Event: "mode_changed", Detail: "plan ended"})
	case "permission.record_approval_result":
		r.approved(a, &f)
	case "interaction.request":
		if string(f.kind.Raw) == "approval" {
			r.code.asked++
			a.run.Event(schema.Event{Event: "approval_requested"})
			a.run.Last = rows.LastApproval
		}
	case "full_compaction.begin":
		a.run.Event(schema.Event{Event: "compaction_start"})
	case "full_compaction.complete", "full_compaction.cancel":
		a.run.Event(schema.Event{Event: "compaction_end"})
	case "context.apply_compaction":
		a.run.Event(schema.Event{Event: "compaction", TokensBefore: f.before, TokensAfter: f.after})
		if len(f.summary.Raw) > 0 {
			a.run.Message("user", "summary", r.l.Bytes(f.summary))
		}
	case "micro_compaction.apply":
		a.run.Event(schema.Event{Event: "compaction", Detail: "micro"})
	case "context.clear":
		a.run.Event(schema.Event{Event: "rewind", Detail: "clear"})
	case "context.undo":
		a.run.Event(schema.Event{Event: "rewind", Detail: "undo"})
	case "forked":
		row := &r.s.Row
		row.IsMarkedCopy, row.Relation = true, "fork"
		if from := r.state.forkedFrom; from != "" && from != row.NativeSessionID {
			row.ParentSessionID = schema.IDOf(Agent, from)
		}
	default:
		word, _ := typ.Prefix(64)
		r.l.Unknown(word)
	}
}

// plain tells the records of state that hold nothing for any row.
func plain(typ string) bool {
	switch typ {
	case "metadata", "interaction.resolved", "llm.tools_snapshot", "prompt.accepted", "runtime.set_binding", "interruptionReminder.recorded",
		"plugin.session_start", "mcp.tools_discovered":
		return true
	}
	family, _, _ := strings.Cut(typ, ".")
	switch family {
	case "goal", "swarm_mode", "tower_mode", "cron", "tools", "token_counting", "staleGuard", "task", "todo":
		return true
	}
	return false
}

func (r *reader) configured(a *agent, f *flat) {
	if dir := f.cwd.String(); dir != "" {
		row := &r.s.Row
		if row.Workspace == "" {
			row.Workspace = dir
		} else if r.s.Dir != dir && r.s.Dir != "" {
			a.run.Event(schema.Event{Event: "workspace_changed", Detail: dir})
		}
		r.s.Dir = dir
	}
	if alias := f.alias.String(); alias != "" {
		r.code.alias = alias
		r.changed(a, &a.model, alias, "model_changed")
	}
}

func (r *reader) changed(a *agent, have *string, now, event string) {
	if now == "" || *have == now {
		return
	}
	if *have != "" {
		a.run.Event(schema.Event{Event: event, Detail: now})
	}
	*have = now
}

// prompted takes a prompt of whatever origin.
func (r *reader) prompted(a *agent, f *flat, steered bool) {
	var s jscan.Scanner
	s.Reset(f.input)
	text, _ := parts(&s, nil)
	r.voiced(a, string(f.origin.Raw), text, steered)
}

// voiced tells a text in the user's role by who speaks.
func (r *reader) voiced(a *agent, origin string, text []byte, steered bool) {
	trigger := ""
	switch origin {
	case "", "user":
		trigger = "user"
		if steered {
			trigger = "queued"
		}
	case "skill_activation", "plugin_command":
		trigger = "command"
	case "cron_job", "cron_missed":
		trigger = "schedule"
	case "hook_result":
		trigger = "hook"
	case "task", "background_task", "system_trigger", "retry":
		trigger = "continuation"
	case "shell_command":
		a.run.Message("user", "command", text)
		return
	case "compaction_summary":
		a.run.Message("user", "summary", text)
		return
	case "injection":
		a.run.Message("user", "injected", text)
		return
	default:
		r.l.Problem(schema.ProblemUnknownField, "origin", origin)
		a.run.Message("user", "injected", text)
		return
	}
	if a.run != r.s.Main {
		trigger = "parent"
	}
	if len(text) == 0 {
		text = nil
	}
	if !steered {
		a.step = nil
	}
	a.stopped = false
	a.run.Prompt(trigger, text)
}

// appended takes a message of the context. Where prompts and answers have records of their own it
// repeats them; in sessions taken over from Kimi CLI there is nothing else.
func (r *reader) appended(a *agent, f *flat) {
	var m contextMessage
	m.scan(&r.inner, f.message)
	role := roleOf(f.message)
	switch role {
	case "user":
		switch {
		case m.origin != "" && m.origin != "user":
			if r.code.prompts && m.origin != "injection" && m.origin != "compaction_summary" {
				return
			}
			r.voiced(a, m.origin, m.text, false)
		case r.code.prompts:
		case bytes.HasPrefix(bytes.TrimSpace(m.text), []byte("<system-reminder>")):
			a.run.Message("user", "injected", m.text)
		default:
			r.voiced(a, "", m.text, false)
		}
	case "assistant":
		if r.code.loops {
			return
		}
		st := r.begun(a, r.l.Key().With(1))
		st.row.StartedAt, st.said = 0, true
		r.said(a, &m)
	case "tool":
		if r.code.loops {
			return
		}
		res := result{output: m.text, hasOutput: true, isError: m.isError.V}
		if c := a.calls[m.callID]; c != nil && !m.isError.Valid && !c.Ended() {
			c.End("unknown", "")
			c.Output(m.text)
			c.Put()
			return
		}
		r.end(a, m.callID, &res)
	case "system":
	default:
		r.l.Problem(schema.ProblemUnknownField, "context.append_message", role)
	}
}

func roleOf(raw []byte) string {
	var s jscan.Scanner
	s.Reset(raw)
	return within(&s, "role").String()
}
