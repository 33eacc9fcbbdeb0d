package sweagent

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/edits"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// trajectory reads a .traj file.
func (p *parser) trajectory(o trace.Object, hash schema.ID) {
	name := stem(p.src.Path)
	p.native = copyID(name, hash)
	p.s, p.tools = p.log.Session(p.native), trace.NewTools(p.log, p.native)
	r := &p.s.Row
	r.IsHeadless, r.SessionKind = schema.Known(true), "automation"
	r.HasToolArgs = true
	if p.log.Content().Limit(1) > 0 {
		r.Title = name
	}
	info := o.Object("info")
	r.AgentVersion = info.Str("swe_agent_version")
	p.log.Version = r.AgentVersion
	p.model = modelOf(o, p.src.Path)

	stats := info.Object("model_stats")
	asked := !replays(p.model) && !(stats.Len() > 0 && stats.Int("api_calls").V == 0)
	p.attempt(p.s.Main, o, asked)
	best := trace.Int(info.Raw("best_attempt_idx"))
	i := int64(0)
	for e := range trace.Elems(o.Raw("attempts")) {
		// The best attempt stands at the top once more.
		if !(best.Valid && best.V == i) {
			run := p.s.Run("attempt-" + strconv.FormatInt(i, 10))
			run.Row.RunKind = "workflow"
			p.attempt(run, trace.ObjectOf(e), asked)
			run.Row.EndState = endState(trace.ObjectOf(e).Object("info").Str("exit_status"))
		}
		i++
	}
	p.s.Main.Row.EndState = endState(info.Str("exit_status"))
	p.stats(stats)
}

// endState names how a run ended.
func endState(status string) string {
	switch {
	case status == "":
		return ""
	case strings.HasPrefix(status, "submitted"):
		return "completed"
	case strings.Contains(status, "cost"):
		return "budget"
	case strings.Contains(status, "api"):
		return "api_error"
	}
	return "error"
}

// stats takes the totals of the run. The tokens are those of the prompts as a whole; how much of them
// a cache gave back is not known.
func (p *parser) stats(stats trace.Object) {
	p.s.Row.ReportedCostUSD = rows.Dollars(stats.Float("instance_cost").V)
	c := trace.CountsOf(stats)
	if c.IsZero() {
		return
	}
	p.log.Again(max(p.n, 1), 0, 0)
	m := p.calls.Take(p.s.Main, p.log.ID("total", p.native), "position")
	m.UsageGrain, m.UsageQuality, m.RequestModel = "session", "estimated", p.model
	p.calls.Observe(m, c.Usage(trace.WithCache))
}

// modelOf finds the model in the configuration, or in the folder's name, model__data__config__t-0.00__….
func modelOf(o trace.Object, path string) string {
	config := trace.ObjectOf(trace.Unwrap(o.Raw("replay_config")))
	if name := trace.Str(config.At("agent", "model", "name")); name != "" {
		return name
	}
	for _, dir := range strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '\\' }) {
		parts := strings.Split(dir, "__")
		for i, part := range parts {
			if i > 0 && strings.HasPrefix(part, "t-") {
				return parts[0]
			}
		}
	}
	return ""
}

// replays reports whether what stands in for a model asks none.
func replays(model string) bool {
	return model == "replay" || model == "instant_empty_submit" || strings.HasPrefix(model, "human")
}

// attempt reads one record of steps into a run.
func (p *parser) attempt(run *rows.Run, o trace.Object, asked bool) {
	history := p.prompts(run, o.Raw("history"))
	steps := 0
	for e, whole := range trace.Elems(o.Raw("trajectory")) {
		if !whole {
			break
		}
		step := trace.ObjectOf(e)
		steps++
		p.step(run, step, history.next(step.Text("action").String()), asked)
	}
	if steps == 0 {
		history.play(p, run, asked)
	}
}

// A turnList are the messages of a history behind the prompts.
type turnList struct{ messages []trace.Object }

// prompts emits what was said before the first answer; examples that were shown are left out.
func (p *parser) prompts(run *rows.Run, raw []byte) *turnList {
	var rest turnList
	for e, whole := range trace.Elems(raw) {
		m := trace.ObjectOf(e)
		if !whole || trace.IsTrue(m.Raw("is_demo")) {
			continue
		}
		role := m.Str("role")
		if len(rest.messages) > 0 || role == "assistant" {
			rest.messages = append(rest.messages, m)
			continue
		}
		p.begin(0, run)
		text, _ := trace.Content(m.Raw("content"))
		switch {
		case role == "system":
			run.Message("system", "injected", text)
		case run != p.s.Main:
			run.Prompt("parent", text)
		default:
			run.Prompt("user", text)
		}
	}
	return &rest
}

// next finds the message of a step: it has the same action. A history may lack steps and hold answers
// that were asked for again.
func (l *turnList) next(action string) trace.Object {
	for i, m := range l.messages {
		if m.Str("role") == "assistant" && m.Text("action").String() == action {
			l.messages = l.messages[i+1:]
			return m
		}
	}
	return trace.Object{}
}

