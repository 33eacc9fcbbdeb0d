package cline

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// answerTool takes a result that the screen shows by itself.
func (t *task) answerTool(name string, text jscan.Text) {
	tl := t.lastTool
	if tl == nil || tl.c.Ended() || len(tl.names) == 0 || tl.names[0] != name {
		return
	}
	out := t.log.Bytes(text)
	status, class := "ok", ""
	if bytes.HasPrefix(out, []byte("Error:")) {
		status, class = "error", rows.Failure(out)
	}
	tl.c.End(status, class)
	if text.Present {
		tl.c.Output(out)
	}
	t.s.Row.HasToolStatus = true
}

// toolError takes an error; it is the last call's, if that has no result yet.
func (t *task) toolError(e *element) {
	text := t.log.Bytes(e.text)
	tl := t.lastTool
	if tl == nil || tl.c.Ended() {
		t.r.Error(schema.Error{Source: "agent", ErrorType: "unknown", MessageHash: schema.HashBytes(text)})
		return
	}
	class := rows.Failure(text)
	switch e.what {
	case "diff_error":
		class = "bad_args"
	case "clineignore_error", "rooignore_error", "command_permission_denied":
		class = "permission"
	}
	tl.c.End("error", class)
	tl.c.Output(text)
	t.s.Row.HasToolStatus = true
}

// results finds, in the text of a request, how the calls before it ended.
func (t *task) results(request []byte) {
	if i := bytes.Index(request, []byte("\n<environment_details>")); i >= 0 {
		request = request[:i]
	}
	pos := 0
	for i, tl := range t.tools {
		if tl.c.Ended() {
			continue
		}
		at, n := tl.find(request[pos:])
		if at < 0 {
			continue
		}
		start := pos + at + n
		end := len(request)
		for _, next := range t.tools[i+1:] {
			if k, _ := next.find(request[start:]); k >= 0 {
				end = start + k
				break
			}
		}
		t.result(tl, bytes.TrimSpace(request[start:end]))
		pos = start
	}
	t.abandonTools()
}

// find returns where a result of the tool begins and how long its heading is: "[name for 'x'] Result:".
func (tl *tool) find(text []byte) (at, size int) {
	for _, name := range tl.names {
		mark := []byte("[" + name)
		for from := 0; ; {
			i := bytes.Index(text[from:], mark)
			if i < 0 {
				break
			}
			i += from
			from = i + len(mark)
			if i > 0 && text[i-1] != '\n' {
				continue
			}
			rest := text[from:]
			if about, ok := bytes.CutPrefix(rest, []byte(" for '")); ok && !tl.isAbout(about) {
				continue
			}
			k := bytes.Index(rest[:min(len(rest), len(tl.about)+1000)], []byte("] Result:"))
			if k < 0 {
				continue
			}
			return i, len(mark) + k + len("] Result:")
		}
	}
	return -1, 0
}

// isAbout reports whether a heading that goes on with text is of this call. Paths may be absolute there
// and relative on the screen.
func (tl *tool) isAbout(text []byte) bool {
	if tl.about == "" || bytes.HasPrefix(text, []byte(tl.about)) {
		return true
	}
	end := bytes.IndexByte(text, '\'')
	if end < 0 {
		return false
	}
	named := strings.ReplaceAll(string(text[:end]), `\`, "/")
	rest, ok := strings.CutSuffix(named, strings.ReplaceAll(tl.about, `\`, "/"))
	return ok && strings.HasSuffix(rest, "/")
}

// result takes the text with which a call ended. It belongs to the record of the request.
func (t *task) result(tl *tool, text []byte) {
	c := tl.c
	status, class := "ok", ""
	switch {
	case begins(text, "The user denied this operation", "The user denied this"):
		status = "denied"
		c.Row.Approval = "denied"
	case begins(text, "The tool execution failed", "<error>", "Error ", "Error:", `{"status":"error"`):
		status, class = "error", rows.Failure(text)
	}
	if c.IsShell() && status == "ok" {
		if code, ok := exitCode(text); ok {
			c.Row.ExitCode = schema.Known(code)
			if code != 0 {
				status, class = "error", "nonzero_exit"
			}
		}
	}
	shown := c.Row.EndedAt
	c.End(status, class)
	c.Row.EndedAt = shown // when the next request began is not when the call ended
	out := text
	if tl.shown {
		out = tl.out
	}
	c.Output(out)
	t.s.Row.HasToolStatus = true
}

func begins(text []byte, words ...string) bool {
	for _, w := range words {
		if bytes.HasPrefix(text, []byte(w)) {
			return true
		}
	}
	return false
}

// exitCode reads "Exit code: 1" or "failed with exit code 1" from the head of a result.
func exitCode(text []byte) (int64, bool) {
	text = text[:min(len(text), 400)]
	for _, mark := range []string{"Exit code: ", "exit code ", "exit code: "} {
		i := bytes.Index(text, []byte(mark))
		if i < 0 {
			continue
		}
		rest := text[i+len(mark):]
		n := 0
		for n < len(rest) && n < 9 && (rest[n] >= '0' && rest[n] <= '9' || n == 0 && rest[n] == '-') {
			n++
		}
		if v, err := strconv.ParseInt(string(rest[:n]), 10, 64); err == nil {
			return v, true
		}
	}
	return 0, false
}

// abandonTools emits the calls before a request: nothing more will be told of them.
func (t *task) abandonTools() {
	for _, tl := range t.tools {
		if !tl.c.Ended() && tl.shown {
			tl.c.Output(tl.out)
		}
		tl.c.Put()
	}
	t.tools = t.tools[:0]
	t.lastTool = nil
}
