package cline

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest/edits"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A block is a part of a message.
type block struct {
	typ     string
	text    jscan.Text // or thinking
	id      string     // of the call
	name    string
	input   []byte
	content []byte
	isError bool
}

// eachBlock walks the parts of a message, which may be a text alone.
func eachBlock(content []byte, f func(*block)) {
	if content == nil {
		return
	}
	var s jscan.Scanner
	s.Reset(content)
	switch s.Kind() {
	case jscan.String:
		f(&block{typ: "text", text: s.Text()})
		return
	case jscan.Array:
	default:
		return
	}
	for s.Array(); s.Elem(); {
		var b block
		for ok := s.ObjectOrSkip(); ok && s.Key(); {
			switch string(s.Name) {
			case "type":
				b.typ = s.Str()
			case "text", "thinking":
				b.text = s.Text()
			case "id", "tool_use_id":
				b.id = s.Str()
			case "name":
				b.name = s.Str()
			case "input":
				b.input = s.Raw()
			case "content":
				b.content = s.Raw()
			case "is_error":
				b.isError, _ = s.Bool()
			default:
				s.Skip()
			}
		}
		f(&b)
	}
}

// toolUse tells a call of the model.
func (c *core) toolUse(b *block) {
	id := c.log.ID("tool", b.id)
	if len(b.id) < 12 {
		id = c.log.ID("tool", c.id, b.id)
	}
	if b.id == "" {
		id = c.log.Key().With(3000 + uint64(c.log.Next()))
	}
	call, fresh := c.r.Call(b.name, b.id, id)
	if !fresh {
		return
	}
	call.Args(b.input)
	var in input
	in.scan(b.input)
	switch b.name {
	case "run_commands", "execute_command", "bash":
		for _, cmd := range in.commands {
			call.Shell(cmd)
		}
	case "read_files", "read_file":
		for _, f := range in.files {
			call.Read(f.path, f.from, f.to)
		}
		if len(in.files) == 1 {
			f := in.files[0]
			call.Target(f.path)
			call.Row.RangeStart, call.Row.RangeEnd = f.from, f.to
		}
	case "editor":
		call.Target(in.path)
		ch := rows.Change{Path: in.path, Op: "modify", Basis: "tool_args"}
		if in.old.Present && len(in.old.Raw) > 0 {
			ch.Added, ch.Removed = edits.Replace(in.old.Bytes(nil), in.text.Bytes(nil))
			ch.Exact = true
		} else if in.insert {
			ch.Added, ch.Exact = edits.Lines(in.text.Bytes(nil)), true
		} else {
			// Without old text the file is written as a whole; what it held before is not told.
			ch.Op = "create"
			ch.Added = edits.Lines(in.text.Bytes(nil))
			ch.AddedCount = schema.Known(int64(len(ch.Added)))
		}
		call.Change(ch)
	case "apply_patch":
		call.Patch(in.patch.Bytes(nil))
	}
}

// input is what the known tools take.
type input struct {
	path     string
	old      jscan.Text
	text     jscan.Text
	patch    jscan.Text
	insert   bool
	commands []string
	files    []fileRange
}

type fileRange struct {
	path     string
	from, to schema.Int
}

func (in *input) scan(raw []byte) {
	if raw == nil {
		return
	}
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() == jscan.Array {
		in.list(&s) // the list itself
		return
	}
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "path", "file_path":
			in.path = s.Str()
			in.files = append(in.files, fileRange{path: in.path})
		case "old_text", "old_str":
			in.old = s.Text()
		case "new_text", "new_str", "file_text":
			in.text = s.Text()
		case "input", "patch":
			in.patch = s.Text()
		case "insert_line":
			in.insert = s.Kind() == jscan.Number
			s.Skip()
		case "commands", "command", "files", "paths", "file_paths":
			in.list(&s)
		default:
			s.Skip()
		}
	}
}

// list takes command lines or files: one text, or an array of texts or objects.
func (in *input) list(s *jscan.Scanner) {
	add := func(text string) {
		in.commands = append(in.commands, text)
		in.files = append(in.files, fileRange{path: text})
	}
	if s.Kind() == jscan.String {
		add(s.Str())
		return
	}
	for ok := s.ArrayOrSkip(); ok && s.Elem(); {
		if s.Kind() == jscan.String {
			add(s.Str())
			continue
		}
		var f fileRange
		var cmd string
		for ok := s.ObjectOrSkip(); ok && s.Key(); {
			switch string(s.Name) {
			case "path", "file_path":
				f.path = s.Str()
			case "start_line":
				f.from = rows.Count(s)
			case "end_line":
				f.to = rows.Count(s)
			case "command":
				cmd = s.Str()
			default:
				s.Skip()
			}
		}
		if f.path != "" {
			in.files = append(in.files, f)
		}
		if cmd != "" {
			in.commands = append(in.commands, cmd)
		}
	}
}

// toolResult tells how a call ended. Results are texts, or lists of what each part of the call gave.
func (c *core) toolResult(b *block) {
	call := c.s.Find(b.id)
	if call == nil {
		c.log.Problem(schema.ProblemOrphanResult, "tool_result", "")
		return
	}
	if call.Ended() {
		return
	}
	var out []byte
	failed := b.isError
	collect(b.content, &out, &failed, 0)
	status, class := "ok", ""
	if failed {
		status, class = "error", rows.Failure(out)
		if code, ok := exitCode(out); ok && code != 0 && call.IsShell() {
			call.Row.ExitCode, class = schema.Known(code), "nonzero_exit"
		}
	}
	if begins(out, "The user denied", "User denied", "Tool execution was denied") {
		status, class, call.Row.Approval = "denied", "", "denied"
	}
	call.End(status, class)
	call.Output(out)
	call.Put()
}

// collect gathers the texts of a result.
func collect(raw []byte, out *[]byte, failed *bool, depth int) {
	if raw == nil || depth > 4 {
		return
	}
	var s jscan.Scanner
	s.Reset(raw)
	switch s.Kind() {
	case jscan.String:
		text := s.Text().Bytes(nil)
		if trimmed := bytes.TrimSpace(text); depth == 0 && bytes.HasPrefix(trimmed, []byte(`{"query"`)) {
			collect(trimmed, out, failed, depth+1) // JSON in a text
			return
		}
		if len(*out) > 0 {
			*out = append(*out, '\n')
		}
		*out = append(*out, text...)
	case jscan.Array:
		for s.Array(); s.Elem(); {
			collect(s.Raw(), out, failed, depth+1)
		}
	case jscan.Object:
		for s.Object(); s.Key(); {
			switch string(s.Name) {
			case "result", "text", "error":
				collect(s.Raw(), out, failed, depth+1)
			case "success":
				if ok, known := s.Bool(); known && !ok {
					*failed = true
				}
			default:
				s.Skip()
			}
		}
	}
}
