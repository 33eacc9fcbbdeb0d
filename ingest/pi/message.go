package pi

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// message takes an item of the conversation.
func (p *parser) message(e *entry) {
	m := &p.msg
	if at := p.log.At(); at == 0 && m.timestamp != nil {
		p.ses.Row.HasTimes = true
	}
	switch string(m.role.Raw) {
	case "user":
		p.user(m)
	case "assistant":
		p.assistant(e, m)
	case "toolResult":
		p.toolResult(m)
	case "bashExecution", "pythonExecution":
		// What the user ran himself; the agent sees it with the next prompt.
		text := m.command
		if !text.Present {
			text = m.code
		}
		p.said("command", text)
		p.said("injected", m.output)
	case "developer", "system":
		p.injected("system", m.blocks)
	case "custom", "hookMessage":
		p.injected("user", m.blocks)
	case "fileMention":
		p.mentioned(m.files)
	case "branchSummary", "compactionSummary":
		p.injected("user", m.blocks)
	default:
		p.log.Problem(schema.ProblemUnknownField, "message", p.word(m.role.Text))
	}
}

func (p *parser) said(kind string, t jscan.Text) {
	if len(t.Raw) > 0 {
		p.run.Message("user", kind, p.log.Bytes(t))
	}
}

func (p *parser) injected(role string, blocks []block) {
	for i := range blocks {
		if b := &blocks[i]; len(b.text.Raw) > 0 {
			p.run.Message(role, "injected", p.log.Bytes(b.text))
		}
	}
}

// user takes a message in the user's role.
func (p *parser) user(m *message) {
	blocks := m.blocks
	text := p.joined[:0]
	results := false
	for i := range blocks {
		b := &blocks[i]
		switch string(b.typ.Raw) {
		case "text":
			if len(b.text.Raw) == 0 {
				continue
			}
			if len(text) > 0 {
				text = append(text, '\n')
			}
			text = append(text, p.log.Bytes(b.text)...)
		case "image":
		case "tool_result", "toolResult":
			results = true
			p.inlineResult(b)
		default:
			p.log.Problem(schema.ProblemUnknownField, "user", p.word(b.typ.Text))
		}
	}
	p.joined = text
	if p.agent == agentClaw {
		text = channelText(text)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return
	}
	switch {
	case m.synthetic || results:
		p.run.Message("user", "injected", text)
	case p.run != p.ses.Main:
		p.run.Prompt("parent", text)
	case p.ses.Row.SessionKind != "user":
		p.run.Prompt("schedule", text)
	case m.steering:
		p.run.Prompt("queued", text)
	default:
		p.run.Prompt("user", text)
	}
}

// mentioned takes the files that the user put into the conversation.
func (p *parser) mentioned(files []byte) {
	var s jscan.Scanner
	s.Reset(files)
	if s.Kind() != jscan.Array {
		return
	}
	for s.Array(); s.Elem(); {
		for in := s.ObjectOrSkip(); in && s.Key(); {
			if string(s.Name) != "path" {
				s.Skip()
				continue
			}
			if path := s.Str(); path != "" {
				p.log.Put(&schema.FileRead{
					Where: p.log.Where(), SessionID: p.ses.Row.SessionID, RunID: p.run.Row.RunID, Seq: p.log.Next(),
					Path: rows.Join(p.ses.Dir, path), Basis: "attachment",
				})
			}
		}
	}
}

// assistant takes a response, or an attempt at one.
func (p *parser) assistant(e *entry, m *message) {
	blocks := m.blocks
	mirror := string(m.provider.Raw) == "openclaw"
	if !mirror {
		p.response(e, m, len(blocks) > 0)
	} else {
		p.run.Response = 0
	}
	for i := range blocks {
		b := &blocks[i]
		switch string(b.typ.Raw) {
		case "text":
			switch {
			case len(b.text.Raw) == 0:
			case mirror:
				// What went out to a channel, which the model said before.
				last := p.run.Last
				p.run.Message("assistant", "injected", p.log.Bytes(b.text))
				p.run.Last = last
			default:
				p.run.Message("assistant", "text", p.log.Bytes(b.text))
			}
		case "thinking":
			if b.redacted || len(b.text.Raw) == 0 {
				p.run.Hidden()
			} else {
				p.run.Message("assistant", "reasoning", p.log.Bytes(b.text))
			}
		case "redactedThinking":
			p.run.Hidden()
		case "toolCall", "tool_use", "anthropicServerTool":
			p.toolCall(b)
		case "tool_result", "toolResult":
			p.inlineResult(b)
		case "fallback", "image":
		default:
			p.log.Problem(schema.ProblemUnknownField, "assistant", p.word(b.typ.Text))
		}
	}
	switch string(m.stop.Raw) {
	case "stop":
		if p.run.Last == rows.LastText || p.run.Last == rows.LastReasoning {
			p.run.Last = rows.LastDone
		}
	case "length":
		p.run.Last = rows.LastMaxTokens
	case "error":
		p.run.Last = rows.LastError
	case "aborted":
		p.run.Interrupt()
	}
}
