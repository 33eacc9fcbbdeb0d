package shell

import "github.com/agenttrace/agenttrace/schema"

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
