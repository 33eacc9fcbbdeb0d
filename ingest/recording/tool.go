package recording

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A toolVersion is a call as one version of its message has it.
type toolVersion struct {
	id, name, status, stamp, agent jscan.Text
	args, result                   []byte
	display                        jscan.Text
	diff                           Diff

	responseID jscan.Text
	text       jscan.Text // of the result
	raw        []byte     // the result where it is no text
	isError    bool
}

// An openCall waits for its result.
type openCall struct {
	m *message
	c *rows.Call
	v toolVersion
}

// final reports whether a call ended.
func (v *toolVersion) final() bool {
	switch string(v.status.Raw) {
	case "success", "error", "cancelled":
		return true
	}
	return false
}

func (v *toolVersion) scan(s *jscan.Scanner) {
	*v = toolVersion{}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "id":
			v.id = s.Text()
		case "name":
			v.name = s.Text()
		case "args":
			v.args = s.Raw()
		case "status":
			v.status = s.Text()
		case "timestamp":
			v.stamp = s.Text()
		case "agentId":
			v.agent = s.Text()
		case "result":
			v.result = s.Raw()
		case "resultDisplay":
			if s.Kind() == jscan.Object {
				v.diff.Scan(s)
			} else {
				v.display = s.Text()
			}
		default:
			s.Skip()
		}
	}
}

// tools takes the calls of a message.
func (r *reader) tools(m *message, list []byte) {
	if len(list) == 0 {
		return
	}
	var s jscan.Scanner
	s.Reset(list)
	n := uint64(0)
	for s.Array(); s.Elem(); {
		n++
		if s.Kind() != jscan.Object {
			s.Skip()
			continue
		}
		var v toolVersion
		v.scan(&s)
		if s.Bad() {
			return
		}
		r.tool(m, &v, n)
	}
}

func (r *reader) tool(m *message, v *toolVersion, n uint64) {
	native := v.id.String()
	id := schema.IDOf(r.d.Agent, "tool", r.s.Row.NativeSessionID, native)
	if id == 0 {
		// Without an id of its own it is the n-th of its message, in every version.
		id = m.key.With(3000 + n)
		native = ""
		for _, o := range r.open {
			if o.c.Row.ToolCallID == id {
				o.v = v.kept()
				return
			}
		}
	}
	c, fresh := r.run.Call(v.name.String(), native, id)
	if c.Ended() {
		return
	}
	at := schema.ParseInstant(v.stamp.Raw)
	if fresh {
		c.Untimed = true // the instant is that at which all calls of the message were recorded
		c.Row.TurnID = m.turn
		if at != 0 && at < c.Row.RequestedAt {
			c.Row.RequestedAt = 0 // and the message was written after them
		}
		c.Row.MCPServer = Server(c.Row.ToolNameRaw)
		Arguments(c, v.args)
		if len(v.agent.Raw) > 0 {
			c.Row.ChildRunID = r.l.ID("run", r.s.Row.NativeSessionID, v.agent.String())
		}
	}
	v.read()
	if v.final() && (!isNull(v.result) || v.display.Present || v.diff.Present) {
		r.end(m, c, v)
		return
	}
	for _, o := range r.open {
		if o.c == c {
			o.v = v.kept()
			return
		}
	}
	r.open = append(r.open, &openCall{m: m, c: c, v: v.kept()})
}

// kept is what is needed of a version when its line is gone.
func (v *toolVersion) kept() toolVersion {
	return toolVersion{
		status: jscan.Text{Raw: append([]byte(nil), v.status.Raw...), Present: true},
		stamp:  jscan.Text{Raw: append([]byte(nil), v.stamp.Raw...), Present: true},
		args:   append([]byte(nil), v.args...),
	}
}

// read takes the text of the result.
func (v *toolVersion) read() {
	if isNull(v.result) {
		v.text = v.display
		return
	}
	var s jscan.Scanner
	s.Reset(v.result)
	part := func() {
		if !s.ObjectOrSkip() {
			return
		}
		for s.Key() {
			if string(s.Name) == "functionResponse" && !v.text.Present && v.raw == nil {
				v.response(s.Raw())
			} else {
				s.Skip()
			}
		}
	}
	if s.Kind() != jscan.Array {
		part()
		return
	}
	for s.Array(); s.Elem(); {
		part()
	}
}

