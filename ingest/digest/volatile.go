package digest

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Everything volatile shows itself by a digit, a colon or a slash, and these twelve bytes stand side by
// side in ASCII. So the text is searched for them eight bytes at a time and looked at closely only there.
const (
	firstMark = '/' // 0x2f
	lastMark  = ':' // 0x3a
)

// nextMark returns the index of the first byte from i that is a digit, a colon or a slash, or len(b).
func nextMark(b []byte, i int) int {
	const (
		ones = 0x0101010101010101
		high = 0x8080808080808080
		low  = 0x7f7f7f7f7f7f7f7f
	)
	// In each byte without its high bit: the first sum sets it from firstMark up, the second above lastMark.
	// Neither carries into the next byte.
	marks := func(w uint64) uint64 {
		lo := w & low
		return (lo + ones*(0x80-firstMark)) &^ (lo + ones*(0x80-lastMark-1)) &^ w & high
	}
	for ; i+16 <= len(b); i += 16 {
		p := b[i : i+16 : i+16]
		x, y := marks(binary.LittleEndian.Uint64(p)), marks(binary.LittleEndian.Uint64(p[8:]))
		if x|y == 0 {
			continue
		}
		if x != 0 {
			return i + bits.TrailingZeros64(x)>>3
		}
		return i + 8 + bits.TrailingZeros64(y)>>3
	}
	for ; i < len(b); i++ {
		if c := b[i]; c >= firstMark && c <= lastMark {
			return i
		}
	}
	return i
}

// nextVolatile finds the first volatile stretch that begins at i or later, or returns -1.
func nextVolatile(b []byte, i int) (start, end int) {
	for {
		i = nextMark(b, i)
		if i >= len(b) {
			return -1, -1
		}
		switch c := b[i]; c {
		case '/':
			if i+4 < len(b) && (b[i+1] == 't' || b[i+1] == 'v' || b[i+1] == 'p') {
				if e := tempPath(b, i); e > 0 {
					return i, e
				}
			}
			i++
		case ':':
			if i > 0 && i+1 < len(b) && (b[i-1] == 'D' || b[i+1] == '\\') {
				if s, e := colon(b, i); e > 0 {
					return s, e
				}
			}
			i++
		default:
			j := i + 1
			for j < len(b) && isDigit(b[j]) {
				j++
			}
			if !suspect(b, i, j) {
				i = j
				continue
			}
			s, e, next := number(b, i)
			if e > 0 {
				return s, e
			}
			i = next
		}
	}
}

// What a byte beside the digits of a number may mean.
const (
	isUnit  = 1 << iota // behind them: a unit of time
	between             // before them: stands between a label and its number
	label               // before them: may end a label
)

var beside = func() (t [256]uint8) {
	for _, c := range []byte{'s', 'm', 'h', 'u', 'n', 0xc2, 0xce} {
		t[c] |= isUnit
	}
	for _, c := range []byte(` :="\#(`) {
		t[c] |= between
	}
	for c := range t {
		switch c | 0x20 {
		case 'd', 't', 's', 'n', '\n' | 0x20, 'e', 'k', ']' | 0x20:
			t[c] |= label
		}
	}
	return t
}()

// suspect reports whether the number b[i:j] may be volatile, by the bytes beside it. Most are not.
func suspect(b []byte, i, j int) bool {
	if j < len(b) {
		next := byte(0)
		if j+1 < len(b) {
			next = b[j+1]
		}
		switch b[j] {
		case ':': // a clock
			if j-i <= 2 && isDigit(next) {
				return true
			}
		case '-': // a date
			if j-i == 4 {
				return true
			}
		case '.', ',': // a fraction
			if isDigit(next) {
				return true
			}
		case ' ':
			if beside[next]&isUnit != 0 {
				return true
			}
		default:
			if beside[b[j]]&isUnit != 0 {
				return true
			}
		}
	}
	k := i
	for n := 0; n < 6 && k > 0 && beside[b[k-1]]&between != 0; n++ {
		k--
	}
	return k > 0 && beside[b[k-1]]&label != 0
}

