package copilot

import (
	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A moment is what the timeline of an old document knows of a call.
type moment struct {
	began, ended schema.Instant
	failed       bool
}

// readLegacy reads a session of the first versions of the command line: messages in the form of the
// model's interface, and a timeline of what was on the screen, which has the times.
func readLegacy(log *rows.Log, src *ingest.Source) error {
	data, err := log.Document()
	if err != nil {
		return err
	}
	var id string
	var start schema.Instant
	var messages, timeline []byte
	var s jscan.Scanner
	s.Reset(data)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "sessionId":
			id = s.Str()
		case "startTime":
			start = log.Instant(s.Text(), "session")
		case "chatMessages":
			messages = s.Raw()
		case "timeline":
			timeline = s.Raw()
		default:
			s.Skip()
		}
	}
	whole := s.End() == nil
	if !whole {
		log.Problem(schema.ProblemTruncated, "", "")
	}
	if id == "" {
		id = stem(src.Path)
	}
	log.Begin(1, start, schema.IDOf(agent, "session", id))
	ses := log.Session(id)
	ses.Row.Fidelity, ses.Row.HasToolArgs, ses.Row.IsComplete = "partial", true, schema.Known(whole)
	ses.Main.Record()
	l := &legacy{log: log, s: ses, id: id, moments: timelineOf(timeline)}
	no := int64(1)
	s.Reset(messages)
	for ok := messages != nil && s.ArrayOrSkip(); ok && s.Elem(); {
		no++
		l.message(s.Raw(), no)
	}
	return nil
}

type legacy struct {
	log     *rows.Log
	s       *rows.Session
	id      string
	moments map[string]*moment
}

func timelineOf(raw []byte) map[string]*moment {
	out := map[string]*moment{}
	var s jscan.Scanner
	s.Reset(raw)
	for ok := raw != nil && s.ArrayOrSkip(); ok && s.Elem(); {
		var typ, call string
		var at schema.Instant
		failed := false
		for ok := s.ObjectOrSkip(); ok && s.Key(); {
			switch string(s.Name) {
			case "type":
				typ = s.Str()
			case "callId", "toolCallId":
				call = s.Str()
			case "timestamp":
				at = schema.ParseInstant(s.View())
			case "result":
				for ok := s.ObjectOrSkip(); ok && s.Key(); {
					if string(s.Name) == "type" {
						v := string(s.View())
						failed = v == "failure" || v == "error"
					} else {
						s.Skip()
					}
				}
			default:
				s.Skip()
			}
		}
		if call == "" {
			continue
		}
		m := out[call]
		if m == nil {
			m = &moment{}
			out[call] = m
		}
		if typ == "tool_call_completed" {
			m.ended, m.failed = at, failed
		} else if m.began == 0 {
			m.began = at
		}
	}
	return out
}

// message tells one message of the model's interface.
func (l *legacy) message(raw []byte, no int64) {
	var role, callID string
	var content jscan.Text
	var calls []byte
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() != jscan.Object {
		return
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "role":
			role = s.Str()
		case "content":
			content = s.Text()
		case "tool_call_id":
			callID = s.Str()
		case "tool_calls":
			calls = s.Raw()
		default:
			s.Skip()
		}
	}
	l.log.Begin(no, 0, schema.HashBytes(raw).With(uint64(l.s.Row.SessionID)).With(uint64(no)))
	r := l.s.Main
	r.Record()
	switch role {
	case "user":
		r.Prompt("user", l.log.Bytes(content))
	case "system", "developer":
		r.Message("system", "injected", l.log.Bytes(content))
	case "assistant":
		row := r.Model(l.log.Key().With(4000))
		l.log.Put(&row)
		r.Response = row.ModelCallID
		if len(content.Raw) > 0 {
			r.Message("assistant", "text", l.log.Bytes(content))
		}
		l.calls(calls)
	case "tool":
		l.result(callID, content)
	default:
		l.log.Unknown(role)
	}
}

func (l *legacy) calls(raw []byte) {
	var s jscan.Scanner
	s.Reset(raw)
	for ok := raw != nil && s.ArrayOrSkip(); ok && s.Elem(); {
		var id, name string
		var args []byte
		for ok := s.ObjectOrSkip(); ok && s.Key(); {
			switch string(s.Name) {
			case "id":
				id = s.Str()
			case "function":
				for ok := s.ObjectOrSkip(); ok && s.Key(); {
					switch string(s.Name) {
					case "name":
						name = s.Str()
					case "arguments":
						args = argumentText(&s)
					default:
						s.Skip()
					}
				}
			default:
				s.Skip()
			}
		}
		key := l.log.ID("tool", id)
		if len(id) < 12 {
			key = l.log.ID("tool", l.id, id)
		}
		if id == "" {
			key = l.log.Key().With(5000 + uint64(l.log.Next()))
		}
		c, fresh := l.s.Main.Call(name, id, key)
		if fresh {
			if m := l.moments[id]; m != nil {
				c.Row.RequestedAt = m.began
				l.s.Row.HasTimes = true
			}
			arguments(c, args)
		}
	}
}

func (l *legacy) result(id string, content jscan.Text) {
	c := l.s.Find(id)
	if c == nil {
		l.log.Problem(schema.ProblemOrphanResult, "tool", "")
		return
	}
	if c.Ended() {
		return
	}
	out := l.log.Bytes(content)
	status, class := "unknown", ""
	m := l.moments[id]
	if m != nil && m.ended != 0 {
		status = "ok"
		if m.failed {
			status, class = "error", rows.Failure(out)
		}
		l.s.Row.HasToolStatus = true
	}
	if c.IsShell() {
		if c.Row.ExitCode = exitIn(out); c.Row.ExitCode.V != 0 {
			status, class = "error", "nonzero_exit"
		}
	}
	c.End(status, class)
	c.Row.EndedAt = 0
	if m != nil {
		c.Row.EndedAt = m.ended
	}
	c.Output(out)
	c.Put()
}
