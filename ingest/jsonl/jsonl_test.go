package jsonl

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func collect(r *Reader) (out []string, err error) {
	for {
		line, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		text := string(line.Bytes)
		if len(text) > 20 {
			text = fmt.Sprintf("%d bytes", len(text))
		}
		if line.Oversized {
			text = "oversized"
		}
		out = append(out, fmt.Sprintf("%d@%d+%d %s %v", line.No, line.Offset, line.Size, text, line.Ended))
	}
}

func TestLines(t *testing.T) {
	long := strings.Repeat("x", 3<<20)
	for _, c := range []struct {
		name, in string
		max      int
		want     []string
	}{
		{"plain", "a\nbb\n", MaxLine, []string{"1@0+2 a true", "2@2+3 bb true"}},
		{"open end", "a\nbb", MaxLine, []string{"1@0+2 a true", "2@2+2 bb false"}},
		{"crlf, mark and blanks", "\xef\xbb\xbfa\r\n\n  \nb\n", MaxLine, []string{"1@0+6 a true", "4@10+2 b true"}},
		{"empty", "", MaxLine, nil},
		{"long", "a\n" + long + "\nb\n", MaxLine, []string{"1@0+2 a true", "2@2+3145729 3145728 bytes true", "3@3145731+2 b true"}},
		{"too long", "a\n" + long + "\nb\n", 1 << 20, []string{"1@0+2 a true", "2@2+3145729 oversized true", "3@3145731+2 b true"}},
		{"too long and open", long, 1 << 20, []string{"1@0+3145728 oversized false"}},
	} {
		for _, src := range []io.Reader{strings.NewReader(c.in), iotest.HalfReader(strings.NewReader(c.in)), iotest.DataErrReader(strings.NewReader(c.in))} {
			r := NewReader(src, nil)
			r.max = c.max
			got, err := collect(r)
			if err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%s: got %q %v, want %q", c.name, got, err, c.want)
			}
			if r.Offset() != int64(len(c.in)) {
				t.Errorf("%s: offset %d of %d", c.name, r.Offset(), len(c.in))
			}
		}
	}
}

func TestSourceErrorComesAfterItsLines(t *testing.T) {
	broken := errors.New("disk gone")
	r := NewReader(io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(broken)), nil)
	got, err := collect(r)
	if !errors.Is(err, broken) || len(got) != 2 {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestPeek(t *testing.T) {
	for _, n := range []int{0, 3, 8, 100} {
		r := NewReader(iotest.OneByteReader(strings.NewReader("one\ntwo\n")), nil)
		head, err := r.Peek(n)
		if want := "one\ntwo\n"[:min(n, 8)]; err != nil || string(head) != want {
			t.Errorf("Peek(%d) = %q, %v", n, head, err)
		}
		line, err := r.Next()
		if err != nil || string(line.Bytes) != "one" || line.Offset != 0 || line.No != 1 {
			t.Errorf("behind Peek(%d): %q, %v", n, line.Bytes, err)
		}
		if rest, err := io.ReadAll(r.Unread()); err != nil || string(rest) != "two\n" {
			t.Errorf("the rest behind Peek(%d): %q, %v", n, rest, err)
		}
	}
	broken := errors.New("broken")
	if _, err := NewReader(iotest.ErrReader(broken), nil).Peek(10); !errors.Is(err, broken) {
		t.Errorf("Peek hides the error: %v", err)
	}
}
