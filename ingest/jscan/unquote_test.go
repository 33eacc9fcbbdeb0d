package jscan

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"unicode/utf8"
)

// plainUnquote decodes as Unquote does, a byte at a time.
func plainUnquote(raw []byte) (out []byte) {
	for i := 0; i < len(raw); {
		switch {
		case raw[i] != '\\' || i+1 == len(raw):
			out = append(out, raw[i])
			i++
			continue
		case raw[i+1] == 'u' && len(raw)-i >= 6:
			if r, size := unescape(raw[i:]); size > 2 {
				out = utf8.AppendRune(out, r)
				i += size
				continue
			}
		}
		if k := bytes.IndexByte([]byte(`ntrbf"\/`), raw[i+1]); k >= 0 {
			out = append(out, "\n\t\r\b\f\"\\/"[k])
		} else {
			out = append(out, '\\', raw[i+1])
		}
		i += 2
	}
	return out
}

// TestRandomTexts decodes and measures texts of all densities of escapes, and finds their ends.
func TestRandomTexts(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	pieces := []string{`\n`, `\t`, `\"`, `\\`, `\/`, `\u00e4`, `\ud83d\ude00`, `\ud83d`, `\u12`, `\q`, "ü", "x", " ", "abcdefghij", "u"}
	for range 20000 {
		var raw []byte
		gap := rnd.IntN(100)
		for len(raw) < rnd.IntN(400) {
			raw = append(raw, pieces[rnd.IntN(len(pieces))]...)
			raw = append(raw, bytes.Repeat([]byte("y"), rnd.IntN(gap+1))...)
		}
		want := plainUnquote(raw)
		if got := Unquote(nil, raw); !bytes.Equal(got, want) {
			t.Fatalf("Unquote(%q) = %q, want %q", raw, got, want)
		}
		if n := (Text{Raw: raw, Escaped: true}).Len(); n != len(want) {
			t.Fatalf("Len(%q) = %d, want %d", raw, n, len(want))
		}
		var s Scanner
		s.Reset(append(append([]byte{'"'}, raw...), `" `...))
		x := s.Text()
		if !x.Present || !bytes.Equal(x.Raw, raw) || x.Escaped != bytes.Contains(raw, []byte{'\\'}) || s.End() != nil {
			t.Fatalf("Text of %q: %+v", raw, x)
		}
		n := rnd.IntN(60)
		got, whole := x.Prefix(n)
		cut := min(n, len(want))
		for cut > 0 && cut < len(want) && !utf8.RuneStart(want[cut]) {
			cut--
		}
		if got != string(want[:cut]) || whole != (len(want) <= n) {
			t.Fatalf("Prefix(%q, %d) = %q, %v", raw, n, got, whole)
		}
	}
}
