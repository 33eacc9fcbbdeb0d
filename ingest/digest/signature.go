package digest

import (
	"bytes"
	"slices"
	"sync"

	"github.com/agenttrace/agenttrace/ingest/literal"
	"github.com/agenttrace/agenttrace/schema"
	"github.com/cespare/xxhash/v2"
)

const (
	signatureWindow = 64 << 10 // bytes looked at from either end
	signatureLines  = 20
	signatureWidth  = 400 // bytes of a line
)

// Signature hashes the error lines of an output: equal signatures mean the same failure again. Numbers,
// addresses, times and temporary paths do not count, neither does the order of the lines. It is zero if
// there is no error line.
func Signature(output []byte) schema.ID {
	e := errors.Get().(*errorLines)
	defer errors.Put(e)
	e.text, e.lines = e.text[:0], e.lines[:0]
	if len(output) <= 2*signatureWindow {
		e.collect(output)
	} else {
		head := output[:signatureWindow]
		e.collect(head[:bytes.LastIndexByte(head, '\n')+1])
		tail := output[len(output)-signatureWindow:]
		e.collect(tail[bytes.IndexByte(tail, '\n')+1:])
	}
	if len(e.lines) == 0 {
		return 0
	}
	slices.SortFunc(e.lines, func(a, b stretch) int { return bytes.Compare(e.line(a), e.line(b)) })
	lines := slices.CompactFunc(e.lines, func(a, b stretch) bool { return bytes.Equal(e.line(a), e.line(b)) })
	var h xxhash.Digest
	h.Reset()
	for _, l := range lines[:min(len(lines), signatureLines)] {
		h.Write(e.line(l))
		h.Write(marker[:])
	}
	return id(h.Sum64())
}

// errorLines are the error lines of an output, as far as they stay the same.
type errorLines struct {
	text  []byte // of all lines
	lines []stretch
}

// A stretch of the text.
type stretch struct{ start, end int }

// errors are used again.
var errors = sync.Pool{New: func() any { return &errorLines{} }}

func (e *errorLines) line(s stretch) []byte { return e.text[s.start:s.end] }

func (e *errorLines) collect(text []byte) {
	var room [signatureWidth]byte
	done := -1 // end of the last line that is one
	words().Scan(text, func(id, at int) bool {
		if at < done {
			return true
		}
		start := bytes.LastIndexByte(text[:at], '\n') + 1
		if at+len(errorWords[id]) > start+signatureWidth || !beginsWord(text[start:], at-start) {
			return true
		}
		done = len(text)
		if k := bytes.IndexByte(text[at:], '\n'); k >= 0 {
			done = at + k
		}
		if l := plain(room[:0], text[start:min(done, start+signatureWidth)]); len(l) > 0 {
			from := len(e.text)
			e.text = append(e.text, l...)
			e.lines = append(e.lines, stretch{from, len(e.text)})
		}
		return true
	})
}

// errorWords are the beginnings of words that make a line an error line, in lower case.
var errorWords = [...]string{
	"abort", "assert", "cannot", "can't", "could not", "crash", "denied", "err!", "error", "exception", "expected",
	"fail", "fatal", "illegal", "invalid", "killed", "mismatch", "missing", "not found", "not recognized", "no such",
	"panic", "refused", "segmentation", "segfault", "traceback", "timed out", "timeout", "unable", "undefined", "undeclared", "unexpected",
	"unhandled", "unknown", "unresolved", "✗", "✘", "✖",
}

var words = sync.OnceValue(func() *literal.Set {
	var list []literal.Literal
	for i, w := range errorWords {
		list = append(list, literal.Literal{Text: w, Fold: true, ID: i})
	}
	return literal.New(list)
})

// beginsWord reports whether a word begins at i. In names like TypeError and AssertionError each capital
// begins one.
func beginsWord(line []byte, i int) bool {
	return i == 0 || !isLetter(line[i-1]) || line[i]-'A' < 26 && line[i-1]&0x20 != 0 || afterColor(line, i)
}

// plain appends what of the line stays the same when the failure does: without colours, with # for
// numbers, addresses, times and temporary paths, white space folded.
func plain(dst, line []byte) []byte {
	for i := 0; i < len(line); {
		c := line[i]
		switch {
		case c == 0x1b:
			i = colorEnd(line, i)
		case c == ' ' || c == '\t' || c == '\r':
			if n := len(dst); n > 0 && dst[n-1] != ' ' {
				dst = append(dst, ' ')
			}
			i++
		case c == '/':
			if e := tempPath(line, i); e > 0 {
				dst = append(dst, '#')
				i = e
				continue
			}
			dst = append(dst, c)
			i++
		case c == '\\':
			// A Windows path is met at its first backslash; what stands before (the drive) does not matter.
			if e := pathEnd(line, i); hasTemp(line[i:e]) {
				dst = append(dst, '#')
				i = e
				continue
			}
			dst = append(dst, c)
			i++
		case isDigit(c):
			i = numberEnd(line, i)
			if n := len(dst); n == 0 || dst[n-1] != '#' {
				dst = append(dst, '#')
			}
		case c|0x20 >= 'a' && c|0x20 <= 'f' && (i == 0 || !isWord(line[i-1])):
			// A hash or an address without 0x: seven or more hex digits, one of them decimal.
			e, digits := i, 0
			for e < len(line) && (isDigit(line[e]) || line[e]|0x20 >= 'a' && line[e]|0x20 <= 'f') {
				if isDigit(line[e]) {
					digits++
				}
				e++
			}
			if e-i >= 7 && digits > 0 && (e == len(line) || !isWord(line[e])) {
				dst = append(dst, '#')
				i = e
				continue
			}
			dst = append(dst, c)
			i++
		default:
			dst = append(dst, c)
			i++
		}
	}
	return bytes.TrimRight(dst, " ")
}

// numberEnd goes over a number, an address, a clock time or a date with time, and a unit of time.
func numberEnd(line []byte, i int) int {
	if line[i] == '0' && i+2 < len(line) && line[i+1]|0x20 == 'x' {
		e := i + 2
		for e < len(line) && (isDigit(line[e]) || line[e]|0x20 >= 'a' && line[e]|0x20 <= 'f') {
			e++
		}
		return e
	}
	if _, e, _ := number(line, i); e > 0 {
		return e
	}
	e := i
	for e < len(line) && (isDigit(line[e]) || line[e] == '.' && e+1 < len(line) && isDigit(line[e+1])) {
		e++
	}
	// The rest of a hash that began with a digit.
	k, letters := e, 0
	for k < len(line) && (isDigit(line[k]) || line[k]|0x20 >= 'a' && line[k]|0x20 <= 'f') {
		if !isDigit(line[k]) {
			letters++
		}
		k++
	}
	if letters > 0 && k-i >= 7 && (k == len(line) || !isWord(line[k])) {
		return k
	}
	return e
}

// colorEnd returns the end of the escape sequence at i.
func colorEnd(line []byte, i int) int {
	if i+1 >= len(line) || line[i+1] != '[' {
		return i + 1
	}
	e := i + 2
	for e < len(line) && (line[e] < 0x40 || line[e] > 0x7e) {
		e++
	}
	return min(e+1, len(line))
}
