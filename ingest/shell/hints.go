package shell

import (
	"regexp/syntax"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/literal"
)

// maxHints bounds the texts that one pattern is known by.
const maxHints = 24

// hintsOf finds texts of which every match of a pattern holds one, each as long as can be. It returns nil
// if there are none: then only the pattern itself can tell. Searching them all costs one pass over a
// text, whatever their number.
func hintsOf(pattern string) []literal.Literal {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	p := pieceOf(re.Simplify())
	return better(p.held, p.begins)
}

// A piece is what is known about the matches of a part of a pattern.
type piece struct {
	begins []literal.Literal // every match begins with one of these; one may be empty
	exact  bool              // and is no longer than it
	held   []literal.Literal // every match holds one of these; nil = unknown
}

var (
	nothing  = []literal.Literal{{}}
	anything = piece{begins: nothing}
)

func pieceOf(re *syntax.Regexp) piece {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpEndLine, syntax.OpEndText, syntax.OpBeginText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return piece{begins: nothing, exact: true}
	case syntax.OpBeginLine:
		return piece{begins: []literal.Literal{{LineStart: true}}, exact: true}
	case syntax.OpLiteral:
		l := literal.Literal{Text: string(re.Rune)}
		if re.Flags&syntax.FoldCase != 0 {
			l = folded(l)
		}
		return piece{begins: []literal.Literal{l}, exact: true}
	case syntax.OpCharClass:
		var list []literal.Literal
		for i := 0; i < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if len(list) == 4 {
					return anything
				}
				list = append(list, literal.Literal{Text: string(r)})
			}
		}
		return piece{begins: list, exact: true}
	case syntax.OpCapture:
		return pieceOf(re.Sub[0])
	case syntax.OpPlus:
		p := pieceOf(re.Sub[0])
		p.exact = false
		return p
	case syntax.OpQuest:
		p := pieceOf(re.Sub[0])
		return piece{begins: append(p.begins[:len(p.begins):len(p.begins)], literal.Literal{}), exact: p.exact}
	case syntax.OpConcat:
		return concat(re.Sub)
	case syntax.OpAlternate:
		all := piece{exact: true}
		known := true
		for _, s := range re.Sub {
			p := pieceOf(s)
			all.begins = append(all.begins, p.begins...)
			all.exact = all.exact && p.exact
			h := better(p.held, p.begins)
			known = known && h != nil
			all.held = append(all.held, h...)
		}
		if !known || len(all.held) > maxHints {
			all.held = nil
		}
		if len(all.begins) > maxHints {
			all.begins, all.exact = nothing, false
		}
		return all
	}
	return anything
}

// concat joins exact pieces to longer ones.
func concat(subs []*syntax.Regexp) piece {
	var whole piece
	first := true
	now := piece{begins: nothing, exact: true} // the current stretch of exact pieces
	end := func() {
		whole.held = better(whole.held, now.begins)
		if first {
			whole.begins, first = now.begins, false
		}
	}
	for _, s := range subs {
		p := pieceOf(s)
		whole.held = better(whole.held, p.held)
		if joined := product(now.begins, p.begins); joined != nil {
			now.begins = joined
		} else {
			end()
			now.begins = p.begins
		}
		if !p.exact {
			end()
			now.begins = nothing
		}
	}
	whole.exact = first
	end()
	return whole
}

// product is every text of a followed by every text of b, or nil if those are too many.
func product(a, b []literal.Literal) []literal.Literal {
	if len(a)*len(b) > maxHints {
		return nil
	}
	var list []literal.Literal
	for _, x := range a {
		for _, y := range b {
			l := literal.Literal{Text: x.Text + y.Text, LineStart: x.LineStart || x.Text == "" && y.LineStart}
			if x.Fold || y.Fold {
				l = folded(l)
			}
			list = append(list, l)
		}
	}
	return list
}

// folded makes the text one of any case.
func folded(l literal.Literal) literal.Literal {
	l.Text, l.Fold = strings.ToLower(l.Text), true
	return l
}

// better picks the list whose shortest text is longer, and of equal ones the shorter list.
func better(a, b []literal.Literal) []literal.Literal {
	x, y := shortest(a), shortest(b)
	if y < 2 || y < x || y == x && len(b) >= len(a) {
		if x < 2 {
			return nil
		}
		return a
	}
	return b
}

// shortest is the length of the shortest text, up to where more makes no difference.
func shortest(list []literal.Literal) int {
	n := 8
	for _, l := range list {
		n = min(n, len(l.Text))
	}
	if len(list) == 0 {
		return 0
	}
	return n
}
