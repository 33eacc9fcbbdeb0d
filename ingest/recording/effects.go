package recording

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/edits"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A Diff is how a call shows the change it made.
type Diff struct {
	Present   bool
	Patch     jscan.Text
	IsNew     schema.Bool
	NoBefore  bool // there was no file
	Added     schema.Int
	Removed   schema.Int
	Truncated bool
}

// Scan reads the object that shows a change.
func (d *Diff) Scan(s *jscan.Scanner) {
	*d = Diff{}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "fileDiff":
			d.Patch = s.Text()
			d.Present = d.Patch.Present
		case "isNewFile":
			if b, ok := s.Bool(); ok {
				d.IsNew = schema.Known(b)
			}
		case "originalContent":
			d.NoBefore = s.Kind() == jscan.Null
			s.Skip()
		case "truncatedForSession":
			b, ok := s.Bool()
			d.Truncated = b && ok
		case "diffStat":
			if !s.ObjectOrSkip() {
				continue
			}
			for s.Key() {
				switch string(s.Name) {
				case "model_added_lines":
					d.Added = rows.Count(s)
				case "model_removed_lines":
					d.Removed = rows.Count(s)
				default:
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
}

// Server is the MCP server in a tool's name. The newest form cannot be taken apart for certain where a
// server's name holds the mark; the first part is what the client itself takes.
func Server(name string) string {
	if rest, ok := strings.CutPrefix(name, "mcp__"); ok {
		s, _, _ := strings.Cut(rest, "__")
		return s
	}
	if rest, ok := strings.CutPrefix(name, "mcp_"); ok {
		if s, tool, ok := strings.Cut(rest, "_"); ok && tool != "" {
			return s
		}
		return ""
	}
	if s, tool, ok := strings.Cut(name, "__"); ok && s != "" && tool != "" {
		return s
	}
	return ""
}

// Arguments reads what a call says of files and commands.
func Arguments(c *rows.Call, args []byte) {
	if isNull(args) {
		return
	}
	c.Args(args)
	a := readArgs(args)
	switch name := c.Row.ToolNameRaw; name {
	case "run_shell_command":
		if a.command.Present {
			c.Shell(a.command.String())
		}
	case "read_file":
		from, to := a.lines()
		c.Target(a.path.String())
		c.Row.RangeStart, c.Row.RangeEnd = from, to
	default:
		c.Target(a.path.String())
	}
}

// Effects tells what a call that ended did to files: what it read, and the change that it made or
// wanted to make.
func Effects(c *rows.Call, args []byte, d *Diff, text []byte) {
	name := c.Row.ToolNameRaw
	if name == "read_file" && c.Row.Status == "ok" {
		c.Read(c.Row.TargetPath, c.Row.RangeStart, c.Row.RangeEnd)
		return
	}
	write := name == "write_file"
	if !write && name != "replace" && name != "edit" {
		return
	}
	if isNull(args) {
		return
	}
	a := readArgs(args)
	ch := rows.Change{Path: a.path.String(), Op: "modify", Basis: "tool_args"}
	switch {
	case d.IsNew.Valid && d.IsNew.V || d.Present && d.NoBefore:
		ch.Op = "create"
	case write && !d.IsNew.Valid && !d.Present && !bytes.Contains(text[:min(len(text), 256)], []byte("overwrote")):
		ch.Op = "create"
	case !write && len(a.old.Raw) == 0 && a.old.Present:
		ch.Op = "create"
	}
	list := []edits.Change(nil)
	if d.Present && !d.Truncated {
		list = edits.ParsePatch(d.Patch.Bytes(nil))
	}
	switch {
	case len(list) == 1:
		ch.Basis, ch.Added, ch.Removed, ch.Exact = "patch", list[0].Added, list[0].Removed, true
	case d.Added.Valid && d.Removed.Valid:
		ch.Basis, ch.AddedCount, ch.RemovedCount = "patch", d.Added, d.Removed
	case write:
		ch.Added = edits.Lines(a.content.Bytes(nil))
		ch.Exact = ch.Op == "create"
		if !ch.Exact && a.content.Present {
			ch.AddedCount = schema.Known(int64(len(ch.Added)))
		}
	default:
		ch.Added, ch.Removed = edits.Replace(a.old.Bytes(nil), a.new.Bytes(nil))
		ch.Exact = !a.many // how often it was replaced is unknown
		if a.many {
			ch.Added, ch.Removed = nil, nil
		}
	}
	c.Change(ch)
}

// args are the arguments of the known tools.
type args struct {
	path, command, content, old, new jscan.Text
	offset, limit, start, end        schema.Int
	many                             bool
}

func readArgs(raw []byte) (a args) {
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() != jscan.Object {
		return a
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "file_path", "absolute_path":
			a.path = s.Text()
		case "path", "dir_path":
			if t := s.Text(); !a.path.Present {
				a.path = t
			}
		case "command":
			a.command = s.Text()
		case "content":
			a.content = s.Text()
		case "old_string":
			a.old = s.Text()
		case "new_string":
			a.new = s.Text()
		case "offset":
			a.offset = rows.Count(&s)
		case "limit":
			a.limit = rows.Count(&s)
		case "start_line":
			a.start = rows.Count(&s)
		case "end_line":
			a.end = rows.Count(&s)
		case "expected_replacements":
			n := rows.Count(&s)
			a.many = a.many || n.Valid && n.V != 1
		case "replace_all", "allow_multiple":
			b, ok := s.Bool()
			a.many = a.many || ok && b
		default:
			s.Skip()
		}
	}
	return a
}

// lines is the range that a reading names: lines from one, or an offset from zero and a number.
func (a *args) lines() (from, to schema.Int) {
	if a.start.Valid || a.end.Valid {
		from, to = a.start, a.end
		if !from.Valid {
			from = schema.Known(int64(1))
		}
		return from, to
	}
	if !a.offset.Valid && !a.limit.Valid {
		return from, to
	}
	from = schema.Known(min(a.offset.V, 1<<40) + 1)
	if a.limit.Valid && a.limit.V > 0 {
		to = schema.Known(from.V + min(a.limit.V, 1<<40) - 1)
	}
	return from, to
}
