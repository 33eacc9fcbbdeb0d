package shell

import (
	"bytes"
	"encoding/csv"
	"regexp"
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

	compile sync.Once
	fast    *matcher // nil where the pattern itself must be asked
	once    sync.Once
	re      *regexp.Regexp
}

// The rules that this package uses: how verifications end, and which commands verify.
var (
	rulesOnce sync.Once
	outcomes  []*rule // by rank
	verifiers []*rule
	toolNames map[string]bool // programs that an outcome rule names, or that verify whatever their arguments

	anyTool *ruleSet            // outcome rules for any program
	ofTool  map[string]*ruleSet // those for the program, where there are some
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
	groupRules()
}

// groupRules makes the sets of rules that are looked for together.
func groupRules() {
	ofTool = make(map[string]*ruleSet)
	var general []*rule
	for _, r := range outcomes {
		if r.others != nil {
			panic("command rules: outcomes need plain names of programs: " + r.pattern)
		}
		if r.programs == nil {
			general = append(general, r)
		}
	}
	anyTool = &ruleSet{rules: general}
	sets := make(map[string]*ruleSet) // many programs have the same rules
	for _, r := range outcomes {
		for p := range r.programs {
			if ofTool[p] != nil {
				continue
			}
			set, key := &ruleSet{}, ""
			for _, r := range outcomes {
				if r.programs[p] {
					set.rules = append(set.rules, r)
					key += strconv.Itoa(r.rank) + " "
				}
			}
			if sets[key] == nil {
				sets[key] = set
			}
			ofTool[p] = sets[key]
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

// matchIn returns where the pattern first matches in b.
func (r *rule) matchIn(b []byte) (m place, ok bool) {
	r.compile.Do(func() { r.fast = newMatcher(r.pattern) })
	if r.fast != nil {
		if start, end, sure := r.fast.find(b); sure {
			return place{start, end}, start >= 0
		}
	}
	if at := r.compiled().FindIndex(b); at != nil {
		return place{at[0], at[1]}, true
	}
	return place{}, false
}

// A place is a stretch of a text.
type place struct{ start, end int }

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