// tempPath returns the end of the temporary path that begins with the slash at i, or 0.
func tempPath(b []byte, i int) int {
	if i > 0 && (isWord(b[i-1]) && !afterEscape(b, i) || b[i-1] == '.' || b[i-1] == '-') {
		return 0 // src/tmp/x is a path of the project
	}
	rest := b[i:]
	switch {
	case bytes.HasPrefix(rest, []byte("/tmp/")),
		bytes.HasPrefix(rest, []byte("/var/folders/")),
		bytes.HasPrefix(rest, []byte("/var/tmp/")),
		bytes.HasPrefix(rest, []byte("/private/tmp/")),
		bytes.HasPrefix(rest, []byte("/private/var/folders/")):
		return pathEnd(b, i)
	}
	return 0
}

// pathEnd returns the end of the path at i: white space, quotes, brackets and the like end it. So do a
// colon (behind it stand line numbers) and an escape of JSON other than that of the backslash.
func pathEnd(b []byte, i int) int {
	for ; i < len(b); i++ {
		switch b[i] {
		case ' ', '\t', '\n', '\r', '"', '\'', '`', ',', ';', ':', ')', '(', ']', '[', '}', '{', '<', '>', '|', 0x1b, 0:
			return i
		case '\\':
			if i+1 >= len(b) {
				return i
			}
			switch b[i+1] {
			case '\\':
				i++
			case 'n', 'r', 't', '"':
				if i == 0 || b[i-1] != '\\' {
					return i
				}
			}
		}
	}
	return i
}

// colon looks at what a colon shows: an id behind a label, or a drive letter before a temporary path.
func colon(b []byte, i int) (start, end int) {
	if i == 0 || i+1 >= len(b) {
		return 0, 0
	}
	if b[i-1] == 'D' && (hasFoldSuffix(b[:i], "chunk id") || hasFoldSuffix(b[:i], "background with id")) {
		s := i + 1
		for s < len(b) && b[s] == ' ' {
			s++
		}
		e := s
		for e < len(b) && isWord(b[e]) {
			e++
		}
		if e > s {
			return s, e
		}
		return 0, 0
	}
	if b[i+1] == '\\' && isLetter(b[i-1]) && (i < 2 || !isWord(b[i-2]) || afterEscape(b, i-1)) {
		// Paths are short; a bound keeps the search linear.
		e := pathEnd(b, i+1)
		if p := b[i+1 : min(e, i+512)]; hasTemp(p) {
			return i - 1, e
		}
	}
	return 0, 0
}

// hasTemp reports whether a Windows path leads through a folder Temp or Tmp.
func hasTemp(p []byte) bool {
	for {
		k := bytes.IndexByte(p, '\\')
		if k < 0 || len(p)-k < 5 {
			return false
		}
		p = p[k+1:]
		if p[0]|0x20 != 't' {
			continue
		}
		if len(p) > 4 && foldEqual(p[:4], "temp") && p[4] == '\\' || len(p) > 3 && foldEqual(p[:3], "tmp") && p[3] == '\\' {
			return true
		}
	}
}

// number judges the digit at i, the first of a run. It returns the volatile stretch that the number is
// or begins, or where to go on.
func number(b []byte, i int) (start, end, next int) {
	j := i + 1
	for j < len(b) && isDigit(b[j]) {
		j++
	}
	inWord := i > 0 && isWord(b[i-1]) && !afterEscape(b, i) && !afterColor(b, i)
	if j < len(b) {
		switch b[j] {
		case ':':
			if e := clock(b, i, j); e > 0 && !inWord && (i == 0 || b[i-1] != ':') {
				return i, e, e
			}
		case '-':
			if j-i == 4 && !inWord {
				if e := timestamp(b, i); e > 0 {
					return i, e, e
				}
			}
		}
	}
	if inWord {
		return 0, 0, j
	}
	// The fraction belongs to the number, two dots make a version.
	for j < len(b) && (b[j] == '.' || b[j] == ',') && j+1 < len(b) && isDigit(b[j+1]) {
		k := j + 2
		for k < len(b) && isDigit(b[k]) {
			k++
		}
		if b[j] == ',' && k-j != 4 {
			break
		}
		j = k
	}
	if j < len(b) {
		if e := duration(b, j); e > 0 {
			return i, e, e
		}
	}
	if i > 0 && labelled(b, i, j) {
		return i, j, j
	}
	return 0, 0, j
}

