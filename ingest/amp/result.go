package amp

import (
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// result ends the call that a result names. There are two forms: one with a status, and one that tells
// nothing but the text.
func (p *parser) result(b *block) {
	c := p.ses.Find(b.toolUse.String())
	if c == nil {
		p.log.Problem(schema.ProblemOrphanResult, "tool_result", "")
		p.run.Last = rows.LastResult
		return
	}
	text, exit := p.output(b)
	switch status := b.status.String(); {
	case !b.hasRun && !b.isError.Valid:
		c.End("unknown", "")
	case !b.hasRun && b.isError.V, status == "error":
		end := rows.EndingOf(text)
		c.End(end.Status, end.ErrorType)
		if !exit.Valid {
			exit = end.Exit
		}
	case !b.hasRun, status == "done":
		c.End("ok", "")
		if exit.Valid && exit.V != 0 {
			c.End("error", "nonzero_exit")
		}
	case strings.HasPrefix(status, "rejected"):
		c.End("denied", "")
	case strings.HasPrefix(status, "cancel"):
		c.End("interrupted", "")
	default:
		return // still at work when the thread was saved
	}
	if c.Row.Status == "denied" {
		c.Row.Approval = "denied"
	}
	c.Row.ExitCode = exit
	if b.result != nil || b.content != nil || b.errorText.Present {
		c.Output(text)
	}
	c.Done()
}

// output reads the text of a result and the exit code of a command. It is valid until the next call.
func (p *parser) output(b *block) (text []byte, exit schema.Int) {
	if b.errorText.Present {
		return p.log.Bytes(b.errorText), exit
	}
	raw := b.result
	if raw == nil {
		raw = b.content
	}
	if raw == nil {
		return nil, exit
	}
	var s jscan.Scanner
	s.Reset(raw)
	switch s.Kind() {
	case jscan.String:
		return p.log.Bytes(s.Text()), exit
	case jscan.Array:
		return p.parts(&s), exit
	case jscan.Object:
	default:
		return raw, exit
	}
	var out jscan.Text
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "output", "content", "diff":
			if s.Kind() != jscan.String {
				s.Skip()
				continue
			}
			if t := s.Text(); !out.Present {
				out = t
			}
		case "exitCode":
			if n, ok := s.Int(); ok {
				exit = schema.Known(n)
			}
		default:
			s.Skip()
		}
	}
	if out.Present {
		return p.log.Bytes(out), exit
	}
	return raw, exit
}

// parts puts the texts of a list of parts together.
func (p *parser) parts(s *jscan.Scanner) []byte {
	p.out = p.out[:0]
	for s.Array(); s.Elem(); {
		for in := s.ObjectOrSkip(); in && s.Key(); {
			if string(s.Name) != "text" {
				s.Skip()
				continue
			}
			if len(p.out) > 0 {
				p.out = append(p.out, '\n')
			}
			p.out = append(p.out, p.log.Bytes(s.Text())...)
		}
	}
	return p.out
}
