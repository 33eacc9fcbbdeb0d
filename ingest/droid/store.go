package droid

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A parser holds the state of one file.
type parser struct {
	src     *ingest.Source
	log     *rows.Log
	rec     line
	names   map[string]string
	out     []byte
	prompt  []byte
	block   block
	streams map[string]*stream // of the output of exec, by session

	ses      *rows.Session // of the store
	run      *rows.Run
	settings settings
	model    string // of the last response that names one
	several  bool   // responses name more than one
	calls    int
	lastAt   schema.Instant
	lastLine int64
}

func (p *parser) line(raw []byte, no int64, hash schema.ID) bool {
	r := &p.rec
	if !r.scan(raw) {
		return false
	}
	if p.ses == nil && len(r.session.Raw) > 0 {
		p.streamed(r, no, hash)
		return true
	}
	at := p.log.Time(r.timestamp, p.word(r.typ))
	key := schema.IDOf(agent, "line").With(uint64(hash))
	switch {
	case len(r.id.Raw) >= 16:
		// Forks copy messages with their ids.
		key = p.log.ID("record", p.text(r.id))
	case p.ses != nil:
		key = schema.IDOf(agent, "line", p.ses.Row.NativeSessionID).With(uint64(no))
	}
	if is(r.typ, "session_start") {
		key = schema.IDOf(agent, "line", "start").With(uint64(hash)) // its id is that of the session
	}
	p.log.Begin(no, at, key)
	if p.ses == nil {
		p.open(r)
	}
	if at != 0 {
		p.ses.Row.HasTimes = true
		p.lastAt = at
	}
	p.lastLine = no
	p.take(r)
	return true
}

