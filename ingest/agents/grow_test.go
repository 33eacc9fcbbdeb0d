package agents

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest/jscan"
)

// grownSize is how large inputs are made that are too small to measure by.
const grownSize = 1 << 20

// filler is what tools print and models write, about: code, lists, prose.
var filler = strings.Repeat(`func (c *Cart) Total() (int64, error) {\n\tfor _, item := range c.items {\n\t\tsum += item.Price * item.Count\n\t}\n`+
	`drwxr-xr-x  2 ana ana   4096 Sep 12 10:11 internal/catalog\n-rw-r--r--  1 ana ana  18220 Sep 12 10:09 internal/catalog/item.go\n`+
	`The total is wrong because the discount is applied before the tax, so I will move it behind and add a test.\n`+
	`    \"name\": \"catalog\", \"version\": \"4.17.21\",\n`, 40)

// fillers are the lengths by which texts grow in turn. Half of all texts in logs are short; the mean, with
// what is around them, is about a kilobyte for each row.
var fillers = [...]int{0, 300, 40, 1800, 0, 5200, 900, 12000}

// grow makes a log of realistic size out of a small one: its records, or the elements of its largest array,
// are repeated with other ids, and their texts are longer. A log that is large already, or of no such
// form, comes back as it is.
func grow(data []byte) []byte {
	if len(data) >= grownSize {
		return data
	}
	g := grower{}
	var s jscan.Scanner
	s.Reset(data)
	if at := s.Raw(); !s.Bad() && s.End() == nil && len(at) > 0 {
		return g.document(data)
	}
	return g.lines(data)
}

type grower struct {
	out   []byte
	round int // how often the input was repeated
	texts int
}

func (g *grower) lines(data []byte) []byte {
	for ; len(g.out) < grownSize && g.round < 1<<16; g.round++ {
		for line := range bytes.Lines(data) {
			line = bytes.TrimSpace(line)
			var s jscan.Scanner
			s.Reset(line)
			if s.Kind() != jscan.Object {
				return data
			}
			g.value(&s, "")
			if s.End() != nil {
				return data
			}
			g.out = append(g.out, '\n')
		}
	}
	return g.out
}

// document repeats the elements of the longest array.
func (g *grower) document(data []byte) []byte {
	long := longest(data)
	if len(long) == 0 {
		return data
	}
	from := bytes.Index(data, long)
	g.out = append(g.out, data[:from+1]...)
	for first := true; len(g.out) < grownSize; g.round++ {
		var s jscan.Scanner
		s.Reset(long)
		for s.Array(); s.Elem(); first = false {
			if !first {
				g.out = append(g.out, ',')
			}
			g.value(&s, "")
		}
	}
	return append(g.out, data[from+len(long)-1:]...)
}

// longest is the longest array of objects that is in no other.
func longest(data []byte) (long []byte) {
	var s jscan.Scanner
	s.Reset(data)
	switch s.Kind() {
	case jscan.Array:
		var e jscan.Scanner
		e.Reset(data)
		if e.Array() && e.Elem() && e.Kind() == jscan.Object {
			return data
		}
	case jscan.Object:
		for s.Object(); s.Key(); {
			if l := longest(s.Raw()); len(l) > len(long) {
				long = l
			}
		}
	}
	return long
}

// value copies a value that stands below a name.
func (g *grower) value(s *jscan.Scanner, name string) {
	switch s.Kind() {
	case jscan.Object:
		g.out = append(g.out, '{')
		first := true
		for s.Object(); s.Key(); first = false {
			if !first {
				g.out = append(g.out, ',')
			}
			name := string(s.Name)
			g.out = append(strconv.AppendQuote(g.out, name), ':')
			g.value(s, name)
		}
		g.out = append(g.out, '}')
	case jscan.Array:
		g.out = append(g.out, '[')
		first := true
		for s.Array(); s.Elem(); first = false {
			if !first {
				g.out = append(g.out, ',')
			}
			g.value(s, name)
		}
		g.out = append(g.out, ']')
	case jscan.String:
		t := s.Text()
		if t.Escaped && len(t.Raw) > 1 && (t.Raw[0] == '{' || t.Raw[0] == '[') && g.inner(t.Bytes(nil), name) {
			return
		}
		g.out = append(append(g.out, '"'), t.Raw...)
		switch {
		case isRecordID(name) && g.round > 0:
			g.out = strconv.AppendInt(append(g.out, 'r'), int64(g.round), 10)
		case len(t.Raw) > 0 && isText(name, t.Raw):
			g.out = append(append(g.out, ' '), filler[:fillers[g.texts%len(fillers)]]...)
			g.out = bytes.TrimRight(g.out, `\`)
			g.texts++
		}
		g.out = append(g.out, '"')
	default:
		g.out = append(g.out, s.Raw()...)
	}
}

// inner copies a text that is JSON itself, and reports whether it is.
func (g *grower) inner(text []byte, name string) bool {
	var s jscan.Scanner
	s.Reset(text)
	in := grower{round: g.round, texts: g.texts}
	in.value(&s, name)
	if s.End() != nil {
		return false
	}
	g.texts = in.texts
	g.out = append(g.out, '"')
	for _, c := range in.out {
		switch {
		case c == '"' || c == '\\':
			g.out = append(g.out, '\\', c)
		case c >= ' ':
			g.out = append(g.out, c)
		}
	}
	g.out = append(g.out, '"')
	return true
}

// isRecordID reports whether a name is that of the id of a record, a call, a message; those of sessions and
// models stay.
func isRecordID(name string) bool {
	low := strings.ToLower(name)
	return (strings.HasSuffix(low, "id") || low == "parentuuid") && !strings.Contains(low, "session") && !strings.Contains(low, "model") &&
		!strings.Contains(low, "conversation") && !strings.Contains(low, "project") && !strings.Contains(low, "thread")
}

// isText reports whether a name is one of prose and outputs, and what stands there may be longer.
func isText(name string, raw []byte) bool {
	if bytes.IndexByte([]byte("{[<"), raw[0]) >= 0 {
		return false
	}
	switch name {
	case "text", "content", "stdout", "stderr", "thinking", "reasoning":
		return true
	case "output", "result", "message", "prompt", "data", "aggregatedOutput", "aggregated_output", "arguments", "new_string", "old_string", "input", "stringValue", "value", "delta", "thought", "observation", "response", "body":
		return bytes.IndexByte(raw, ' ') > 0
	}
	return false
}

// What grows stays what it was.
func TestGrow(t *testing.T) {
	for name, c := range map[string]string{
		"lines":    `{"id":"a","text":"hello there"}` + "\n" + `{"callId":"a","sessionId":"s","n":[1,{"x":null}]}` + "\n",
		"document": `{"v":1,"messages":[{"id":"a","content":"hello there"},{"id":"b"}],"end":true}`,
	} {
		out := grow([]byte(c))
		if len(out) < grownSize {
			t.Errorf("%s: %d bytes", name, len(out))
		}
		for line := range bytes.Lines(out) {
			var s jscan.Scanner
			s.Reset(bytes.TrimSpace(line))
			s.Skip()
			if s.End() != nil {
				t.Fatalf("%s: not JSON: %.200s", name, line)
			}
		}
		if !bytes.Contains(out, []byte(`"ar1"`)) || bytes.Contains(out, []byte(`"sr1"`)) {
			t.Errorf("%s: ids", name)
		}
	}
	if in := []byte("# chat\n\n> hello\n"); !bytes.Equal(grow(in), in) {
		t.Error("what is no JSON has grown")
	}
}
