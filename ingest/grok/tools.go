package grok

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest/edits"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A toolUpdate is what an update says of a call.
type toolUpdate struct {
	id, title, kind jscan.Text
	name, ownKind   jscan.Text
	input, ownInput []byte
	content, output []byte
}

// own takes the agent's own name of the tool, which the title only describes.
func (t *toolUpdate) own(s *jscan.Scanner) {
	for in := s.ObjectOrSkip(); in && s.Key(); {
		switch string(s.Name) {
		case "name":
			t.name = s.Text()
		case "kind":
			t.ownKind = s.Text()
		case "input":
			t.ownInput = s.Raw()
		default:
			s.Skip()
		}
	}
}

// requested takes the request for a tool, which may be written more than once.
func (p *parser) requested(u *update) {
	t := &u.call
	id := t.id.String()
	if c := p.ses.Find(id); c != nil && !c.Ended() {
		return
	}
	name, kind := p.word(t.name), p.word(t.ownKind)
	if kind == "" {
		kind = p.word(t.kind)
	}
	if name == "" {
		name = kind
	}
	c := p.run.Request(name, id)
	if act := actOf(name, kind); act == rows.TaskAct {
		p.tasks = append(p.tasks, c)
	}
	p.told(c, t, kind)
	if status := string(u.status.Raw); status == "completed" || status == "failed" {
		p.ended(c, u)
	}
}

// told reads the arguments of a call.
func (p *parser) told(c *rows.Call, t *toolUpdate, kind string) {
	input := t.input
	if !isObject(input) {
		input = t.ownInput
	}
	if isObject(input) {
		c.Arguments(actOf(c.Row.ToolNameRaw, kind), input)
	}
}

func isObject(raw []byte) bool { return len(raw) > 2 && raw[0] == '{' }

// waiting calls f for the call that started a sub-agent, if only one may have.
func (p *parser) waiting(f func(*rows.Call)) {
	var one *rows.Call
	for _, c := range p.tasks {
		if c.Ended() || c.Row.ChildRunID != 0 {
			continue
		}
		if one != nil {
			return
		}
		one = c
	}
	if one != nil {
		f(one)
	}
}

// progressed takes news of a call.
func (p *parser) progressed(u *update) {
	c := p.ses.Find(u.call.id.String())
	status := string(u.status.Raw)
	if c == nil {
		if status == "completed" || status == "failed" {
			p.log.Problem(schema.ProblemOrphanResult, "tool_call_update", "")
			p.run.Last = rows.LastResult
		}
		return
	}
	if !c.Row.ArgsBytes.Valid {
		p.told(c, &u.call, p.word(u.call.kind))
	}
	if status == "completed" || status == "failed" {
		p.ended(c, u)
	}
}

// output is what a result says in the form of its own tool.
type output struct {
	text      jscan.Text
	exit      schema.Int
	size      schema.Int
	truncated schema.Bool
	timedOut  bool
	signalled bool
}

func readOutput(raw []byte) (o output) {
	if raw == nil {
		return o
	}
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() == jscan.String {
		o.text = s.Text()
		return o
	}
	for in := s.ObjectOrSkip(); in && s.Key(); {
		switch string(s.Name) {
		case "output_for_prompt":
			o.text = s.Text()
		case "exit_code":
			if n, ok := s.Int(); ok {
				o.exit = schema.Known(n)
			}
		case "total_bytes":
			o.size = rows.Count(&s)
		case "truncated":
			if v, ok := s.Bool(); ok {
				o.truncated = schema.Known(v)
			}
		case "timed_out":
			o.timedOut, _ = s.Bool()
		case "signal":
			o.signalled = s.Kind() != jscan.Null
			s.Skip()
		default:
			s.Skip()
		}
	}
	return o
}

// ended takes the end of a call.
func (p *parser) ended(c *rows.Call, u *update) {
	o := readOutput(u.call.output)
	text := p.contents(c, u.call.content)
	if o.text.Present {
		text = p.log.Bytes(o.text)
	}
	c.End("ok", "")
	switch {
	case o.timedOut:
		c.End("error", "timeout")
	case o.exit.Valid && o.exit.V != 0:
		c.End("error", "nonzero_exit")
	case string(u.status.Raw) == "failed":
		end := rows.EndingOf(text)
		c.End(end.Status, end.ErrorType)
		if !o.exit.Valid {
			o.exit = end.Exit
		}
	}
	c.Row.ExitCode = o.exit
	if out, ok := p.outcomes[c.Row.NativeCallID]; ok {
		out.apply(c)
	}
	if c.Row.Status == "denied" && c.Row.Approval == "" {
		c.Row.Approval = "denied"
	}
	if u.call.output != nil || u.call.content != nil {
		c.Output(text)
	}
	if o.size.Valid && c.IsShell() {
		c.Row.ResultBytes = o.size
	}
	if o.truncated.Valid {
		c.Row.IsResultTruncated = o.truncated
	}
	c.Done()
	for i, t := range p.tasks {
		if t == c {
			p.tasks = append(p.tasks[:i], p.tasks[i+1:]...)
			break
		}
	}
}

// contents reads the list of contents of a result: texts, and changes of files, which tell more than
// the arguments. The text is valid until the next call.
func (p *parser) contents(c *rows.Call, raw []byte) []byte {
	p.out = p.out[:0]
	var list []rows.Change
	var s jscan.Scanner
	s.Reset(raw)
	if raw == nil || s.Kind() != jscan.Array {
		return p.out
	}
	for s.Array(); s.Elem(); {
		var typ, path, text jscan.Text
		var old, new []byte
		created := true
		for in := s.ObjectOrSkip(); in && s.Key(); {
			switch string(s.Name) {
			case "type":
				typ = s.Text()
			case "path":
				path = s.Text()
			case "oldText":
				created = s.Kind() == jscan.Null
				old = bytes.Clone(s.View())
			case "newText":
				new = bytes.Clone(s.View())
			case "content":
				for in := s.ObjectOrSkip(); in && s.Key(); {
					if string(s.Name) == "text" {
						text = s.Text()
					} else {
						s.Skip()
					}
				}
			default:
				s.Skip()
			}
		}
		switch {
		case string(typ.Raw) == "diff" && len(path.Raw) > 0:
			op := "modify"
			if created {
				op = "create"
			}
			added, removed := edits.Replace(old, new)
			list = append(list, rows.Change{Path: path.String(), Op: op, Basis: "patch", Added: added, Removed: removed, Exact: true})
		case len(text.Raw) > 0:
			if len(p.out) > 0 {
				p.out = append(p.out, '\n')
			}
			p.out = append(p.out, p.log.Bytes(text)...)
		}
	}
	if len(list) > 0 {
		c.Rather(list...)
	}
	return p.out
}
