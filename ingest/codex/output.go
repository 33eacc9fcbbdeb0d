package codex

import (
	"bytes"
	"strconv"

	"github.com/agenttrace/agenttrace/ingest/digest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/shell"
	"github.com/agenttrace/agenttrace/schema"
)

// An outcome is what the text of an output says of the call. Codex has no field for success: only the
// forms below tell, and only at their place. What follows them may say anything.
type outcome struct {
	form      bool // one of the forms was found
	exit      schema.Int
	wallMS    schema.Int
	running   bool // the process goes on
	truncated bool
	body      jscan.Text // what the command itself wrote
	nested    bool       // body is escaped twice
	success   schema.Bool
}

const (
	headBytes  = 512       // of an output in which its form is looked for
	judgeBytes = 32 << 10  // of an output's head and tail that are judged
	wholeBytes = 128 << 10 // longer outputs are not decoded whole
)

// output reads the value of an output: a text, a list of content items, or an object.
func (p *parser) output(c *call, v value) {
	var text jscan.Text
	var o outcome
	switch v.kind {
	case jscan.String:
		text = v.text()
	case jscan.Array:
		text = jscan.Text{Raw: p.contentText(v), Present: true}
	case jscan.Object:
		text = p.objectOutput(v, &o)
	}
	row := &c.row
	if !text.Present {
		p.settle(c, &o, nil)
		return
	}
	row.ResultBytes = schema.Known(int64(text.Len()))
	row.ResultHash = digest.Result(text)
	p.form(text, &o)
	var body []byte
	if len(c.parts) > 0 {
		body = p.bounded(&o)
		c.verdicts = shell.Judge(c.parts, body, o.exit)
	} else {
		body = p.head(&o)
	}
	p.settle(c, &o, body)
	if row.ToolNameRaw == "spawn_agent" {
		p.spawned(c, text)
	}
	limit := resultPreview
	if row.Status == "error" || row.Status == "denied" {
		limit = errorPreview
	}
	if n := p.src.Content.Limit(limit); n > 0 {
		c.result, c.resultWhole = p.preview(&o, n)
	}
}

// objectOutput reads {"content": …, "success": …} and single content items.
func (p *parser) objectOutput(v value, o *outcome) (text jscan.Text) {
	var s jscan.Scanner
	s.Reset(v.raw)
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "content", "text", "content_items":
			c := valueOf(&s)
			switch c.kind {
			case jscan.String:
				text = c.text()
			case jscan.Array:
				text = jscan.Text{Raw: p.contentText(c), Present: true}
			}
		case "success":
			if b, ok := s.Bool(); ok {
				o.success = schema.Known(b)
			}
		default:
			s.Skip()
		}
	}
	return text
}

// form finds out which form an output has.
func (p *parser) form(text jscan.Text, o *outcome) {
	o.body = text
	if jsonForm(text, o) || p.slowJSONForm(text, o) {
		o.form = true
	} else {
		headerForm(text, o)
	}
	if !o.truncated && len(text.Raw) > 1000 {
		o.truncated = bytes.Contains(text.Raw, []byte(" tokens truncated")) || bytes.Contains(text.Raw, []byte(" chars truncated"))
	}
}

// jsonForm reads {"output":"…","metadata":{…}} without decoding the output. As the whole stands in a
// string, quotes of its own level have one backslash, and those of the output three: so the inner
// marks cannot be taken for the outer ones.
func jsonForm(text jscan.Text, o *outcome) bool {
	raw := text.Raw
	open, mid := `{\"output\":\"`, `\",\"metadata\":`
	if !text.Escaped {
		return false
	}
	if len(raw) < len(open) || string(raw[:len(open)]) != open {
		return false
	}
	from := max(len(open), len(raw)-headBytes)
	at := bytes.LastIndex(raw[from:], []byte(mid))
	if at < 0 {
		return false
	}
	at += from
	// A backslash of the output is four here; two before the mark belong to a quote of the output.
	n := 0
	for at-n > len(open) && raw[at-n-1] == '\\' {
		n++
	}
	if n%4 != 0 {
		return false
	}
	var tail [headBytes]byte
	meta := jscan.Unquote(tail[:0], raw[at+len(mid):])
	if n = len(meta); n == 0 || meta[n-1] != '}' || !readMetadata(meta[:n-1], o) {
		return false
	}
	o.body = jscan.Text{Raw: raw[len(open):at], Escaped: true, Present: true}
	o.nested = true
	return true
}

// readMetadata reads {"exit_code":1,"duration_seconds":4.2}.
func readMetadata(meta []byte, o *outcome) bool {
	var s jscan.Scanner
	s.Reset(meta)
	if s.Kind() != jscan.Object {
		return false
	}
	var exit, wall schema.Int
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "exit_code":
			if n, ok := s.Int(); ok {
				exit = schema.Known(n)
			}
		case "duration_seconds":
			if f, ok := s.Float(); ok {
				wall = millis(f)
			}
		default:
			s.Skip()
		}
	}
	if s.End() != nil || !exit.Valid {
		return false
	}
	o.exit, o.wallMS = exit, wall
	return true
}

