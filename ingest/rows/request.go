package rows

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest/edits"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/shell"
	"github.com/agenttrace/agenttrace/schema"
)

// An Act is what a tool does, as far as rows depend on it.
type Act uint8

// The acts. Edit covers replaced texts and patches: which one it is, the arguments tell.
const (
	OtherAct  Act = iota
	ShellAct      // runs a shell line
	ReadAct       // reads one file
	EditAct       // changes files
	WriteAct      // writes one whole file
	DeleteAct     // deletes one file
	TaskAct       // starts a sub-agent
	PollAct       // waits, or asks for the state of a job
)

// partCall keeps calls without an id apart from the messages of their record.
const partCall = 3000

// longID is the length from which an id is one of a provider that never gives it again. Some agents and
// local models count their calls instead.
const longID = 16

// Request begins a tool call of an agent that asks for each call once. An id that comes again belongs
// to another call.
func (r *Run) Request(name, native string) *Call {
	l := r.s.log
	var id schema.ID
	switch {
	case native == "":
		l.texts++
		id = l.key.With(partCall + l.texts)
	case len(native) < longID:
		id = l.key.With(uint64(schema.HashString(native)))
	default:
		id = l.ID("tool", native)
	}
	delete(r.s.calls, native)
	c, _ := r.Call(name, native, id)
	return c
}

// Done emits a call that is complete and forgets it: a second result has no call.
func (c *Call) Done() {
	s := c.run.s
	if c.Row.Status == "error" && !c.IsShell() {
		c.reads = nil // a read that failed read nothing
	}
	if c.Row.Status == "ok" {
		if s.files == nil {
			s.files = map[string]struct{}{}
		}
		for i := range c.changes {
			s.files[c.changes[i].Path] = struct{}{}
		}
		for i := range c.reads {
			s.files[c.reads[i].Path] = struct{}{}
		}
	}
	c.Put()
	if s.calls[c.Row.NativeCallID] == c {
		delete(s.calls, c.Row.NativeCallID)
	}
}

// arguments are what tools are told, under the names that agents give it.
type arguments struct {
	path, dir       string
	script          string
	offset, limit   schema.Int
	start, end      schema.Int
	one             step
	steps           []step
	body, patch     []byte
	hasBody, hasOne bool
}

// A step is one replacement of an edit.
type step struct {
	old, new []byte
	all      bool
}

// Arguments takes the arguments of a call and reads out of them what its act says of files and commands.
// raw is a JSON value.
func (c *Call) Arguments(act Act, raw []byte) {
	c.Args(raw)
	if act == PollAct {
		c.Row.IsPolling = true
	}
	if len(raw) == 0 {
		return
	}
	if act == EditAct || act == WriteAct {
		raw = bytes.Clone(raw) // its lines are needed when the result has come
	}
	var a arguments
	a.scan(raw)
	s := c.run.s
	dir := Join(s.Dir, a.dir)
	if a.path != "" {
		c.Row.TargetPath = Join(dir, a.path)
	}
	from, to := a.lines()
	switch act {
	case ShellAct:
		c.Row.TargetPath = ""
		if a.script != "" {
			c.Shell(a.script)
		}
	case ReadAct:
		c.Row.RangeStart, c.Row.RangeEnd = from, to
		c.Read(c.Row.TargetPath, from, to)
	case DeleteAct:
		c.Change(Change{Path: c.Row.TargetPath, Op: "delete", Basis: "tool_args"})
	case WriteAct, EditAct:
		c.changed(act, &a)
	}
}

