// Package jscan reads JSON in one pass over the bytes, without building values: the caller walks
// objects and arrays, takes what it wants and skips the rest. Strings come as the raw bytes between
// the quotes and are decoded only on request.
//
// It is the decoder of the hot path. What it skips it checks only as far as finding the end requires
// (brackets match, strings and literals end); what it returns is well formed.
package jscan

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// ErrSyntax is every error of this package: the bytes are not JSON, or end too early.
var ErrSyntax = errors.New("not valid JSON")

// maxDepth bounds nesting, so that hostile input cannot exhaust the stack or the bit set below.
const maxDepth = 512

// A Scanner walks one JSON text. The usual loop is
//
//	s.Reset(line)
//	for s.Object(); s.Key(); {
//		switch string(s.Name) {
//		case "type":
//			typ = s.Str()
//		default:
//			s.Skip()
//		}
//	}
//	if err := s.End(); err != nil { … }
//
// Exactly one value must be taken or skipped for each Key or Elem that returned true. After the first
// error every method returns zero values and Key and Elem return false, so errors need checking once.
type Scanner struct {
	buf   []byte
	pos   int
	bad   bool
	fresh bool // the innermost container was just entered: no comma expected
	depth int

	// Name is the raw key of the last Key, valid until the next call. Keys with escapes are decoded.
	Name []byte

	nameStart, nameEnd int // of the last key, without its quotes
}

// Kind is the first byte of a value: one of { [ " t f n or 0 for a number. It is 'x' where no value
// stands.
type Kind byte

const (
	Object Kind = '{'
	Array  Kind = '['
	String Kind = '"'
	True   Kind = 't'
	False  Kind = 'f'
	Null   Kind = 'n'
	Number Kind = '0'
	None   Kind = 'x'
)

// Reset starts on a new text. The scanner keeps and returns parts of buf.
func (s *Scanner) Reset(buf []byte) {
	*s = Scanner{buf: buf}
}

// Pos is the offset of the next byte.
func (s *Scanner) Pos() int { return s.pos }

// Bad reports whether an error was met.
func (s *Scanner) Bad() bool { return s.bad }

// End reports ErrSyntax if an error was met or if anything but white space is left.
func (s *Scanner) End() error {
	s.space()
	if s.bad || s.pos != len(s.buf) || s.depth != 0 {
		return ErrSyntax
	}
	return nil
}

func (s *Scanner) fail() { s.bad = true; s.pos = len(s.buf) }

func (s *Scanner) space() {
	for s.pos < len(s.buf) {
		switch s.buf[s.pos] {
		case ' ', '\n', '\r', '\t':
			s.pos++
		default:
			return
		}
	}
}

// Kind looks at the next value without taking it.
func (s *Scanner) Kind() Kind {
	s.space()
	if s.bad || s.pos >= len(s.buf) {
		return None
	}
	switch c := s.buf[s.pos]; c {
	case '{', '[', '"', 't', 'f', 'n':
		return Kind(c)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return Number
	}
	return None
}

func (s *Scanner) open(c byte) bool {
	s.space()
	if s.bad || s.pos >= len(s.buf) || s.buf[s.pos] != c || s.depth >= maxDepth {
		s.fail()
		return false
	}
	s.pos++
	s.depth++
	s.fresh = true
	return true
}

// Object enters an object; it is an error if the next value is none. Use Kind or ObjectOrSkip first
// where the log may differ.
func (s *Scanner) Object() bool { return s.open('{') }

// Array enters an array.
func (s *Scanner) Array() bool { return s.open('[') }

// ObjectOrSkip enters the next value if it is an object, else skips it and returns false.
func (s *Scanner) ObjectOrSkip() bool {
	if s.Kind() == Object {
		return s.Object()
	}
	s.Skip()
	return false
}

// ArrayOrSkip enters the next value if it is an array, else skips it and returns false.
func (s *Scanner) ArrayOrSkip() bool {
	if s.Kind() == Array {
		return s.Array()
	}
	s.Skip()
	return false
}

// next moves to the next element of the innermost container, or leaves it at its end byte.
func (s *Scanner) next(end byte) bool {
	s.space()
	if s.bad {
		return false
	}
	if s.pos >= len(s.buf) {
		s.fail()
		return false
	}
	c := s.buf[s.pos]
	if c == end {
		s.pos++
		s.depth--
		s.fresh = false
		return false
	}
	if s.fresh {
		s.fresh = false
		return true
	}
	if c != ',' {
		s.fail()
		return false
	}
	s.pos++
	return true
}

// Key moves to the next member of the object and sets Name; false at its end.
func (s *Scanner) Key() bool {
	if !s.next('}') {
		return false
	}
	raw, escaped := s.rawString()
	if s.bad {
		return false
	}
	s.nameStart, s.nameEnd = s.pos-1-len(raw), s.pos-1
	if escaped {
		raw = Unquote(nil, raw)
	}
	s.Name = raw
	s.space()
	if s.pos >= len(s.buf) || s.buf[s.pos] != ':' {
		s.fail()
		return false
	}
	s.pos++
	return true
}

