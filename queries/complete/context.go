package complete

import (
	"slices"
	"strings"
)

// A token is a word ($name and quoted names too) or one symbol.
type token struct {
	text string
	pos  int
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// tokens splits SQL; texts and comments vanish. open: the end lies inside one of them.
func tokens(text string) (out []token, open bool) {
	for i := 0; i < len(text); {
		rest := text[i:]
		switch c := text[i]; {
		case c <= ' ':
			i++
		case strings.HasPrefix(rest, "--"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				return out, true
			}
			i += n
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				return out, true
			}
			i += n + 4
		case c == '\'' || c == '"':
			n := strings.IndexByte(rest[1:], c)
			if n < 0 {
				return out, c == '\''
			}
			if c == '"' {
				out = append(out, token{rest[1 : n+1], i})
			}
			i += n + 2
		case isWord(c):
			n := i
			for n < len(text) && isWord(text[n]) {
				n++
			}
			out = append(out, token{text[i:n], i})
			i = n
		default:
			out = append(out, token{text[i : i+1], i})
			i++
		}
	}
	return out, false
}

// wordStart is where the word begins that ends with the text. A point belongs to it: alias.column.
func wordStart(text string) int {
	i := len(text)
	for i > 0 && (isWord(text[i-1]) || text[i-1] == '.' && i > 1 && isWord(text[i-2])) {
		i--
	}
	return i
}

// statement is what stands after the last semicolon.
func statement(toks []token) []token {
	for i := len(toks) - 1; i >= 0; i-- {
		if toks[i].text == ";" {
			return toks[i+1:]
		}
	}
	return toks
}

// untilEnd is what stands before the first semicolon.
func untilEnd(toks []token) []token {
	for i, t := range toks {
		if t.text == ";" {
			return toks[:i]
		}
	}
	return toks
}

// beforeRelation are the words that a relation follows.
var beforeRelation = []string{"from", "join", "describe", "summarize", "table", "show"}

// wantsRelation reports whether a relation may follow: after FROM and its like, and after a comma of its list.
func wantsRelation(toks []token) bool {
	depth := 0
	for i := len(toks) - 1; i >= 0; i-- {
		word := strings.ToLower(toks[i].text)
		switch {
		case word == ")":
			depth++
			continue
		case word == "(":
			if depth == 0 {
				return false
			}
			depth--
			continue
		case depth > 0:
			continue
		}
		if i == len(toks)-1 && slices.Contains(beforeRelation, word) {
			return true
		}
		if toks[len(toks)-1].text != "," {
			return false
		}
		switch word {
		case "from":
			return true
		case "select", "where", "by", "on", "having", "values", "using", "set", "limit":
			return false
		}
	}
	return false
}

// mentioned lists the relations that the statement names, in their order.
func mentioned(c *Catalogue, toks []token) []string {
	var out []string
	for _, t := range toks {
		name := strings.ToLower(t.text)
		if c.Relations[name] != nil && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// resolve finds the relation that an alias stands for: "from sessions as s", "join tool_calls t".
func resolve(c *Catalogue, toks []token, alias string) string {
	if name := strings.ToLower(alias); c.Relations[name] != nil {
		return name
	}
	for i := 1; i < len(toks); i++ {
		if !strings.EqualFold(toks[i].text, alias) {
			continue
		}
		j := i - 1
		if strings.EqualFold(toks[j].text, "as") && j > 0 {
			j--
		}
		if name := strings.ToLower(toks[j].text); c.Relations[name] != nil {
			return name
		}
	}
	return ""
}

// ctes lists the names that the statement gives to queries of its own: with x as (….
func ctes(toks []token, word string) []Candidate {
	var out []Candidate
	for i := 0; i+2 < len(toks); i++ {
		if strings.EqualFold(toks[i+1].text, "as") && toks[i+2].text == "(" && hasPrefix(toks[i].text, word) {
			out = append(out, Candidate{Text: toks[i].text, Kind: "relation"})
		}
	}
	return out
}
