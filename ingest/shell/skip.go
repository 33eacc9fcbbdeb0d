package shell

import "strings"

// The functions of this file find the end of something that begins at i and return the index behind it.
// What is not closed ends with the text. depth bounds recursion; what is nested deeper is read as plain
// text up to the next closing byte.
const maxNesting = 40

// skipQuote goes over '…' or "…".
func skipQuote(s string, i, depth int) int {
	if s[i] == '\'' {
		if k := strings.IndexByte(s[i+1:], '\''); k >= 0 {
			return i + k + 2
		}
		return len(s)
	}
	for i++; i < len(s); {
		switch s[i] {
		case '"':
			return i + 1
		case '\\':
			i += 2
		case '$':
			i = skipDollar(s, i, depth+1)
		case '`':
			if k := strings.IndexAny(s[i+1:], "`\""); k >= 0 && s[i+1+k] == '`' {
				i += k + 2
			} else if k >= 0 {
				// A quote inside the substitution, or a backtick alone: look for its partner first.
				i = skipTick(s, i)
			} else {
				i++
			}
		default:
			i++
		}
	}
	return len(s)
}

// skipTick goes over `…` that may hold quotes, if it is closed nearby; else over the backtick alone.
func skipTick(s string, i int) int {
	const near = 4096
	end := min(len(s), i+near)
	if k := strings.IndexByte(s[i+1:end], '`'); k >= 0 {
		return i + k + 2
	}
	return i + 1
}

// skipDollar goes over $x, ${…}, $(…), $'…'; i stands at the $.
func skipDollar(s string, i, depth int) int {
	if i+1 >= len(s) {
		return i + 1
	}
	switch s[i+1] {
	case '(':
		return skipParens(s, i+1, depth)
	case '{':
		if k := strings.IndexByte(s[i+2:min(len(s), i+1026)], '}'); k >= 0 {
			return i + k + 3
		}
		return i + 2
	case '\'':
		if depth > 0 {
			return i + 1 // inside double quotes it is no quote
		}
		for i += 2; i < len(s); i++ {
			switch s[i] {
			case '\\':
				i++
			case '\'':
				return i + 1
			}
		}
		return len(s)
	}
	return i + 1
}

// skipParens goes over (…) with the quotes, brackets, comments and here-documents in it; i stands at the
// opening bracket.
func skipParens(s string, i, depth int) int {
	if depth > maxNesting {
		if k := strings.IndexByte(s[i:], ')'); k >= 0 {
			return i + k + 1
		}
		return len(s)
	}
	var docs []hereDoc
	for i++; i < len(s); {
		switch s[i] {
		case ')':
			return i + 1
		case '(':
			i = skipParens(s, i, depth+1)
		case '\\':
			i += 2
		case '\'', '"':
			i = skipQuote(s, i, depth+1)
		case '$':
			if i+1 < len(s) && s[i+1] == '\'' {
				i++
				continue
			}
			i = skipDollar(s, i, depth+1)
		case '#':
			if isSpace(s[i-1]) {
				if k := strings.IndexByte(s[i:], '\n'); k >= 0 {
					i += k
					continue
				}
				return len(s)
			}
			i++
		case '<':
			if strings.HasPrefix(s[i:], "<<") && !strings.HasPrefix(s[i:], "<<<") && i+2 < len(s) {
				d, next := hereStart(s, i+2)
				if d.delim != "" {
					docs = append(docs, d)
				}
				i = next
				continue
			}
			if strings.HasPrefix(s[i:], "<<<") {
				i += 2
			}
			i++
		case '\n':
			i++
			for _, d := range docs {
				_, i = docBody(s, i, d)
			}
			docs = docs[:0]
		default:
			i++
		}
	}
	return len(s)
}

