package hermes

import (
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// calls takes the tools that a response asks for: {id, function: {name, arguments}}, or flat.
func (p *parser) calls(raw []byte) {
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() != jscan.Array {
		return
	}
	for s.Array(); s.Elem(); {
		var id, name jscan.Text
		var args []byte
		for in := s.ObjectOrSkip(); in && s.Key(); {
			switch string(s.Name) {
			case "id":
				id = s.Text()
			case "name":
				name = s.Text()
			case "arguments", "input":
				args = s.Raw()
			case "function":
				for in := s.ObjectOrSkip(); in && s.Key(); {
					switch string(s.Name) {
					case "name":
						name = s.Text()
					case "arguments":
						args = s.Raw()
					default:
						s.Skip()
					}
				}
			default:
				s.Skip()
			}
		}
		if s.Bad() {
			return
		}
		c := p.run.Request(name.String(), id.String())
		if args = p.unwrap(args); args != nil {
			c.Arguments(actOf(c.Row.ToolNameRaw), args)
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

// An outcome is what the document of a result tells.
type outcome struct {
	object  bool
	failed  bool
	success schema.Bool
	exit    schema.Int
}

func readOutcome(text []byte) (o outcome) {
	var s jscan.Scanner
	s.Reset(text)
	if s.Kind() != jscan.Object {
		return o
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "exit_code":
			if n, ok := s.Int(); ok {
				o.exit = schema.Known(n)
			}
		case "error":
			switch s.Kind() {
			case jscan.String:
				o.failed = len(s.Text().Raw) > 0
			case jscan.Object:
				o.failed = true
				s.Skip()
			default:
				s.Skip()
			}
		case "success":
			if v, ok := s.Bool(); ok {
				o.success = schema.Known(v)
			}
		default:
			s.Skip()
		}
	}
	if s.End() != nil {
		return outcome{}
	}
	o.object = true
	return o
}

// result ends a call. Only the document that a tool answers with tells how.
func (p *parser) result(m *message) {
	c := p.ses.Find(m.callID.String())
	if c == nil {
		p.log.Problem(schema.ProblemOrphanResult, "tool", "")
		p.run.Last = rows.LastResult
		return
	}
	text := p.text(m)
	o := readOutcome(text)
	switch {
	case o.exit.Valid && o.exit.V != 0:
		c.End("error", "nonzero_exit")
	case o.failed, o.success.Valid && !o.success.V:
		c.End("error", rows.Failure(text))
	case o.exit.Valid, o.success.Valid:
		c.End("ok", "")
	default:
		c.End("unknown", "")
	}
	c.Row.ExitCode = o.exit
	c.Output(text)
	c.Done()
}
