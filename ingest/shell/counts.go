package shell

import (
	"bytes"
	"strconv"
	"sync"

	"github.com/agenttrace/agenttrace/ingest/literal"
	"github.com/agenttrace/agenttrace/schema"
)

// A tally sums the summary lines of one kind of test runner. Workspaces print one per package.
type tally struct {
	passed, failed int64
	seen           bool
}

// counts reads how many tests passed and failed, if exactly one part tests. Where no rule told the
// outcome, the counts do.
func (j *judge) counts() {
	at := -1
	for i := range j.parts {
		if verificationKind(&j.parts[i]) != "test" {
			continue
		}
		if at >= 0 {
			return
		}
		at = i
	}
	if at < 0 {
		return
	}
	p, v := &j.parts[at], &j.verdicts[at]
	if v.Summary == "blocked" {
		return
	}
	t := readTally(p, j.output)
	if !t.seen {
		return
	}
	v.Passed, v.Failed = schema.Known(t.passed), schema.Known(t.failed)
	if v.Summary == "" {
		switch {
		case t.failed > 0:
			v.Summary = "fail"
		case t.passed > 0:
			v.Summary = "pass"
		}
	}
}

// What the lines of a summary hold, and those that go test -v prints for each test.
const (
	anyResult = iota
	goPass
	goFail
)

var (
	resultWords = []literal.Literal{{Text: "pass", ID: anyResult}, {Text: "fail", ID: anyResult}, {Text: "error", ID: anyResult}}
	results     = sync.OnceValue(func() *literal.Set { return literal.New(resultWords) })

	verboseResults = sync.OnceValue(func() *literal.Set {
		return literal.New(append([]literal.Literal{
			{Text: "--- PASS: ", LineStart: true, ID: goPass}, {Text: "--- FAIL: ", LineStart: true, ID: goFail},
		}, resultWords...))
	})
)

// readTally goes over the lines of the output. A runner prints its own form; the first form found counts.
func readTally(p *Part, output []byte) tally {
	var pytest, tests, mocha, cargo, bun, node, playwright, goTest tally
	verbose := p.Program == "go" && (hasFlag(p.Rest, "-v") || hasFlag(p.Rest, "-test.v")) && len(output) <= 2*judged
	set := results()
	if verbose {
		set = verboseResults()
	}
	done := -1
	set.Scan(output, func(id, at int) bool {
		switch id {
		case goPass:
			goTest.passed++
			goTest.seen = true
			return true
		case goFail:
			goTest.failed++
			goTest.seen = true
			return true
		}
		if at < done {
			return true
		}
		start := bytes.LastIndexByte(output[:at], '\n') + 1
		done = len(output)
		if k := bytes.IndexByte(output[at:], '\n'); k >= 0 {
			done = at + k
		}
		line := output[start:done]
		if len(line) > 300 {
			return true
		}
		line = bytes.TrimSpace(plainText(nil, line))
		switch {
		case bytes.HasPrefix(line, []byte("test result: ")):
			_, rest, ok := bytes.Cut(line, []byte(". "))
			if ok {
				cargo.add(rest)
			}
		case bytes.Contains(line, []byte(" tests run: ")) || bytes.Contains(line, []byte(" test run: ")):
			_, rest, _ := bytes.Cut(line, []byte("run: "))
			cargo.add(rest)
		case bytes.HasPrefix(line, []byte("Tests:")), bytes.HasPrefix(line, []byte("Tests  ")):
			tests.add(bytes.TrimLeft(line[len("Tests"):], ": "))
		case bytes.HasPrefix(line, []byte("# ")), bytes.HasPrefix(line, []byte("ℹ ")):
			f := bytes.Fields(line)
			if len(f) == 3 {
				node.word(f[2], f[1])
			}
		default:
			bare := bytes.Trim(line, "= ")
			if len(bare) == 0 || !isDigit(bare[0]) {
				return true
			}
			f := bytes.Fields(bare)
			switch {
			case bytes.Contains(bare, []byte(" in ")) && isPytestWord(f):
				pytest.add(bare)
			case len(f) >= 2 && (string(f[1]) == "passing" || string(f[1]) == "failing"):
				mocha.word(f[0], f[1])
			case len(f) == 2 && (string(f[1]) == "pass" || string(f[1]) == "fail"):
				bun.word(f[0], f[1])
			case len(f) == 2 && string(f[1]) == "failed", len(f) == 3 && string(f[1]) == "passed" && f[2][0] == '(':
				playwright.word(f[0], f[1])
			}
		}
		return true
	})
	for _, t := range [...]tally{goTest, pytest, tests, cargo, mocha, node, bun, playwright} {
		if t.seen {
			return t
		}
	}
	return tally{}
}

func isDigit(c byte) bool { return c-'0' < 10 }

// isPytestWord reports whether the first count of a line is one of pytest's.
func isPytestWord(f [][]byte) bool {
	if len(f) < 4 {
		return false
	}
	switch string(bytes.TrimRight(f[1], ",")) {
	case "passed", "failed", "error", "errors", "skipped", "xfailed", "xpassed", "deselected", "warning", "warnings":
		return true
	}
	return false
}

// add reads "2 failed, 1 skipped, 10 passed": pairs of a number and a word.
func (t *tally) add(line []byte) {
	f := bytes.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == ',' || r == ';' || r == '|' || r == '\t' })
	for i := 0; i+1 < len(f); i++ {
		t.word(f[i], f[i+1])
	}
}

// word counts a number with its word.
func (t *tally) word(number, word []byte) {
	n, err := strconv.ParseInt(string(number), 10, 32)
	if err != nil || n < 0 {
		return
	}
	switch string(word) {
	case "passed", "pass", "passing", "xpassed":
		t.passed += n
		t.seen = true
	case "failed", "fail", "failing", "error", "errors":
		t.failed += n
		t.seen = true
	}
}
