package kimi

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/edits"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// begin tells a tool call. Ids may count from zero in every run, so they name a call only there.
func (r *reader) begin(a *agent, native, name string, args []byte) *rows.Call {
	parts := []string{r.place.session}
	if a.run != r.s.Main {
		parts = append(parts, a.run.Row.NativeRunID)
	}
	id := r.l.ID("tool", append(parts, native)...)
	switch {
	case native == "":
		id = r.l.Key().With(3000 + uint64(len(a.open)))
	case a.calls[native] != nil:
		a.again[native]++
		id = id.With(a.again[native])
	}
	c, _ := a.run.Call(name, "", id)
	c.Row.NativeCallID = native
	if rest, ok := strings.CutPrefix(name, "mcp__"); ok {
		c.Row.MCPServer, _, _ = strings.Cut(rest, "__")
	}
	if native != "" {
		a.calls[native] = c
	}
	a.open = append(a.open, c)
	r.arguments(a, c, args)
	if answer := r.answered[native]; answer != "" {
		c.Row.Approval = answer // given before the call was logged
		delete(r.answered, native)
	}
	return c
}

// args are the arguments of the known tools.
type args struct {
	path, command, content, old, new, mode jscan.Text
	edits                                  []replacement
	offset, count                          schema.Int
	all, background                        bool
}

// A replacement is one of an edit.
type replacement struct {
	old, new jscan.Text
	all      bool
}

