package codex

import (
	"bytes"
	"unicode/utf8"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// How many bytes of a text a preview has.
const (
	promptPreview = 400
	answerPreview = 200
)

// item handles a response item: what the model was given and what it gave. It reports whether the
// type is known.
func (p *parser) item(typ []byte) bool {
	v := &p.rec.v
	switch string(typ) {
	case "message":
		p.message()
	case "reasoning":
		p.answerBegins()
		p.reasoning()
	case "function_call":
		p.answerBegins()
		p.functionCall()
	case "custom_tool_call":
		p.answerBegins()
		p.customCall()
	case "local_shell_call":
		p.answerBegins()
		p.localShell()
	case "web_search_call":
		p.answerBegins()
		p.hostedCall("web_search", v[fAction])
	case "tool_search_call":
		p.answerBegins()
		p.searchCall()
	case "image_generation_call":
		p.answerBegins()
		p.hostedCall("image_generation", value{})
	case "function_call_output", "custom_tool_call_output", "tool_search_output", "mcp_tool_call_output", "local_shell_call_output":
		p.prompt.release(p)
		p.result(typ)
	case "agent_message":
		p.prompt.release(p)
		p.agentMessage()
	case "compaction", "context_compaction", "compaction_summary":
		p.compaction(markItem)
	case "ghost_snapshot", "additional_tools", "configuration_update":
	default:
		return false
	}
	p.facts.items = true
	return true
}

// answerBegins is called for each item that the model made.
func (p *parser) answerBegins() {
	p.prompt.release(p)
	p.prompt.echo.release(p)
	p.group.begin(p)
	p.compact.over = true
	if p.turn != nil {
		p.turn.active = true
	}
}

func (p *parser) message() {
	v := &p.rec.v
	role := v[fRole].raw
	text := p.contentText(v[fContent])
	switch string(role) {
	case "assistant":
		p.answerBegins()
		p.assistantText(text)
	case "user":
		kind := injectedKind(text)
		if kind == "" {
			p.userItem(text)
			return
		}
		p.prompt.release(p)
		if p.ctx.cwd == "" {
			p.ctx.cwd = statedDir(text)
		}
		p.say("user", kind, text)
	default:
		// developer and system: instructions of the client.
		p.prompt.release(p)
		p.say("system", "injected", text)
	}
}

// say emits a message that was not made by the model.
func (p *parser) say(role, kind string, text []byte) {
	m := &p.row.message
	p.newMessage(m, role, kind, text)
	p.emit(m)
	body, whole := cut(text, p.src.Content.Limit(answerPreview))
	p.emitText("message", m.MessageID, m.Line, "text", body, whole)
}

func (p *parser) newMessage(m *schema.Message, role, kind string, text []byte) {
	*m = schema.Message{
		Where:      p.here(),
		MessageID:  p.key.With(0),
		SessionID:  p.thread.session,
		RunID:      p.thread.run,
		TurnID:     p.turnID(),
		Seq:        p.next(),
		Role:       role,
		Kind:       kind,
		OccurredAt: p.at,
		CharCount:  schema.Known(int64(utf8.RuneCount(text))),
		TextHash:   schema.HashBytes(text),
	}
}

// assistantText holds a text of the model until its model call is known.
func (p *parser) assistantText(text []byte) {
	m := p.group.message()
	p.newMessage(&m.row, "assistant", "text", text)
	m.text, m.whole = cut(text, p.src.Content.Limit(answerPreview))
	p.facts.endState = "unknown"
}

// reasoning holds what the model thought, as far as it can be read. Most of it is encrypted.
func (p *parser) reasoning() {
	v := &p.rec.v
	text := p.contentText(v[fContent])
	if len(text) == 0 {
		text = p.contentText(v[fSummary])
	}
	m := p.group.message()
	p.newMessage(&m.row, "assistant", "reasoning", text)
	if len(text) == 0 {
		m.row.CharCount = schema.Int{}
		m.row.IsRedacted = true
		return
	}
	if n := p.src.Content.Limit(0); n > 0 {
		m.text, m.whole = cut(text, n)
	}
}

// agentMessage is what one agent tells another. It may be encrypted.
func (p *parser) agentMessage() {
	v := &p.rec.v
	text := p.contentText(v[fContent])
	if len(text) > 0 && !bytes.HasPrefix(text, []byte("gAAAAA")) {
		p.say("user", "injected", text)
		return
	}
	m := &p.row.message
	p.newMessage(m, "user", "injected", nil)
	m.CharCount = schema.Int{}
	m.IsRedacted = true
	p.emit(m)
}

// contentText returns the texts of a content value, joined by newlines: a string, or a list of blocks
// with a text each. The result is valid until the next call.
func (p *parser) contentText(c value) []byte {
	switch c.kind {
	case jscan.String:
		return p.plain(c.text())
	case jscan.Array:
	default:
		return nil
	}
	var s jscan.Scanner
	s.Reset(c.raw)
	var only jscan.Text // the single text so far, not copied
	n := 0
	out := p.buf[:0]
	for s.Array(); s.Elem(); {
		if s.Kind() != jscan.Object {
			s.Skip()
			continue
		}
		for s.Object(); s.Key(); {
			if string(s.Name) != "text" {
				s.Skip()
				continue
			}
			t := s.Text()
			if !t.Present {
				continue
			}
			n++
			switch n {
			case 1:
				only = t
				continue
			case 2:
				out = appendText(out, only)
			}
			out = append(out, '\n')
			out = appendText(out, t)
		}
	}
	if n == 1 {
		if !only.Escaped {
			return only.Raw
		}
		out = appendText(out, only)
	}
	if cap(out) > cap(p.buf) {
		p.buf = out
	}
	return out
}

func appendText(dst []byte, t jscan.Text) []byte {
	if !t.Escaped {
		return append(dst, t.Raw...)
	}
	return jscan.Unquote(dst, t.Raw)
}

// injectedKind tells texts of role user that no user typed: "" for those that may be prompts.
func injectedKind(text []byte) string {
	t := bytes.TrimLeft(text, " \t\r\n")
	if len(t) == 0 {
		return ""
	}
	if t[0] == '#' {
		if bytes.HasPrefix(t, []byte("# AGENTS.md instructions")) {
			return "injected"
		}
		return ""
	}
	if t[0] != '<' {
		return ""
	}
	for _, tag := range [...]string{
		"<user_instructions>", "<environment_context>", "<INSTRUCTIONS>", "<skill>", "<turn_aborted>",
		"<subagent_notification>", "<recommended_plugins>", "<permissions instructions>",
	} {
		if len(t) >= len(tag) && string(t[:len(tag)]) == tag {
			return "injected"
		}
	}
	if bytes.HasPrefix(t, []byte("<user_shell_command>")) {
		return "command"
	}
	return ""
}

// statedDir reads the working directory that the client tells the model: files of 2025 have it nowhere
// else.
func statedDir(text []byte) string {
	if !bytes.HasPrefix(text, []byte("<environment_context>")) {
		return ""
	}
	for _, mark := range [...][2]string{{"<cwd>", "</cwd>"}, {"Current working directory: ", "\n"}} {
		if _, rest, ok := bytes.Cut(text, []byte(mark[0])); ok {
			dir, _, _ := bytes.Cut(rest, []byte(mark[1]))
			return string(bytes.TrimSpace(dir))
		}
	}
	return ""
}

// request returns what the user typed, where an editor wrote its context before it.
func request(text []byte) []byte {
	mark := []byte("## My request for Codex:")
	if i := bytes.Index(text, mark); i >= 0 && bytes.HasPrefix(text, []byte("# Context from my IDE")) {
		return bytes.TrimSpace(text[i+len(mark):])
	}
	return text
}
