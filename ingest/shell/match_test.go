package shell

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest/literal"
)

func anyKey(m map[string]bool) string {
	for k := range m {
		return k
	}
	return ""
}

// lines are what rules match, and what nearly looks so.
var lines = strings.Split(`command not found|x: not found|bash: foo: not found |No such file or directory: node_modules/.bin/x|No module named ruff
EAI_AGAIN|ENOTFOUND|ECONNREFUSED to the registry|ECONNREFUSED|sandbox denied|sandboxed blocked|timed out after|Timeout after|TimeOut AFTER|SIGTERM|Killed|Killed: 9
===== 2 failed in 1s|==== 0 failed, 12 errors in 1s ===|== 2 failed|===== 2 passed|=====2 passedx|FAIL|FAILED|--- FAIL: x| --- FAIL: x|panic: x|ok  	x|ok|okay x|ok
x|test result: FAILED|error[E0308]|error[Ex]|12 failed|0 failed|102 failed|test result: ok|Finished dev|Finished `+"`release`"+`|3 tests run: 2 passed
Tests: 1 failed|Tests  1 failed|Tests:
1 failed|Test Files  3 failed|2 failing| 3 fail|3 fail more|not ok 3|ELIFECYCLE|npm ERR!|Tests: 2 passed|20 passing|✓ built in|error TS1|Found 2 errors|Found 0 errors|✖ 2 problems (1 error|✖ 2 problems (0 errors
Tests run: 2, Failures: 1|Tests run: 2, Failures: 0, Errors: 0|FOUND 1 ERROR|0 ISSUES|12 issues|make: *** x|make[2]: *** x|x: error: y|x: fatal error:|   error: x|error[E1]: x|Error: x
Traceback (most recent call last):|Segmentation fault (core dumped)|`+"\xff\xfe error: \xe2\x82"+`|ſuccess: no iſſues|ſ
=============================== ====== = == === 1 2 3 failedd`, "|")

// patterns are those of the rules in use.
func patterns() (list []string) {
	loadRules()
	for _, r := range append(outcomes[:len(outcomes):len(outcomes)], verifiers...) {
		if r.pattern != "" {
			list = append(list, r.pattern)
		}
	}
	return list
}

// TestMatcher compares the matcher with package regexp, on single lines and on all of them.
func TestMatcher(t *testing.T) {
	all := append(lines, strings.Join(lines, "\n"), strings.Repeat("=", 5000), strings.Repeat("1 ", 3000)+"failed")
	sure, matched := 0, 0
	for _, p := range patterns() {
		for _, line := range all {
			s, m := equalMatch(t, p, []byte(line))
			sure, matched = sure+s, matched+m
		}
	}
	if sure < 1000 || matched < 50 {
		t.Errorf("only %d answers, %d matches", sure, matched)
	}
}

// tools are what a pattern is tested with, made once.
type tools struct {
	re    *regexp.Regexp
	m     *matcher
	hints *literal.Set
}

var made = map[string]*tools{}

func toolsOf(pattern string) *tools {
	if made[pattern] == nil {
		made[pattern] = &tools{regexp.MustCompile(pattern), newMatcher(pattern), literal.New(hintsOf(pattern))}
	}
	return made[pattern]
}

func equalMatch(t *testing.T, pattern string, line []byte) (sure, matched int) {
	x := toolsOf(pattern)
	m := x.m
	if m == nil {
		if !x.re.MatchString("") {
			t.Fatalf("no matcher for %s", pattern)
		}
		return 0, 0
	}
	start, end, ok := m.find(line)
	if !ok {
		return 0, 0
	}
	want := x.re.FindIndex(line)
	switch {
	case want == nil && start >= 0, want != nil && (start != want[0] || end != want[1]):
		t.Fatalf("%s in %q: %d to %d, want %v", pattern, line, start, end, want)
	case want != nil:
		matched = 1
	}
	return 1, matched
}

// TestMatcherGivesUp holds that hostile text costs no more than its length allows.
func TestMatcherGivesUp(t *testing.T) {
	line := []byte(strings.Repeat("===", 20000))
	if _, _, ok := newMatcher(`={3,}.*\b[1-9]\d* (failed|error|errors)\b`).find(line); ok {
		t.Error("searched to the end")
	}
}

// checkHints reports a match in which no hint stands.
func checkHints(t *testing.T, pattern string, text []byte) {
	x := toolsOf(pattern)
	for _, at := range x.re.FindAllIndex(text, -1) {
		match := text[at[0]:at[1]]
		if strings.ContainsAny(string(match), "ſK") {
			continue // as in any case, but not in ASCII
		}
		held := false
		// The line end before it, if any, is no part of the match but of what a hint may ask for.
		x.hints.Scan(text[:at[1]], func(_, k int) bool {
			held = held || k >= at[0]
			return true
		})
		if !held {
			t.Fatalf("%s matches %q without a hint of %v", pattern, match, hintsOf(pattern))
		}
	}
}

func TestHints(t *testing.T) {
	for _, r := range outcomes {
		checkHints(t, r.pattern, []byte(strings.Join(lines, "\n")))
	}
	for pattern, want := range map[string]string{
		`x*`:               "",
		`(?i)Some|any`:     "any some",
		`^(ab|cd)ef+`:      "abef cdef",
		`(?m)^(FAIL|ok\s)`: "FAIL ok",
		`a|bb`:             "",
		`E(AB|CD.*long)`:   "EAB ECD",
	} {
		var got []string
		for _, h := range hintsOf(pattern) {
			got = append(got, h.Text)
		}
		if len(strings.Fields(want)) != len(got) {
			t.Errorf("%s: %v, want %s", pattern, got, want)
			continue
		}
		for _, w := range strings.Fields(want) {
			found := false
			for _, g := range got {
				found = found || strings.HasPrefix(g, w)
			}
			if !found {
				t.Errorf("%s: %v, want %s", pattern, got, want)
			}
		}
	}
}

func FuzzMatcher(f *testing.F) {
	for _, l := range lines {
		f.Add([]byte(l))
	}
	f.Add([]byte(strings.Join(lines, "\n")))
	list := patterns()
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, p := range list {
			equalMatch(t, p, text)
		}
		for _, r := range outcomes {
			if !bytes.Contains(text, []byte{0}) {
				checkHints(t, r.pattern, text)
			}
		}
	})
}