func readArgs(raw []byte) (a args) {
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() != jscan.Object {
		return a
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "path", "file_path":
			a.path = s.Text()
		case "command":
			a.command = s.Text()
		case "content":
			a.content = s.Text()
		case "old_string":
			a.old = s.Text()
		case "new_string":
			a.new = s.Text()
		case "mode":
			a.mode = s.Text()
		case "replace_all":
			a.all = isTrue(&s)
		case "run_in_background":
			a.background = isTrue(&s)
		case "line_offset", "offset":
			a.offset = rows.Count(&s)
		case "n_lines", "limit":
			a.count = rows.Count(&s)
		case "edit", "edits":
			if s.Kind() == jscan.Object {
				a.edits = append(a.edits, readEdit(&s))
				continue
			}
			if !s.ArrayOrSkip() {
				continue
			}
			for s.Elem() {
				if s.Kind() == jscan.Object {
					a.edits = append(a.edits, readEdit(&s))
				} else {
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
	if a.old.Present || a.new.Present {
		a.edits = append(a.edits, replacement{a.old, a.new, a.all})
	}
	return a
}

func readEdit(s *jscan.Scanner) (e replacement) {
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "old":
			e.old = s.Text()
		case "new":
			e.new = s.Text()
		case "replace_all":
			e.all = isTrue(s)
		default:
			s.Skip()
		}
	}
	return e
}

func isTrue(s *jscan.Scanner) bool {
	b, ok := s.Bool()
	return b && ok
}

// arguments reads what a call says of files and commands.
func (r *reader) arguments(a *agent, c *rows.Call, raw []byte) {
	c.Args(raw)
	p := readArgs(raw)
	switch c.Row.ToolNameRaw {
	case "Shell", "Bash":
		if p.command.Present {
			c.Shell(p.command.String())
		}
		if p.background {
			a.args[c] = append([]byte(nil), raw...)
		}
	case "ReadFile", "Read":
		c.Target(p.path.String())
		if p.offset.Valid || p.count.Valid {
			c.Row.RangeStart = schema.Known(max(min(p.offset.V, 1<<40), 1))
			if p.count.Valid && p.count.V > 0 {
				c.Row.RangeEnd = schema.Known(c.Row.RangeStart.V + min(p.count.V, 1<<40) - 1)
			}
		}
	case "WriteFile", "StrReplaceFile", "Write", "Edit":
		c.Target(p.path.String())
		a.args[c] = append([]byte(nil), raw...)
	default:
		c.Target(p.path.String())
	}
}

// A result is what came of a call.
type result struct {
	isError   bool
	output    []byte
	hasOutput bool
	message   []byte
	brief     []byte
	truncated bool
	diffs     []diff
}

// A diff is a place of a file before and after.
type diff struct {
	path     string
	old, new []byte
}

// end tells the result of a call.
func (r *reader) end(a *agent, native string, res *result) {
	c := a.calls[native]
	if c == nil {
		r.l.Problem(schema.ProblemOrphanResult, "result", "")
		return
	}
	if c.Ended() {
		return
	}
	// What the model sees is the output, or the message where there is none.
	text := res.output
	if len(text) == 0 && res.isError {
		text = res.message
	}
	said := res.message
	if len(said) == 0 {
		said = text
	}
	kept := a.args[c]
	status, class := "ok", ""
	switch {
	case res.isError && refused(said, res.brief):
		status = "denied"
		c.Row.Approval = "denied"
	case res.isError:
		status, class = "error", failure(said, text)
		if c.IsShell() {
			if c.Row.ExitCode = exitCode(said); !c.Row.ExitCode.Valid {
				c.Row.ExitCode = exitCode(text)
			}
			if c.Row.ExitCode.Valid {
				class = "nonzero_exit"
			}
		}
	case c.IsShell() && !readArgs(kept).background:
		c.Row.ExitCode = schema.Known(int64(0)) // any other code is an error
	}
	c.End(status, class)
	if res.truncated || bytes.Contains(res.message, []byte("runcated")) {
		c.Row.IsResultTruncated = schema.Known(true)
	}
	r.effects(c, kept, res)
	delete(a.args, c)
	if res.hasOutput || len(text) > 0 {
		c.Output(text)
	}
	c.Put()
	for i, o := range a.open {
		if o == c {
			a.open = append(a.open[:i], a.open[i+1:]...)
			break
		}
	}
}

// refused knows the answers of a user who said no.
func refused(message, brief []byte) bool {
	low := bytes.ToLower(message[:min(len(message), 512)])
	return bytes.Contains(low, []byte("rejected by the user")) || bytes.Contains(low, []byte("rejected by user")) ||
		bytes.HasPrefix(bytes.ToLower(brief), []byte("rejected"))
}

// failure classes what went wrong by the tool's message.
func failure(message, output []byte) string {
	head := message[:min(len(message), 512)]
	switch {
	case bytes.HasPrefix(head, []byte("Tool ")) && bytes.Contains(head, []byte("not found")):
		return "unknown_tool"
	case bytes.Contains(head, []byte("killed by timeout")):
		return "timeout"
	case bytes.Contains(head, []byte("JSON arguments")), bytes.Contains(head, []byte("No replacements were made")),
		bytes.Contains(head, []byte("is not allowed")), bytes.Contains(head, []byte("nvalid")):
		return "bad_args"
	}
	if class := rows.Failure(message); class != "tool_error" {
		return class
	}
	return rows.Failure(output)
}

// exitCode reads "Command failed with exit code: 2.".
func exitCode(text []byte) schema.Int {
	const mark = "ailed with exit code: "
	i := bytes.LastIndex(text, []byte(mark))
	if i < 0 {
		return schema.Int{}
	}
	n, any, neg := int64(0), false, false
	for k, ch := range text[i+len(mark):] {
		if k == 0 && ch == '-' {
			neg = true
			continue
		}
		if ch < '0' || ch > '9' || n > 1<<40 {
			break
		}
		n, any = n*10+int64(ch-'0'), true
	}
	if !any {
		return schema.Int{}
	}
	if neg {
		n = -n
	}
	return schema.Known(n)
}

// effects tells what a call did to files, by what its result shows, else by what it asked for.
func (r *reader) effects(c *rows.Call, raw []byte, res *result) {
	ok := c.Row.Status == "ok"
	switch c.Row.ToolNameRaw {
	case "ReadFile", "Read":
		if ok {
			c.Read(c.Row.TargetPath, c.Row.RangeStart, c.Row.RangeEnd)
		}
		return
	case "WriteFile", "Write", "StrReplaceFile", "Edit":
	default:
		return
	}
	p := readArgs(raw)
	write := c.Row.ToolNameRaw == "WriteFile" || c.Row.ToolNameRaw == "Write"
	ch := rows.Change{Path: p.path.String(), Op: "modify", Basis: "tool_args"}
	if ok && len(res.diffs) > 0 {
		ch.Basis, ch.Exact = "patch", true
		if write && len(res.diffs) == 1 && len(res.diffs[0].old) == 0 && string(p.mode.Raw) != "append" {
			ch.Op = "create"
		}
		for _, d := range res.diffs {
			add, del := edits.Replace(d.old, d.new)
			ch.Added, ch.Removed = append(ch.Added, add...), append(ch.Removed, del...)
		}
		c.Change(ch)
		return
	}
	if write {
		ch.Added = edits.Lines(p.content.Bytes(nil))
		if ch.Exact = true; string(p.mode.Raw) != "append" {
			ch.Op = "create"
		}
		c.Change(ch)
		return
	}
	ch.Exact = true
	for _, e := range p.edits {
		add, del := edits.Replace(e.old.Bytes(nil), e.new.Bytes(nil))
		ch.Added, ch.Removed = append(ch.Added, add...), append(ch.Removed, del...)
		ch.Exact = ch.Exact && !e.all // how often it was replaced is unknown
	}
	if !ch.Exact {
		ch.Added, ch.Removed = nil, nil
	}
	c.Change(ch)
}

// parts joins the texts of a value: a string, or a list of parts.
func parts(s *jscan.Scanner, dst []byte) (body []byte, present bool) {
	switch s.Kind() {
	case jscan.String:
		t := s.Text()
		return appendText(dst, t), true
	case jscan.Array:
		for s.Array(); s.Elem(); {
			switch s.Kind() {
			case jscan.String:
				dst = joined(dst, s.Text())
			case jscan.Object:
				for s.Object(); s.Key(); {
					if string(s.Name) == "text" {
						dst = joined(dst, s.Text())
					} else {
						s.Skip()
					}
				}
			default:
				s.Skip()
			}
		}
		return dst, true
	}
	s.Skip()
	return dst, false
}

func joined(dst []byte, t jscan.Text) []byte {
	if len(t.Raw) == 0 {
		return dst
	}
	if len(dst) > 0 {
		dst = append(dst, '\n')
	}
	return appendText(dst, t)
}

// appendText appends a text, decoded.
func appendText(dst []byte, t jscan.Text) []byte {
	if !t.Escaped {
		return append(dst, t.Raw...)
	}
	return jscan.Unquote(dst, t.Raw)
}
