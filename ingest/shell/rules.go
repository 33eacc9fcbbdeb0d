package shell

import (
	"bytes"
	"encoding/csv"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"sync"

	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// A rule is one line of command-rules.csv.
type rule struct {
	rank     int
	result   string
	kind     string          // of a verifying class: test, build, lint
	programs map[string]bool // nil = any
	others   *regexp.Regexp  // program patterns that are no plain names
	pattern  string
	hints    [][]byte // lower case: if none of them is in the text, the pattern is not either; nil = unknown

	once sync.Once
	re   *regexp.Regexp
}

// The rules that this package uses: how verifications end, and which commands verify.
var (
	rulesOnce sync.Once
	outcomes  []*rule // by rank
	verifiers []*rule
	toolNames map[string]bool // programs that an outcome rule names, or that verify whatever their arguments
)

func loadRules() { rulesOnce.Do(readRules) }

func readRules() {
	data, err := sqlfiles.Data.ReadFile("data/command-rules.csv")
	if err != nil {
		panic("command rules: " + err.Error()) // it is built in
	}
	lines, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		panic("command rules: " + err.Error())
	}
	col := make(map[string]int)
	for i, name := range lines[0] {
		col[name] = i
	}
	toolNames = make(map[string]bool)
	for _, l := range lines[1:] {
		field := func(name string) string { return l[col[name]] }
		verifies := field("verification_kind") != ""
		isOutcome := field("rule_set") == "outcome"
		if !isOutcome && !(field("rule_set") == "class" && verifies) {
			continue
		}
		rank, err := strconv.Atoi(field("rank"))
		if err != nil {
			panic("command rules: " + err.Error())
		}
		r := &rule{rank: rank, result: field("result"), kind: field("verification_kind"), pattern: field("text_re")}
		r.setPrograms(field("program_re"))
		if isOutcome {
			r.hints = hintsOf(r.pattern)
			outcomes = append(outcomes, r)
		} else {
			verifiers = append(verifiers, r)
		}
		if isOutcome || r.pattern == "" {
			for p := range r.programs {
				toolNames[p] = true
			}
		}
	}
}

// setPrograms splits a pattern of alternatives; most are plain names, and a map finds those.
func (r *rule) setPrograms(pattern string) {
	if pattern == "" {
		return
	}
	r.programs = make(map[string]bool)
	var rest []string
	for alt := range strings.SplitSeq(pattern, "|") {
		name := strings.NewReplacer(`\.`, ".", `\+`, "+").Replace(alt)
		if strings.ContainsAny(name, `\()*?^$`) || name != alt && strings.Contains(alt, "[") {
			rest = append(rest, alt)
			continue
		}
		r.programs[name] = true
	}
	if rest != nil {
		r.others = regexp.MustCompile("^(?:" + strings.Join(rest, "|") + ")$")
	}
}

func (r *rule) forProgram(p string) bool {
	return r.programs == nil || r.programs[p] || r.others != nil && r.others.MatchString(p)
}

func (r *rule) compiled() *regexp.Regexp {
	r.once.Do(func() { r.re = regexp.MustCompile(r.pattern) })
	return r.re
}

// A text is the output as the rules read it. lower is the same in lower case (ASCII), for the hints.
type text struct{ plain, lower []byte }

// find returns where the rule first matches at from or behind, or nil. Only lines that hold a hint are
// matched, each with the line before it, for a few patterns allow a line end between label and number.
func (r *rule) find(t text, from int) []int {
	if r.hints == nil {
		return r.match(t, from, len(t.plain))
	}
	var room [16]int
	next := append(room[:0], make([]int, len(r.hints))...) // where each hint stands next
	for i, h := range r.hints {
		next[i] = indexFrom(t.lower, h, from)
	}
	for {
		at := len(t.lower)
		for _, n := range next {
			at = min(at, n)
		}
		if at == len(t.lower) {
			return nil
		}
		start := bytes.LastIndexByte(t.lower[from:at], '\n') + 1 + from
		if start > from {
			start = bytes.LastIndexByte(t.lower[from:start-1], '\n') + 1 + from
		}
		end := indexFrom(t.lower, []byte{'\n'}, at)
		if m := r.match(t, start, end); m != nil {
			return m
		}
		for i, h := range r.hints {
			if next[i] < end {
				next[i] = indexFrom(t.lower, h, end)
			}
		}
	}
}

func (r *rule) match(t text, from, to int) []int {
	m := r.compiled().FindIndex(t.plain[from:to])
	if m == nil {
		return nil
	}
	return []int{from + m[0], from + m[1]}
}

// indexFrom is where h stands in b at from or behind, or len(b).
func indexFrom(b, h []byte, from int) int {
	if k := bytes.Index(b[from:], h); k >= 0 {
		return from + k
	}
	return len(b)
}

// hintsOf finds, for each alternative of a pattern, a piece of text that every match holds. It returns nil
// if one alternative has none: then only the pattern itself can tell. A pattern costs a hundred times as
// much as a search for a few words.
func hintsOf(pattern string) [][]byte {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	list, ok := hints(re.Simplify())
	if !ok {
		return nil
	}
	var lower [][]byte
	for _, h := range list {
		lower = append(lower, []byte(strings.ToLower(h)))
	}
	return lower
}

func hints(re *syntax.Regexp) ([]string, bool) {
	switch re.Op {
	case syntax.OpLiteral:
		if len(re.Rune) < 2 {
			return nil, false
		}
		return []string{string(re.Rune)}, true
	case syntax.OpCapture, syntax.OpPlus:
		return hints(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return hints(re.Sub[0])
		}
	case syntax.OpConcat:
		// The best piece is the one with the fewest and longest alternatives.
		var best []string
		for _, s := range re.Sub {
			if h, ok := hints(s); ok && (best == nil || len(h) < len(best) || len(h) == len(best) && len(h[0]) > len(best[0])) {
				best = h
			}
		}
		return best, best != nil
	case syntax.OpAlternate:
		var all []string
		for _, s := range re.Sub {
			h, ok := hints(s)
			if !ok {
				return nil, false
			}
			all = append(all, h...)
		}
		return all, len(all) > 0
	}
	return nil, false
}

// isTool reports whether the outcome rules know the program.
func isTool(program string) bool {
	loadRules()
	return toolNames[program]
}

// verificationKind is test, build or lint if the part is one, else "".
func verificationKind(p *Part) string {
	loadRules()
	for _, r := range verifiers {
		if r.forProgram(p.Program) && (r.pattern == "" || r.compiled().MatchString(p.Rest)) {
			return r.kind
		}
	}
	return ""
}
