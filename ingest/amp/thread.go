package amp

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A parser holds the state of one thread.
type parser struct {
	src *ingest.Source
	log *rows.Log
	ses *rows.Session
	run *rows.Run

	id     string
	ledger []ledgerEvent // if there is one, usage is counted by it
	model  string
	calls  int
	out    []byte
	text   []byte
}

// thread reads the document.
func (p *parser) thread(doc []byte) {
	var title, tree jscan.Text
	var messages, ledger, created []byte
	var lastTrace schema.Instant
	var s jscan.Scanner
	s.Reset(doc)
	if s.Kind() == jscan.Object {
		for s.Object(); s.Key(); {
			switch string(s.Name) {
			case "id":
				p.id = s.Str()
			case "created":
				created = s.Raw()
			case "title":
				title = s.Text()
			case "messages":
				messages = s.Raw()
			case "env":
				tree = firstTree(&s)
			case "meta":
				lastTrace = lastEnd(&s)
			case "usageLedger":
				ledger = s.Raw()
			default:
				s.Skip()
			}
		}
	}
	if len(bytes.TrimSpace(doc)) == 0 {
		return
	}
	if s.End() != nil {
		p.log.Begin(1, 0, 0)
		kind := schema.ProblemBadJSON
		if doc[0] == '{' {
			kind = schema.ProblemTruncated
		}
		p.log.Bad(kind)
		return
	}
	if p.id == "" {
		p.id = stem(p.src.Path)
	}
	start := schema.Instant(0)
	if created != nil {
		start = p.log.Time(created, "thread")
	}
	p.log.Again(1, start, schema.IDOf(agent, "thread", p.id))
	p.ses = p.log.Session(p.id)
	p.run = p.ses.Main
	row := &p.ses.Row
	row.SessionKind = "user"
	row.HasToolStatus, row.HasToolArgs = true, true
	row.Workspace = rows.PathOfURI(tree.String())
	p.ses.Dir = row.Workspace
	if p.src.Content != ingest.ContentNone {
		row.Title = title.String()
	}
	p.log.Next()
	p.run.Record()
	p.ledger = ledgerEvents(ledger)
	p.messages(messages)
	p.events("", nil) // those of messages that are not there
	if lastTrace != 0 {
		p.log.Again(max(p.log.Line(), 1), lastTrace, schema.IDOf(agent, "trace", p.id).With(uint64(lastTrace)))
		p.run.Record()
	}
	if p.calls == 0 {
		row.HasUsage, row.HasCache = true, true // nothing was answered: nothing is missing
	}
}

