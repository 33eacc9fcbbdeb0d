package queries

import "strings"

// A Statement is one SQL statement of a text.
type Statement struct {
	Text   string
	Offset int     // of its first byte in the whole text
	Params []Param // named parameters ($name) in order of their first use
}

// A Param is a named parameter. Type is what it is cast to where it stands ($since::TIMESTAMPTZ), if so.
type Param struct {
	Name, Type string
}

// Split cuts a text at its semicolons and finds the parameters, minding quotes, dollar quotes and
// comments. Pieces without a statement (blank, or comments only) are left out.
func Split(text string) []Statement {
	var out []Statement
	var params []Param
	start, hasCode := 0, false
	add := func(end int) {
		if hasCode {
			piece := text[start:end]
			lead := len(piece) - len(strings.TrimLeft(piece, " \t\r\n"))
			out = append(out, Statement{strings.TrimSpace(piece), start + lead, params})
		}
		start, hasCode, params = end+1, false, nil
	}
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ';':
			add(i)
			i++
		case c == '\'' || c == '"':
			hasCode = true
			i = skipQuoted(text, i)
		case strings.HasPrefix(text[i:], "--"):
			if n := strings.IndexByte(text[i:], '\n'); n >= 0 {
				i += n
			} else {
				i = len(text)
			}
		case strings.HasPrefix(text[i:], "/*"):
			i = skipComment(text, i)
		case c == '$':
			hasCode = true
			if end := skipDollarQuoted(text, i); end > 0 {
				i = end
				break
			}
			n := i + 1
			for n < len(text) && isWord(text[n]) {
				n++
			}
			if n > i+1 {
				params = addParam(params, text[i+1:n], castAfter(text[n:]))
			}
			i = n
		case isWord(c):
			hasCode = true
			for i < len(text) && (isWord(text[i]) || text[i] == '$') {
				i++
			}
		default:
			hasCode = hasCode || c > ' '
			i++
		}
	}
	add(len(text))
	return out
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func skipQuoted(text string, i int) int {
	quote := text[i]
	for i++; i < len(text); i++ {
		if text[i] == quote {
			if i+1 < len(text) && text[i+1] == quote {
				i++
				continue
			}
			return i + 1
		}
	}
	return len(text)
}

// skipComment passes a block comment; DuckDB's do not nest.
func skipComment(text string, i int) int {
	if n := strings.Index(text[i+2:], "*/"); n >= 0 {
		return i + 2 + n + 2
	}
	return len(text)
}

// skipDollarQuoted passes $$…$$ or $tag$…$tag$; 0 if none begins at i.
func skipDollarQuoted(text string, i int) int {
	n := i + 1
	for n < len(text) && isWord(text[n]) {
		n++
	}
	if n >= len(text) || text[n] != '$' || n > i+1 && text[i+1] >= '0' && text[i+1] <= '9' {
		return 0
	}
	tag := text[i : n+1]
	if end := strings.Index(text[n+1:], tag); end >= 0 {
		return n + 1 + end + len(tag)
	}
	return len(text)
}

func castAfter(rest string) string {
	if !strings.HasPrefix(rest, "::") {
		return ""
	}
	n := 2
	for n < len(rest) && (isWord(rest[n])) {
		n++
	}
	return strings.ToUpper(rest[2:n])
}

func addParam(params []Param, name, typ string) []Param {
	for i := range params {
		if params[i].Name == name {
			if params[i].Type == "" {
				params[i].Type = typ
			}
			return params
		}
	}
	return append(params, Param{name, typ})
}

// Terminated reports whether a text is ready to run: its last statement ends with a semicolon, and what
// follows is nothing or comments.
func Terminated(text string) bool {
	ended := false
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c <= ' ':
			i++
		case strings.HasPrefix(text[i:], "--"):
			n := strings.IndexByte(text[i:], '\n')
			if n < 0 {
				return ended
			}
			i += n
		case strings.HasPrefix(text[i:], "/*"):
			n := strings.Index(text[i+2:], "*/")
			if n < 0 {
				return false
			}
			i += n + 4
		case c == ';':
			ended = true
			i++
		case c == '\'' || c == '"':
			ended = false
			i = skipQuoted(text, i)
		case c == '$':
			ended = false
			if end := skipDollarQuoted(text, i); end > 0 {
				i = end
			} else {
				i++
			}
		default:
			ended = false
			i++
		}
	}
	return ended
}