// NameAt is where the last key stands in the text, between its quotes.
func (s *Scanner) NameAt() (start, end int) { return s.nameStart, s.nameEnd }

// Elem moves to the next element of the array; false at its end.
func (s *Scanner) Elem() bool { return s.next(']') }

// rawString takes a string and returns what stands between its quotes.
func (s *Scanner) rawString() (raw []byte, escaped bool) {
	s.space()
	if s.pos >= len(s.buf) || s.buf[s.pos] != '"' {
		s.fail()
		return nil, false
	}
	start := s.pos + 1
	end, escaped := stringEnd(s.buf, start)
	if end < 0 {
		s.fail()
		return nil, false
	}
	s.pos = end + 1
	return s.buf[start:end], escaped
}

// stringEnd returns the index of the quote that closes the string whose content begins at i, or -1, and
// whether the string holds escapes.
func stringEnd(b []byte, i int) (end int, escaped bool) {
	// Most strings are short and plain: keys, ids, names.
	for k := 0; k < 4 && i+8 <= len(b); k++ {
		w := word(b, i)
		q, e := zeroes(w^'"'*ones), zeroes(w^'\\'*ones)
		if q|e == 0 {
			i += 8
			continue
		}
		if at := bits.TrailingZeros64(q | e); q>>at&1 == 1 {
			return i + at/8, false
		}
		return escapedEnd(b, i+bits.TrailingZeros64(e)/8), true
	}
	q := bytes.IndexByte(b[i:], '"')
	if q < 0 {
		return -1, false
	}
	e := bytes.IndexByte(b[i:i+q], '\\')
	if e < 0 {
		return i + q, false
	}
	return escapedEnd(b, i+e), true
}

// escapedEnd is stringEnd from an escape on.
func escapedEnd(b []byte, i int) int {
	start := i
	for {
		q := nextQuote(b, i)
		if q < 0 {
			return -1
		}
		// The quote is escaped when an odd number of backslashes stands before it.
		k := q
		for k > start && b[k-1] == '\\' {
			k--
		}
		if (q-k)&1 == 0 {
			return q
		}
		i = q + 1
	}
}

// nextQuote returns the index of the first quote from i on, or -1. In code in a string quotes are close to
// each other, in prose they are far apart.
func nextQuote(b []byte, i int) int {
	for near := i + 64; i+8 <= len(b) && i < near; i += 8 {
		if q := zeroes(word(b, i) ^ '"'*ones); q != 0 {
			return i + bits.TrailingZeros64(q)/8
		}
	}
	q := bytes.IndexByte(b[i:], '"')
	if q < 0 {
		return -1
	}
	return i + q
}

const ones = 0x0101010101010101

// word are the eight bytes at i, which b must have.
func word(b []byte, i int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))[:])
}

// zeroes has the high bit set in the first byte of w that is zero (and perhaps in later bytes); it is
// zero if there is none.
func zeroes(w uint64) uint64 { return (w - ones) &^ w & (0x80 * ones) }

// A Text is a JSON string as it stands in the log. Raw is valid as long as the buffer is.
type Text struct {
	Raw     []byte
	Escaped bool // Raw holds escapes
	Present bool // there was a string, perhaps an empty one
}

// Text takes a string without decoding it; any other value is skipped and is not Present.
func (s *Scanner) Text() Text {
	if s.Kind() != String {
		s.Skip()
		return Text{}
	}
	raw, esc := s.rawString()
	return Text{Raw: raw, Escaped: esc, Present: !s.bad}
}

// Bytes returns the decoded text; without escapes it is Raw itself, else it is appended to buf[:0].
func (t Text) Bytes(buf []byte) []byte {
	if !t.Escaped {
		return t.Raw
	}
	return Unquote(buf[:0], t.Raw)
}

// String returns the decoded text as a string of its own.
func (t Text) String() string {
	if !t.Escaped {
		return string(t.Raw)
	}
	return string(Unquote(nil, t.Raw))
}

// Prefix returns the decoded text cut to at most n bytes at a rune border, and whether it is all of it.
func (t Text) Prefix(n int) (string, bool) {
	if !t.Escaped {
		return prefix(t.Raw, n)
	}
	var room [1 << 10]byte
	// A text is little shorter decoded, mostly: n bytes and some will do.
	if limit := n + n/8 + 32; limit <= len(room) && limit < len(t.Raw) {
		if b := Unquote(room[:0], cutEscape(t.Raw, limit)); len(b) > n {
			return prefix(b, n)
		}
	}
	// An escape is at most six raw bytes for one decoded byte.
	raw, whole := t.Raw, true
	if n < len(raw) && len(raw) > 6*n+12 {
		raw, whole = cutEscape(raw, 6*n+12), false
	}
	s, all := prefix(Unquote(room[:0], raw), n)
	return s, all && whole
}

