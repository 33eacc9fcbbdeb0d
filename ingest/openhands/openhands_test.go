package openhands

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
)

const testdata = "../../testdata/openhands"

func TestGolden(t *testing.T) { ingesttest.Golden(t, Parser{}, testdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{}, testdata) }

func TestCorpus(t *testing.T) {
	sum := ingesttest.Corpus(t, "openhands", Parser{})
	if sum.Taken != 7 || sum.Rows["sessions"] != 10 || sum.Unknown != 0 {
		t.Errorf("%d files taken, %d sessions, %d unknown records", sum.Taken, sum.Rows["sessions"], sum.Unknown)
	}
}

func TestConform(t *testing.T) {
	for _, f := range []struct{ root, rel string }{
		{"trajectory", "out/77c0.json"},
		{"output", "eval/output.jsonl"},
		{"conversation", ".openhands/conversations/4f3c/base_state.json"},
	} {
		root := filepath.Join(testdata, f.root)
		data, err := os.ReadFile(filepath.Join(root, f.rel))
		if err != nil {
			t.Fatal(err)
		}
		ingesttest.Conform(t, Parser{}, "/home/ana/"+f.rel, root, data)
	}
}

// asDocument reads what it gets as one document, whatever its name.
type asDocument struct{ Parser }

func (d asDocument) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	src.Path = "/home/ana/x/fuzz.json"
	return d.Parser.Parse(ctx, src, emit)
}

func FuzzDocument(f *testing.F) { ingesttest.Fuzz(f, asDocument{}, testdata) }
