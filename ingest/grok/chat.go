package grok

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A chat is one line of the history: what the model saw.
type chat struct {
	typ, role   jscan.Text
	content     []byte
	synthetic   jscan.Text
	interrupted bool
	calls       []byte
	model       jscan.Text
	callID      jscan.Text
	summary     []byte
	reasoning   jscan.Text // of the first version
	encrypted   bool
	tool        []byte // that the provider ran
}

func (r *chat) scan(line []byte) bool {
	*r = chat{}
	var s jscan.Scanner
	s.Reset(line)
	if s.Kind() != jscan.Object {
		return false
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "type":
			r.typ = s.Text()
		case "role":
			r.role = s.Text()
		case "content":
			r.content = s.Raw()
		case "synthetic_reason":
			r.synthetic = s.Text()
		case "prior_turn_interrupt":
			r.interrupted = s.Kind() == jscan.String || s.Kind() == jscan.True || s.Kind() == jscan.Object
			s.Skip()
		case "tool_calls":
			r.calls = s.Raw()
		case "model_id":
			r.model = s.Text()
		case "tool_call_id":
			r.callID = s.Text()
		case "summary":
			r.summary = s.Raw()
		case "reasoning_content":
			r.reasoning = s.Text()
		case "encrypted_content":
			r.encrypted = s.Kind() == jscan.String
			s.Skip()
		case "kind":
			r.tool = s.Raw()
		default:
			s.Skip()
		}
	}
	return s.End() == nil
}

// superseded reports whether the authoritative stream is there.
func (p *parser) superseded() bool {
	if p.src.ReadBeside == nil || !history(p.src.Path) {
		return false
	}
	_, err := p.src.ReadBeside("updates.jsonl")
	return err == nil || !errors.Is(err, fs.ErrNotExist)
}

func (p *parser) chatLine(line []byte, no int64, _ schema.ID) bool {
	var r chat
	if !r.scan(line) {
		return false
	}
	if p.ses == nil {
		// Only the session has instants: its start, and its end with the last line.
		at := schema.Instant(0)
		if p.about.created != nil {
			at = p.log.Time(p.about.created, "summary")
		}
		p.log.Again(no, at, 0)
		p.open("")
		if p.copied = p.superseded(); p.copied {
			p.ses.Row.IsMain, p.ses.Row.IsMarkedCopy = false, true
		}
		p.bound(no, at, "start")
		p.ses.Row.Fidelity = "partial"
		p.log.Next()
	}
	p.lastLine = no
	p.log.Begin(no, 0, schema.IDOf(agent, "chat", p.id).With(uint64(no)))
	if p.copied {
		return true
	}
	if r.interrupted {
		p.run.Interrupt()
	}
	p.say(&r)
	p.run.Record()
	return true
}

// bound tells an instant of the session, which no line has.
func (p *parser) bound(no int64, at schema.Instant, which string) {
	if at == 0 || p.copied {
		return
	}
	p.log.Again(no, at, schema.IDOf(agent, "chat", p.id, which))
	p.run.Aside()
}

func (p *parser) say(r *chat) {
	kind := r.typ.String()
	if kind == "" {
		if kind = r.role.String(); kind == "tool" {
			kind = "tool_result"
		}
	}
	switch kind {
	case "system":
		if text := p.textOf(r.content); len(text) > 0 {
			p.run.Message("system", "injected", text)
		}
	case "user":
		p.heard(r)
	case "assistant":
		p.answered(r)
	case "reasoning":
		if text := p.textOf(r.summary); len(text) > 0 {
			p.run.Message("assistant", "reasoning", text)
		} else {
			p.run.Hidden()
		}
	case "tool_result":
		p.returned(r)
	case "backend_tool_call":
		p.backend(r.tool)
	default:
		p.log.Unknown(kind)
	}
}