// prefix cuts b to at most n bytes at a rune border.
func prefix(b []byte, n int) (string, bool) {
	if len(b) <= n {
		return string(b), true
	}
	for n > 0 && !utf8.RuneStart(b[n]) {
		n--
	}
	return string(b[:n]), false
}

// cutEscape cuts raw at n without splitting an escape.
func cutEscape(raw []byte, n int) []byte {
	if n >= len(raw) {
		return raw
	}
	for k := n - 1; k >= 0 && k > n-7; k-- {
		if raw[k] == '\\' {
			e := k
			for e > 0 && raw[e-1] == '\\' {
				e--
			}
			if (k-e)&1 == 0 { // raw[k] begins an escape
				return raw[:k]
			}
			break
		}
	}
	return raw[:n]
}

// Len is the number of bytes of the decoded text in UTF-8, counted without decoding.
func (t Text) Len() int {
	if !t.Escaped {
		return len(t.Raw)
	}
	raw := t.Raw
	n, i, far := len(raw), 0, 0
	for {
		if i+8 <= len(raw) && far < 64 {
			f := zeroes(word(raw, i) ^ '\\'*ones)
			if f == 0 {
				i += 8
				far += 8
				continue
			}
			i += bits.TrailingZeros64(f) / 8
		} else {
			k := bytes.IndexByte(raw[i:], '\\')
			if k < 0 {
				return n
			}
			i += k
		}
		far = 0
		if i+1 >= len(raw) {
			return n
		}
		c := raw[i+1]
		if simple[c] != 0 {
			n--
			i += 2
			continue
		}
		size := 2 // a broken escape stands for itself
		if c == 'u' && len(raw)-i >= 6 {
			var r rune
			if r, size = unescape(raw[i:]); size > 2 {
				n -= size - utf8.RuneLen(r)
			}
		}
		i += size
	}
}

// simple gives what the escapes of one letter stand for; 0 for letters that make none.
var simple = [256]byte{'n': '\n', 't': '\t', 'r': '\r', 'b': '\b', 'f': '\f', '"': '"', '\\': '\\', '/': '/'}

// unescape decodes the \u escape (or surrogate pair) at the start of raw. A lone surrogate is U+FFFD; of
// a broken escape the size is 2.
func unescape(raw []byte) (r rune, size int) {
	r = hex4(raw[2:])
	if r < 0 {
		return utf8.RuneError, 2
	}
	if utf16.IsSurrogate(r) {
		if len(raw) >= 12 && raw[6] == '\\' && raw[7] == 'u' {
			if p := utf16.DecodeRune(r, hex4(raw[8:])); p != utf8.RuneError {
				return p, 12
			}
		}
		return utf8.RuneError, 6
	}
	return r, 6
}

func hex4(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// Unquote appends the decoded form of raw, the bytes between the quotes of a JSON string, to dst.
// Broken escapes stand for themselves. dst and raw must not share memory.
func Unquote(dst, raw []byte) []byte {
	// Decoding never makes a text longer, so what is written stays within this.
	dst = slices.Grow(dst, len(raw))
	out := dst[len(dst) : len(dst)+len(raw)]
	n, i := 0, 0
	for {
		// Escapes are some ten bytes apart in code and some fifty in lists: so far the text is moved by words,
		// what is farther is searched and copied. n <= i, so no store leaves out.
		near := i + 64
		for {
			if i+8 > len(raw) {
				for i < len(raw) && raw[i] != '\\' {
					out[n] = raw[i]
					i++
					n++
				}
				break
			}
			w := word(raw, i)
			putWord(out, n, w)
			if f := zeroes(w ^ '\\'*ones); f != 0 {
				k := bits.TrailingZeros64(f) / 8
				i += k
				n += k
				break
			}
			i += 8
			n += 8
			if i >= near {
				k := bytes.IndexByte(raw[i:], '\\')
				if k < 0 {
					k = len(raw) - i
				}
				copy(out[n:], raw[i:i+k])
				i += k
				n += k
				break
			}
		}
		if i+1 >= len(raw) {
			if i < len(raw) {
				out[n] = '\\'
				n++
			}
			break
		}
		c := raw[i+1]
		if s := simple[c]; s != 0 {
			out[n] = s
			n++
			i += 2
			continue
		}
		if c == 'u' && len(raw)-i >= 6 {
			if r, size := unescape(raw[i:]); size > 2 {
				n += utf8.EncodeRune(out[n:], r)
				i += size
				continue
			}
		}
		out[n], out[n+1] = '\\', c
		n += 2
		i += 2
	}
	return dst[:len(dst)+n]
}

// putWord writes eight bytes at i, which b must have.
func putWord(b []byte, i int, w uint64) {
	binary.LittleEndian.PutUint64((*[8]byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))[:], w)
}

