package shell

import "github.com/agenttrace/agenttrace/schema"

// A Read is a file that a command reads.
type Read struct {
	Path       string
	Start, End schema.Int // lines, where the command names them
}

// Reads lists the files that the parts read (cat, sed -n, head, tail, nl, …).
func Reads(parts []Part) []Read { return nil }
