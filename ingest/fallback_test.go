package ingest

import (
	"context"
	"testing"
)

// A fixed parser says the same of every file.
type fixed struct {
	agent    string
	verdict  Verdict
	fallback bool
}

func (f fixed) Format() Format                           { return Format{Agent: f.agent, Fallback: f.fallback} }
func (f fixed) Match(string, []byte) Match               { return Match{Verdict: f.verdict} }
func (fixed) Parse(context.Context, *Source, Emit) error { return nil }

// TestFallback gives a parser of last resort what no other knows, outside of the agents' own places.
func TestFallback(t *testing.T) {
	last := func(v Verdict) fixed { return fixed{"last", v, true} }
	own := func(v Verdict) fixed { return fixed{"own", v, false} }
	for _, c := range []struct {
		name    string
		root    string
		parsers []Parser
		want    string
	}{
		{"equal", "", []Parser{last(Weak), own(Weak)}, "own"},
		{"equal, other order", "", []Parser{own(Weak), last(Weak)}, "own"},
		{"known as something else", "", []Parser{last(Weak), own(NotSession)}, ""},
		{"surer", "", []Parser{last(Sure), own(Weak)}, "own"},
		{"sure alone", "", []Parser{last(Sure), own(Foreign)}, "last"},
		{"says what it is", "", []Parser{last(NotSession), own(Foreign)}, ""},
		{"alone", "", []Parser{last(Weak), own(Foreign)}, "last"},
		{"among an agent's files", "own", []Parser{last(Weak), own(Foreign)}, ""},
		{"surely among an agent's files", "own", []Parser{last(Sure), own(Foreign)}, ""},
		{"two others", "", []Parser{last(Weak), own(Weak), fixed{"b", Weak, false}}, ""},
		{"nobody", "", []Parser{last(Foreign), own(Foreign)}, ""},
	} {
		p, refusal := detect(c.parsers, Candidate{Path: "/x", Agent: c.root}, []byte("{}"))
		got := ""
		if p != nil {
			got = p.Format().Agent
		}
		if got != c.want || (refusal == nil) != (c.want != "") {
			t.Errorf("%s: taken by %q (%+v), want %q", c.name, got, refusal, c.want)
		}
	}
}
