package langfuse

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/agenttrace/agenttrace/ingest/ingesttest"
	"github.com/agenttrace/agenttrace/ingest/trace"
)

const testdata = "../../testdata/langfuse"

func TestGolden(t *testing.T) { ingesttest.Golden(t, Parser{}, testdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{}, testdata) }

func TestConform(t *testing.T) {
	for _, rel := range []string{"download/out/trace.json", "rows/out/observations.jsonl"} {
		data, err := os.ReadFile(filepath.Join(testdata, rel))
		if err != nil {
			t.Fatal(err)
		}
		ingesttest.Conform(t, Parser{}, "/home/ana/"+rel, testdata, data)
	}
}

// TestUsage brings counters of several senders to one meaning; the total decides.
func TestUsage(t *testing.T) {
	for details, want := range map[string][5]int64{ // uncached, read, write, output, reasoning
		`{"input":82,"input_cached_tokens":128,"output":18,"output_reasoning_tokens":12,"total":240}`: {82, 128, 0, 30, 12},
		`{"input":10,"output":200,"total":210,"completion_details.reasoning":120}`:                    {10, 0, 0, 200, 120},
		`{"input":100,"prompt_details.cache_read":40,"output":20,"total":120}`:                        {60, 40, 0, 20, 0},
		`{"input":100,"input_cache_read":30,"output":60,"total":190}`:                                 {100, 30, 0, 60, 0},
		`{"input":4,"cache_read_input_tokens":900,"cache_creation_input_tokens":40,"output":25}`:      {4, 900, 40, 25, 0},
		`{"input":10,"input_audio_tokens":5,"output":7,"output_audio_tokens":3,"total":25}`:           {15, 0, 0, 10, 0},
		`{"input":10,"output":20,"total":99}`:                                                         {10, 0, 0, 20, 0},
		`{"total":99}`:                                                                                {0, 0, 0, 0, 0},
	} {
		u := usageOf(trace.ObjectOf([]byte(`{"usageDetails":` + details + `}`)))
		got := [5]int64{u.UncachedInput.V, u.CacheRead.V, u.CacheCreation5m.V, u.Output.V, u.Reasoning.V}
		if got != want {
			t.Errorf("%s: got %v, want %v", details, got, want)
		}
	}
}
