package shell

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"sync"

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

// Judge tells how each part ended. output is the decoded output of the whole call; exit its code. The
// verdicts are appended to dst.
//
// The output belongs to the call, not to a part. So it is read only for parts whose program the outcome
// rules name, and for others only where the exit code, being theirs, is a failure or where no code is
// known; programs that print what files hold are never judged by what they print.
func Judge(dst []Verdict, parts []Part, output []byte, exit schema.Int) []Verdict {
	if len(parts) == 0 {
		return dst
	}
	loadRules()
	dst = append(dst, make([]Verdict, len(parts))...)
	verdicts := dst[len(dst)-len(parts):]
	assignExit(parts, verdicts, exit)
	j := judges.Get().(*judge)
	j.parts, j.verdicts, j.output = parts, verdicts, output
	j.run()
	j.release()
	return dst
}

// A judge reads the output of one call, once and only if asked.
type judge struct {
	parts      []Part
	verdicts   []Verdict
	output     []byte
	text       []byte  // both ends of the output without colours
	room, bare []byte  // for text
	candidates int     // parts that the output may tell something about
	reading    []bool  // by part: it is one of them
	used       []found // by part: the rule of its tool that told
	general    search  // for the rules for any program
	searched   bool    // general has begun
	tools      []*search
	nTools     int // of them begun
	signed     bool
	sig        schema.ID
}

// judges are used again, for what they look up needs room.
var judges = sync.Pool{New: func() any { return &judge{} }}

func (j *judge) release() {
	*j = judge{room: j.room, bare: j.bare, reading: j.reading[:0], used: j.used[:0], general: j.general, tools: j.tools}
	j.general.text = nil
	for _, s := range j.tools {
		s.text = nil
	}
	judges.Put(j)
}

