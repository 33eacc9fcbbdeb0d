package shell

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/schema"
)

// showVerdicts writes one verdict per part: exit code, summary, passed/failed, ! for a signature.
func showVerdicts(list []Verdict) string {
	num := func(n schema.Int) string {
		if !n.Valid {
			return "?"
		}
		return fmt.Sprint(n.V)
	}
	var out []string
	for _, v := range list {
		s := num(v.ExitCode)
		if v.Summary != "" {
			s += " " + v.Summary
		}
		if v.Passed.Valid || v.Failed.Valid {
			s += " " + num(v.Passed) + "/" + num(v.Failed)
		}
		if v.Signature != 0 {
			s += " !"
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

const none = -1 // no exit code known

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		script string
		exit   int64
		want   string
	}{
		{"npm test", 0, "0"},
		{"npm test", 1, "1"},
		{"npm test", none, "?"},
		{"npm test", 127, "127 blocked"},
		{"npm test &", 0, "?"},
		{"a; b", 1, "?, 1"},
		{"a\nb", 0, "?, 0"},
		{"a & b", 1, "?, 1"},
		{"cd x && npm test", 1, "?, 1"},
		{"cd x && npm test", 0, "0, 0"},
		{"npm ci && npm test", 1, "?, 1"},
		{"npm run lint && npm test", 1, "?, ?"},
		{"npm run lint && npm test", 0, "0, 0"},
		{"git add . && git commit -m x", 1, "?, ?"},
		{"cd x && git push", 1, "?, 1"},
		{"pytest | tail -5", 1, "?, ?"},
		{"cat x | grep y", 1, "?, 1"},
		{"pytest | tail -5", 0, "?, 0"},
		{"set -o pipefail; pytest | tail -5", 1, "?, 1, ?"},
		{"set -o pipefail; pytest | tail -5", 0, "?, 0, 0"},
		{"set -e; npm run build; npm test", 0, "0, 0, 0"},
		{"set -e; npm run build; npm test", 1, "?, ?, ?"},
		{"set -euo pipefail\ncd x\nnpm test", 1, "?, ?, 1"},
		{"npm test || true", 0, "?, ?"},
		{"npm test || false", 1, "?, 1"},
		{"npm test; echo $?", 0, "?, 0"},
		{"if x; then npm test; fi", 1, "?, ?"},
		{"! grep x y", 1, "?"},
		{"for f in a; do npm test; done", 1, "?"},
		{"bash -lc 'cd x && go test ./...'", 1, "?, 1"},
		{"out=$(npm test 2>&1); echo x", 0, "?, 0"},
	} {
		exit := schema.Int{}
		if c.exit != none {
			exit = schema.Known(c.exit)
		}
		if got := showVerdicts(Judge(nil, Split(c.script), nil, exit)); got != c.want {
			t.Errorf("%q, %d: %s, want %s", c.script, c.exit, got, c.want)
		}
	}
}

func TestSummaries(t *testing.T) {
	for _, c := range []struct {
		name, script, output string
		exit                 int64
		want                 string
	}{
		{"pytest", "pytest", "F.\n=== short test summary info ===\nFAILED a\n=== 1 failed, 9 passed in 0.5s ===\n", 1, "1 fail 9/1 !"},
		{"pytest behind a pipe", "python -m pytest 2>&1 | tail -3", "===== 12 passed, 1 warning in 3.2s =====", none, "? pass 12/0, ?"},
		{"pytest -q", "pytest -q", "..........\n10 passed in 0.12s\n", none, "? pass 10/0"},
		{"pytest -q fails", "pytest -q | cat", "E   assert 1\n2 failed, 8 passed, 1 error in 0.12s\n", none, "? fail 8/3 !, ?"},
		{"pytest collects nothing", "pytest -q", "no tests ran in 0.01s", 5, "5"},
		{"pytest is not there", "python -m pytest", "/usr/bin/python: No module named pytest", 1, "1 blocked"},
		{"go", "go test ./...", "ok  \tx/a\t0.1s\nok  \tx/b\t0.2s\n", 0, "0 pass"},
		{"go fails", "go test ./... 2>&1 | tail", "--- FAIL: TestA (0.00s)\n    a_test.go:3: no\nFAIL\nFAIL\tx/a\t0.1s\n", none, "? fail !, ?"},
		{"go beside packages without tests", "go test ./... | tail", "?   \tx/c\t[no test files]\nok  \tx/a\t0.1s\n", none, "? pass, ?"},
		{"go without tests", "go test ./c | tail", "?   \tx/c\t[no test files]\n", none, "? blocked, ?"},
		{"go -v", "go test -v ./a", "=== RUN TestA\n--- PASS: TestA (0.00s)\n    --- PASS: TestA/x (0.00s)\n--- FAIL: TestB (0.00s)\nFAIL\n", 1, "1 fail 1/1 !"},
		{"go builds, then tests", "go build ./... && go test ./...", "--- FAIL: TestA (0.00s)\nFAIL\n", none, "?, ? fail !"},
		{"jest", "npx jest", "Tests:       1 failed, 2 skipped, 10 passed, 13 total\nTime: 3 s", 1, "1 fail 10/1 !"},
		{"vitest", "npx vitest run", " \x1b[32m✓\x1b[39m a.test.ts (3)\n\n Test Files  1 passed (1)\n      Tests  3 passed (3)\n", none, "? pass 3/0"},
		{"mocha", "npx mocha", "  3 passing (12ms)\n  1 failing\n\n  1) x:\n     Error: no\n", 1, "1 fail 3/1 !"},
		{"workspaces", "npm test", "Tests: 2 passed, 2 total\nTests: 3 passed, 3 total\n", 0, "0 pass 5/0"},
		{"cargo", "cargo test", "test result: ok. 5 passed; 0 failed; 0 ignored\ntest result: FAILED. 1 passed; 2 failed; 0 ignored\n", 101, "101 fail 6/2 !"},
		{"nextest", "cargo nextest run", "     Summary [   0.1s] 10 tests run: 10 passed, 0 skipped", 0, "0 pass 10/0"},
		{"bun", "bun test", " 4 pass\n 1 fail\nRan 5 tests", 1, "1 fail 4/1 !"},
		{"node", "node --test", "# tests 3\n# pass 2\n# fail 1\nnot ok 2", 1, "1 fail 2/1 !"},
		{"tsc", "npx tsc --noEmit | head", "a.ts(1,2): error TS2322: no", none, "? fail !, ?"},
		{"tsc, then tests", "npx tsc --noEmit && npx vitest run", "a.ts(1,2): error TS2322: no", none, "? fail !, ?"},
		{"lint and tests share npm", "npm run lint; npm test", "Tests: 1 failed, 2 passed, 3 total", none, "?, ? fail 2/1 !"},
		{"two test runs", "pytest a; pytest b", "=== 1 failed in 1s ===\n=== 2 passed in 1s ===", none, "?, ?"},
		{"missing script", "npm run tset", "npm ERR! Missing script: \"tset\"", 1, "1 blocked !"},
		{"npm fails", "npm test | tail -3", "npm ERR! code 1", none, "? fail !, ?"},
		{"command not found", "eslint . ; ls", "bash: eslint: command not found\na", none, "? blocked, ?"},
		{"another command is missing", "foo; npm test", "bash: foo: command not found\nTests: 3 passed, 3 total", none, "? blocked, ? pass 3/0"},
		{"network", "npm ci", "npm error code EAI_AGAIN", 1, "1 blocked !"},
		{"network of a passing test", "npm test", "EAI_AGAIN was retried\nTests: 3 passed, 3 total", none, "? pass 3/0"},
		{"stopped", "npm test", "Command timed out after 120s", none, "? blocked"},
		{"not stopped", "npm test", "killed child with SIGTERM\nTests: 1 failed, 3 total", none, "? fail 0/1 !"},
		{"a failure in a file that is read", "cat log | grep x", "Traceback (most recent call last)\nerror: x", none, "?, ?"},
		{"git log of failures", "git log", "FAIL\nerror: x", 0, "0"},
		{"a script fails", "python run.py", "Traceback (most recent call last)\nValueError", 1, "1 fail !"},
		{"a script handles its error", "python run.py", "Traceback (most recent call last)\nValueError", 0, "0"},
		{"make", "make", "make: *** [all] Error 2", none, "? fail !"},
		{"ruff", "ruff check .", "Found 3 errors.", 1, "1 fail !"},
		{"ruff passes", "uvx ruff check . | tail", "All checks passed!", none, "? pass, ?"},
		{"nothing said", "npm test", "", 1, "1"},
		{"an end behind a long middle", "npm test", strings.Repeat("noise in the middle of it\n", 20000) + "Tests: 1 failed, 3 passed, 4 total\n", none, "? fail 3/1 !"},
		{"gradle", "./gradlew test", "BUILD FAILED in 3s", 1, "1 fail !"},
		{"no parts", "", "error", 1, ""},
	} {
		exit := schema.Int{}
		if c.exit != none {
			exit = schema.Known(c.exit)
		}
		if got := showVerdicts(Judge(nil, Split(c.script), []byte(c.output), exit)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// Equal failures have equal signatures, others not.
func TestSignatures(t *testing.T) {
	sig := func(output string) schema.ID {
		return Judge(nil, Split("npm test"), []byte(output), schema.Known(int64(1)))[0].Signature
	}
	if sig("Error: a at x.js:10\n") != sig("noise\nError: a at x.js:99\n") {
		t.Error("equal failures differ")
	}
	if sig("Error: a") == sig("Error: b") {
		t.Error("different failures are equal")
	}
}

// The hints never hide a match: each piece that a pattern is searched by is in what it matches.
func TestRules(t *testing.T) {
	loadRules()
	if len(outcomes) < 20 || len(verifiers) < 8 {
		t.Fatalf("%d outcome rules, %d of classes", len(outcomes), len(verifiers))
	}
	rank := 0
	samples := strings.Split(`command not found|x: not found|is not recognized as|No such file or directory: node_modules/.bin/x|Missing script:|No rule to make target|No module named ruff|no test files`+
		`|EAI_AGAIN|ENOTFOUND|ECONNREFUSED to the registry|Operation not permitted|EPERM|EACCES|sandbox denied|sandboxed blocked|No space left|timed out after|Timeout after|SIGTERM|Killed`+
		`|===== 2 failed in 1s|===== 2 passed|FAIL|--- FAIL: x|panic: x|ok  	x|test result: FAILED|error[E0308]|could not compile|2 failed|test result: ok|Finished dev`+
		`|Tests: 1 failed|2 failing| 3 fail|not ok 3|ELIFECYCLE|npm ERR!|npm error|Tests: 2 passed|2 passing|✓ built in|Compiled successfully|error TS1|Found 2 errors|✖ 2 problems (1 error`+
		`|BUILD FAILURE|BUILD FAILED|Tests run: 2, Failures: 1|BUILD SUCCESS|Failed!|error CS1|Passed!|Found 1 error|All checks passed|no issues found|0 errors|make: *** x|x: error: y|x: fatal error:|Segmentation fault|error: x|error[E1]: x`, "|")
	var set search
	for _, r := range outcomes {
		if r.rank < rank {
			t.Errorf("rank %d behind %d", r.rank, rank)
		}
		rank = r.rank
		re := regexp.MustCompile(r.pattern)
		matched := 0
		for _, s := range samples {
			if !re.MatchString(s) {
				continue
			}
			matched++
			if r.programs == nil {
				set.begin(anyTool, []byte("a\nb\n"+s+"\nc"))
			} else {
				set.begin(ofTool[anyKey(r.programs)], []byte("a\nb\n"+s+"\nc"))
			}
			if _, ok := set.first(slices.Index(set.set.rules, r)); !ok {
				t.Errorf("rule %d does not find %q", r.rank, s)
			}
			if hintsOf(r.pattern) == nil {
				t.Errorf("rule %d has no hints", r.rank)
			}
		}
		if matched == 0 {
			t.Errorf("rule %d matches no sample", r.rank)
		}
	}
	for program, want := range map[string]bool{"g++": true, "clang++": true, "py.test": true, "pyXtest": false, "cat": false, "pytest": true} {
		if got := isTool(program); got != want {
			t.Errorf("isTool(%q) = %v", program, got)
		}
	}
}

func FuzzJudge(f *testing.F) {
	f.Add("npm test && pytest | tail; go test -v", "Tests: 1 failed\n=== 1 passed in 1s", int64(1))
	f.Add("make", "\x1b[3", int64(-1))
	f.Fuzz(func(t *testing.T, script, output string, code int64) {
		parts := Split(script)
		exit := schema.Int{}
		if code >= 0 {
			exit = schema.Known(code)
		}
		list := Judge(nil, parts, []byte(output), exit)
		if len(list) != len(parts) {
			t.Fatalf("%d verdicts for %d parts", len(list), len(parts))
		}
		for _, v := range list {
			switch v.Summary {
			case "", "pass", "fail", "blocked":
			default:
				t.Fatalf("summary %q", v.Summary)
			}
			if v.ExitCode.Valid && v.ExitCode != exit {
				t.Fatal("another exit code")
			}
			if v.Passed.Valid && v.Passed.V < 0 || v.Failed.Valid && v.Failed.V < 0 {
				t.Fatal("negative count")
			}
		}
	})
}

func BenchmarkJudgeOrdinary(b *testing.B) {
	parts := Split("cd /repo && sed -n '1,200p' a.go | head -50")
	out := []byte(strings.Repeat("func f() error { return nil }\n", 300))
	b.SetBytes(int64(len(out)))
	for b.Loop() {
		Judge(nil, parts, out, schema.Known(int64(0)))
	}
}

func BenchmarkJudgeTests(b *testing.B) {
	parts := Split("npm test 2>&1 | tail -100")
	out := []byte(strings.Repeat(" ✓ src/list/item.test.ts (3 tests) 12ms\n", 100) + "Tests: 300 passed, 300 total\n")
	b.SetBytes(int64(len(out)))
	for b.Loop() {
		Judge(nil, parts, out, schema.Int{})
	}
}
