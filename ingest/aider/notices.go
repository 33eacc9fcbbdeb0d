package aider

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/edits"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// toolNotice takes a notice of what the program did for the model.
func (s *session) toolNotice(line string, no int64) {
	if path, ok := strings.CutPrefix(line, "Applied edit to "); ok {
		s.edited(path, no, "ok", "")
	} else if path, ok := strings.CutPrefix(line, "Did not apply edit to "); ok {
		path, _, _ = strings.Cut(path, " (--dry-run)")
		s.edited(path, no, "denied", "rule")
	} else if path, ok := strings.CutPrefix(line, "Skipping edits to "); ok {
		s.edited(strings.TrimRight(path, "."), no, "denied", "denied")
	} else if strings.HasPrefix(line, "The LLM did not conform to the edit format") {
		s.begin(no, 0)
		c, _ := s.r.Call("edit", "", s.newID("tool"))
		c.End("error", "bad_args")
		c.Put()
		s.r.Last = rows.LastResult
		s.open = true // it is asked again
	} else if cmd, ok := strings.CutPrefix(line, "Running "); ok && s.confirm && s.command == "" {
		// What the user runs by a slash command is no call of the model.
		s.begin(no, 0)
		c, _ := s.r.Call("shell", "", s.newID("tool"))
		c.Shell(cmd)
		c.Row.Approval = "user"
		c.End("unknown", "")
		c.Row.ResultLine = schema.Int{}
		c.Put()
		s.r.Last = rows.LastText
	}
}

// edited tells that the model's change of a file was applied, or not.
func (s *session) edited(path string, no int64, status, approval string) {
	if path == "" {
		return
	}
	s.begin(no, 0)
	c, _ := s.r.Call("edit", "", s.newID("tool"))
	c.Target(path)
	ch := rows.Change{Path: path, Op: "modify", Basis: "tool_args"}
	if s.created[path] {
		ch.Op = "create"
		delete(s.created, path)
	}
	ch.Added, ch.Removed, ch.Exact = takeEdits(s.edits, path)
	c.Change(ch)
	c.Row.Approval = approval
	c.End(status, "")
	c.Put()
	s.r.Last = rows.LastText
}

// An editBlock is a replacement as the model writes it into its answer.
type editBlock struct {
	path     string
	old, new []byte
	used     bool
}

// findEdits collects the blocks of an answer:
//
//	path/of/file
//	```python
//	<<<<<<< SEARCH
//	old lines
//	=======
//	new lines
//	>>>>>>> REPLACE
func findEdits(list []editBlock, text []byte) []editBlock {
	if !bytes.Contains(text, []byte("<<<<<<<")) {
		return list
	}
	text = bytes.Clone(text) // the blocks are parts of it
	const outside, searching, replacing = 0, 1, 2
	state, path := outside, ""
	from, middle := 0, 0 // where the old and the new lines begin
	var old, before []byte
	for at, next := 0, 0; at < len(text); at = next {
		if next = bytes.IndexByte(text[at:], '\n') + at + 1; next == at {
			next = len(text)
		}
		bare := bytes.TrimSpace(text[at:next])
		switch {
		case state == outside && marker(bare, '<'):
			if name := fileName(before); name != "" {
				path = name
			}
			state, from = searching, next
		case state == searching && marker(bare, '='):
			state, old, middle = replacing, text[from:at], next
		case state == replacing && (marker(bare, '>') || marker(bare, '=')):
			if path != "" {
				list = append(list, editBlock{path: path, old: old, new: text[middle:at]})
			}
			state, before = outside, nil
		case state != outside:
		case len(bare) > 0 && !bytes.HasPrefix(bare, []byte("```")):
			before = bare
		}
	}
	return list
}

// marker tells "<<<<<<< SEARCH", "=======" and ">>>>>>> REPLACE", and their like in older versions.
func marker(line []byte, c byte) bool {
	n := 0
	for n < len(line) && line[n] == c {
		n++
	}
	return n >= 5 && n <= 9 && (n == len(line) || line[n] == ' ')
}

// fileName is the path that the line before a block names, if it is one.
func fileName(line []byte) string {
	name := strings.Trim(string(line), "`*#: ")
	if name == "" || strings.ContainsAny(name, " \t<>|\"") {
		return ""
	}
	return name
}

// takeEdits returns what the blocks of a file change together.
func takeEdits(list []editBlock, path string) (added, removed [][]byte, known bool) {
	for i := range list {
		b := &list[i]
		if b.used || b.path != path {
			continue
		}
		b.used, known = true, true
		a, r := edits.Replace(b.old, b.new)
		added, removed = append(added, a...), append(removed, r...)
	}
	return added, removed, known
}

// A failure is an error of the provider, until it is known whether the program tries again.
type failure struct {
	held bool
	line int64
	row  schema.Error
}

// failed takes notices of failures.
func (s *session) failed(line string, no int64) bool {
	switch {
	case strings.HasPrefix(line, "Retrying in "):
		wait := strings.TrimPrefix(line, "Retrying in ")
		seconds, _, _ := strings.Cut(wait, " ")
		f := &s.failure
		if !f.held {
			*f = failure{held: true, line: no, row: schema.Error{Source: "api", ErrorType: "api_retry"}}
		}
		if v, err := strconv.ParseFloat(seconds, 64); err == nil && v >= 0 && v < 1e6 {
			f.row.RetryAfterMS = schema.Known(int64(v * 1000))
		}
		f.row.IsFinal = schema.Known(false)
		s.flushFailure()
	case strings.HasPrefix(line, "litellm.") && strings.Contains(line, "rror"), strings.HasPrefix(line, "Unexpected error: "):
		if s.failure.held {
			return true // a line of the same error
		}
		s.failure = failure{held: true, line: no, row: schema.Error{
			Source: "api", ErrorType: rows.ErrorType(schema.Int{}, []byte(line)), MessageHash: schema.HashString(line),
		}}
	case strings.HasPrefix(line, "Model ") && strings.HasSuffix(line, " has hit a token limit!"):
		s.flushFailure()
		s.failure = failure{held: true, line: no, row: schema.Error{
			Source: "api", ErrorType: "context_length", IsFinal: schema.Known(true), MessageHash: schema.HashString(line),
		}}
		s.flushFailure()
		s.r.Last = rows.LastMaxTokens
		s.open = false
	case strings.HasPrefix(line, "Only ") && strings.Contains(line, " reflections allowed, stopping"):
		s.begin(no, 0)
		s.r.Error(schema.Error{Source: "agent", ErrorType: "unknown", IsFinal: schema.Known(true), MessageHash: schema.HashString(line)})
		s.open = false
	default:
		return false
	}
	return true
}

func (s *session) flushFailure() {
	f := &s.failure
	if !f.held {
		return
	}
	f.held = false
	s.begin(f.line, 0)
	s.r.Error(f.row)
	if !f.row.IsFinal.Valid && s.open {
		s.r.Last = rows.LastError
	}
}