// slowJSONForm is for the same form written otherwise: other spaces, another order, or not in a string.
func (p *parser) slowJSONForm(text jscan.Text, o *outcome) bool {
	raw := bytes.TrimLeft(text.Raw, " ")
	if len(raw) < 2 || raw[0] != '{' {
		return false
	}
	mark := []byte("exit_code")
	if !bytes.Contains(raw, mark) {
		return false
	}
	doc := text.Bytes(nil)
	var s jscan.Scanner
	s.Reset(doc)
	var body jscan.Text
	found := false
	for s.ObjectOrSkip(); s.Key(); {
		switch string(s.Name) {
		case "output":
			body = s.Text()
		case "metadata":
			if m := s.Raw(); len(m) > 0 {
				found = readMetadata(m, o)
			}
		default:
			s.Skip()
		}
	}
	if s.End() != nil || !found {
		return false
	}
	if body.Present {
		o.body = body
	}
	return true
}

// headerForm reads the lines that stand before the output of a command.
func headerForm(text jscan.Text, o *outcome) {
	raw := text.Raw
	switch {
	case hasPrefix(raw, "Exit code: "), hasPrefix(raw, "Chunk ID: "), hasPrefix(raw, "Wall time: "), hasPrefix(raw, "Command: "):
	default:
		return
	}
	var h outcome
	for n := 0; n < 10; n++ {
		end, next := lineEnd(raw, text.Escaped)
		line := raw[:end]
		if rest, ok := after(line, "Output:"); ok {
			if len(rest) > 0 {
				// The text may follow on the same line.
				next = end - len(rest)
			}
			raw = raw[next:]
			break
		}
		switch {
		case hasPrefix(line, "Exit code: "):
			h.exit = number(line[len("Exit code: "):])
		case hasPrefix(line, "Process exited with code "):
			h.exit = number(line[len("Process exited with code "):])
		case hasPrefix(line, "Process running with session ID "):
			h.running = true
		case hasPrefix(line, "Wall time: "):
			secs, _, _ := bytes.Cut(line[len("Wall time: "):], []byte{' '})
			if f, err := strconv.ParseFloat(string(secs), 64); err == nil {
				h.wallMS = millis(f)
			}
		case hasPrefix(line, "Total output lines: "):
			h.truncated = true
		case hasPrefix(line, "Chunk ID: "), hasPrefix(line, "Original token count: "), hasPrefix(line, "Command: "):
		default:
			n = 10 // not a header any more: the output begins here
			continue
		}
		raw = raw[next:]
		if len(raw) == 0 {
			break
		}
	}
	o.exit, o.running, o.wallMS, o.truncated = h.exit, h.running, h.wallMS, h.truncated
	o.form = h.exit.Valid || h.running || h.wallMS.Valid
	if o.form {
		o.body = jscan.Text{Raw: raw, Escaped: text.Escaped, Present: true}
	}
}

// lineEnd finds the end of the first line and the start of the next, in decoded or raw text.
func lineEnd(b []byte, escaped bool) (end, next int) {
	limit := min(len(b), 4*headBytes)
	if escaped {
		if i := bytes.Index(b[:limit], []byte(`\n`)); i >= 0 {
			return i, i + 2
		}
		return len(b), len(b)
	}
	if i := bytes.IndexByte(b[:limit], '\n'); i >= 0 {
		return i, i + 1
	}
	return len(b), len(b)
}

func hasPrefix(b []byte, s string) bool { return len(b) >= len(s) && string(b[:len(s)]) == s }

func after(b []byte, s string) ([]byte, bool) {
	if !hasPrefix(b, s) {
		return nil, false
	}
	return b[len(s):], true
}

func number(b []byte) schema.Int {
	neg := false
	if len(b) > 0 && b[0] == '-' {
		neg, b = true, b[1:]
	}
	n, any := int64(0), false
	for _, c := range b {
		if c < '0' || c > '9' || n > 1<<40 {
			break
		}
		n, any = n*10+int64(c-'0'), true
	}
	if !any {
		return schema.Int{}
	}
	if neg {
		n = -n
	}
	return schema.Known(n)
}

func millis(seconds float64) schema.Int {
	if !(seconds >= 0 && seconds < 1e9) {
		return schema.Int{}
	}
	return schema.Known(int64(seconds*1000 + 0.5))
}

