package aider

import (
	"bytes"
	"sort"
	"time"

	"github.com/agenttrace/agenttrace/schema"
)

// An entry is a prompt of the input history, the only place that says when it was typed.
type entry struct {
	at   schema.Instant
	text []byte
}

// readInput reads the input history: a line with the time, then the lines typed, each behind a plus.
func readInput(data []byte, zone *time.Location) []entry {
	var out []entry
	var cur *entry
	for rest := data; len(rest) > 0; {
		line, after, _ := bytes.Cut(rest, []byte{'\n'})
		rest = after
		line = bytes.TrimRight(line, "\r")
		switch {
		case inputEntry(line):
			t, err := time.ParseInLocation("2006-01-02 15:04:05", string(line[2:]), zone)
			if err != nil {
				cur = nil
				continue
			}
			out = append(out, entry{at: schema.InstantOf(t)})
			cur = &out[len(out)-1]
		case len(line) > 0 && line[0] == '+' && cur != nil:
			if cur.text != nil {
				cur.text = append(cur.text, '\n')
			}
			cur.text = append(cur.text, bytes.TrimRight(line[1:], " ")...)
		}
	}
	for i := range out {
		out[i].text = bytes.TrimSpace(out[i].text)
	}
	return out
}

// typedAt finds when a prompt of this session was typed: the next entry with the same text.
func (s *session) typedAt(text []byte) schema.Instant {
	in := s.p.input
	if len(in) == 0 || s.at == 0 || s.s.Row.IsHeadless.V {
		return 0
	}
	if s.typed == 0 {
		s.typed = sort.Search(len(in), func(i int) bool { return in[i].at >= s.at })
	}
	for i := s.typed; i < len(in) && (s.next == 0 || in[i].at < s.next); i++ {
		if bytes.Equal(in[i].text, text) {
			s.typed = i + 1
			return in[i].at
		}
	}
	return 0
}