func (j *judge) run() {
	j.reading = append(j.reading[:0], make([]bool, len(j.parts))...)
	for i := range j.parts {
		v := &j.verdicts[i]
		if v.ExitCode.Valid && (v.ExitCode.V == 126 || v.ExitCode.V == 127) {
			v.Summary = "blocked"
		} else if j.reading[i] = j.reads(i); j.reading[i] {
			j.candidates++
		}
	}
	if j.candidates > 0 {
		j.window()
		j.used = append(j.used[:0], make([]found, len(j.parts))...)
		for i := range j.parts {
			if j.reading[i] {
				j.used[i] = j.summary(i)
			}
		}
		j.settle()
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

// window takes both ends of the output, without colours.
func (j *judge) window() {
	b := j.output
	if len(b) > 2*judged {
		j.room = append(append(j.room[:0], b[:judged]...), '\n')
		j.room = append(j.room, b[len(b)-judged:]...)
		b = j.room
	}
	j.text = plainText(j.bare[:0], b)
	if len(j.text) > 0 && cap(j.bare) < len(b) && &j.text[0] != &b[0] {
		j.bare = j.text
	}
}

// search begins the search for the rules of a program, or returns it if it has begun.
func (j *judge) search(set *ruleSet) *search {
	for _, s := range j.tools[:j.nTools] {
		if s.set == set {
			return s
		}
	}
	if j.nTools == len(j.tools) {
		j.tools = append(j.tools, &search{})
	}
	s := j.tools[j.nTools]
	j.nTools++
	s.begin(set, j.text)
	return s
}

// A found rule is one that matches.
type found struct {
	in   *search // nil = none
	rule int     // index in the set
	at   place
}

func (f *found) result() string { return f.in.set.rules[f.rule].result }

// plainText drops colours and carriage returns. Where there are some the result is appended to dst.
func plainText(dst, b []byte) []byte {
	if bytes.IndexByte(b, 0x1b) < 0 && bytes.IndexByte(b, '\r') < 0 {
		return b
	}
	for {
		i := indexControl(b)
		dst = append(dst, b[:i]...)
		if i == len(b) {
			return dst
		}
		switch {
		case b[i] == '\r':
			i++
		case i+1 < len(b) && b[i+1] == '[':
			for i += 2; i < len(b) && (b[i] < 0x40 || b[i] > 0x7e); i++ {
			}
			i = min(i+1, len(b))
		default:
			dst = append(dst, b[i])
			i++
		}
		b = b[i:]
	}
}

// indexControl is where the first escape or carriage return stands, or len(b).
func indexControl(b []byte) int {
	const (
		ones = 0x0101010101010101
		high = 0x8080808080808080
	)
	i := 0
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		x, y := w^0x1b*ones, w^'\r'*ones
		if f := ((x-ones)&^x | (y-ones)&^y) & high; f != 0 {
			return i + bits.TrailingZeros64(f)/8
		}
	}
	for i < len(b) && b[i] != 0x1b && b[i] != '\r' {
		i++
	}
	return i
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
func (j *judge) summary(i int) found {
	p, v := &j.parts[i], &j.verdicts[i]
	tool := j.toolRule(p)
	told := tool.in != nil
	noise := told && isNoise(j.text[tool.at.start:tool.at.end])
	// A command that succeeded was not blocked, whatever its output mentions.
	if !v.ExitCode.Valid || v.ExitCode.V != 0 {
		for k, r := range anyTool.rules {
			switch {
			case r.result == "fail":
				if !told && j.isAbout(k, p, v) {
					v.Summary = "fail"
				}
			case told && tool.result() == "pass":
				// A tool that reports success ran.
			case r.rank == 1 && told && !noise:
				// So did one that reports failures; packages without tests stand beside those with.
			case r.rank == 3 && told && !noise && j.follows(k, &tool):
				// What was stopped goes on to the summary only if it was not the tool.
			default:
				if j.isAbout(k, p, v) {
					v.Summary = "blocked"
					return found{}
				}
			}
		}
	}
	if told {
		v.Summary = tool.result()
	}
	return tool
}

// toolRule is the first rule of the part's own program that matches.
func (j *judge) toolRule(p *Part) found {
	if p.Program == "go" && p.Subcommand != "test" {
		return found{} // ok and FAIL are lines of go test
	}
	set := ofTool[p.Program]
	if set == nil {
		return found{}
	}
	s := j.search(set)
	for k := range set.rules {
		if at, ok := s.first(k); ok {
			return found{s, k, at}
		}
	}
	return found{}
}

// any returns where a rule for any program first matches.
func (j *judge) any(k int) (at place, ok bool) {
	if !j.searched {
		j.general.begin(anyTool, j.text)
		j.searched = true
	}
	return j.general.first(k)
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

// follows reports whether the tool's summary stands behind the match of rule k, or it does not match.
func (j *judge) follows(k int, tool *found) bool {
	m, ok := j.any(k)
	if !ok {
		return true
	}
	_, ok = tool.in.from(tool.rule, m.end)
	return ok
}

// isAbout reports whether a rule for any program matches, and speaks of this part: it is the only one that
// can be meant, its exit code says so, or the line names it.
func (j *judge) isAbout(k int, p *Part, v *Verdict) bool {
	m, ok := j.any(k)
	if !ok {
		return false
	}
	if j.candidates == 1 || v.ExitCode.Valid && v.ExitCode.V != 0 {
		return true
	}
	from := bytes.LastIndexByte(j.text[:m.start], '\n') + 1
	to := len(j.text)
	if k := bytes.IndexByte(j.text[m.end:], '\n'); k >= 0 {
		to = m.end + k
	}
	return bytes.Contains(asciiLower(j.text[from:to]), []byte(p.Program))
}

func asciiLower(b []byte) []byte {
	lower := make([]byte, len(b))
	for i, c := range b {
		if c-'A' < 26 {
			c |= 0x20
		}
		lower[i] = c
	}
	return lower
}

// settle takes back failures that several parts would share: one line in the output is the failure of one.
// Where it is a summary of tests, that is the only part that tests; likewise for checks and builds.
func (j *judge) settle() {
	for i := range j.used {
		f := j.used[i]
		if f.in == nil || f.result() != "fail" {
			continue
		}
		r := f.in.set.rules[f.rule]
		var shared []int
		for k := i; k < len(j.used); k++ {
			if g := &j.used[k]; g.in != nil && g.in.set.rules[g.rule] == r {
				shared = append(shared, k)
				*g = found{}
			}
		}
		if len(shared) < 2 {
			continue
		}
		noise := isNoise(j.text[f.at.start:f.at.end])
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
