// Package shell takes shell lines apart: simple commands, what they read, how they ended.
package shell

import "github.com/agenttrace/agenttrace/schema"

// A Part is one simple command of a shell call.
type Part struct {
	Program    string // lower case, without path and extension
	Subcommand string
	Rest       string // what follows the program, white space folded
	PipedInto  bool   // stands behind a pipe
	WritesFile bool   // redirects into a file other than the null device
	Op         string // the operator behind it: && || ; | & newline, or "" for the last
}

// Split takes a script apart. It never fails: what it cannot parse becomes one part.
func Split(script string) []Part { return nil }

// Script turns an argument vector into the script it runs (["bash","-lc","x"] is x).
func Script(argv []string) string { return "" }

// IsPolling reports whether the call only waits or asks for the state of a job.
func IsPolling(parts []Part) bool { return false }

// A Read is a file that a command reads.
type Read struct {
	Path       string
	Start, End schema.Int // lines, where the command names them
}

// Reads lists the files that the parts read (cat, sed -n, head, tail, nl, …).
func Reads(parts []Part) []Read { return nil }

// A Verdict is what the output tells about one part.
type Verdict struct {
	ExitCode  schema.Int // only when the code is surely this part's
	Summary   string     // pass, fail, blocked or "" by the outcome rules
	Signature schema.ID  // of a failing part
	Passed    schema.Int // tests
	Failed    schema.Int
}

// Judge tells how each part ended. output is the decoded output of the whole call; exit its code.
func Judge(parts []Part, output []byte, exit schema.Int) []Verdict {
	return make([]Verdict, len(parts))
}