// Str takes a string and returns it decoded as a string of its own; other values give "".
func (s *Scanner) Str() string {
	t := s.Text()
	if len(t.Raw) == 0 {
		return ""
	}
	return t.String()
}

// View takes a string and returns its bytes, decoded only if it holds escapes: valid while the buffer
// is. Other values give nil.
func (s *Scanner) View() []byte {
	t := s.Text()
	if !t.Escaped {
		return t.Raw
	}
	return Unquote(nil, t.Raw)
}

// Raw takes any value and returns its bytes.
func (s *Scanner) Raw() []byte {
	s.space()
	start := s.pos
	s.Skip()
	if s.bad {
		return nil
	}
	return s.buf[start:s.pos]
}

// Int takes a number with an integer value within int64. Anything else is skipped; ok is false.
func (s *Scanner) Int() (v int64, ok bool) {
	if s.Kind() != Number {
		s.Skip()
		return 0, false
	}
	start := s.pos
	s.skipNumber()
	b := s.buf[start:s.pos]
	neg := false
	d := b
	if len(d) > 0 && d[0] == '-' {
		neg, d = true, d[1:]
	}
	if len(d) == 0 || len(d) > 18 {
		return slowInt(b)
	}
	for _, c := range d {
		if c < '0' || c > '9' {
			return slowInt(b)
		}
		v = v*10 + int64(c-'0')
	}
	if neg {
		v = -v
	}
	return v, true
}

// slowInt reads 1e3, 2.0 and numbers near the limits.
func slowInt(b []byte) (int64, bool) {
	str := unsafe.String(unsafe.SliceData(b), len(b))
	if v, err := strconv.ParseInt(str, 10, 64); err == nil {
		return v, true
	}
	f, err := strconv.ParseFloat(str, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// Float takes a number. Anything else is skipped; ok is false.
func (s *Scanner) Float() (v float64, ok bool) {
	if s.Kind() != Number {
		s.Skip()
		return 0, false
	}
	start := s.pos
	s.skipNumber()
	b := s.buf[start:s.pos]
	v, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(b), len(b)), 64)
	return v, err == nil
}

// Bool takes true or false. Anything else is skipped; ok is false.
func (s *Scanner) Bool() (v, ok bool) {
	k := s.Kind()
	s.Skip()
	return k == True, !s.bad && (k == True || k == False)
}

// Skip takes any value.
func (s *Scanner) Skip() {
	switch s.Kind() {
	case String:
		end, _ := stringEnd(s.buf, s.pos+1)
		if end < 0 {
			s.fail()
			return
		}
		s.pos = end + 1
	case Object, Array:
		s.skipContainer()
	case True:
		s.literal("true")
	case False:
		s.literal("false")
	case Null:
		s.literal("null")
	case Number:
		s.skipNumber()
	default:
		s.fail()
	}
}

func (s *Scanner) literal(word string) {
	if len(s.buf)-s.pos < len(word) || string(s.buf[s.pos:s.pos+len(word)]) != word {
		s.fail()
		return
	}
	s.pos += len(word)
}

func (s *Scanner) skipNumber() {
	i := s.pos
	for i < len(s.buf) {
		switch c := s.buf[i]; {
		case c >= '0' && c <= '9', c == '-', c == '+', c == '.', c == 'e', c == 'E':
			i++
			continue
		}
		break
	}
	s.pos = i
}

// structural are the bytes that decide where a container ends.
var structural = [256]bool{'"': true, '{': true, '[': true, '}': true, ']': true}

// skipContainer finds the end of an object or array. It checks that brackets match in kind.
func (s *Scanner) skipContainer() {
	var kinds [maxDepth / 64]uint64 // bit set of the open brackets: 1 = object
	depth := 0
	b, i := s.buf, s.pos
	for {
		for i < len(b) && !structural[b[i]] {
			i++
		}
		if i >= len(b) {
			break
		}
		switch b[i] {
		case '"':
			end, _ := stringEnd(b, i+1)
			if end < 0 {
				s.fail()
				return
			}
			i = end + 1
			continue
		case '{', '[':
			if depth == maxDepth {
				s.fail()
				return
			}
			if b[i] == '{' {
				kinds[depth/64] |= 1 << (depth % 64)
			} else {
				kinds[depth/64] &^= 1 << (depth % 64)
			}
			depth++
		case '}', ']':
			depth--
			isObject := kinds[depth/64]>>(depth%64)&1 == 1
			if isObject != (b[i] == '}') {
				s.fail()
				return
			}
			if depth == 0 {
				s.pos = i + 1
				return
			}
		}
		i++
	}
	s.fail()
}
