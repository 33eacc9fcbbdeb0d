package jscan

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// decode rebuilds a value through the scanner, so that it can be compared with encoding/json.
func decode(s *Scanner) any {
	switch s.Kind() {
	case Object:
		m := map[string]any{}
		for s.Object(); s.Key(); {
			name := string(s.Name)
			m[name] = decode(s)
		}
		return m
	case Array:
		a := []any{}
		for s.Array(); s.Elem(); {
			a = append(a, decode(s))
		}
		return a
	case String:
		return s.Str()
	case True, False:
		v, _ := s.Bool()
		return v
	case Null:
		s.Skip()
		return nil
	case Number:
		f, _ := s.Float()
		return f
	}
	s.Skip()
	return nil
}

var samples = []string{
	`{}`, `[]`, `""`, `null`, `-12.5e3`, `{"a":1}`, ` { "a" : [ 1 , 2 , {"b":null} ] , "c":"\u00e4\n\"x\\" } `,
	`"\ud83d\ude80 lone \ud83d end"`, `{"k\n":true,"e":{}}`, `[[[]]]`, `"a\\"`, `"a\\\""`,
	`{"a":1`, `{"a"}`, `[1,]`, `{"a":1,}`, `tru`, `"abc`, `{"a":1}}`, `[1 2]`, `{"type":"assistant","message":{"id":"msg_cut`, ``, `}`, `[}`,
}

func TestAgreesWithEncodingJSON(t *testing.T) {
	for _, in := range samples {
		var want any
		valid := json.Unmarshal([]byte(in), &want) == nil
		var s Scanner
		s.Reset([]byte(in))
		got := decode(&s)
		if ok := s.End() == nil; ok != valid {
			t.Errorf("%q: accepted %v, encoding/json %v", in, ok, valid)
		} else if ok && !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %#v, want %#v", in, got, want)
		}
		s.Reset([]byte(in))
		s.Skip()
		if ok := s.End() == nil; valid && !ok {
			t.Errorf("%q: Skip refuses what is valid", in)
		}
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		in, whole, prefix string
		n                 int
	}{
		{`"plain"`, "plain", "pla", 3},
		{`"a\nb"`, "a\nb", "a\n", 2},
		{`"\u00e4\u00e4"`, "ää", "ä", 3},
		{`"ää"`, "ää", "ä", 3},
		{`"\ud83d\ude80x"`, "🚀x", "🚀", 4},
		{`"` + strings.Repeat(`\"`, 50) + `"`, strings.Repeat(`"`, 50), strings.Repeat(`"`, 7), 7},
	} {
		var s Scanner
		s.Reset([]byte(c.in))
		x := s.Text()
		if x.String() != c.whole || x.Len() != len(c.whole) {
			t.Errorf("%s: %q, %d bytes", c.in, x.String(), x.Len())
		}
		if p, all := x.Prefix(c.n); p != c.prefix || all {
			t.Errorf("%s: prefix %q %v", c.in, p, all)
		}
		if p, all := x.Prefix(1000); p != c.whole || !all {
			t.Errorf("%s: whole prefix %q %v", c.in, p, all)
		}
	}
}

func TestInt(t *testing.T) {
	for in, want := range map[string]int64{`0`: 0, `-5`: -5, `9223372036854775807`: 9223372036854775807, `1e3`: 1000, `2.0`: 2} {
		var s Scanner
		s.Reset([]byte(in))
		if v, ok := s.Int(); !ok || v != want {
			t.Errorf("%s: %d %v", in, v, ok)
		}
	}
	for _, in := range []string{`1.5`, `"7"`, `null`, `9223372036854775808`, `1e30`} {
		var s Scanner
		s.Reset([]byte(in))
		if v, ok := s.Int(); ok {
			t.Errorf("%s: taken as %d", in, v)
		}
		if err := s.End(); err != nil {
			t.Errorf("%s: %v", in, err)
		}
	}
}

// FuzzScanner: whatever encoding/json accepts within the depth limit, the scanner reads to the same
// value; whatever it walks without error to the end never panics.
func FuzzScanner(f *testing.F) {
	for _, in := range samples {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var s Scanner
		s.Reset(in)
		got := decode(&s)
		ok := s.End() == nil
		var want any
		if json.Unmarshal(in, &want) == nil && strings.Count(string(in), "[")+strings.Count(string(in), "{") < maxDepth {
			if !ok {
				t.Fatalf("refused valid %q", in)
			}
			if json.Valid(in) && isASCII(in) && !reflect.DeepEqual(got, want) {
				t.Fatalf("%q: got %#v, want %#v", in, got, want)
			}
		}
		s.Reset(in)
		if x := s.Text(); x.Present {
			if len(x.String()) != x.Len() {
				t.Fatalf("%q: Len %d, decoded %d", in, x.Len(), len(x.String()))
			}
			x.Prefix(5)
		}
	})
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// The fast decoder looks at eight bytes at a time: every length and place of an escape must agree with
// the plain reading, and with the length that Len tells.
func TestUnquoteEveryPlace(t *testing.T) {
	escapes := []struct{ raw, want string }{
		{`\n`, "\n"}, {`\"`, `"`}, {`\\`, `\`}, {`\/`, "/"}, {`\u00e4`, "ä"}, {`\ud83d\ude00`, "😀"}, {`\ud83d`, "\uFFFD"},
		{`\uZZZZ`, `\uZZZZ`}, {`\q`, `\q`}, {`\u12`, `\u12`}, {"", ""},
	}
	for _, e := range escapes {
		for before := range 90 {
			for after := range 18 {
				pre, post := strings.Repeat("a", before), strings.Repeat("ü", after/2)
				raw := pre + e.raw + post + e.raw
				want := pre + e.want + post + e.want
				got := string(Unquote([]byte("x"), []byte(raw)))
				if got != "x"+want {
					t.Fatalf("Unquote(%q) = %q, want %q", raw, got, "x"+want)
				}
				if n := (Text{Raw: []byte(raw), Escaped: true}).Len(); n != len(want) {
					t.Fatalf("Len(%q) = %d, want %d", raw, n, len(want))
				}
			}
		}
	}
	if got := string(Unquote(nil, []byte(`abc\`))); got != `abc\` {
		t.Errorf("a last backslash: %q", got)
	}
}