func stem(path string) string {
	path = strings.ReplaceAll(path, `\`, "/")
	name := strings.TrimSuffix(path[strings.LastIndexByte(path, '/')+1:], ".json")
	if name == "" {
		name = "unnamed"
	}
	return strings.ToValidUTF8(name, "\uFFFD")
}

// firstTree reads the address of the first workspace.
func firstTree(s *jscan.Scanner) (uri jscan.Text) {
	for in := s.ObjectOrSkip(); in && s.Key(); {
		if string(s.Name) != "initial" {
			s.Skip()
			continue
		}
		for in := s.ObjectOrSkip(); in && s.Key(); {
			if string(s.Name) != "trees" {
				s.Skip()
				continue
			}
			for in := s.ArrayOrSkip(); in && s.Elem(); {
				for in := s.ObjectOrSkip(); in && s.Key(); {
					if string(s.Name) == "uri" && len(uri.Raw) == 0 {
						uri = s.Text()
					} else {
						s.Skip()
					}
				}
			}
		}
	}
	return uri
}

// lastEnd reads when the last span of work ended.
func lastEnd(s *jscan.Scanner) (end schema.Instant) {
	for in := s.ObjectOrSkip(); in && s.Key(); {
		if string(s.Name) != "traces" {
			s.Skip()
			continue
		}
		for in := s.ArrayOrSkip(); in && s.Elem(); {
			for in := s.ObjectOrSkip(); in && s.Key(); {
				if string(s.Name) != "endTime" {
					s.Skip()
					continue
				}
				if t := s.Text(); len(t.Raw) > 0 {
					end = max(end, schema.ParseInstant(t.Raw))
				}
			}
		}
	}
	return end
}

// A message is one element of the thread.
type message struct {
	role      jscan.Text
	id        string
	content   []byte
	single    jscan.Text
	usage     usage
	timestamp []byte
}

func (m *message) scan(raw []byte) {
	*m = message{}
	var s jscan.Scanner
	s.Reset(raw)
	for in := s.ObjectOrSkip(); in && s.Key(); {
		switch string(s.Name) {
		case "role":
			m.role = s.Text()
		case "messageId":
			if s.Kind() == jscan.Number {
				m.id = string(s.Raw())
			} else {
				m.id = s.Str()
			}
		case "content":
			if s.Kind() == jscan.String {
				m.single = s.Text()
			} else {
				m.content = s.Raw()
			}
		case "usage":
			m.usage.scan(&s)
		case "timestamp":
			m.timestamp = s.Raw()
		default:
			s.Skip()
		}
	}
}

func (p *parser) messages(raw []byte) {
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() != jscan.Array {
		return
	}
	var m message
	line := int64(0)
	for s.Array(); s.Elem(); {
		line++
		m.scan(s.Raw())
		p.message(&m, line)
	}
}

func (p *parser) message(m *message, line int64) {
	at := schema.Instant(0)
	switch {
	case m.timestamp != nil:
		at = p.log.Time(m.timestamp, "message")
	case m.usage.timestamp != nil:
		at = p.log.Time(m.usage.timestamp, "usage")
	default:
		at = p.ledgerTime(m.id)
	}
	key := schema.IDOf(agent, "message", p.id, m.id)
	if key == 0 {
		key = schema.IDOf(agent, "message", p.id).With(uint64(line))
	}
	p.log.Begin(line, at, key)
	p.ses.Row.HasTimes = p.ses.Row.HasTimes || at != 0
	switch string(m.role.Raw) {
	case "assistant":
		p.assistant(m)
	case "user":
		p.user(m)
	default:
		p.log.Unknown(m.role.String())
	}
	p.run.Record()
}

func (p *parser) assistant(m *message) {
	p.run.Response = 0
	switch {
	case len(p.ledger) > 0:
		p.events(m.id, &m.usage)
	case m.usage.known:
		p.call(p.log.ID("response", p.id, "message "+m.id), &m.usage, "provider_id")
	}
	if m.single.Present {
		p.said("assistant", "text", m.single)
	}
	p.blocks(m.content, func(b *block) {
		switch string(b.typ.Raw) {
		case "text":
			p.said("assistant", "text", b.text)
		case "thinking":
			p.said("assistant", "reasoning", b.text)
		case "redacted_thinking":
			p.run.Hidden()
		case "tool_use":
			name := b.name.String()
			c := p.run.Request(name, b.id.String())
			if rest, ok := strings.CutPrefix(name, "mcp__"); ok {
				c.Row.MCPServer, _, _ = strings.Cut(rest, "__")
			}
			if b.input != nil {
				c.Arguments(actOf(name), b.input)
			}
			if b.cut {
				c.Row.Status = "interrupted" // while it was streaming
			}
		default:
			p.log.Problem(schema.ProblemUnknownField, "assistant", b.typ.String())
		}
	})
}

func (p *parser) said(role, kind string, t jscan.Text) {
	if len(t.Raw) > 0 {
		p.run.Message(role, kind, p.log.Bytes(t))
	}
}

// user takes a message in the user's role: a prompt, or results of tools.
func (p *parser) user(m *message) {
	text := append(p.text[:0], p.log.Bytes(m.single)...)
	p.blocks(m.content, func(b *block) {
		switch string(b.typ.Raw) {
		case "text":
			if len(text) > 0 && len(b.text.Raw) > 0 {
				text = append(text, '\n')
			}
			text = append(text, p.log.Bytes(b.text)...)
		case "tool_result":
			p.result(b)
		case "image":
		default:
			p.log.Problem(schema.ProblemUnknownField, "user", b.typ.String())
		}
	})
	p.text = text
	if len(bytes.TrimSpace(text)) > 0 {
		p.run.Prompt("user", text)
	}
}

// A block is a part of a message.
type block struct {
	typ       jscan.Text
	text      jscan.Text
	id, name  jscan.Text
	input     []byte
	cut       bool
	toolUse   jscan.Text
	content   []byte
	isError   schema.Bool
	hasRun    bool
	status    jscan.Text
	result    []byte
	errorText jscan.Text
}

func (p *parser) blocks(raw []byte, f func(*block)) {
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() != jscan.Array {
		return
	}
	var b block
	for s.Array(); s.Elem(); {
		b.scan(&s)
		if !s.Bad() {
			f(&b)
		}
	}
}

func (b *block) scan(s *jscan.Scanner) {
	*b = block{}
	for in := s.ObjectOrSkip(); in && s.Key(); {
		switch string(s.Name) {
		case "type":
			b.typ = s.Text()
		case "text", "thinking":
			b.text = s.Text()
		case "id":
			b.id = s.Text()
		case "name":
			b.name = s.Text()
		case "input":
			b.input = s.Raw()
		case "complete":
			v, ok := s.Bool()
			b.cut = ok && !v
		case "tool_use_id", "toolUseID":
			b.toolUse = s.Text()
		case "content":
			b.content = s.Raw()
		case "is_error":
			if v, ok := s.Bool(); ok {
				b.isError = schema.Known(v)
			}
		case "run":
			b.hasRun = s.Kind() == jscan.Object
			for in := s.ObjectOrSkip(); in && s.Key(); {
				switch string(s.Name) {
				case "status":
					b.status = s.Text()
				case "result":
					b.result = s.Raw()
				case "error":
					if s.Kind() == jscan.String {
						b.errorText = s.Text()
						continue
					}
					for in := s.ObjectOrSkip(); in && s.Key(); {
						if string(s.Name) == "message" {
							b.errorText = s.Text()
						} else {
							s.Skip()
						}
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
