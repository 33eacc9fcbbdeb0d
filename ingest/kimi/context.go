package kimi

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// context takes a line of the model's context, which is all that the first versions left behind: who
// said what, without instants and counters.
func (r *reader) context(raw []byte, role string) {
	a := r.main
	switch role {
	case "_system_prompt", "_checkpoint", "_usage", "system":
		return
	case "user", "assistant", "tool":
	default:
		r.l.Unknown(role)
		return
	}
	var m contextMessage
	m.scan(&r.inner, raw)
	r.mark(a)
	switch role {
	case "user":
		if bytes.HasPrefix(bytes.TrimSpace(m.text), []byte("<system-reminder>")) {
			a.run.Message("user", "injected", m.text)
			return
		}
		if len(m.text) == 0 {
			m.text = nil
		}
		trigger := "user"
		if a.run != r.s.Main {
			trigger = "parent"
		}
		a.run.Prompt(trigger, m.text)
	case "assistant":
		st := r.begun(a, r.l.Key().With(1))
		st.row.StartedAt, st.said = 0, true
		r.said(a, &m)
	case "tool":
		// Whether it succeeded, this form does not say.
		c := a.calls[m.callID]
		if c == nil {
			r.l.Problem(schema.ProblemOrphanResult, "tool", "")
			return
		}
		if !c.Ended() {
			c.End("unknown", "")
			c.Output(m.text)
			c.Put()
		}
	}
}

// A contextMessage is a message as the model gets it.
type contextMessage struct {
	text, think []byte
	hidden      bool
	callID      string
	isError     schema.Bool
	origin      string
	calls       []contextCall
}

type contextCall struct {
	id, name string
	args     []byte
}

func (m *contextMessage) scan(s *jscan.Scanner, raw []byte) {
	s.Reset(raw)
	if s.Kind() != jscan.Object {
		return
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "content":
			m.content(s)
		case "tool_call_id", "toolCallId":
			m.callID = s.Str()
		case "isError":
			if b, ok := s.Bool(); ok {
				m.isError = schema.Known(b)
			}
		case "origin":
			if !s.ObjectOrSkip() {
				continue
			}
			for s.Key() {
				if string(s.Name) == "kind" {
					m.origin = s.Str()
				} else {
					s.Skip()
				}
			}
		case "tool_calls", "toolCalls":
			if !s.ArrayOrSkip() {
				continue
			}
			for s.Elem() {
				if !s.ObjectOrSkip() {
					continue
				}
				var c contextCall
				for s.Key() {
					switch string(s.Name) {
					case "id":
						c.id = s.Str()
					case "name":
						c.name = s.Str()
					case "arguments":
						c.args = argumentsOf(s)
					case "function":
						if !s.ObjectOrSkip() {
							continue
						}
						for s.Key() {
							switch string(s.Name) {
							case "name":
								c.name = s.Str()
							case "arguments":
								c.args = argumentsOf(s)
							default:
								s.Skip()
							}
						}
					default:
						s.Skip()
					}
				}
				m.calls = append(m.calls, c)
			}
		default:
			s.Skip()
		}
	}
}

// argumentsOf takes arguments: JSON in a string, or as it is.
func argumentsOf(s *jscan.Scanner) []byte {
	if s.Kind() == jscan.String {
		return s.Text().Bytes(nil)
	}
	return s.Raw()
}

func (m *contextMessage) content(s *jscan.Scanner) {
	if s.Kind() != jscan.Array {
		m.text, _ = parts(s, nil)
		return
	}
	for s.Array(); s.Elem(); {
		if !s.ObjectOrSkip() {
			continue
		}
		for s.Key() {
			switch string(s.Name) {
			case "text":
				m.text = joined(m.text, s.Text())
			case "think":
				m.think = joined(m.think, s.Text())
			case "encrypted":
				m.hidden = m.hidden || s.Kind() == jscan.String
				s.Skip()
			default:
				s.Skip()
			}
		}
	}
}

// said tells what a message of the model holds.
func (r *reader) said(a *agent, m *contextMessage) {
	switch {
	case len(m.think) > 0:
		a.run.Message("assistant", "reasoning", m.think)
	case m.hidden:
		a.run.Hidden()
	}
	if len(m.text) > 0 {
		a.run.Message("assistant", "text", m.text)
	}
	for _, c := range m.calls {
		r.begin(a, c.id, c.name, c.args)
	}
}
