package recording

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest/jscan"
)

// A Kind of file that Gemini CLI, a fork or a relative of it writes.
type Kind int

// The kinds. All but KindSession hold no session of their own.
const (
	KindForeign Kind = iota
	KindSession
	KindPrompts    // what was typed
	KindCheckpoint // a saved conversation
	KindStream     // what a run without a terminal prints
	KindSteps      // the steps of Antigravity
)

// Facts are what the head of a file tells.
type Facts struct {
	Kind   Kind
	Model  string // the type of the model's messages, if one is in the head
	Header bool   // session and project are named
	Lines  bool   // JSON Lines
}

// looked is how many lines of a head are looked at.
const looked = 40

// Look judges a file by its head, which may be cut.
func Look(head []byte) Facts {
	head = bytes.TrimLeft(head, " \t\r\n")
	if len(head) == 0 {
		return Facts{}
	}
	if head[0] == '[' {
		return lookArray(head)
	}
	if isDocument(head) {
		return lookDocument(head)
	}
	f := Facts{Lines: true}
	messages, stream := 0, 0
	for n := 0; n < looked && len(head) > 0; n++ {
		line, rest, ended := bytes.Cut(head, []byte{'\n'})
		head = rest
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		var l shape
		whole := l.scan(line)
		if n == 0 && (l.history || l.messages) {
			return lookDocument(line)
		}
		switch {
		case !l.object || !whole && ended:
			if n == 0 {
				return Facts{}
			}
			continue
		case l.other:
			return Facts{} // keys that no recording has
		case l.steps:
			return Facts{Kind: KindSteps, Lines: true}
		case l.stream:
			stream++
		case l.typ == "" && l.session && l.hash:
			f.Header = true
		case l.isMessage():
			messages++
			if l.typ == "gemini" || l.typ == "qwen" {
				f.Model = l.typ
			}
		}
	}
	switch {
	case f.Header, messages > 0 && f.Model != "":
		f.Kind = KindSession
	case stream > 1:
		f.Kind = KindStream
	}
	return f
}

// A shape is which keys an object has.
type shape struct {
	object, session, hash, start, id, stamp, content, parts, role, messageID bool
	other, stream, steps                                                     bool
	messages, history                                                        bool
	typ                                                                      string
	model                                                                    string // of the messages inside
	turns                                                                    bool   // history has roles and parts
}

func (l *shape) isMessage() bool { return l.id && l.typ != "" && l.stamp && !l.parts }

func (l *shape) scan(raw []byte) bool {
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() != jscan.Object {
		return false
	}
	l.object = true
	var step, source, tool, status, created bool
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "sessionId":
			l.session = s.Kind() == jscan.String
		case "projectHash":
			l.hash = s.Kind() == jscan.String
		case "startTime":
			l.start = true
		case "id":
			l.id = s.Kind() == jscan.String
		case "timestamp":
			l.stamp = true
		case "content":
			l.content = true
		case "role":
			l.role = true
		case "parts":
			l.parts = s.Kind() == jscan.Array
		case "messageId":
			l.messageID = true
		case "uuid", "parentUuid", "payload", "message":
			l.other = true
		case "step_index":
			step = s.Kind() == jscan.Number
		case "source":
			source = true
		case "status":
			status = true
		case "created_at":
			created = true
		case "tool_id":
			tool = true
		case "type":
			l.typ = s.Str()
			continue
		case "messages":
			if s.Kind() == jscan.Array {
				l.messages = true
				l.model = modelIn(&s)
				continue
			}
		case "history", "clientHistory":
			if s.Kind() == jscan.Array {
				l.history = true
				for s.Array(); s.Elem(); {
					var turn shape
					turn.scan(s.Raw())
					l.turns = l.turns || turn.role && turn.parts
				}
				continue
			}
		}
		s.Skip()
	}
	l.steps = step && source && status && created
	l.stream = l.typ == "tool_use" && tool || l.typ == "tool_result" && tool && status
	if l.typ != "user" && l.messageID {
		l.messageID = false
	}
	return s.End() == nil
}

// modelIn finds the type of the model's messages in a list, which may be cut.
func modelIn(s *jscan.Scanner) (model string) {
	for s.Array(); s.Elem(); {
		if s.Kind() != jscan.Object {
			s.Skip()
			continue
		}
		for s.Object(); s.Key(); {
			if string(s.Name) != "type" {
				s.Skip()
				continue
			}
			switch t := s.Str(); t {
			case "gemini", "qwen":
				model = t
			}
		}
	}
	return model
}

func lookDocument(head []byte) Facts {
	var l shape
	l.scan(head)
	f := Facts{Header: l.session && (l.hash || l.start), Model: l.model}
	switch {
	case l.messages && (l.hash && l.session || l.model != ""):
		f.Kind = KindSession
	case l.history && l.turns:
		f.Kind = KindCheckpoint
	}
	return f
}

// lookArray knows the lists: prompts as they were typed, and saved conversations.
func lookArray(head []byte) Facts {
	var s jscan.Scanner
	s.Reset(head)
	for s.Array(); s.Elem(); {
		if s.Kind() != jscan.Object {
			return Facts{}
		}
		var l shape
		if raw := s.Raw(); !s.Bad() {
			l.scan(raw)
		}
		switch {
		case l.messageID && l.session && l.typ == "user":
			return Facts{Kind: KindPrompts}
		case l.role && l.parts:
			return Facts{Kind: KindCheckpoint}
		}
		return Facts{}
	}
	return Facts{}
}
