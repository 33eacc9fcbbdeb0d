// Package redact hides secrets in text that is about to be printed or exported. It knows the forms of
// common tokens, credentials in URLs and headers, private keys, and values that stand beside a telling
// name such as password or api_key.
//
// It looks at a text once, byte by byte, and does work only where a pair of bytes occurs that some rule
// waits for. Text without a secret is returned as it is, without an allocation.
package redact

import "strings"

// A Match is one secret found in a text.
type Match struct {
	Rule       string // such as "github-token"
	Start, End int    // the bytes of the secret itself, without the name beside it
	Cut        bool   // the text ends within it: the beginning alone was recognised
}

// Text returns s with each secret replaced by a mark that names the rule, such as [redacted:github-token].
func Text(s string) string {
	m, ok := next(s, 0)
	if !ok {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 32)
	done := 0
	for ; ok; m, ok = next(s, m.End) {
		b.WriteString(s[done:m.Start])
		b.WriteString(mark)
		b.WriteString(m.Rule)
		b.WriteByte(']')
		done = m.End
	}
	b.WriteString(s[done:])
	return b.String()
}

const mark = "[redacted:"

// Find returns the secrets of s in order. They do not overlap.
func Find(s string) []Match {
	var list []Match
	for m, ok := next(s, 0); ok; m, ok = next(s, m.End) {
		list = append(list, m)
	}
	return list
}

// next finds the first secret that starts at from or later.
func next(s string, from int) (Match, bool) {
	for i := max(from, 1); i < len(s); i++ {
		pair := uint16(s[i-1])<<8 | uint16(s[i])
		if triggers[pair>>3]&(1<<(pair&7)) == 0 {
			continue
		}
		if m, ok := at(s, i, pair); ok && m.Start >= from && m.End > m.Start {
			return m, true
		}
	}
	return Match{}, false
}

// at tries the rules that wait for the pair of bytes that ends at i.
func at(s string, i int, pair uint16) (Match, bool) {
	switch s[i] {
	case ':', '=':
		if m, ok := beside(s, i); ok {
			return m, true
		}
		if s[i] == ':' && strings.HasPrefix(s[i:], "://") {
			return inURL(s, i)
		}
		return Match{}, false // no token has these
	}
	switch pair {
	case '-'<<8 | '-':
		if m, ok := flagValue(s, i); ok {
			return m, true
		}
	case '-'<<8 | 'B':
		return privateKey(s, i)
	case 'B'<<8 | 'e', 'b'<<8 | 'e', 'B'<<8 | 'E':
		return bearer(s, i-1)
	}
	for n := range tokens {
		t := &tokens[n]
		if t.pair != pair {
			continue
		}
		start := i - 1 - t.at
		if start < 0 || !strings.HasPrefix(s[start:], t.prefix) {
			continue
		}
		if m, ok := t.match(s, start); ok {
			return m, true
		}
	}
	return Match{}, false
}

// known tries every token rule at one place.
func known(s string, start int) (Match, bool) {
	for n := range tokens {
		t := &tokens[n]
		if strings.HasPrefix(s[start:], t.prefix) {
			if m, ok := t.match(s, start); ok {
				return m, true
			}
		}
	}
	return Match{}, false
}

// cutAt reports whether the text ends at i, or was cut off there: texts are kept and shown up to a length, and
// what is left of a secret then is still a part of it.
func cutAt(s string, i int) bool { return i == len(s) || strings.HasPrefix(s[i:], "…") }
