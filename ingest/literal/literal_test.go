package literal

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

var samples = []Literal{
	{Text: "ok", LineStart: true, ID: 0},
	{Text: "error", Fold: true, ID: 1},
	{Text: "err", Fold: true, ID: 2},
	{Text: "FAIL", ID: 3},
	{Text: "--- FAIL:", LineStart: true, ID: 4},
	{Text: "✖ ", ID: 5},
	{Text: "no such file or directory", Fold: true, ID: 6},
	{Text: "aa", ID: 7},
}

// places looks for each literal alone.
func places(text []byte, list []Literal) (out []string) {
	for _, l := range list {
		for at := 0; at+len(l.Text) <= len(text); at++ {
			piece := string(text[at : at+len(l.Text)])
			same := piece == l.Text || l.Fold && lower(piece) == l.Text
			if same && (!l.LineStart || at == 0 || text[at-1] == '\n') {
				out = append(out, fmt.Sprint(l.ID, at))
			}
		}
	}
	slices.Sort(out)
	return out
}

// lower folds ASCII alone.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 0x20
		}
		return r
	}, s)
}

func scanned(s *Set, text []byte) (out []string) {
	s.Scan(text, func(id, at int) bool {
		out = append(out, fmt.Sprint(id, at))
		return true
	})
	slices.Sort(out)
	return out
}

func TestScan(t *testing.T) {
	s := New(samples)
	for _, text := range []string{
		"", "o", "ok", "xok", "\nok", "ok\nok x", "aaaaaaaa", "Error ERROR terror", "FAIL --- FAIL:\n--- FAIL: x",
		"a ✖ b", "✖", "cat: x: No such file or directory", strings.Repeat("no such file or director ", 5), "xxxxxerr", "xxxxxxxxok",
	} {
		if got, want := scanned(s, []byte(text)), places([]byte(text), samples); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestScanStops(t *testing.T) {
	n := 0
	New(samples).Scan(bytes.Repeat([]byte("aaa "), 100), func(int, int) bool { n++; return n < 3 })
	if n != 3 {
		t.Errorf("%d calls after the third returned false", n)
	}
}

// TestMany fills the table beyond the number of its buckets.
func TestMany(t *testing.T) {
	var list []Literal
	var text []byte
	for i := range 600 {
		w := fmt.Sprintf("w%03dz", i)
		list = append(list, Literal{Text: w, ID: i})
		text = append(text, w...)
	}
	if got := scanned(New(list), text); len(got) != 600 {
		t.Errorf("%d of 600 found", len(got))
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte("ok error\nFAIL"))
	f.Add([]byte("✖ aaa --- FAIL: no such file or directory"))
	s := New(samples)
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, want := scanned(s, text), places(text, samples); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func BenchmarkScan(b *testing.B) {
	text := []byte(strings.Repeat("\tif err := load(\"cart\", id); err != nil {\n\t\treturn fmt.Errorf(\"cart %d: %w\", id, err)\n\t}\n", 500))
	list := []Literal{{Text: "command not found"}, {Text: "no such file or directory"}, {Text: "panic: ", LineStart: true}, {Text: "ok", LineStart: true}, {Text: "failed"}}
	s := New(list)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		s.Scan(text, func(int, int) bool { return true })
	}
}