// response reads {id,name,response{output|error}}.
func (v *toolVersion) response(raw []byte) {
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() != jscan.Object {
		return
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "id":
			v.responseID = s.Text()
		case "response":
			if s.Kind() != jscan.Object {
				s.Skip()
				continue
			}
			whole := s.Raw()
			v.text, v.isError = ResponseText(whole)
			if !v.text.Present {
				v.raw = whole
			}
		default:
			s.Skip()
		}
	}
}

// ResponseText is the text of a function's response, and whether it stands where errors do.
func ResponseText(response []byte) (text jscan.Text, isError bool) {
	var s jscan.Scanner
	s.Reset(response)
	if s.Kind() != jscan.Object {
		return text, false
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "output":
			if t := s.Text(); t.Present && !isError {
				text = t
			}
		case "error":
			if t := s.Text(); t.Present {
				text, isError = t, true
			}
		default:
			s.Skip()
		}
	}
	return text, isError
}

// end tells the result of a call. m is the message of the call, where the result stands in it.
func (r *reader) end(m *message, c *rows.Call, v *toolVersion) {
	if m != nil {
		r.at(m.line, m.at, m.key)
	}
	text := v.raw
	if v.text.Present {
		text = r.l.Bytes(v.text)
	}
	body := Outcome(c, string(v.status.Raw), "", text)
	Effects(c, v.args, &v.diff, text)
	c.Row.ResultLine = schema.Known(max(r.line, r.l.Line()))
	if at := schema.ParseInstant(v.stamp.Raw); at != 0 {
		c.Row.EndedAt = at
	} else if m != nil {
		c.Row.EndedAt = 0 // the message's instant is not the result's
	}
	if v.text.Present || v.raw != nil {
		c.Output(body)
		c.Row.ResultBytes = schema.Known(int64(len(text)))
	}
	if c.Row.ToolNameRaw == "complete_task" && c.Row.Status == "ok" {
		r.run.Last = rows.LastDone // with it a sub-agent hands over its result
	}
	c.Put()
}

// Outcome ends a call by its status, the word for its error, and its text. It returns the text without
// the shell tool's frame.
func Outcome(c *rows.Call, status, errorType string, text []byte) (body []byte) {
	body = text
	if c.IsShell() {
		rep := ReadReport(text, status == "success")
		body, c.Row.ExitCode = rep.Body, rep.Exit
	}
	failed := c.Row.ExitCode.Valid && c.Row.ExitCode.V != 0
	switch status {
	case "success":
		if failed {
			c.End("error", "nonzero_exit")
			return body
		}
		c.End("ok", "")
	case "error":
		switch {
		case bytes.Contains(text[:min(len(text), 512)], []byte("denied by policy")) || errorType == "execution_denied":
			c.Row.Approval = "rule"
			c.End("denied", "")
		case failed:
			c.End("error", "nonzero_exit")
		default:
			c.End("error", failureClass(errorType, text))
		}
	case "cancelled":
		head := bytes.ToLower(text[:min(len(text), 512)])
		if bytes.Contains(head, []byte("denied")) || bytes.Contains(head, []byte("did not allow")) || bytes.Contains(head, []byte("declined")) || bytes.Contains(head, []byte("rejected")) {
			c.Row.Approval = "denied"
			c.End("denied", "")
		} else {
			c.End("interrupted", "")
		}
	default:
		c.End("unknown", "")
	}
	return body
}

// failureClass names a failed call by the tool's own word for it, else by its text.
func failureClass(word string, text []byte) string {
	switch {
	case word == "":
	case strings.Contains(word, "invalid_tool_params"), strings.Contains(word, "edit_no_occurrence"), strings.Contains(word, "occurrence_mismatch"),
		strings.Contains(word, "no_change"), word == "target_is_directory", word == "path_is_not_a_directory", word == "no_input":
		return "bad_args"
	case word == "tool_not_registered", word == "tool_not_found":
		return "unknown_tool"
	case strings.HasSuffix(word, "not_found"):
		return "not_found"
	case strings.Contains(word, "permission"), strings.Contains(word, "not_in_workspace"):
		return "permission"
	case strings.Contains(word, "timeout"):
		return "timeout"
	}
	class := rows.Failure(text)
	if class == "not_found" && bytes.Contains(text[:min(len(text), 512)], []byte("not found in registry")) {
		return "unknown_tool"
	}
	return class
}