// clock returns the end of h:mm:ss or hh:mm:ss, with fraction, that begins at i and has its first colon
// at j; or 0.
func clock(b []byte, i, j int) int {
	if j-i > 2 || j+6 > len(b) || !isDigit(b[j+1]) || !isDigit(b[j+2]) || b[j+3] != ':' || !isDigit(b[j+4]) || !isDigit(b[j+5]) {
		return 0
	}
	return fraction(b, j+6)
}

// fraction goes over .123 or ,123 at e. A digit right at e means that the clock was none.
func fraction(b []byte, e int) int {
	if e < len(b) && isDigit(b[e]) {
		return 0
	}
	if e+1 < len(b) && (b[e] == '.' || b[e] == ',') && isDigit(b[e+1]) {
		for e++; e < len(b) && isDigit(b[e]); e++ {
		}
	}
	return e
}

// timestamp returns the end of the date with time at i, or 0. A date alone stays: it is rarely volatile
// and often content.
func timestamp(b []byte, i int) int {
	t := b[i:]
	if len(t) < 16 || t[4] != '-' || !isDigit(t[5]) || !isDigit(t[6]) || t[7] != '-' || !isDigit(t[8]) || !isDigit(t[9]) ||
		t[10] != 'T' && t[10] != ' ' && t[10] != '_' || !isDigit(t[11]) || !isDigit(t[12]) || t[13] != ':' || !isDigit(t[14]) || !isDigit(t[15]) {
		return 0
	}
	e := i + 16
	if e+2 < len(b) && b[e] == ':' && isDigit(b[e+1]) && isDigit(b[e+2]) {
		if f := fraction(b, e+3); f > 0 {
			e = f
		}
	}
	// The zone: Z, +01:00, +0100, with a blank before the sign in some logs.
	if e < len(b) && b[e] == 'Z' {
		return e + 1
	}
	s := e
	if s < len(b) && b[s] == ' ' {
		s++
	}
	if s+4 < len(b) && (b[s] == '+' || b[s] == '-') && isDigit(b[s+1]) && isDigit(b[s+2]) {
		k := s + 3
		if b[k] == ':' {
			k++
		}
		if k+1 < len(b) && isDigit(b[k]) && isDigit(b[k+1]) {
			return k + 2
		}
	}
	return e
}

// duration returns the end of the unit of time at j, right behind a number, or 0. What follows may
// continue it: 1m30s, 2 min 5 s.
func duration(b []byte, j int) int {
	e := unit(b, j)
	if e == 0 {
		return 0
	}
	for {
		k := e
		if k < len(b) && b[k] == ' ' {
			k++
		}
		if k >= len(b) || !isDigit(b[k]) {
			return e
		}
		for k < len(b) && (isDigit(b[k]) || b[k] == '.') {
			k++
		}
		u := unit(b, k)
		if u == 0 {
			return e
		}
		e = u
	}
}

// unit returns the end of the unit at j, or 0. Single letters other than s must touch the number: "5 m"
// may be anything.
func unit(b []byte, j int) int {
	if j >= len(b) {
		return 0
	}
	spaced := false
	if b[j] == ' ' {
		if j++; j == len(b) {
			return 0
		}
		spaced = true
	}
	e := j
	switch b[j] {
	case 's':
		e = longest(b, j, "seconds", "second", "secs", "sec", "s")
	case 'm':
		if e = longest(b, j, "milliseconds", "millis", "minutes", "minute", "mins", "min", "ms"); e == 0 && !spaced {
			e = longest(b, j, "m")
		}
	case 'h':
		if e = longest(b, j, "hours", "hour", "hrs", "hr"); e == 0 && !spaced {
			e = longest(b, j, "h")
		}
	case 'u':
		e = longest(b, j, "us")
	case 'n':
		e = longest(b, j, "ns")
	case 0xc2, 0xce: // both signs for micro
		e = longest(b, j, "\u00b5s", "\u03bcs")
	default:
		return 0
	}
	return e
}

