package hermes

import (
	"bytes"
	"strings"
	"time"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A parser holds the state of one transcript.
type parser struct {
	src  *ingest.Source
	log  *rows.Log
	zone *time.Location
	ses  *rows.Session
	run  *rows.Run

	model string
	out   []byte
	args  []byte
	msg   message
}

// open begins the session; the file's name has its id where the log has none.
func (p *parser) open(id string) {
	if id == "" {
		path := strings.ReplaceAll(p.src.Path, `\`, "/")
		id = strings.ToValidUTF8(path[strings.LastIndexByte(path, '/')+1:], "\uFFFD")
		id = strings.TrimPrefix(strings.TrimSuffix(strings.TrimSuffix(id, ".jsonl"), ".json"), "session_")
	}
	if id == "" {
		id = "unnamed"
	}
	p.ses = p.log.Session(id)
	p.run = p.ses.Main
	row := &p.ses.Row
	row.SessionKind, row.Fidelity = "user", "partial" // what requests cost is kept elsewhere
	row.HasToolStatus, row.HasToolArgs = true, true
}

// platform is the surface that the session was held on.
func (p *parser) platform(name string) {
	p.ses.Row.Entrypoint = name
	if name == "cron" {
		p.ses.Row.SessionKind = "automation"
	}
}

func (p *parser) line(raw []byte, no int64) bool {
	m := &p.msg
	if !m.scan(raw) {
		return false
	}
	p.record(m, no)
	return true
}

// document reads a session that was saved whole. The line of a row is the number of the message.
func (p *parser) document() error {
	doc, err := p.log.Document()
	if err != nil {
		return err
	}
	doc = bytes.TrimSpace(doc)
	if len(doc) == 0 {
		return nil
	}
	var id, model, platform jscan.Text
	var messages []byte
	var s jscan.Scanner
	s.Reset(doc)
	if s.Kind() == jscan.Object {
		for s.Object(); s.Key(); {
			switch string(s.Name) {
			case "session_id":
				id = s.Text()
			case "model":
				model = s.Text()
			case "platform":
				platform = s.Text()
			case "messages":
				messages = s.Raw()
			default:
				s.Skip()
			}
		}
	} else {
		s.Skip()
	}
	if s.End() != nil || doc[0] != '{' {
		p.log.Begin(1, 0, 0)
		kind := schema.ProblemBadJSON
		if doc[0] == '{' {
			kind = schema.ProblemTruncated
		}
		p.log.Bad(kind)
		return nil
	}
	p.open(id.String())
	p.model = model.String()
	p.platform(platform.String())
	s.Reset(messages)
	if s.Kind() != jscan.Array {
		return nil
	}
	for n := int64(1); ; n++ {
		if n == 1 {
			s.Array()
		}
		if !s.Elem() {
			return nil
		}
		if p.msg.scan(s.Raw()) {
			p.record(&p.msg, n)
			continue
		}
		p.log.Begin(n, 0, 0)
		p.log.Bad(schema.ProblemBadJSON)
	}
}

// A message is one record of a transcript.
type message struct {
	role, timestamp jscan.Text
	stamp           []byte // a time that is a number
	content         jscan.Text
	parts           []byte // a content that is no text
	reasoning       jscan.Text
	sealed          bool // reasoning that cannot be read
	finish          jscan.Text
	calls           []byte
	callID          jscan.Text
	model, platform jscan.Text
	hidden, typed   bool
}

func (m *message) scan(raw []byte) bool {
	*m = message{}
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() != jscan.Object {
		return false
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "role":
			m.role = s.Text()
		case "timestamp":
			if s.Kind() == jscan.Number {
				m.stamp = s.Raw()
			} else {
				m.timestamp = s.Text()
			}
		case "content":
			if s.Kind() == jscan.String {
				m.content = s.Text()
			} else {
				m.parts = s.Raw()
			}
		case "reasoning", "reasoning_content":
			if t := s.Text(); len(t.Raw) > 0 {
				m.reasoning = t
			}
		case "reasoning_details", "codex_reasoning_items":
			m.sealed = m.sealed || s.Kind() == jscan.Array
			s.Skip()
		case "finish_reason":
			m.finish = s.Text()
		case "tool_calls":
			m.calls = s.Raw()
		case "tool_call_id":
			m.callID = s.Text()
		case "model":
			m.model = s.Text()
		case "platform":
			m.platform = s.Text()
		case "display_kind":
			m.hidden = string(s.Text().Raw) == "hidden"
		default:
			s.Skip()
		}
	}
	return s.End() == nil
}

// key is the same for every copy of a message, in whichever form of transcript it is.
func (p *parser) key(m *message, no int64) schema.ID {
	stamp := m.timestamp.Raw
	if len(stamp) == 0 {
		stamp = m.stamp
	}
	if len(stamp) == 0 {
		return schema.IDOf(agent, "line", p.ses.Row.NativeSessionID).With(uint64(no))
	}
	id := schema.IDOf(agent, "message", string(stamp), string(m.role.Raw))
	id = id.With(uint64(schema.HashBytes(p.log.Bytes(m.content))))
	id = id.With(uint64(schema.HashBytes(m.callID.Raw)))
	return id.With(uint64(schema.HashBytes(firstCall(m.calls))))
}

func firstCall(calls []byte) (id []byte) {
	var s jscan.Scanner
	s.Reset(calls)
	if s.Kind() != jscan.Array {
		return nil
	}
	for s.Array(); s.Elem(); {
		for in := s.ObjectOrSkip(); in && s.Key(); {
			if string(s.Name) == "id" && id == nil {
				id = s.Text().Raw
			} else {
				s.Skip()
			}
		}
	}
	return id
}

// instant reads a time. Without a zone it is local to where the transcript was written.
func (p *parser) instant(m *message) schema.Instant {
	if m.stamp != nil {
		return p.log.Time(m.stamp, "message")
	}
	if len(m.timestamp.Raw) == 0 {
		return 0
	}
	text := m.timestamp.String()
	if at := schema.ParseInstant([]byte(text)); at != 0 {
		return at
	}
	if t, err := time.ParseInLocation("2006-01-02T15:04:05", text, p.zone); err == nil {
		if at := schema.InstantOf(t); at != 0 {
			return at
		}
	}
	p.log.Problem(schema.ProblemBadTime, "message", "timestamp")
	return 0
}

func (p *parser) record(m *message, no int64) {
	if p.ses == nil {
		p.log.Again(no, 0, 0)
		p.open("")
	}
	at := p.instant(m)
	p.log.Begin(no, at, p.key(m, no))
	p.ses.Row.HasTimes = p.ses.Row.HasTimes || at != 0
	switch string(m.role.Raw) {
	case "session_meta":
		p.model = m.model.String()
		p.platform(m.platform.String())
		p.run.Aside()
		return
	case "user":
		p.user(m)
	case "assistant":
		p.assistant(m)
	case "tool":
		p.result(m)
	case "system":
		if text := p.text(m); len(text) > 0 {
			p.run.Message("system", "injected", text)
		}
	default:
		p.log.Unknown(m.role.String())
	}
	p.run.Record()
}

// multimodal stands before a content that is a list of parts, stored as a text.
var multimodal = []byte("\x00json:")

// text decodes a content: a text, or the texts of its parts. It is valid until the next call.
func (p *parser) text(m *message) []byte {
	parts := m.parts
	if m.content.Present {
		text := p.log.Bytes(m.content)
		if !bytes.HasPrefix(text, multimodal) {
			return text
		}
		parts = text[len(multimodal):]
	}
	var s jscan.Scanner
	s.Reset(parts)
	if s.Kind() != jscan.Array {
		return nil
	}
	p.out = p.out[:0]
	for s.Array(); s.Elem(); {
		for in := s.ObjectOrSkip(); in && s.Key(); {
			if string(s.Name) != "text" {
				s.Skip()
				continue
			}
			if t := s.Text(); len(t.Raw) > 0 {
				if len(p.out) > 0 {
					p.out = append(p.out, '\n')
				}
				p.out = append(p.out, t.Bytes(nil)...)
			}
		}
	}
	return p.out
}

func (p *parser) user(m *message) {
	text := p.text(m)
	if len(bytes.TrimSpace(text)) == 0 {
		return
	}
	switch {
	case bytes.HasPrefix(text, []byte("[CONTEXT COMPACTION")):
		p.run.Event(schema.Event{Event: "compaction"})
		p.run.Message("user", "summary", text)
		p.ses.Row.HasCompactions = true
	case m.hidden, bytes.HasPrefix(text, []byte("[SYSTEM")), bytes.HasPrefix(text, []byte("Review the conversation above and")):
		p.run.Message("user", "injected", text)
	case p.run.Sidechain:
		p.run.Prompt("parent", text)
	case p.ses.Row.SessionKind == "automation":
		p.run.Prompt("schedule", text)
	default:
		p.run.Prompt("user", text)
	}
}

// assistant takes a response. Its row has no usage, but nothing else shows that it was.
func (p *parser) assistant(m *message) {
	c := p.run.Model(p.log.ID("response", "of").With(uint64(p.log.Key())))
	c.DedupBasis = "fingerprint"
	c.RequestModel, c.FinishReason = p.model, m.finish.String()
	p.run.PutModel(&c)
	p.run.Response = c.ModelCallID
	switch {
	case len(m.reasoning.Raw) > 0:
		p.run.Message("assistant", "reasoning", p.log.Bytes(m.reasoning))
	case m.sealed:
		p.run.Hidden()
	}
	if text := p.text(m); len(text) > 0 {
		p.run.Message("assistant", "text", text)
	}
	p.calls(m.calls)
	switch c.FinishReason {
	case "stop":
		if p.run.Last == rows.LastText || p.run.Last == rows.LastReasoning {
			p.run.Last = rows.LastDone
		}
	case "length":
		p.run.Last = rows.LastMaxTokens
	}
}
