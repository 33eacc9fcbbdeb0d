package copilot

import (
	"github.com/agenttrace/agenttrace/ingest/edits"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// args are what the known tools of the command line and of VS Code take.
type args struct {
	path, command  string
	sub            string // what str_replace_editor shall do
	old, new, text jscan.Text
	patch          jscan.Text
	from, to       schema.Int
	offset, limit  schema.Int
	replacements   []replacement
}

type replacement struct {
	path     string
	old, new jscan.Text
}

func (a *args) scan(raw []byte) {
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() != jscan.Object {
		return
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "path", "filePath", "file_path":
			a.path = rows.PathOfURI(s.Str())
		case "command":
			t := s.Text()
			a.command, a.sub = t.String(), t.String()
		case "old_str", "oldString", "old_string":
			a.old = s.Text()
		case "new_str", "newString", "new_string":
			a.new = s.Text()
		case "file_text", "content", "insert_text":
			a.text = s.Text()
		case "patch", "input":
			a.patch = s.Text()
		case "startLine":
			a.from = rows.Count(&s)
		case "endLine":
			a.to = rows.Count(&s)
		case "offset":
			a.offset = rows.Count(&s)
		case "limit":
			a.limit = rows.Count(&s)
		case "view_range":
			a.from, a.to = pair(&s)
		case "replacements":
			for ok := s.ArrayOrSkip(); ok && s.Elem(); {
				var r replacement
				for ok := s.ObjectOrSkip(); ok && s.Key(); {
					switch string(s.Name) {
					case "filePath":
						r.path = rows.PathOfURI(s.Str())
					case "oldString":
						r.old = s.Text()
					case "newString":
						r.new = s.Text()
					default:
						s.Skip()
					}
				}
				a.replacements = append(a.replacements, r)
			}
		default:
			s.Skip()
		}
	}
}

// pair takes [first, last]; a last of -1 is the end of the file.
func pair(s *jscan.Scanner) (from, to schema.Int) {
	n := 0
	for ok := s.ArrayOrSkip(); ok && s.Elem(); n++ {
		v := rows.Count(s)
		switch n {
		case 0:
			from = v
		case 1:
			to = v
		}
	}
	return from, to
}

// arguments tells what a call is given: a JSON object.
func arguments(c *rows.Call, raw []byte) {
	if len(raw) == 0 {
		return
	}
	c.Args(raw)
	var a args
	a.scan(raw)
	switch c.Row.ToolNameRaw {
	case "bash", "shell", "powershell", "local_shell", "list_powershell", "run_in_terminal":
		if a.command != "" {
			c.Shell(a.command)
		}
	case "read_bash", "read_powershell", "get_terminal_output":
		c.Row.IsPolling = true
	case "view", "read_file", "show_file":
		if a.offset.Valid {
			a.from = a.offset
			if a.limit.Valid && a.limit.V > 0 {
				a.to = schema.Known(a.offset.V + a.limit.V - 1)
			}
		}
		c.Target(a.path)
		c.Row.RangeStart, c.Row.RangeEnd = a.from, a.to
		c.Read(a.path, a.from, a.to)
	case "edit", "replace_string_in_file":
		c.Target(a.path)
		c.Change(replaced(a.path, a.old, a.new))
	case "multi_replace_string_in_file":
		for _, r := range a.replacements {
			c.Change(replaced(r.path, r.old, r.new))
		}
	case "create", "create_file", "write":
		c.Target(a.path)
		c.Change(created(a.path, a.text))
	case "str_replace_editor", "str_replace_based_edit_tool":
		c.Target(a.path)
		switch a.sub {
		case "view":
			c.Read(a.path, a.from, a.to)
		case "create":
			c.Change(created(a.path, a.text))
		case "str_replace":
			c.Change(replaced(a.path, a.old, a.new))
		case "insert":
			text := a.text
			if !text.Present {
				text = a.new
			}
			c.Change(rows.Change{Path: a.path, Op: "modify", Basis: "tool_args", Added: edits.Lines(text.Bytes(nil)), Exact: true})
		}
	case "insert_edit_into_file", "edit_notebook_file":
		c.Target(a.path)
		c.Change(rows.Change{Path: a.path, Op: "modify", Basis: "tool_args"}) // only a sketch of the lines
	case "apply_patch":
		c.Patch(a.patch.Bytes(nil))
	default:
		if a.path != "" {
			c.Target(a.path)
		}
	}
}

func replaced(path string, old, new jscan.Text) rows.Change {
	ch := rows.Change{Path: path, Op: "modify", Basis: "tool_args"}
	if old.Present {
		ch.Added, ch.Removed = edits.Replace(old.Bytes(nil), new.Bytes(nil))
		ch.Exact = true
	}
	return ch
}

func created(path string, text jscan.Text) rows.Change {
	ch := rows.Change{Path: path, Op: "create", Basis: "tool_args"}
	if text.Present {
		ch.Added, ch.Exact = edits.Lines(text.Bytes(nil)), true
	}
	return ch
}

// argumentText decodes arguments that are JSON inside a string.
func argumentText(s *jscan.Scanner) []byte {
	if s.Kind() == jscan.String {
		return s.View()
	}
	return s.Raw()
}
