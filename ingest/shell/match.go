package shell

import (
	"regexp/syntax"
	"unicode/utf8"
)

// A matcher finds what a pattern finds, an order of magnitude sooner than package regexp does on the
// short stretches of text that are left to look at: it runs the compiled pattern by plain backtracking.
// That can take long on hostile text, so it gives up after some steps, and the caller asks regexp.
type matcher struct {
	prog  *syntax.Prog
	first [256]bool // the bytes that a match can begin with
}

// newMatcher compiles a pattern; nil if a match can be empty.
func newMatcher(pattern string) *matcher {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return nil
	}
	m := &matcher{prog: prog}
	if !m.starts(uint32(prog.Start), make([]bool, len(prog.Inst))) {
		return nil
	}
	return m
}

// starts collects the first bytes from an instruction on. It reports false if a match can end there.
func (m *matcher) starts(pc uint32, seen []bool) bool {
	if seen[pc] {
		return true
	}
	seen[pc] = true
	in := &m.prog.Inst[pc]
	switch in.Op {
	case syntax.InstMatch:
		return false
	case syntax.InstFail:
		return true
	case syntax.InstAlt, syntax.InstAltMatch:
		return m.starts(in.Out, seen) && m.starts(in.Arg, seen)
	case syntax.InstCapture, syntax.InstEmptyWidth, syntax.InstNop:
		return m.starts(in.Out, seen)
	}
	for c := range rune(utf8.RuneSelf) {
		m.first[c] = m.first[c] || takes(in, c)
	}
	for c := utf8.RuneSelf; c < 256; c++ {
		m.first[c] = true // the start of some rune
	}
	return true
}

func takes(in *syntax.Inst, r rune) bool {
	switch in.Op {
	case syntax.InstRune1:
		return in.Rune[0] == r
	case syntax.InstRuneAny:
		return true
	case syntax.InstRuneAnyNotNL:
		return r != '\n'
	}
	return in.MatchRune(r)
}

// find returns the leftmost match, of which alternatives that stand first in the pattern are preferred,
// or -1. ok is false if it gave up.
func (m *matcher) find(b []byte) (start, end int, ok bool) {
	t := try{prog: m.prog, b: b, left: 64*len(b) + 4096}
	for i, c := range b {
		if !m.first[c] {
			continue
		}
		if e := t.run(uint32(m.prog.Start), i); e >= 0 {
			return i, e, true
		}
		if t.left < 0 {
			return -1, -1, false
		}
	}
	return -1, -1, true
}

// A try is one search.
type try struct {
	prog *syntax.Prog
	b    []byte
	left int // steps
	deep int
}

// maxDeep bounds the stack; each character that a star takes is one call.
const maxDeep = 1 << 15

// run returns the end of the match at i from an instruction on, or -1.
func (t *try) run(pc uint32, i int) int {
	for {
		if t.left--; t.left < 0 {
			return -1
		}
		in := &t.prog.Inst[pc]
		switch in.Op {
		case syntax.InstMatch:
			return i
		case syntax.InstFail:
			return -1
		case syntax.InstAlt, syntax.InstAltMatch:
			if t.deep++; t.deep > maxDeep {
				t.left = 0
			}
			e := t.run(in.Out, i)
			t.deep--
			if e >= 0 || t.left < 0 {
				return e
			}
			pc = in.Arg
			continue
		case syntax.InstEmptyWidth:
			if !t.holds(syntax.EmptyOp(in.Arg), i) {
				return -1
			}
		case syntax.InstCapture, syntax.InstNop:
		default:
			if i >= len(t.b) {
				return -1
			}
			r, size := rune(t.b[i]), 1
			if r >= utf8.RuneSelf {
				r, size = utf8.DecodeRune(t.b[i:])
			}
			if !takes(in, r) {
				return -1
			}
			i += size
		}
		pc = in.Out
	}
}

// holds reports whether the conditions on the place before i are met.
func (t *try) holds(op syntax.EmptyOp, i int) bool {
	begin, end := i == 0, i == len(t.b)
	before, after := !begin && isWord(t.b[i-1]), !end && isWord(t.b[i])
	switch {
	case op&syntax.EmptyBeginText != 0 && !begin,
		op&syntax.EmptyEndText != 0 && !end,
		op&syntax.EmptyBeginLine != 0 && !begin && t.b[i-1] != '\n',
		op&syntax.EmptyEndLine != 0 && !end && t.b[i] != '\n',
		op&syntax.EmptyWordBoundary != 0 && before == after,
		op&syntax.EmptyNoWordBoundary != 0 && before != after:
		return false
	}
	return true
}

func isWord(c byte) bool { return isDigit(c) || (c|0x20)-'a' < 26 || c == '_' }
