package continuedev

import (
	"github.com/agenttrace/agenttrace/ingest/edits"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A call is a tool call of an answer and what became of it.
type call struct {
	id, name, status string
	args             []byte
	output           []byte
	hasOutput        bool
}

// toolCalls joins the calls of a message with their states: either may be missing.
func toolCalls(calls, states []byte) []call {
	var out []call
	find := func(id string) *call {
		for i := range out {
			if out[i].id == id && id != "" {
				return &out[i]
			}
		}
		out = append(out, call{id: id})
		return &out[len(out)-1]
	}
	var s jscan.Scanner
	s.Reset(calls)
	for ok := calls != nil && s.ArrayOrSkip(); ok && s.Elem(); {
		var c call
		c.scan(&s)
		*find(c.id) = c
	}
	s.Reset(states)
	for ok := states != nil && s.ArrayOrSkip(); ok && s.Elem(); {
		var c, inner call
		for ok := s.ObjectOrSkip(); ok && s.Key(); {
			switch string(s.Name) {
			case "toolCallId":
				c.id = s.Str()
			case "status":
				c.status = s.Str()
			case "toolCall":
				inner.scan(&s)
			case "output":
				c.hasOutput = s.Kind() == jscan.Array
				c.output = contents(&s)
			default:
				s.Skip()
			}
		}
		if c.id == "" {
			c.id = inner.id
		}
		to := find(c.id)
		to.status, to.output, to.hasOutput = c.status, c.output, c.hasOutput
		if to.name == "" {
			to.name, to.args = inner.name, inner.args
		}
	}
	return out
}

func (c *call) scan(s *jscan.Scanner) {
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "id":
			c.id = s.Str()
		case "function":
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				switch string(s.Name) {
				case "name":
					c.name = s.Str()
				case "arguments":
					if s.Kind() == jscan.String {
						c.args = s.Text().Bytes(nil)
					} else {
						c.args = s.Raw()
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

// contents joins the texts of the context items that a tool gave.
func contents(s *jscan.Scanner) []byte {
	var out []byte
	for ok := s.ArrayOrSkip(); ok && s.Elem(); {
		for ok := s.ObjectOrSkip(); ok && s.Key(); {
			if string(s.Name) != "content" {
				s.Skip()
				continue
			}
			if t := s.Text(); t.Present {
				if len(out) > 0 {
					out = append(out, '\n')
				}
				out = append(out, t.Bytes(nil)...)
			}
		}
	}
	return out
}

// tool tells a call and how it ended.
func (p *parser) tool(in *call) {
	id := p.log.ID("tool", in.id)
	switch {
	case in.id == "":
		id = p.log.Key().With(5000 + uint64(p.log.Next()))
	case len(in.id) < 12:
		id = p.log.ID("tool", p.id, in.id)
	}
	c, fresh := p.r.Call(in.name, in.id, id)
	if !fresh {
		return
	}
	c.Row.MCPServer = server(in.name)
	if len(in.args) > 0 {
		c.Args(in.args)
		arguments(c, in.args)
	}
	used := p.beside.uses[in.id]
	if used.rejected {
		c.Row.Approval = "denied"
	}
	status, class := "", ""
	switch in.status {
	case "done":
		status = "ok"
	case "errored":
		status, class = "error", rows.Failure(in.output)
	case "canceled":
		status = "interrupted"
		if used.rejected {
			status = "denied"
		}
	case "":
		return // a result may follow as a message
	default:
		return // it never finished
	}
	c.End(status, class)
	c.Row.EndedAt = used.at
	if used.at < c.Row.RequestedAt {
		c.Row.EndedAt = 0
	}
	if in.hasOutput {
		c.Output(in.output)
	}
	c.Put()
}

// result takes a message of role tool: the only trace of a result where the client kept no state.
func (p *parser) result(id string, body []byte) {
	c := p.s.Find(id)
	if c == nil {
		p.log.Problem(schema.ProblemOrphanResult, "tool", "")
		return
	}
	if c.Ended() {
		return
	}
	c.End("unknown", "")
	c.Row.EndedAt = 0
	c.Output(body)
	c.Put()
}

// arguments tells files and commands of the tools that the client has itself.
func arguments(c *rows.Call, raw []byte) {
	var path, command string
	var old, new, content jscan.Text
	var from, to schema.Int
	var list []rows.Change
	exact := true
	var s jscan.Scanner
	s.Reset(raw)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "filepath", "file_path", "path":
			path = rows.PathOfURI(s.Str())
		case "command":
			command = s.Str()
		case "old_string":
			old = s.Text()
		case "new_string":
			new = s.Text()
		case "replace_all":
			all, _ := s.Bool()
			exact = exact && !all // how often is not told
		case "contents", "content":
			content = s.Text()
		case "startLine":
			from = rows.Count(&s)
		case "endLine":
			to = rows.Count(&s)
		case "edits":
			for ok := s.ArrayOrSkip(); ok && s.Elem(); {
				var o, n jscan.Text
				for ok := s.ObjectOrSkip(); ok && s.Key(); {
					switch string(s.Name) {
					case "old_string":
						o = s.Text()
					case "new_string":
						n = s.Text()
					case "replace_all":
						all, _ := s.Bool()
						exact = exact && !all
					default:
						s.Skip()
					}
				}
				a, r := edits.Replace(o.Bytes(nil), n.Bytes(nil))
				list = append(list, rows.Change{Added: a, Removed: r})
			}
		default:
			s.Skip()
		}
	}
	ch := rows.Change{Path: path, Op: "modify", Basis: "tool_args"}
	switch c.Row.ToolNameRaw {
	case "run_terminal_command", "Bash":
		if command != "" {
			c.Shell(command)
		}
		return
	case "read_file", "read_file_range", "Read":
		c.Target(path)
		c.Row.RangeStart, c.Row.RangeEnd = from, to
		c.Read(path, from, to)
		return
	case "create_new_file", "Write":
		ch.Op = "create"
		ch.Added, ch.Exact = edits.Lines(content.Bytes(nil)), content.Present
	case "single_find_and_replace", "Edit":
		ch.Added, ch.Removed = edits.Replace(old.Bytes(nil), new.Bytes(nil))
		ch.Exact = exact
	case "multi_edit", "MultiEdit":
		for _, e := range list {
			ch.Added, ch.Removed = append(ch.Added, e.Added...), append(ch.Removed, e.Removed...)
		}
		ch.Exact = exact
	case "edit_existing_file": // only a sketch of the lines
	default:
		if path != "" {
			c.Target(path)
		}
		return
	}
	c.Target(path)
	c.Change(ch)
}