// open begins the session of the file.
func (p *parser) open(r *line) {
	id := ""
	if is(r.typ, "session_start") {
		id = p.text(r.id)
	}
	base := strings.ReplaceAll(p.src.Path, `\`, "/")
	stem := strings.TrimSuffix(base[strings.LastIndexByte(base, '/')+1:], ".jsonl")
	if id == "" {
		if id = strings.ToValidUTF8(stem, "\uFFFD"); id == "" {
			id = "unnamed"
		}
	}
	caller := p.text(r.caller)
	if caller != "" && caller != id {
		p.ses = p.log.Session(caller)
		p.ses.Row.IsMain = false
		p.run = p.ses.Run(id)
		// A sub-agent has an id of its own, under which its own sub-agents name it.
		p.run.Row.RunID, p.run.Row.OwnSessionID = p.log.ID("run", id), schema.IDOf(agent, id)
		p.run.Row.SpawnToolCallID = p.log.ID("tool", p.text(r.callerTool))
		p.run.Row.Depth = schema.Int{} // its caller may be a sub-agent itself
	} else {
		p.ses = p.log.Session(id)
		p.run = p.ses.Main
		if parent := p.text(r.parent); parent != "" && parent != id {
			p.ses.Row.Relation, p.ses.Row.ParentSessionID = "fork", schema.IDOf(agent, parent)
			p.ses.Row.IsMarkedCopy = true // what it shares with its parent is the parent's
		}
	}
	s := &p.ses.Row
	s.SessionKind = "user"
	s.HasToolStatus, s.HasToolArgs, s.HasCompactions = true, true, true
	s.Workspace = p.text(r.cwd)
	p.ses.Dir = s.Workspace
	if strings.HasSuffix(strings.TrimRight(strings.ReplaceAll(s.Workspace, `\`, "/"), "/"), "/.factory") {
		s.SessionKind = "background" // the agent keeping its own house
	}
	title := r.sessionTitle
	if len(title.Raw) == 0 {
		title = r.title
	}
	if p.src.Content != ingest.ContentNone && p.run == p.ses.Main {
		s.Title = p.text(title)
	}
	if p.src.ReadBeside != nil {
		if doc, err := p.src.ReadBeside(stem + ".settings.json"); err == nil {
			p.settings.read(doc)
		}
	}
}

func (p *parser) take(r *line) {
	switch string(r.typ.Raw) {
	case "message":
		p.message(r)
		p.run.Record()
		return
	case "agent_turn_outcome":
		p.ses.Row.HasAPIErrors = true
		switch reason := string(r.reason.Raw); {
		case reason == "completed":
			p.run.Last = rows.LastDone
		case reason == "error":
			p.run.Error(schema.Error{Source: "agent", ErrorType: "unknown", IsFinal: schema.Known(true)})
			p.run.Last = rows.LastError
		case strings.Contains(reason, "cancel"), strings.Contains(reason, "abort"), strings.Contains(reason, "interrupt"):
			p.run.Interrupt()
		default:
			p.log.Problem(schema.ProblemUnknownField, "agent_turn_outcome", p.word(r.reason))
		}
	case "compaction_state":
		p.run.Event(schema.Event{Event: "compaction"})
		if len(r.summary.Raw) > 0 {
			p.run.Message("user", "summary", p.log.Bytes(r.summary))
		}
	case "session_end":
		if p.run.Last == rows.LastText {
			p.run.Last = rows.LastDone
		}
	case "session_start", "todo_state", "session_settings":
	default:
		p.log.Unknown(p.word(r.typ))
	}
	p.run.Aside()
}

// message takes a message of the store.
func (p *parser) message(r *line) {
	var role, model, single jscan.Text
	var content []byte
	var s jscan.Scanner
	s.Reset(r.message)
	for in := s.ObjectOrSkip(); in && s.Key(); {
		switch string(s.Name) {
		case "role":
			role = s.Text()
		case "modelId":
			model = s.Text()
		case "content":
			if s.Kind() == jscan.String {
				single = s.Text()
			} else {
				content = s.Raw()
			}
		default:
			s.Skip()
		}
	}
	if is(role, "assistant") {
		p.response(model)
	}
	p.prompt = p.prompt[:0]
	if single.Present {
		p.said(r, role, single)
	}
	s.Reset(content)
	if s.Kind() == jscan.Array {
		for s.Array(); s.Elem(); {
			p.block.scan(&s)
			p.part(r, role, &p.block)
		}
	}
	p.ask(r)
}

func (p *parser) part(r *line, role jscan.Text, b *block) {
	switch string(b.typ.Raw) {
	case "text":
		p.said(r, role, b.text)
	case "thinking":
		if len(b.text.Raw) > 0 {
			p.run.Message("assistant", "reasoning", p.log.Bytes(b.text))
		} else {
			p.run.Hidden()
		}
	case "redacted_thinking":
		p.run.Hidden()
	case "tool_use":
		p.call(p.word(b.name), p.text(b.id), b.input)
	case "tool_result":
		p.result(b)
	case "image", "document":
	default:
		p.log.Problem(schema.ProblemUnknownField, "message", p.word(b.typ))
	}
}

// said takes a text; those of a prompt are put together first.
func (p *parser) said(r *line, role, t jscan.Text) {
	if len(t.Raw) == 0 {
		return
	}
	text := p.log.Bytes(t)
	switch {
	case is(role, "assistant"):
		p.run.Message("assistant", "text", text)
	case is(r.visibility, "llm_only"), is(r.visibility, "user_only"):
		p.run.Message("user", "injected", text)
	default:
		before, rest := reminders(text)
		if len(before) > 0 {
			p.run.Message("user", "injected", before)
		}
		if len(bytes.TrimSpace(rest)) == 0 {
			return
		}
		if len(p.prompt) > 0 {
			p.prompt = append(p.prompt, '\n')
		}
		p.prompt = append(p.prompt, rest...)
	}
}

// ask begins a turn with what the user said.
func (p *parser) ask(r *line) {
	if len(p.prompt) == 0 {
		return
	}
	trigger := "user"
	switch {
	case p.run != p.ses.Main:
		trigger = "parent"
	case bytes.HasPrefix(p.prompt, []byte("# Task Tool Invocation")):
		// Older sub-agents do not name their caller.
		trigger = "parent"
		if p.run.Turn() == nil {
			p.ses.Row.SessionKind = "background"
		}
	}
	turn := p.run.Prompt(trigger, p.prompt)
	turn.NativeTurnKey = p.log.ID("turn", p.text(r.id))
}

// reminders cuts the agent's own blocks off the start of a text.
func reminders(text []byte) (before, rest []byte) {
	const open, end = "<system-reminder>", "</system-reminder>"
	rest = text
	for {
		t := bytes.TrimLeft(rest, " \t\r\n")
		if !bytes.HasPrefix(t, []byte(open)) {
			break
		}
		i := bytes.Index(t, []byte(end))
		if i < 0 {
			break
		}
		rest = t[i+len(end):]
	}
	if len(rest) == len(text) {
		return nil, text
	}
	before = text[:len(text)-len(rest)]
	return before, bytes.TrimLeft(rest, " \t\r\n")
}

// response tells of an answer of the model. Where the session's total is known, the answers have no
// rows of their own: they would look like calls whose usage is missing.
func (p *parser) response(model jscan.Text) {
	name := p.word(model)
	if name != "" {
		if p.model != "" && p.model != name {
			p.run.Setting(schema.Event{Event: "model_changed", Detail: name})
			p.several = true
		}
		p.model = name
	}
	p.run.Response = 0
	if p.settings.known {
		return
	}
	p.calls++
	c := p.run.Model(p.log.ID("response", "of").With(uint64(p.log.Key())))
	c.DedupBasis = "provider_id"
	c.RequestModel = p.model
	if c.RequestModel == "" {
		c.RequestModel = p.settings.model
	}
	c.ResponseModel = plainModel(c.RequestModel)
	c.ProviderName = p.settings.provider
	p.run.PutModel(&c)
	p.run.Response = c.ModelCallID
}

func (p *parser) call(name, id string, input []byte) *rows.Call {
	if name == "" {
		p.log.Problem(schema.ProblemUnknownField, "tool_use", "name")
	}
	c := p.run.Request(name, id)
	if server, tool, ok := strings.Cut(name, "___"); ok && server != "" && tool != "" {
		c.Row.MCPServer = server
	} else if rest, ok := strings.CutPrefix(name, "mcp__"); ok {
		c.Row.MCPServer, _, _ = strings.Cut(rest, "__")
	}
	if input != nil {
		c.Arguments(actOf(name), input)
	}
	return c
}

func (p *parser) result(b *block) {
	c := p.ses.Find(p.text(b.toolUse))
	if c == nil {
		p.log.Problem(schema.ProblemOrphanResult, "tool_result", "")
		p.run.Last = rows.LastResult
		return
	}
	p.settle(c, p.textOf(b.content), b.isError, schema.Int{})
}

// settle ends a call by the text of its result.
func (p *parser) settle(c *rows.Call, text []byte, failed bool, exit schema.Int) {
	c.End("ok", "")
	if c.IsShell() && !exit.Valid {
		exit = rows.ExitIn(lastLine(text))
	}
	switch {
	case failed:
		end := rows.EndingOf(text)
		c.End(end.Status, end.ErrorType)
		if end.Exit.Valid {
			exit = end.Exit
		}
		if end.Status == "denied" {
			c.Row.Approval = "denied"
		}
	case exit.Valid && exit.V != 0:
		c.End("error", "nonzero_exit")
	}
	c.Row.ExitCode = exit
	c.Output(text)
	c.Done()
}

func lastLine(text []byte) []byte {
	text = bytes.TrimRight(text[max(0, len(text)-256):], " \r\n\t")
	return text[bytes.LastIndexByte(text, '\n')+1:]
}

// textOf puts the texts of a result together. It is valid until the next call.
func (p *parser) textOf(content []byte) []byte {
	if content == nil {
		return nil
	}
	var s jscan.Scanner
	s.Reset(content)
	switch s.Kind() {
	case jscan.String:
		return p.log.Bytes(s.Text())
	case jscan.Array:
		p.out = p.out[:0]
		for s.Array(); s.Elem(); {
			var b block
			b.scan(&s)
			if !b.text.Present {
				continue
			}
			if len(p.out) > 0 {
				p.out = append(p.out, '\n')
			}
			p.out = append(p.out, p.log.Bytes(b.text)...)
		}
		return p.out
	}
	return content
}

// finish tells what only the end of the file shows.
func (p *parser) finish(whole bool) {
	for _, st := range p.streams {
		st.ses.Row.IsComplete = schema.Known(whole)
	}
	p.finishStreams()
	if p.ses == nil {
		return
	}
	p.ses.Row.IsComplete = schema.Known(whole)
	if p.settings.known {
		p.total()
	} else if p.calls == 0 {
		p.ses.Row.HasUsage, p.ses.Row.HasCache = true, true // nothing was answered: nothing is missing
	}
}

// word is a text that repeats, kept once.
func (p *parser) word(t jscan.Text) string {
	if len(t.Raw) == 0 {
		return ""
	}
	if t.Escaped || len(t.Raw) > 256 {
		return t.String()
	}
	if v, ok := p.names[string(t.Raw)]; ok {
		return v
	}
	v := string(t.Raw)
	p.names[v] = v
	return v
}

func (p *parser) text(t jscan.Text) string {
	if len(t.Raw) == 0 {
		return ""
	}
	return t.String()
}