// heard takes a text in the user's role. Most of what the agent adds bears its reason.
func (p *parser) heard(r *chat) {
	text := p.textOf(r.content)
	switch reason := string(r.synthetic.Raw); reason {
	case "", "interjection":
		p.asked(text)
	case "compaction_meta":
		p.ses.Row.HasCompactions = true
		p.run.Event(schema.Event{Event: "compaction"})
		p.run.Message("user", "summary", text)
	default:
		if len(text) > 0 {
			p.run.Message("user", "injected", text)
		}
	}
}

func (p *parser) answered(r *chat) {
	p.changedModel(p.word(r.model))
	c := p.run.Model(p.log.ID("response", "of").With(uint64(p.log.Key())))
	if c.RequestModel = p.model; c.RequestModel == "" {
		c.RequestModel = p.about.model
	}
	p.run.PutModel(&c)
	p.run.Response = c.ModelCallID
	p.turns++
	if len(r.reasoning.Raw) > 0 {
		p.run.Message("assistant", "reasoning", p.log.Bytes(r.reasoning))
	}
	if text := p.textOf(r.content); len(text) > 0 {
		p.run.Message("assistant", "text", text)
	}
	var s jscan.Scanner
	s.Reset(r.calls)
	if r.calls == nil || s.Kind() != jscan.Array {
		return
	}
	for s.Array(); s.Elem(); {
		var id, name jscan.Text
		var args []byte
		member := func() {
			switch string(s.Name) {
			case "name":
				name = s.Text()
			case "arguments":
				args = s.Raw()
			default:
				s.Skip()
			}
		}
		for in := s.ObjectOrSkip(); in && s.Key(); {
			switch string(s.Name) {
			case "id":
				id = s.Text()
			case "function":
				for in := s.ObjectOrSkip(); in && s.Key(); {
					member()
				}
			default:
				member()
			}
		}
		if s.Bad() {
			return
		}
		c := p.run.Request(p.word(name), id.String())
		if args = p.unwrap(args); args != nil {
			c.Arguments(actOf(c.Row.ToolNameRaw, ""), args)
		}
	}
}

// unwrap takes arguments out of the text that they are written in.
func (p *parser) unwrap(args []byte) []byte {
	if len(args) == 0 || args[0] != '"' {
		return args
	}
	var s jscan.Scanner
	s.Reset(args)
	t := s.Text()
	p.args = append(p.args[:0], t.Bytes(nil)...)
	return p.args
}

// returned takes a result, of which the history keeps the text alone.
func (p *parser) returned(r *chat) {
	c := p.ses.Find(r.callID.String())
	if c == nil {
		p.log.Problem(schema.ProblemOrphanResult, "tool_result", "")
		p.run.Last = rows.LastResult
		return
	}
	c.End("unknown", "")
	c.Output(p.textOf(r.content))
	c.Done()
}

// backend takes a tool that the provider ran.
func (p *parser) backend(raw []byte) {
	var typ, id, status jscan.Text
	var action []byte
	var s jscan.Scanner
	s.Reset(raw)
	for in := raw != nil && s.ObjectOrSkip(); in && s.Key(); {
		switch string(s.Name) {
		case "tool_type":
			typ = s.Text()
		case "id":
			id = s.Text()
		case "status":
			status = s.Text()
		case "action", "input", "code":
			action = s.Raw()
		default:
			s.Skip()
		}
	}
	c := p.run.Request(p.word(typ), id.String())
	if action != nil {
		c.Arguments(rows.OtherAct, action)
	}
	switch word := status.String(); {
	case word == "completed":
		c.End("ok", "")
	case strings.HasPrefix(word, "fail"):
		c.End("error", "tool_error")
	default:
		c.End("unknown", "")
	}
	c.Done()
}

// textOf puts the texts of a content together. It is valid until the next call.
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
			for in := s.ObjectOrSkip(); in && s.Key(); {
				if string(s.Name) != "text" {
					s.Skip()
					continue
				}
				if t := s.Text(); len(t.Raw) > 0 {
					if len(p.out) > 0 {
						p.out = append(p.out, '\n')
					}
					p.out = append(p.out, p.log.Bytes(t)...)
				}
			}
		}
		return p.out
	}
	return nil
}