// play reads a history that has no steps beside it.
func (l *turnList) play(p *parser, run *rows.Run, asked bool) {
	var open *rows.Call
	for _, m := range l.messages {
		p.begin(0, run)
		text, ok := trace.Content(m.Raw("content"))
		switch m.Str("role") {
		case "assistant":
			p.respond(run, asked)
			if thought, has := trace.Content(m.Raw("thought")); has {
				text = thought
			}
			if !trace.IsBlank(text) {
				run.Message("assistant", "text", text)
			}
			open = p.call(run, m.Text("action").String(), m, trace.Object{})
		default:
			if open == nil {
				run.Message("user", "injected", text)
				continue
			}
			open.End("unknown", "")
			if ok {
				open.Output(text)
			}
			open.Put()
			open = nil
		}
	}
}

// respond notes that the model answered.
func (p *parser) respond(run *rows.Run, asked bool) {
	run.Response = 0
	if !asked {
		return
	}
	m := p.calls.Take(run, p.log.ID("response", p.native).With(uint64(p.n)), "position")
	m.RequestModel = p.model
	run.Response = m.ModelCallID
}

// step reads one step: an answer, the action in it, and what came of that.
func (p *parser) step(run *rows.Run, step, message trace.Object, asked bool) {
	p.begin(0, run)
	if text := step.Text("response"); len(text.Raw) > 0 {
		p.respond(run, asked)
	} else {
		run.Response = 0
	}
	for e := range trace.Elems(message.Raw("thinking_blocks")) {
		if text := trace.ObjectOf(e).Text("thinking"); len(text.Raw) > 0 {
			run.Message("assistant", "reasoning", text.Bytes(nil))
		} else {
			run.Hidden()
		}
	}
	if thought, ok := trace.Content(step.Raw("thought")); ok && !trace.IsBlank(thought) {
		run.Message("assistant", "text", thought)
	}
	state := trace.ObjectOf(trace.Unwrap(step.Raw("state")))
	if dir := state.Str("working_dir"); rows.IsAbs(dir) {
		p.s.Dir = dir
		if p.s.Row.Workspace == "" {
			p.s.Row.Workspace = dir
		}
	}
	c := p.call(run, step.Text("action").String(), message, state)
	if c == nil {
		return
	}
	// Nothing tells how an action ended: its output is all there is.
	c.End("unknown", "")
	if ms := trace.Millis(step.Float("execution_time")); ms.Valid {
		c.Row.DurationMS, c.Row.DurationBasis = ms, "reported"
	}
	if text, ok := trace.Content(step.Raw("observation")); ok {
		c.Output(text)
	}
	c.Put()
}

// commands are the agent's own, which look like commands of the shell.
var commands = map[string]bool{
	"open": true, "goto": true, "scroll_up": true, "scroll_down": true, "edit": true, "create": true, "insert": true,
	"find_file": true, "search_file": true, "search_dir": true, "set_cursors": true, "submit": true, "str_replace_editor": true, "filemap": true,
}

// call begins the tool call of an action. The message of the step may say which tool it was.
func (p *parser) call(run *rows.Run, action string, message, state trace.Object) *rows.Call {
	if strings.TrimSpace(action) == "" {
		return nil
	}
	var tool trace.Object
	for e := range trace.Elems(message.Raw("tool_calls")) {
		tool = trace.ObjectOf(e)
		break
	}
	word, rest, _ := strings.Cut(strings.TrimSpace(action), " ")
	word, _, _ = strings.Cut(word, "\n")
	function := tool.Object("function")
	name := function.Str("name")
	if name == "" {
		if name = "bash"; commands[word] {
			name = word
		}
	}
	c := p.tools.Begin(run, name, "")
	c.Row.NativeCallID = tool.Str("id") // in replays one comes several times
	if function.Has("arguments") {
		trace.Arguments(c, function.Raw("arguments"))
	} else {
		c.Args([]byte(action))
	}
	switch {
	case name == "bash":
		if !c.IsShell() {
			c.Shell(action)
		}
	case name == "open" && c.Row.TargetPath != "":
		c.Read(c.Row.TargetPath, schema.Int{}, schema.Int{})
	case name == word && c.Changes() == 0 && c.Row.TargetPath == "":
		own(c, name, strings.TrimSpace(rest), action, state)
	}
	return c
}

// own reads the agent's own commands for files.
func own(c *rows.Call, name, rest, action string, state trace.Object) {
	file := state.Str("open_file")
	if file == "n/a" {
		file = ""
	}
	path, _, _ := strings.Cut(rest, "\n")
	path = strings.Trim(strings.TrimSpace(path), `"'`)
	switch name {
	case "open":
		path, from, _ := strings.Cut(path, " ")
		path = strings.Trim(path, `"'`)
		c.Target(path)
		c.Read(path, trace.Int([]byte(from)), schema.Int{})
	case "create":
		c.Target(path)
		c.Change(rows.Change{Path: path, Op: "create", Basis: "tool_args"})
	case "edit", "insert":
		if file == "" {
			return
		}
		c.Target(file)
		ch := rows.Change{Path: file, Op: "modify", Basis: "tool_args"}
		if _, body, ok := strings.Cut(action, "\n"); ok {
			lines := edits.Lines([]byte(body))
			if n := len(lines); n > 0 && bytes.Equal(bytes.TrimSpace(lines[n-1]), []byte("end_of_edit")) {
				lines = lines[:n-1]
			}
			ch.Added, ch.AddedCount = lines, schema.Known(int64(len(lines)))
		}
		c.Change(ch)
	}
}
