package sqlfiles

import "strings"

// A Token is a piece of SQL text.
type Token struct {
	Kind Kind
	Text string // as written
	Pos  int    // byte offset
}

// A Kind tells tokens apart.
type Kind uint8

const (
	Word    Kind = iota // a name or keyword
	Quoted              // a name in double quotes
	Literal             // a text in single quotes
	Number
	Symbol // one character
	Broken // a text or comment without its end
)

// Tokens splits SQL into its tokens. Comments and white space vanish.
func Tokens(sql string) []Token {
	out := make([]Token, 0, len(sql)/5)
	for i := 0; i < len(sql); {
		c := sql[i]
		start := i
		kind := Symbol
		switch {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			i++
			continue
		case strings.HasPrefix(sql[i:], "--"):
			n := strings.IndexByte(sql[i:], '\n')
			if n < 0 {
				return out
			}
			i += n + 1
			continue
		case strings.HasPrefix(sql[i:], "/*"):
			n := strings.Index(sql[i+2:], "*/")
			if n < 0 {
				return append(out, Token{Broken, sql[i:], i})
			}
			i += n + 4
			continue
		case c == '\'' || c == '"':
			n := quotedEnd(sql[i:], c)
			if n < 0 {
				return append(out, Token{Broken, sql[i:], i})
			}
			i += n
			kind = Literal
			if c == '"' {
				kind = Quoted
			}
		case isLetter(c):
			for i < len(sql) && (isLetter(sql[i]) || isDigit(sql[i])) {
				i++
			}
			kind = Word
		case isDigit(c):
			for i < len(sql) && (isDigit(sql[i]) || isLetter(sql[i]) || sql[i] == '.' && i+1 < len(sql) && isDigit(sql[i+1])) {
				i++
			}
			kind = Number
		default:
			i++
		}
		out = append(out, Token{kind, sql[start:i], start})
	}
	return out
}

// quotedEnd finds the end of a quoted text; the quote is doubled inside.
func quotedEnd(sql string, quote byte) int {
	for i := 1; i < len(sql); i++ {
		if sql[i] != quote {
			continue
		}
		if i+1 < len(sql) && sql[i+1] == quote {
			i++
			continue
		}
		return i + 1
	}
	return -1
}

func isLetter(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// normal writes tokens with one blank between them: two texts with the same normal form are the same
// statement.
func normal(tokens []Token) string {
	var b strings.Builder
	for i, t := range tokens {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.Text)
	}
	return b.String()
}
