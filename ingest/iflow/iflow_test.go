package iflow

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
)

const testdata = "../../testdata/iflow"

func TestGolden(t *testing.T) { ingesttest.Golden(t, Parser{}, testdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{}, testdata) }

func TestConform(t *testing.T) {
	root := filepath.Join(testdata, "session")
	const rel = ".iflow/projects/-home-ana-i/session-b5785972-6711-443a-9bb4-000000000001.jsonl"
	data, err := os.ReadFile(filepath.Join(root, rel))
	if err != nil {
		t.Fatal(err)
	}
	ingesttest.Conform(t, Parser{}, "/home/ana/"+rel, root, data)
}

func TestRoots(t *testing.T) {
	got := Parser{}.Format().Roots(ingest.Env{Home: "/home/ana", Getenv: func(string) string { return "" }})
	if len(got) != 1 || got[0].Path != "/home/ana/.iflow/projects" {
		t.Fatalf("got %+v", got)
	}
	for rel, want := range map[string]bool{"-p/session-a.jsonl": true, "-p/other.jsonl": false, "-p/session-a.json": false} {
		if got[0].Want(rel) != want {
			t.Errorf("Want(%q) is not %v", rel, want)
		}
	}
}
