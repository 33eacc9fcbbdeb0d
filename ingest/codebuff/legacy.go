package codebuff

import (
	"strconv"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// legacy reads the document of the command line of 2025: messages in the form of the model's interface.
func (p *parser) legacy(data []byte) {
	p.s.Row.Fidelity = "partial"
	var messages []byte
	var s jscan.Scanner
	s.Reset(data)
	for s.Object(); s.Key(); {
		if string(s.Name) != "messages" {
			s.Skip()
			continue
		}
		start := s.Pos()
		if messages = s.Raw(); messages == nil {
			messages = data[min(start, len(data)):]
		}
	}
	whole := s.End() == nil
	p.s.Row.IsComplete = schema.Known(whole)
	if !whole {
		p.log.Problem(schema.ProblemTruncated, "", "")
	}
	if messages == nil {
		return
	}
	s.Reset(messages)
	no := int64(0)
	for ok := s.ArrayOrSkip(); ok && s.Elem(); {
		raw := s.Raw()
		if raw == nil {
			break
		}
		no++
		at := schema.Instant(0)
		if start, known := chatTime(p.id()); known && no == 1 {
			at = schema.InstantOf(start)
		}
		p.log.Begin(no, at, p.log.ID("message", p.native, strconv.FormatInt(no, 10)))
		p.s.Main.Record()
		p.old(raw)
	}
}

func (p *parser) id() string {
	for i := len(p.native) - 1; i >= 0; i-- {
		if p.native[i] == '/' {
			return p.native[i+1:]
		}
	}
	return p.native
}

// old tells one message: a text, or parts with texts, calls and results.
func (p *parser) old(raw []byte) {
	var role string
	var content []byte
	var s jscan.Scanner
	s.Reset(raw)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "role":
			role = s.Str()
		case "content":
			content = s.Raw()
		default:
			s.Skip()
		}
	}
	r := p.s.Main
	var text []byte
	var calls, results []block
	s.Reset(content)
	switch s.Kind() {
	case jscan.String:
		text = s.Text().Bytes(nil)
	case jscan.Array:
		for s.Array(); s.Elem(); {
			b := oldPart(s.Raw())
			switch b.typ {
			case "text":
				if len(text) > 0 {
					text = append(text, '\n')
				}
				text = append(text, b.content.Bytes(nil)...)
			case "tool-call", "tool_use":
				calls = append(calls, b)
			case "tool-result", "tool_result":
				results = append(results, b)
			}
		}
	}
	switch role {
	case "user":
		if len(text) > 0 {
			r.Prompt("user", text)
		}
	case "assistant":
		c := r.Model(p.log.Key().With(4000))
		p.log.Put(&c)
		r.Response = c.ModelCallID
		if len(text) > 0 {
			r.Message("assistant", "text", text)
		}
	case "system":
		r.Message("system", "injected", text)
	case "tool":
	default:
		p.log.Unknown(role)
	}
	for i := range calls {
		p.tool(r, &calls[i])
	}
	for i := range results {
		c := p.s.Find(results[i].id)
		if c == nil {
			p.log.Problem(schema.ProblemOrphanResult, "tool-result", "")
		} else if !c.Ended() {
			c.End("unknown", "")
			c.Row.EndedAt = 0
			c.Output(results[i].output.Bytes(nil))
		}
	}
}

func oldPart(raw []byte) (b block) {
	var s jscan.Scanner
	s.Reset(raw)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "type":
			b.typ = s.Str()
		case "text":
			b.content = s.Text()
		case "toolCallId", "tool_use_id", "id":
			b.id = s.Str()
		case "toolName", "name":
			b.name = s.Str()
		case "input", "args":
			b.input = s.Raw()
		case "result", "content", "output":
			b.output = s.Text()
		default:
			s.Skip()
		}
	}
	return b
}