func (a *arguments) scan(raw []byte) {
	var s jscan.Scanner
	s.Reset(raw)
	switch s.Kind() {
	case jscan.String:
		a.patch = s.View()
		a.script = string(a.patch)
		return
	case jscan.Object:
	default:
		return
	}
	weak := "" // under names that tools of other kinds use for folders too
	for s.Object(); s.Key(); {
		if a.one.scan(&s) {
			a.hasOne = true
			continue
		}
		switch string(s.Name) {
		case "file_path", "filePath", "absolute_path", "target_file", "targetFile", "notebook_path", "filename", "fileName":
			a.path = s.Str()
		case "path", "file":
			weak = s.Str()
		case "cwd", "workdir", "working_directory", "workingDirectory", "dir":
			a.dir = s.Str()
		case "command", "cmd", "script":
			if s.Kind() == jscan.Array {
				var argv []string
				for s.Array(); s.Elem(); {
					argv = append(argv, s.Str())
				}
				a.script = shell.Script(argv)
				continue
			}
			if t := s.Str(); t != "" {
				a.script = t
			}
		case "offset":
			a.offset = Count(&s)
		case "limit":
			a.limit = Count(&s)
		case "start_line", "startLine", "start_line_one_indexed":
			a.start = Count(&s)
		case "end_line", "endLine", "end_line_one_indexed_inclusive":
			a.end = Count(&s)
		case "read_range", "view_range":
			if !s.ArrayOrSkip() {
				continue
			}
			for i := 0; s.Elem(); i++ {
				switch n := Count(&s); i {
				case 0:
					a.start = n
				case 1:
					a.end = n
				}
			}
		case "content", "contents", "file_text", "fileText", "new_source":
			a.hasBody = s.Kind() == jscan.String
			a.body = s.View()
		case "patch", "patchText", "patch_text", "input", "diff":
			a.patch = s.View()
		case "edits", "replacements":
			for in := s.ArrayOrSkip(); in && s.Elem(); {
				var e step
				found := false
				for in := s.ObjectOrSkip(); in && s.Key(); {
					if e.scan(&s) {
						found = true
					} else {
						s.Skip()
					}
				}
				if found {
					a.steps = append(a.steps, e)
				}
			}
		default:
			s.Skip()
		}
	}
	if a.path == "" {
		a.path = weak
	}
}

// scan takes a member of an edit and reports whether it is one.
func (e *step) scan(s *jscan.Scanner) bool {
	switch string(s.Name) {
	case "old_string", "oldText", "old_str", "oldString", "old_text":
		e.old = s.View()
	case "new_string", "newText", "new_str", "newString", "new_text":
		e.new = s.View()
	case "replace_all", "replaceAll":
		e.all, _ = s.Bool()
	default:
		return false
	}
	return true
}

// lines is the range that a call asks for: by first and last line, or by first line and number.
func (a *arguments) lines() (from, to schema.Int) {
	switch {
	case a.start.Valid || a.end.Valid:
		from, to = a.start, a.end
	case a.offset.Valid || a.limit.Valid:
		from = a.offset
	default:
		return from, to
	}
	if !from.Valid || from.V == 0 {
		from = schema.Known(int64(1))
	}
	if a.limit.Valid && a.limit.V > 0 && !to.Valid && a.limit.V < 1<<40 && from.V < 1<<40 {
		to = schema.Known(from.V + a.limit.V - 1)
	}
	if to.V < from.V {
		to = schema.Int{}
	}
	return from, to
}

// changed tells the change that the arguments of an edit or a write ask for.
func (c *Call) changed(act Act, a *arguments) {
	path := c.Row.TargetPath
	switch {
	case act == WriteAct && a.hasBody && path != "":
		lines := edits.Lines(a.body)
		ch := Change{Path: path, Op: "create", Basis: "tool_args", Added: lines, Exact: true}
		if _, ok := c.run.s.files[path]; ok {
			// What it replaces is not in the log.
			ch.Op, ch.Exact, ch.AddedCount = "modify", false, schema.Known(int64(len(lines)))
		}
		c.Change(ch)
		return
	case len(a.patch) > 0 && c.Patch(a.patch):
		return
	case path == "":
		return
	}
	if a.hasOne && (a.one.old != nil || a.one.new != nil) {
		a.steps = append(a.steps, a.one)
	}
	ch := Change{Path: path, Op: "modify", Basis: "tool_args", Exact: len(a.steps) > 0}
	for _, e := range a.steps {
		if e.all {
			ch.Exact = false // how often it was replaced is unknown
		}
		add, del := edits.Replace(e.old, e.new)
		ch.Added, ch.Removed = append(ch.Added, add...), append(ch.Removed, del...)
	}
	if !ch.Exact {
		ch.Added, ch.Removed = nil, nil
	}
	c.Change(ch)
}
