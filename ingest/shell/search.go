package shell

import (
	"bytes"
	"sync"

	"github.com/agenttrace/agenttrace/ingest/literal"
)

// A ruleSet holds outcome rules that are looked for in the same texts.
type ruleSet struct {
	rules []*rule // by rank

	once   sync.Once
	hints  *literal.Set // the hints of all rules; its IDs are indexes into rules
	always []bool       // rules without hints
}

func (s *ruleSet) prepare() {
	s.always = make([]bool, len(s.rules))
	var list []literal.Literal
	for i, r := range s.rules {
		hints := hintsOf(r.pattern)
		s.always[i] = hints == nil
		for _, h := range hints {
			h.ID = i
			list = append(list, h)
		}
	}
	s.hints = literal.New(list)
}

// A search looks for the rules of one set in one text.
type search struct {
	set   *ruleSet
	text  []byte
	lines []hintLine // in the order of the text
	done  []int      // by rule: end of the last line taken
	found []result   // by rule: where it first matches, once asked
}

// A hintLine is a line that holds a hint of a rule.
type hintLine struct {
	rule  int
	start int // of the line
	end   int
}

type result struct {
	known, ok bool
	at        place
}

// begin goes over the text for the hints of all rules.
func (s *search) begin(set *ruleSet, text []byte) {
	set.once.Do(set.prepare)
	n := len(set.rules)
	s.set, s.text, s.lines = set, text, s.lines[:0]
	s.done = append(s.done[:0], make([]int, n)...)
	s.found = append(s.found[:0], make([]result, n)...)
	set.hints.Scan(text, func(id, at int) bool {
		if at < s.done[id] {
			return true
		}
		line := hintLine{rule: id, start: bytes.LastIndexByte(text[:at], '\n') + 1, end: len(text)}
		if k := bytes.IndexByte(text[at:], '\n'); k >= 0 {
			line.end = at + k
		}
		s.done[id] = line.end
		s.lines = append(s.lines, line)
		return true
	})
}

// first returns where a rule first matches.
func (s *search) first(rule int) (at place, ok bool) {
	r := &s.found[rule]
	if !r.known {
		r.at, r.ok = s.from(rule, 0)
		r.known = true
	}
	return r.at, r.ok
}

// from returns where a rule first matches at from or behind. Only lines that hold a hint are matched,
// each with the line before it, for a few patterns allow a line end between label and number.
func (s *search) from(rule, from int) (at place, ok bool) {
	if s.set.always[rule] {
		return s.match(rule, from, len(s.text))
	}
	for _, l := range s.lines {
		if l.rule != rule || l.end <= from {
			continue
		}
		start := max(l.start, from)
		if start > from {
			start = from + bytes.LastIndexByte(s.text[from:start-1], '\n') + 1
		}
		if at, ok := s.match(rule, start, l.end); ok {
			return at, true
		}
	}
	return place{}, false
}

func (s *search) match(rule, from, to int) (at place, ok bool) {
	m, ok := s.set.rules[rule].matchIn(s.text[from:to])
	return place{from + m.start, from + m.end}, ok
}