// longest returns the end of the first of the words that stands at j as a whole word (or before a digit).
func longest(b []byte, j int, words ...string) int {
	for _, w := range words {
		e := j + len(w)
		if e <= len(b) && string(b[j:e]) == w && (e == len(b) || !isLetter(b[e]) && b[e] != '_' && b[e] < 0x80) {
			return e
		}
	}
	return 0
}

// labelled reports whether the number b[i:j] stands behind a word that says that it is volatile: a
// process id, a count of tokens, a duration.
func labelled(b []byte, i, j int) bool {
	k := i
	for n := 0; n < 6 && k > 0 && beside[b[k-1]]&between != 0; n++ {
		k--
	}
	if k == 0 {
		return false
	}
	head := b[max(0, k-24):k]
	switch head[len(head)-1] | 0x20 {
	case 'd':
		return hasFoldSuffix(head, "pid") && (len(head) == 3 || !isLetter(head[len(head)-4])) ||
			hasFoldSuffix(head, "session id") || hasFoldSuffix(head, "session_id") || hasFoldSuffix(head, "sessionid") ||
			hasFoldSuffix(head, "process id") || hasFoldSuffix(head, "process_id") ||
			hasFoldSuffix(head, "tokens used") || hasFoldSuffix(head, "elapsed")
	case 't':
		return hasFoldSuffix(head, "token count") || hasFoldSuffix(head, "token_count")
	case 's':
		return hasFoldSuffix(head, "_ms") || hasFoldSuffix(head, "seconds") || hasFoldSuffix(head, "_tokens") ||
			hasFoldSuffix(head, "process") && i-k == 1 && b[k] == ' '
	case 'n':
		return hasFoldSuffix(head, "duration") || hasFoldSuffix(head, `tokens used\n`)
	case '\n' | 0x20:
		return hasFoldSuffix(head, "tokens used\n")
	case 'e':
		return hasFoldSuffix(head, "wall time") || hasFoldSuffix(head, "wall_time")
	case 'k':
		return hasFoldSuffix(head, "took")
	case ']' | 0x20:
		// "[1] 12345" is what a shell says of a job that it put into the background.
		n := len(head)
		return n >= 3 && head[n-1] == ']' && isDigit(head[n-2]) && head[n-3] == '[' && i-k == 1 && j-i >= 3 &&
			(j == len(b) || b[j] == '\n' || b[j] == '\\' || b[j] == '\r')
	}
	return false
}

// afterEscape reports whether the letter before i is the end of an escape of JSON: \n, \t, \r, or \u001b.
func afterEscape(b []byte, i int) bool {
	if i < 2 {
		return false
	}
	switch b[i-1] {
	case 'n', 't', 'r':
		return b[i-2] == '\\' && (i < 3 || b[i-3] != '\\')
	}
	return false
}

// afterColor reports whether the letter before i ends a colour code: ESC [ 3 2 m.
func afterColor(b []byte, i int) bool {
	if b[i-1] != 'm' {
		return false
	}
	k := i - 1
	for n := 0; n < 12 && k > 0 && (isDigit(b[k-1]) || b[k-1] == ';'); n++ {
		k--
	}
	return k > 0 && b[k-1] == '['
}

func isDigit(c byte) bool  { return c-'0' < 10 }
func isLetter(c byte) bool { return (c|0x20)-'a' < 26 }
func isWord(c byte) bool   { return isDigit(c) || isLetter(c) || c == '_' }

// hasFoldSuffix reports whether b ends in word, which is lower case, in any case.
func hasFoldSuffix(b []byte, word string) bool {
	return len(b) >= len(word) && foldEqual(b[len(b)-len(word):], word)
}

// foldEqual compares b with a lower-case word of the same length.
func foldEqual(b []byte, word string) bool {
	for i := range len(word) {
		c := b[i]
		if c-'A' < 26 {
			c |= 0x20
		}
		if c != word[i] {
			return false
		}
	}
	return true
}
