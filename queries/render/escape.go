package render

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Log content is hostile input to a terminal and to a reader: it can carry escape sequences, text that
// runs backwards, and characters that cannot be seen. They are written out, as \x1b or \u202e.

// unsafeRune reports whether a character does something other than show itself. The zero-width joiner
// stays, because emoji are made with it.
func unsafeRune(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r < 0xa0: // C0, DEL and C1
		return true
	case r < 0x61c:
		return false
	case r == 0x61c, r == 0x200b, r == 0x200e, r == 0x200f: // Arabic letter mark, zero-width space, direction marks
		return true
	case r >= 0x2028 && r <= 0x202e: // line and paragraph separator, embeddings and overrides
		return true
	case r >= 0x2060 && r <= 0x206f: // word joiner, invisible operators, isolates
		return true
	case r == 0xfeff, r >= 0xfff9 && r <= 0xfffb: // byte order mark, interlinear annotation
		return true
	case r >= 0xe0000 && r <= 0xe007f: // tags: invisible copies of ASCII
		return true
	}
	return false
}

// plain reports whether s is printable ASCII, the common case in which nothing needs escaping.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= 0x7f {
			return false
		}
	}
	return true
}

// visible writes out every unsafe character, newlines and tabs among them, so that the result is one
// line and shows as what it is.
func visible(s string) string { return escaped(s, false) }

// visibleLines is visible but keeps newlines and tabs.
func visibleLines(s string) string { return escaped(s, true) }

func escaped(s string, keepLines bool) string {
	if plain(s) {
		return s
	}
	var b []byte
	done := 0
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		broken := r == utf8.RuneError && size == 1
		if !broken && (!unsafeRune(r) || keepLines && (r == '\n' || r == '\t')) {
			i += size
			continue
		}
		if b == nil {
			b = make([]byte, 0, len(s)+16)
		}
		b = append(b, s[done:i]...)
		switch {
		case broken:
			b = appendHex(append(b, `\x`...), uint32(s[i]), 2)
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r < 0x80:
			b = appendHex(append(b, `\x`...), uint32(r), 2)
		case r < 0x10000:
			b = appendHex(append(b, `\u`...), uint32(r), 4)
		default:
			b = appendHex(append(b, `\U`...), uint32(r), 8)
		}
		i += size
		done = i
	}
	if b == nil {
		return s
	}
	return string(append(b, s[done:]...))
}

const hexDigits = "0123456789abcdef"

func appendHex(dst []byte, v uint32, digits int) []byte {
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		dst = append(dst, hexDigits[v>>shift&15])
	}
	return dst
}

// appendString appends a JSON string. Unsafe characters are escaped although JSON would allow most of
// them: the value stays the same, and the output may be looked at in a terminal.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= 0x20 && c != '"' && c != '\\' && c != 0x7f {
				i++
				continue
			}
			dst = append(dst, s[done:i]...)
			switch c {
			case '"', '\\':
				dst = append(dst, '\\', c)
			case '\n':
				dst = append(dst, `\n`...)
			case '\r':
				dst = append(dst, `\r`...)
			case '\t':
				dst = append(dst, `\t`...)
			default:
				dst = appendHex(append(dst, `\u`...), uint32(c), 4)
			}
			i++
			done = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		broken := r == utf8.RuneError && size == 1
		if broken || unsafeRune(r) {
			dst = append(dst, s[done:i]...)
			switch {
			case broken:
				dst = append(dst, `\ufffd`...)
			case r < 0x10000:
				dst = appendHex(append(dst, `\u`...), uint32(r), 4)
			default: // as JSON has it, a pair of surrogates
				v := uint32(r) - 0x10000
				dst = appendHex(append(dst, `\u`...), 0xd800+v>>10, 4)
				dst = appendHex(append(dst, `\u`...), 0xdc00+v&0x3ff, 4)
			}
			done = i + size
		}
		i += size
	}
	dst = append(dst, s[done:]...)
	return append(dst, '"')
}

// appendCSV appends a field as RFC 4180 has it. What equals the mark of NULL is quoted, so that an
// empty string and NULL can be told apart.
func appendCSV(dst []byte, s, null string) []byte {
	if s != null && s != "" && s[0] != ' ' && s[len(s)-1] != ' ' && !strings.ContainsAny(s, ",\"\r\n") {
		return append(dst, s...)
	}
	if s == "" && null != "" {
		return dst
	}
	dst = append(dst, '"')
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			break
		}
		dst = append(dst, s[:i+1]...)
		dst = append(dst, '"')
		s = s[i+1:]
	}
	dst = append(dst, s...)
	return append(dst, '"')
}

// appendTSV appends a field in which tabs, line ends and backslashes are written as \t, \n, \r and \\.
func appendTSV(dst []byte, s string) []byte {
	if !strings.ContainsAny(s, "\t\n\r\\") {
		return append(dst, s...)
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\t':
			dst = append(dst, `\t`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\\':
			dst = append(dst, `\\`...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// markdown writes text so that a Markdown reader shows it as it is: no emphasis, link, image, HTML or
// table cell comes out of data. Underscores within words are left alone, as Markdown leaves them.
func markdown(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = visibleLines(s)
	if !strings.ContainsAny(s, "\\`*_[]<>|~&$\n\t") {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch c {
		case '\n':
			b.WriteString("<br>")
			continue
		case '\t':
			b.WriteByte(' ')
			continue
		case '`', '*', '[', ']', '<', '>', '|', '~', '&':
			b.WriteByte('\\')
		case '$': // an amount stays readable; anything else could open a formula
			if i+1 == len(s) || s[i+1] < '0' || s[i+1] > '9' {
				b.WriteByte('\\')
			}
		case '\\':
			if i+1 == len(s) || isPunct(s[i+1]) || s[i+1] == '\n' {
				b.WriteByte('\\')
			}
		case '_':
			if i == 0 || i+1 == len(s) || !isWord(s[i-1]) || !isWord(s[i+1]) {
				b.WriteByte('\\')
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}

// markdownLine is markdown for text at the start of a line, where some more characters have a meaning.
func markdownLine(s string) string {
	s = markdown(s)
	if s == "" {
		return s
	}
	switch s[0] {
	case '#', '-', '+', '=':
		return `\` + s
	}
	digits := 0
	for digits < len(s) && s[digits] >= '0' && s[digits] <= '9' {
		digits++
	}
	if digits > 0 && digits < len(s) && (s[digits] == '.' || s[digits] == ')') {
		return s[:digits] + `\` + s[digits:]
	}
	return s
}

func isPunct(c byte) bool {
	return c > ' ' && c < 0x7f && !isAlnum(c)
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func isWord(c byte) bool { return isAlnum(c) || c == '_' || c >= utf8.RuneSelf }

// htmlText writes text for HTML, line ends kept.
func htmlText(s string) string { return html.EscapeString(visibleLines(s)) }

// thousands groups the digits of a whole number.
func thousands(n int64) string { return group(strconv.FormatInt(n, 10)) }

// group puts commas into a run of digits that may have a sign before it.
func group(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	var b strings.Builder
	b.WriteString(sign)
	for i := 0; i < len(digits); i++ {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(digits[i])
	}
	return b.String()
}
