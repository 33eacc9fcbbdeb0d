package shell

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest/digest"
	"github.com/agenttrace/agenttrace/schema"
)

// A Verdict is what the output tells about one part.
type Verdict struct {
	ExitCode  schema.Int // only when the code is surely this part's
	Summary   string     // pass, fail, blocked or "" by the outcome rules
	Signature schema.ID  // of a failing part
	Passed    schema.Int // tests
	Failed    schema.Int
}

// judged is how much of either end of an output the rules look at.
const judged = 32 << 10

// Judge tells how each part ended. output is the decoded output of the whole call; exit its code.
//
// The output belongs to the call, not to a part. So it is read only for parts whose program the outcome
// rules name, and for others only where the exit code, being theirs, is a failure or where no code is
// known; programs that print what files hold are never judged by what they print.
func Judge(parts []Part, output []byte, exit schema.Int) []Verdict {
	verdicts := make([]Verdict, len(parts))
	if len(parts) == 0 {
		return verdicts
	}
	assignExit(parts, verdicts, exit)
	j := judge{parts: parts, verdicts: verdicts, output: output}
	j.run()
	return verdicts
}

// A judge reads the output of one call, once and only if asked.
type judge struct {
	parts      []Part
	verdicts   []Verdict
	output     []byte
	text       text // both ends of the output without colours
	candidates int  // parts that the output may tell something about
	signed     bool
	sig        schema.ID
}

func (j *judge) run() {
	var room [16]bool
	reads := append(room[:0], make([]bool, len(j.parts))...)
	for i := range j.parts {
		v := &j.verdicts[i]
		if v.ExitCode.Valid && (v.ExitCode.V == 126 || v.ExitCode.V == 127) {
			v.Summary = "blocked"
		} else if reads[i] = j.reads(i); reads[i] {
			j.candidates++
		}
	}
	if j.candidates > 0 {
		j.text = window(j.output)
		var rules [16]*rule
		used := append(rules[:0], make([]*rule, len(j.parts))...)
		for i := range j.parts {
			if reads[i] {
				used[i] = j.summary(i)
			}
		}
		j.settle(used)
		j.counts()
	}
	for i := range j.verdicts {
		if v := &j.verdicts[i]; v.ExitCode.Valid && v.ExitCode.V != 0 || v.Summary == "fail" {
			v.Signature = j.sign()
		}
	}
}

func (j *judge) sign() schema.ID {
	if !j.signed {
		j.sig, j.signed = digest.Signature(j.output), true
	}
	return j.sig
}

// window takes both ends of the output.
func window(output []byte) text {
	b := output
	if len(b) > 2*judged {
		b = append(append(make([]byte, 0, 2*judged+1), output[:judged]...), '\n')
		b = append(b, output[len(output)-judged:]...)
	}
	b = plainText(b)
	lower := make([]byte, len(b))
	for i, c := range b {
		if c-'A' < 26 {
			c |= 0x20
		}
		lower[i] = c
	}
	return text{b, lower}
}

// plainText drops colours and carriage returns.
func plainText(b []byte) []byte {
	if bytes.IndexByte(b, 0x1b) < 0 && bytes.IndexByte(b, '\r') < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == '\r':
		case b[i] == 0x1b && i+1 < len(b) && b[i+1] == '[':
			for i += 2; i < len(b) && (b[i] < 0x40 || b[i] > 0x7e); i++ {
			}
		default:
			out = append(out, b[i])
		}
	}
	return out
}

// reads reports whether the output may tell something about the part.
func (j *judge) reads(i int) bool {
	p, code := &j.parts[i], j.verdicts[i].ExitCode
	if len(j.output) == 0 {
		return false
	}
	if isTool(p.Program) {
		return true
	}
	if code.Valid && code.V == 0 || printsContent(p.Program) {
		return false
	}
	return code.Valid || !p.PipedInto
}

// printsContent names programs whose output is what files and histories hold.
func printsContent(program string) bool {
	if isNav(program) {
		return true
	}
	switch program {
	case "cat", "nl", "head", "tail", "less", "more", "bat", "sed", "awk", "gawk", "grep", "egrep", "rg", "ag", "ack", "find", "fd", "ls", "tree",
		"git", "diff", "jq", "yq", "sort", "uniq", "wc", "cut", "tr", "xxd", "strings", "tee", "column", "get-content", "gc", "type", "select-string",
		"select-object", "get-childitem", "gci", "dir", "gh", "curl", "wget", "journalctl", "ps", "test", "[", "[[", "sleep", "which", "pwd", "stat", "file", "du", "df",
		"rm", "mv", "cp", "mkdir", "touch", "ln", "chmod", "ssh", "kubectl", "docker":
		return true
	}
	return false
}

