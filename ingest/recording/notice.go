package recording

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// notice takes a message that is not the model's: of the user, or of the client to the user.
func (r *reader) notice(m *message, v *version) {
	switch string(v.typ.Raw) {
	case "user":
		r.user(m, v)
	case "info", "warning", "system":
		text := r.text(v.content)
		switch {
		case bytes.HasPrefix(text, []byte("Request cancelled")):
			r.interrupted()
		case isCompaction(text):
			e := r.shrink(m.line, m.at)
			e.TokensBefore, e.TokensAfter = numbers(text)
		}
		if len(text) > 0 {
			r.at(m.line, m.at, m.key)
			r.run.Message("system", "injected", text)
		}
	case "error":
		r.failed(r.text(v.content))
	default:
		word, _ := v.typ.Prefix(48)
		r.l.Unknown(word)
	}
}

// isCompaction knows the two notices about a shortened conversation by what they have in common.
func isCompaction(text []byte) bool {
	return bytes.Contains(text, []byte("ompressed")) && bytes.Contains(text, []byte("from")) && bytes.Contains(text, []byte("tokens"))
}

// interrupted takes the user's stop: what still runs was stopped with it.
func (r *reader) interrupted() {
	r.run.Event(schema.Event{Event: "interrupt"})
	for _, o := range r.open {
		if !o.c.Ended() && !o.v.final() {
			o.c.End("interrupted", "")
			o.c.Put()
		}
	}
	r.open = r.open[:0]
	if n := len(r.calls); n > 0 {
		if c := &r.calls[n-1].row; c.ModelCallID == r.run.Response && !c.Output.Valid {
			c.Status = "interrupted"
		}
	}
	r.run.Last = rows.LastInterrupt
}

// failed takes a failure that ended the work. Attempts that were repeated are not in the recording.
func (r *reader) failed(text []byte) {
	e := schema.Error{Source: "agent", ErrorType: "unknown", IsFinal: schema.Known(true), MessageHash: schema.HashBytes(text)}
	if bytes.HasPrefix(text, []byte("[API Error")) {
		e.Source = "api"
		e.HTTPStatus, e.ErrorType = apiStatus(text)
	}
	r.run.Error(e)
	r.run.Last = rows.LastError
}

// apiStatus reads the status at the end of "[API Error: … (Status: UNAVAILABLE)]", a word or a number.
func apiStatus(text []byte) (status schema.Int, class string) {
	word := []byte(nil)
	if i := bytes.LastIndex(text, []byte("(Status: ")); i >= 0 {
		word, _, _ = bytes.Cut(text[i+len("(Status: "):], []byte{')'})
	}
	if len(word) == 3 && word[0] >= '1' && word[0] <= '5' {
		if n := digits(word); n >= 100 {
			status = schema.Known(n)
		}
	}
	switch string(word) {
	case "RESOURCE_EXHAUSTED":
		return status, "rate_limit"
	case "UNAUTHENTICATED", "PERMISSION_DENIED":
		return status, "auth"
	case "DEADLINE_EXCEEDED":
		return status, "timeout"
	case "INTERNAL":
		return status, "server"
	}
	class = rows.ErrorType(status, text)
	if class == "unknown" || class == "invalid_request" && !status.Valid {
		switch string(word) {
		case "UNAVAILABLE":
			class = "server"
		case "INVALID_ARGUMENT", "FAILED_PRECONDITION", "NOT_FOUND":
			class = "invalid_request"
		}
	}
	return status, class
}

// digits is the number that b consists of, or -1.
func digits(b []byte) int64 {
	if len(b) == 0 || len(b) > 15 {
		return -1
	}
	n := int64(0)
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

// user takes a message in the user's role: a prompt, a command, results of tools, or what the client
// puts into the user's mouth.
func (r *reader) user(m *message, v *version) {
	results := r.results(v.content)
	content := append([]byte(nil), r.text(v.content)...)
	typed := content
	if len(v.display) > 0 && !isNull(v.display) {
		if t := r.text(v.display); len(t) > 0 {
			typed = append([]byte(nil), t...)
		}
	}
	kind := voice(typed)
	side := r.run != r.s.Main
	switch {
	case len(typed) == 0 && results:
		return
	case side && r.prompts == 0:
		kind = "prompt" // its task, whatever it looks like
	case kind == "prompt" && (r.replay || side):
		kind = "injected"
	case r.replay && kind == "command":
		kind = "injected"
	}
	if kind != "prompt" {
		r.run.Message("user", kind, typed)
		return
	}
	r.prompts++
	trigger := "user"
	if side {
		trigger = "parent"
	}
	if len(typed) == 0 {
		typed = nil // an image alone
	}
	r.run.Prompt(trigger, typed)
	if !bytes.Equal(typed, content) && len(content) > 0 {
		r.run.Message("user", "injected", content) // with the files that were named in it
	}
}

// voice says what a text in the user's role is.
func voice(text []byte) string {
	text = bytes.TrimSpace(text)
	switch {
	case hasPrefix(text, "<session_context>", "<hook_context>", "<system-reminder>"), string(text) == "Please continue.":
		return "injected"
	case hasPrefix(text, "<state_snapshot>"):
		return "summary"
	case isCommand(text):
		return "command"
	}
	return "prompt"
}

// isCommand tells a slash command from a path: behind its first word there is nothing, or an argument.
func isCommand(text []byte) bool {
	if string(text) == "?" || hasPrefix(text, "?help") {
		return true
	}
	if len(text) < 2 || text[0] != '/' || !isLetter(text[1]) {
		return false
	}
	for _, c := range text[1:] {
		switch {
		case isLetter(c), c >= '0' && c <= '9', c == '-', c == '_', c == ':':
		default:
			return c == ' ' || c == '\n' || c == '\t'
		}
	}
	return true
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func hasPrefix(text []byte, words ...string) bool {
	for _, w := range words {
		if len(text) >= len(w) && string(text[:len(w)]) == w {
			return true
		}
	}
	return false
}

// results takes the results of tools in a user message and reports whether there are any. The calls
// carry them as well; here they count only for calls that never got them.
func (r *reader) results(content []byte) (any bool) {
	if !bytes.Contains(content, []byte(`"functionResponse"`)) {
		return false
	}
	var s jscan.Scanner
	s.Reset(content)
	part := func() {
		if !s.ObjectOrSkip() {
			return
		}
		for s.Key() {
			if string(s.Name) != "functionResponse" {
				s.Skip()
				continue
			}
			any = true
			raw := s.Raw()
			var v toolVersion
			v.response(raw)
			if c := r.s.Find(v.responseID.String()); c != nil && !c.Ended() {
				v.status = jscan.Text{Raw: []byte("success"), Present: true}
				if v.isError {
					v.status.Raw = []byte("error")
				}
				r.line = r.l.Line()
				r.end(nil, c, &v)
			}
		}
	}
	if s.Kind() != jscan.Array {
		part()
		return any
	}
	for s.Array(); s.Elem(); {
		part()
	}
	return any
}