// hereStart reads what follows <<.
func hereStart(s string, i int) (d hereDoc, next int) {
	if s[i] == '-' {
		d.tabs = true
		i++
	}
	for i < len(s) && s[i] == ' ' {
		i++
	}
	start := i
	if i < len(s) && (s[i] == '\'' || s[i] == '"') {
		if k := strings.IndexByte(s[i+1:], s[i]); k >= 0 {
			return hereDoc{delim: s[i+1 : i+1+k], tabs: d.tabs}, i + k + 2
		}
		return d, i + 1
	}
	for i < len(s) && (s[i] == '_' || s[i] == '\\' || s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z' || s[i] >= '0' && s[i] <= '9' && i > start) {
		i++
	}
	d.delim = strings.TrimPrefix(s[start:i], `\`)
	return d, i
}

// unquote gives the word that a shell would make of w, as far as no expansion is needed.
func unquote(w string) string {
	if strings.IndexAny(w, `'"\`) < 0 {
		return w
	}
	// A Windows path: its backslashes are no escapes.
	if windowsPath(w) {
		return w
	}
	b := make([]byte, 0, len(w))
	for i := 0; i < len(w); {
		switch c := w[i]; {
		case c == '\'':
			k := strings.IndexByte(w[i+1:], '\'')
			if k < 0 {
				return string(append(b, w[i+1:]...))
			}
			b = append(b, w[i+1:i+1+k]...)
			i += k + 2
		case c == '$' && i+1 < len(w) && w[i+1] == '\'':
			for i += 2; i < len(w) && w[i] != '\''; i++ {
				if w[i] == '\\' && i+1 < len(w) {
					i++
					switch w[i] {
					case 'n':
						b = append(b, '\n')
						continue
					case 't':
						b = append(b, '\t')
						continue
					}
				}
				b = append(b, w[i])
			}
			i++
		case c == '"':
			for i++; i < len(w) && w[i] != '"'; {
				switch {
				case w[i] == '\\' && i+1 < len(w) && strings.IndexByte("$`\"\\", w[i+1]) >= 0:
					b = append(b, w[i+1])
					i += 2
				case w[i] == '\\' && i+1 < len(w) && w[i+1] == '\n':
					i += 2
				case w[i] == '$' && i+1 < len(w) && w[i+1] == '(':
					e := skipParens(w, i+1, 0)
					b = append(b, w[i:e]...)
					i = e
				default:
					b = append(b, w[i])
					i++
				}
			}
			i++
		case c == '\\' && i+1 < len(w):
			if w[i+1] != '\n' {
				b = append(b, w[i+1])
			}
			i += 2
		case c == '$' && i+1 < len(w) && w[i+1] == '(':
			e := skipParens(w, i+1, 0)
			b = append(b, w[i:e]...)
			i = e
		default:
			b = append(b, c)
			i++
		}
	}
	return string(b)
}

// windowsPath reports whether the unquoted word w looks like one: C:\…, .\…, ..\…, \\server.
func windowsPath(w string) bool {
	if strings.IndexAny(w, `'"`) >= 0 {
		return false
	}
	return len(w) > 3 && w[1] == ':' && w[2] == '\\' || strings.HasPrefix(w, `.\`) || strings.HasPrefix(w, `..\`) || strings.HasPrefix(w, `\\`) ||
		strings.Count(w, `\`) > 0 && strings.IndexByte(w, '/') < 0 && plainBackslashes(w)
}

// plainBackslashes reports whether each backslash stands between two letters or digits, as in src\app\x.go.
func plainBackslashes(w string) bool {
	for i := range len(w) {
		if w[i] == '\\' && (i == 0 || i+1 == len(w) || !isWordByte(w[i-1]) || !isWordByte(w[i+1])) {
			return false
		}
	}
	return true
}

func isWordByte(c byte) bool {
	return c == '_' || c == '.' || c == '-' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// span returns the stretch of src from the first word to the last, if only single blanks part them there
// and no white space in them needs folding.
func span(src string, words []word) (string, bool) {
	at := words[0].pos
	for i, w := range words {
		if w.pos < 0 || w.pos != at || i > 0 && src[at-1] != ' ' || needsFolding(w.text) {
			return "", false
		}
		at += len(w.text) + 1
	}
	return src[words[0].pos : at-1], true
}

// needsFolding reports whether folding changes w.
func needsFolding(w string) bool {
	for i := range len(w) {
		if c := w[i]; c <= ' ' && (isSpace(c) && c != ' ' || c == ' ' && (i == 0 || w[i-1] == ' ' || i+1 == len(w))) {
			return true
		}
	}
	return false
}
