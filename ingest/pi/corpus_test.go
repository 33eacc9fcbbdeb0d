package pi

import (
	"testing"

	"github.com/agenttrace/agenttrace/ingest/ingesttest"
)

// The recordings that Oh My Pi keeps are those of pi, and nothing in them tells the two apart.
func TestCorpus(t *testing.T) {
	for folder, want := range map[string]struct {
		taken                     int
		calls, tools, errs, turns int
		output                    int64
	}{
		"pi":       {3, 912, 845, 27, 145, 271_065},
		"omp":      {2, 910, 845, 27, 143, 271_051},
		"openclaw": {3, 5, 4, 0, 3, 0},
	} {
		t.Run(folder, func(t *testing.T) {
			sum := ingesttest.Corpus(t, folder, Parser{}, OMP{}, OpenClaw{})
			if sum.Taken != want.taken || sum.Refused > 0 {
				t.Errorf("%d taken, %d refused", sum.Taken, sum.Refused)
			}
			if got := sum.Rows["model_calls"]; got != want.calls {
				t.Errorf("%d model calls, want %d", got, want.calls)
			}
			if got := sum.Rows["tool_calls"]; got != want.tools {
				t.Errorf("%d tool calls, want %d", got, want.tools)
			}
			if got := sum.Rows["turns"]; got != want.turns {
				t.Errorf("%d turns, want %d", got, want.turns)
			}
			if sum.ToolStatus["error"] != want.errs {
				t.Errorf("%d failed tool calls, want %d", sum.ToolStatus["error"], want.errs)
			}
			if sum.Usage[3] != want.output {
				t.Errorf("%d output tokens, want %d", sum.Usage[3], want.output)
			}
		})
	}
}
