package continuedev

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// An answer is what the event log knows of one answer: it is found by its text.
type answer struct {
	at              schema.Instant
	model, provider string
}

// A use is what the event log knows of one call of a tool.
type use struct {
	at       schema.Instant
	rejected bool
}

// An eventLog is what stands beside a session.
type eventLog struct {
	created schema.Instant
	version string
	answers map[schema.ID][]answer // by the hash of the text
	uses    map[string]use
}

func readBeside(src *ingest.Source, id string) *eventLog {
	out := &eventLog{answers: map[schema.ID][]answer{}, uses: map[string]use{}}
	if src.ReadBeside == nil {
		return out
	}
	if data, err := src.ReadBeside("sessions.json"); err == nil {
		out.created = created(bytes.ToValidUTF8(data, []byte("\uFFFD")), id)
	}
	// Of a long log only the beginning is given. What is found there is exact all the same.
	if data, err := src.ReadBeside("../dev_data/0.2.0/chatInteraction.jsonl"); err == nil {
		eachLine(data, func(line []byte) { out.chat(line, id) })
	}
	if data, err := src.ReadBeside("../dev_data/0.2.0/toolUsage.jsonl"); err == nil {
		eachLine(data, out.tool)
	}
	return out
}

func eachLine(data []byte, f func([]byte)) {
	for rest := bytes.ToValidUTF8(data, []byte("\uFFFD")); len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte{'\n'})
		rest = after
		if ended && len(line) > 2 {
			f(line)
		}
	}
}

// created finds when a session began, in the list of all.
func created(data []byte, id string) schema.Instant {
	var s jscan.Scanner
	s.Reset(data)
	for ok := s.ArrayOrSkip(); ok && s.Elem(); {
		var session, date string
		for ok := s.ObjectOrSkip(); ok && s.Key(); {
			switch string(s.Name) {
			case "sessionId":
				session = s.Str()
			case "dateCreated":
				if s.Kind() == jscan.Number {
					date = string(s.Raw())
				} else {
					date = s.Str()
				}
			default:
				s.Skip()
			}
		}
		if session != id || session == "" {
			continue
		}
		if ms, err := strconv.ParseInt(date, 10, 64); err == nil {
			return schema.UnixMillis(ms)
		}
		return schema.ParseInstant([]byte(date))
	}
	return 0
}

func (l *eventLog) chat(line []byte, id string) {
	var session, userAgent string
	var completion jscan.Text
	var a answer
	var s jscan.Scanner
	s.Reset(line)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "sessionId":
			session = s.Str()
		case "timestamp":
			a.at = schema.ParseInstant(s.View())
		case "modelName":
			a.model = s.Str()
		case "modelProvider":
			a.provider = s.Str()
		case "completion":
			completion = s.Text()
		case "userAgent":
			userAgent = s.Str()
		default:
			s.Skip()
		}
	}
	if session != id || s.End() != nil {
		return
	}
	if _, v, ok := strings.Cut(userAgent, "(Continue/"); ok && l.version == "" {
		l.version, _, _ = strings.Cut(v, ")")
	}
	if key := textHash(completion.Bytes(nil)); key != 0 {
		l.answers[key] = append(l.answers[key], a)
	}
}

func textHash(text []byte) schema.ID { return schema.HashBytes(bytes.TrimSpace(text)) }

func (l *eventLog) tool(line []byte) {
	var id string
	var u use
	var s jscan.Scanner
	s.Reset(line)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "toolCallId":
			id = s.Str()
		case "timestamp":
			u.at = schema.ParseInstant(s.View())
		case "accepted":
			v, ok := s.Bool()
			u.rejected = ok && !v
		default:
			s.Skip()
		}
	}
	if id != "" && s.End() == nil {
		l.uses[id] = u
	}
}

// take returns what the log knows of an answer; of several with one text the first that is left.
func (l *eventLog) take(text []byte) answer {
	key := textHash(text)
	list := l.answers[key]
	if len(list) == 0 {
		return answer{}
	}
	l.answers[key] = list[1:]
	return list[0]
}
