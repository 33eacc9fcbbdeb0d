package droid

import (
	"github.com/agenttrace/agenttrace/ingest/jscan"
)

// A line holds what any record may say; most have a few of these.
type line struct {
	typ, subtype            jscan.Text
	id                      jscan.Text
	session                 jscan.Text // of the output of exec
	timestamp               []byte
	message                 []byte
	visibility              jscan.Text
	title, sessionTitle     jscan.Text
	cwd, model              jscan.Text
	parent                  jscan.Text
	caller, callerTool      jscan.Text
	hasVersion              bool
	turn, reason            jscan.Text
	summary                 jscan.Text
	role, text, finalText   jscan.Text
	toolCallID, toolName    jscan.Text
	parameters              []byte
	isError                 bool
	value                   []byte
	usage                   []byte
	duration                []byte
	plainMessage, errSource jscan.Text
}

// scan reads a line and reports whether it is one JSON object.
func (r *line) scan(raw []byte) bool {
	*r = line{}
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() != jscan.Object {
		return false
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "type":
			r.typ = s.Text()
		case "subtype":
			r.subtype = s.Text()
		case "id":
			r.id = s.Text()
		case "session_id", "sessionId":
			r.session = s.Text()
		case "timestamp":
			r.timestamp = s.Raw()
		case "message":
			if s.Kind() == jscan.Object {
				r.message = s.Raw()
			} else {
				r.plainMessage = s.Text()
			}
		case "visibility":
			r.visibility = s.Text()
		case "title":
			r.title = s.Text()
		case "sessionTitle":
			r.sessionTitle = s.Text()
		case "cwd":
			r.cwd = s.Text()
		case "model":
			r.model = s.Text()
		case "parent":
			r.parent = s.Text()
		case "callingSessionId":
			r.caller = s.Text()
		case "callingToolUseId":
			r.callerTool = s.Text()
		case "version":
			r.hasVersion = true
			s.Skip()
		case "turnId":
			r.turn = s.Text()
		case "reason":
			r.reason = s.Text()
		case "summaryText":
			r.summary = s.Text()
		case "role":
			r.role = s.Text()
		case "text":
			r.text = s.Text()
		case "finalText":
			r.finalText = s.Text()
		case "toolCallId", "tool_call_id":
			r.toolCallID = s.Text()
		case "toolName":
			r.toolName = s.Text()
		case "parameters":
			r.parameters = s.Raw()
		case "isError":
			r.isError, _ = s.Bool()
		case "value":
			r.value = s.Raw()
		case "usage":
			r.usage = s.Raw()
		case "durationMs":
			r.duration = s.Raw()
		case "source":
			r.errSource = s.Text()
		default:
			s.Skip()
		}
	}
	return s.End() == nil
}

// A block is a part of a message of the store.
type block struct {
	typ      jscan.Text
	text     jscan.Text
	id, name jscan.Text
	toolUse  jscan.Text
	input    []byte
	content  []byte
	isError  bool
}

func (b *block) scan(s *jscan.Scanner) {
	*b = block{}
	for in := s.ObjectOrSkip(); in && s.Key(); {
		switch string(s.Name) {
		case "type":
			b.typ = s.Text()
		case "text", "thinking":
			b.text = s.Text()
		case "id":
			b.id = s.Text()
		case "name":
			b.name = s.Text()
		case "tool_use_id":
			b.toolUse = s.Text()
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
}

func is(t jscan.Text, word string) bool { return string(t.Raw) == word }
