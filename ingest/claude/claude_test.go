package claude

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/agenttrace/agenttrace/ingest/ingesttest"
)

const testdata = "../../testdata/claude"

func TestGolden(t *testing.T) { ingesttest.Golden(t, New(), testdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, New(), testdata) }

func TestConform(t *testing.T) {
	for _, c := range []string{"streaming", "edits", "compaction", "prompts"} {
		root := filepath.Join(testdata, c)
		const rel = ".claude/projects/-home-ana-shop/11111111-aaaa-4bbb-8ccc-000000000001.jsonl"
		data, err := os.ReadFile(filepath.Join(root, rel))
		if err != nil {
			t.Fatal(err)
		}
		ingesttest.Conform(t, New(), "/home/ana/"+rel, root, data)
	}
}