// settle decides the status of a call.
func (p *parser) settle(c *call, o *outcome, body []byte) {
	row := &c.row
	if o.wallMS.Valid && !(c.exact && row.DurationMS.Valid) {
		row.DurationMS, row.DurationBasis = o.wallMS, "reported"
	}
	if o.truncated {
		row.IsResultTruncated = schema.Known(true)
	} else if o.form {
		row.IsResultTruncated = schema.Known(false)
	}
	if o.exit.Valid {
		row.ExitCode = o.exit
	}
	first := body[:min(len(body), headBytes)]
	switch {
	case o.running:
		// Neither success nor failure: a later call asks again.
		row.Status, row.ErrorType = "unknown", ""
	case row.ExitCode.Valid && row.ExitCode.V == 0:
		row.Status, row.ErrorType = "ok", ""
	case row.ExitCode.Valid:
		row.Status, row.ErrorType = "error", "nonzero_exit"
		if row.ExitCode.V == 124 && bytes.Contains(first, []byte("timed out")) {
			row.ErrorType = "timeout"
		}
		if status, kind := refusal(first); status != "" {
			row.Status, row.ErrorType = status, kind
		}
	default:
		if status, kind := refusal(first); status != "" && !o.form {
			row.Status, row.ErrorType = status, kind
			break
		}
		if c.exact {
			break // told by a record of its own
		}
		switch {
		case c.applied.Valid && c.applied.V, o.success.Valid && o.success.V:
			row.Status, row.ErrorType = "ok", ""
		case c.applied.Valid, o.success.Valid:
			row.Status, row.ErrorType = "error", "tool_error"
		default:
			row.Status = "unknown"
		}
	}
	if row.Status == "denied" {
		row.ErrorType = "permission"
		row.Approval = "denied"
	}
}

// refusal reads the plain sentences by which the client answers instead of the tool. They stand at the
// start of a text.
func refusal(head []byte) (status, kind string) {
	line, _, _ := bytes.Cut(head, []byte{'\n'})
	if len(line) > 160 {
		line = line[:160]
	}
	switch {
	case hasPrefix(line, "apply_patch verification failed"):
		return "error", "bad_args"
	case hasPrefix(line, "aborted by user"):
		return "interrupted", ""
	case hasPrefix(line, "failed in sandbox"), hasPrefix(line, "rejected by user"),
		hasPrefix(line, "exec command rejected by user"), hasPrefix(line, "command rejected by user"),
		hasPrefix(line, "patch rejected by user"), hasPrefix(line, "rejected: rejected by user"):
		return "denied", ""
	case len(line) < 100 && bytes.HasSuffix(bytes.TrimRight(line, " ."), []byte("rejected by user")):
		return "denied", ""
	}
	return "", ""
}

// head decodes the first bytes of a body.
func (p *parser) head(o *outcome) []byte {
	raw := o.body.Raw
	if len(raw) > 2*headBytes {
		raw = raw[:2*headBytes]
	}
	return p.decode(raw, o, p.buf2[:0])
}

// bounded decodes a body: whole, or its first and last part where it is long.
func (p *parser) bounded(o *outcome) []byte {
	raw := o.body.Raw
	if len(raw) <= wholeBytes {
		b := p.decode(raw, o, p.buf2[:0])
		if len(b) > 2*judgeBytes && (o.body.Escaped || o.nested) {
			// In a buffer of ours: the middle goes.
			n := copy(b[judgeBytes:], b[len(b)-judgeBytes:])
			b = b[:judgeBytes+n]
		} else if len(b) > 2*judgeBytes {
			b = append(append(p.buf2[:0], b[:judgeBytes]...), b[len(b)-judgeBytes:]...)
			p.buf2 = b
		}
		return b
	}
	head, tail := raw[:judgeBytes], raw[len(raw)-judgeBytes:]
	// A blank is never inside an escape, on any level.
	if i := bytes.LastIndexByte(head, ' '); i > 0 {
		head = head[:i]
	}
	if i := bytes.IndexByte(tail, ' '); i >= 0 {
		tail = tail[i:]
	}
	joined := append(append(p.buf[:0], head...), tail...)
	p.buf = joined
	return p.decode(joined, o, p.buf2[:0])
}

// decode decodes a body to dst; text without escapes is returned as it is.
func (p *parser) decode(raw []byte, o *outcome, dst []byte) []byte {
	if !o.body.Escaped {
		return raw
	}
	b := jscan.Unquote(dst, raw)
	if o.nested {
		// Decoding only shrinks, so it can be done in place: what is written never passes what is read.
		b = jscan.Unquote(b[:0], b)
	}
	if cap(b) > cap(p.buf2) {
		p.buf2 = b[:0]
	}
	return b
}

// preview returns the first n bytes of a body.
func (p *parser) preview(o *outcome, n int) (string, bool) {
	if !o.nested {
		return o.body.Prefix(n)
	}
	// An escape of an escape is at most twelve bytes for one.
	raw, whole := o.body.Raw, true
	if len(raw) > 12*n+64 {
		raw, whole = raw[:12*n+64], false
		if i := bytes.LastIndexByte(raw, '\\'); i > len(raw)-16 {
			for i > 0 && raw[i-1] == '\\' {
				i--
			}
			raw = raw[:i]
		}
	}
	s, all := cut(p.decode(raw, o, p.buf2[:0]), n)
	return s, all && whole
}

// spawned reads the id of the agent that a call started.
func (p *parser) spawned(c *call, text jscan.Text) {
	raw := text.Raw
	if len(raw) > 8<<10 || len(raw) == 0 || raw[0] != '{' {
		return
	}
	var s jscan.Scanner
	s.Reset(text.Bytes(p.buf2))
	for s.Object(); s.Key(); {
		if string(s.Name) != "agent_id" {
			s.Skip()
			continue
		}
		if id := s.Str(); id != "" {
			c.row.ChildRunID = schema.IDOf(agent, "run", id)
		}
	}
}