// summary judges one part by the rules, and returns the rule of its tool that did.
func (j *judge) summary(i int) *rule {
	p, v := &j.parts[i], &j.verdicts[i]
	succeeded := v.ExitCode.Valid && v.ExitCode.V == 0
	tool, at := j.toolRule(p)
	noise := tool != nil && isNoise(j.text.plain[at[0]:at[1]])
	for _, r := range outcomes {
		if r.programs != nil {
			continue
		}
		// A command that succeeded was not blocked, whatever its output mentions.
		if succeeded {
			break
		}
		switch {
		case r.result == "fail":
			if tool == nil && j.isAbout(r, p, v) {
				v.Summary = "fail"
			}
		case tool != nil && tool.result == "pass":
			// A tool that reports success ran.
		case r.rank == 1 && tool != nil && !noise:
			// So did one that reports failures; packages without tests stand beside those with.
		case r.rank == 3 && tool != nil && !noise && j.follows(r, tool):
			// What was stopped goes on to the summary only if it was not the tool.
		default:
			if j.isAbout(r, p, v) {
				v.Summary = "blocked"
				return nil
			}
		}
	}
	if tool != nil {
		v.Summary = tool.result
		return tool
	}
	return nil
}

// toolRule is the first rule of the part's own program that matches, and where.
func (j *judge) toolRule(p *Part) (*rule, []int) {
	for _, r := range outcomes {
		if r.programs == nil || !r.forProgram(p.Program) {
			continue
		}
		if p.Program == "go" && p.Subcommand != "test" {
			continue // ok and FAIL are lines of go test
		}
		if m := r.find(j.text, 0); m != nil {
			return r, m
		}
	}
	return nil, nil
}

// isNoise tells lines in which a package manager says that a script ended badly from lines in which the
// tool itself says how it ended.
func isNoise(match []byte) bool {
	switch string(match) {
	case "ELIFECYCLE", "npm ERR!", "npm error":
		return true
	}
	return false
}

// follows reports whether the tool's summary stands behind the match of r, or r does not match.
func (j *judge) follows(r, tool *rule) bool {
	m := r.find(j.text, 0)
	return m == nil || tool.find(j.text, m[1]) != nil
}

// isAbout reports whether a rule for any program matches, and speaks of this part: it is the only one that
// can be meant, its exit code says so, or the line names it.
func (j *judge) isAbout(r *rule, p *Part, v *Verdict) bool {
	m := r.find(j.text, 0)
	if m == nil {
		return false
	}
	if j.candidates == 1 || v.ExitCode.Valid && v.ExitCode.V != 0 {
		return true
	}
	t := j.text.lower
	from := bytes.LastIndexByte(t[:m[0]], '\n') + 1
	to := len(t)
	if k := bytes.IndexByte(t[m[1]:], '\n'); k >= 0 {
		to = m[1] + k
	}
	return bytes.Contains(t[from:to], []byte(p.Program))
}

// settle takes back failures that several parts would share: one line in the output is the failure of one.
// Where it is a summary of tests, that is the only part that tests; likewise for checks and builds.
func (j *judge) settle(used []*rule) {
	for i, r := range used {
		if r == nil || r.result != "fail" {
			continue
		}
		var shared []int
		for k := i; k < len(used); k++ {
			if used[k] == r {
				shared = append(shared, k)
				used[k] = nil
			}
		}
		if len(shared) < 2 {
			continue
		}
		m := r.find(j.text, 0)
		noise := m != nil && isNoise(j.text.plain[m[0]:m[1]])
		owner, owners := -1, 0
		for _, k := range shared {
			kind := verificationKind(&j.parts[k])
			if !noise && kind != "" && (kind == "test") == aboutTests(r) {
				owner = k
				owners++
			}
		}
		for _, k := range shared {
			if v := &j.verdicts[k]; !(owners == 1 && k == owner) && !(v.ExitCode.Valid && v.ExitCode.V != 0) {
				v.Summary = ""
			}
		}
	}
}

// aboutTests reports whether the summary that a rule finds is one of tests: rules for type checkers and
// linters name one of these programs.
func aboutTests(r *rule) bool {
	return !r.programs["tsc"] && !r.programs["eslint"] && !r.programs["ruff"]
}
