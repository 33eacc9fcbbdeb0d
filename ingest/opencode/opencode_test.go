package opencode

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/agenttrace/agenttrace/ingest/ingesttest"
)

const testdata = "../../testdata/opencode"

func TestGolden(t *testing.T) { ingesttest.Golden(t, Parser{}, testdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{}, testdata) }

func TestConform(t *testing.T) {
	root := filepath.Join(testdata, "export")
	data, err := os.ReadFile(filepath.Join(root, "session.json"))
	if err != nil {
		t.Fatal(err)
	}
	ingesttest.Conform(t, Parser{}, "/home/ana/session.json", root, data)
}

func TestWant(t *testing.T) {
	for rel, keep := range map[string]bool{
		"storage/session/3f2a9c/ses_1.json":              true,
		"project/home-ana/storage/session/info/s.json":   true,
		"storage/message/ses_1/msg_1.json":               false,
		"project/home-ana/storage/session/part/p/x.json": false,
		"auth.json": false,
	} {
		if want(rel) != keep {
			t.Errorf("want(%q) = %v", rel, !keep)
		}
	}
}

func TestCorpus(t *testing.T) {
	sum := ingesttest.Corpus(t, "opencode", Parser{})
	if sum.Taken != 4 || sum.Rows["sessions"] != 4 || sum.Unknown != 0 {
		t.Errorf("%d files taken, %d sessions, %d unknown records", sum.Taken, sum.Rows["sessions"], sum.Unknown)
	}
}
