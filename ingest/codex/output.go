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
	body      jscan.Text // what the command itself wrote; a form of JSON has it escaped
	success   schema.Bool
}

const (
	headBytes  = 512      // of an output in which its form is looked for
	judgeBytes = 32 << 10 // of an output's head and tail that are judged
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
	row.ResultHash = digest.Result(text)
	plain := p.plain(text)
	row.ResultBytes = schema.Known(int64(len(plain)))
	readForm(plain, &o)
	o.truncated = o.truncated || hasGap(plain)
	p.judge(c, &o)
	if row.ToolNameRaw == "spawn_agent" {
		c.spawned(plain)
	}
}

// hasGap finds the words that the client puts into the middle of a long output where it cut it:
// "…1234 tokens truncated…". An ellipsis is rarer than any letter.
func hasGap(plain []byte) bool {
	if len(plain) < 1000 {
		return false
	}
	middle := plain[len(plain)/4 : len(plain)-len(plain)/4]
	for at := 0; ; {
		i := bytes.IndexByte(middle[at:], 0xE2)
		if i < 0 {
			return false
		}
		at += i
		if bytes.HasSuffix(middle[:at], []byte(" tokens truncated")) || bytes.HasSuffix(middle[:at], []byte(" chars truncated")) {
			return true
		}
		at++
	}
}

// judge finishes a call whose output is known.
func (p *parser) judge(c *call, o *outcome) {
	row := &c.row
	body := p.body(o, len(c.parts) > 0)
	if len(c.parts) > 0 {
		exit := o.exit
		if !exit.Valid {
			exit = c.row.ExitCode // from a record of its own
		}
		c.verdicts = shell.Judge(c.verdicts[:0], c.parts, body, exit)
	}
	p.settle(c, o, body)
	limit := resultPreview
	if row.Status == "error" || row.Status == "denied" {
		limit = errorPreview
	}
	switch n := p.src.Content.Limit(limit); {
	case n == 0:
	case n <= len(body) || len(body) >= o.body.Len():
		c.result, c.resultWhole = cut(body, n)
		c.resultWhole = c.resultWhole && len(body) >= o.body.Len()
	default:
		c.result, c.resultWhole = o.body.Prefix(n)
	}
}

// plain decodes a text whole. The result is valid until the next call.
func (p *parser) plain(t jscan.Text) []byte {
	if !t.Escaped {
		return t.Raw
	}
	if cap(p.buf) < len(t.Raw) {
		p.buf = make([]byte, 0, len(t.Raw)+len(t.Raw)/4)
	}
	return jscan.Unquote(p.buf[:0], t.Raw)
}

// body decodes what the command wrote: its first and last part where it is long, or its head alone.
func (p *parser) body(o *outcome, whole bool) []byte {
	raw := o.body.Raw
	switch {
	case !whole && len(raw) > 2*headBytes:
		raw = raw[:2*headBytes]
	case len(raw) > 2*judgeBytes:
		head, tail := raw[:judgeBytes], raw[len(raw)-judgeBytes:]
		// A blank is never inside an escape.
		if i := bytes.LastIndexByte(head, ' '); i > 0 {
			head = head[:i]
		}
		if i := bytes.IndexByte(tail, ' '); i >= 0 {
			tail = tail[i:]
		}
		p.buf3 = append(append(p.buf3[:0], head...), tail...)
		raw = p.buf3
	}
	if !o.body.Escaped {
		return raw
	}
	if cap(p.buf2) < len(raw) {
		p.buf2 = make([]byte, 0, len(raw)+len(raw)/4)
	}
	return jscan.Unquote(p.buf2[:0], raw)
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

// readForm finds out which form an output has.
func readForm(plain []byte, o *outcome) {
	o.body = jscan.Text{Raw: plain, Present: true}
	switch {
	case len(plain) == 0:
	case plain[0] == '{':
		o.form = jsonForm(plain, o) || looseJSONForm(plain, o)
	default:
		headerForm(plain, o)
	}
}

// jsonForm reads {"output":"…","metadata":{…}} without a look at the output. A quote of the output is
// escaped, so the mark behind it cannot be taken for one inside it.
func jsonForm(doc []byte, o *outcome) bool {
	const open, mid = `{"output":"`, `","metadata":`
	if !hasPrefix(doc, open) || doc[len(doc)-1] != '}' {
		return false
	}
	from := max(len(open), len(doc)-headBytes)
	at := bytes.LastIndex(doc[from:], []byte(mid))
	if at < 0 {
		return false
	}
	at += from
	n := 0
	for at-n > len(open) && doc[at-n-1] == '\\' {
		n++
	}
	if n%2 != 0 || !readMetadata(doc[at+len(mid):len(doc)-1], o) {
		return false
	}
	body := doc[len(open):at]
	o.body = jscan.Text{Raw: body, Escaped: bytes.IndexByte(body, '\\') >= 0, Present: true}
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

// looseJSONForm is for the same form written otherwise: other spaces, or another order.
func looseJSONForm(doc []byte, o *outcome) bool {
	if !bytes.Contains(doc, []byte(`"exit_code"`)) {
		return false
	}
	var s jscan.Scanner
	s.Reset(doc)
	var body jscan.Text
	var meta []byte
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "output":
			body = s.Text()
		case "metadata":
			meta = s.Raw()
		default:
			s.Skip()
		}
	}
	if s.End() != nil || !readMetadata(meta, o) {
		return false
	}
	if body.Present {
		o.body = body
	}
	return true
}

// headerForm reads the lines that stand before the output of a command.
func headerForm(plain []byte, o *outcome) {
	rest := plain
	switch {
	case hasPrefix(rest, "Exit code: "), hasPrefix(rest, "Chunk ID: "), hasPrefix(rest, "Wall time: "), hasPrefix(rest, "Command: "):
	default:
		return
	}
	var h outcome
lines:
	for n := 0; n < 10 && len(rest) > 0; n++ {
		line, next := rest, []byte(nil)
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			line, next = rest[:i], rest[i+1:]
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
		case hasPrefix(line, "Output:"):
			if len(line) > len("Output:") {
				next = rest[len("Output:"):] // on the same line
			}
			rest = next
			break lines
		default:
			break lines // no header any more: the output begins here
		}
		rest = next
	}
	if !h.exit.Valid && !h.running && !h.wallMS.Valid {
		return
	}
	o.form = true
	o.exit, o.running, o.wallMS, o.truncated = h.exit, h.running, h.wallMS, h.truncated
	o.body = jscan.Text{Raw: rest, Present: true}
}

func hasPrefix(b []byte, s string) bool { return len(b) >= len(s) && string(b[:len(s)]) == s }

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
	if row.Status == "denied" && !hasPrefix(first, "failed in sandbox") {
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
		hasPrefix(line, "patch rejected by user"):
		return "denied", "permission"
	case len(line) < 100 && bytes.HasSuffix(bytes.TrimRight(line, " ."), []byte("rejected by user")):
		return "denied", "permission"
	}
	return "", ""
}

// spawned reads the id of the agent that a call started.
func (c *call) spawned(doc []byte) {
	if len(doc) == 0 || doc[0] != '{' {
		return
	}
	var s jscan.Scanner
	s.Reset(doc)
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
