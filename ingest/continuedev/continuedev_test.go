package continuedev

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
)

const testdata = "../../testdata/continue"

func TestGolden(t *testing.T) { ingesttest.Golden(t, Parser{}, testdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{}, testdata) }

func TestConform(t *testing.T) {
	for _, rel := range []string{
		"cli/.continue/sessions/0d7c1c9e-0000-4000-8000-0000000000aa.json",
		"ide/.continue/sessions/1d7c1c9e-0000-4000-8000-0000000000aa.json",
	} {
		data, err := os.ReadFile(filepath.Join(testdata, rel))
		if err != nil {
			t.Fatal(err)
		}
		ingesttest.Conform(t, Parser{}, "/home/ana/"+rel, testdata, data)
	}
}

// TestFork checks that a fork, which begins with a copy of the history, names the copied calls alike.
func TestFork(t *testing.T) {
	ids := func(name string) map[string]int {
		data, err := os.ReadFile(filepath.Join(testdata, "cli/.continue/sessions", name))
		if err != nil {
			t.Fatal(err)
		}
		text, _, err := ingesttest.Parse(Parser{}, "/home/ana/"+name, testdata, data)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]int{}
		for _, line := range strings.Split(text, "\n") {
			if _, rest, ok := strings.Cut(line, `{"model_calls":{`); ok {
				_, id, _ := strings.Cut(rest, `"model_call_id":"`)
				out[id[:16]]++
			}
		}
		return out
	}
	first, fork := ids("0d7c1c9e-0000-4000-8000-0000000000aa.json"), ids("0d7c1c9e-0000-4000-8000-0000000000bb.json")
	if len(first) != 3 || len(fork) != 2 {
		t.Fatalf("%d and %d calls, want 3 and 2", len(first), len(fork))
	}
	for id := range fork {
		if first[id] == 0 {
			t.Errorf("call %s of the fork is not that of the first session", id)
		}
	}
}

func TestRoots(t *testing.T) {
	for name, want := range map[string]string{"": "/home/ana/.continue/sessions", "/data/c": "/data/c/sessions", "rel": "/src/rel/sessions"} {
		env := ingest.Env{Home: "/home/ana", Getenv: func(key string) string {
			return map[string]string{"CONTINUE_GLOBAL_DIR": name, "PWD": "/src"}[key]
		}}
		roots := Parser{}.Format().Roots(env)
		if len(roots) != 1 || filepath.ToSlash(roots[0].Path) != want {
			t.Errorf("%q: %v", name, roots)
			continue
		}
		if roots[0].Want("sessions.json") || !roots[0].Want("a.json") {
			t.Error("the list is wanted, or a session is not")
		}
	}
}
