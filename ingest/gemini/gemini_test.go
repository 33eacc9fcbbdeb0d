package gemini

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
)

const testdata = "../../testdata/gemini"

func TestGolden(t *testing.T) { ingesttest.Golden(t, Parser{}, testdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{}, testdata) }

func TestConform(t *testing.T) {
	for _, rel := range []string{
		"lines/.gemini/tmp/shop/chats/session-2026-06-01T12-00-3b9c0000.jsonl",
		"document/.gemini/tmp/9f2c0000/chats/session-2025-11-01T12-00-3b9c0000.json",
	} {
		root, rel, _ := strings.Cut(rel, "/")
		root = filepath.Join(testdata, root)
		data, err := os.ReadFile(filepath.Join(root, rel))
		if err != nil {
			t.Fatal(err)
		}
		ingesttest.Conform(t, Parser{}, "/home/ana/"+rel, root, data)
	}
}

func TestRoots(t *testing.T) {
	for _, c := range []struct{ home, variable, path, why string }{
		{"/home/ana", "", "/home/ana/.gemini/tmp", "default"},
		{"/home/ana", "/data", "/data/.gemini/tmp", "GEMINI_CLI_HOME"},
		{"/home/ana", "~/g", "/home/ana/g/.gemini/tmp", "GEMINI_CLI_HOME"},
		{"/home/ana", "relative", "/home/ana/.gemini/tmp", "default"},
		{"", "", filepath.Join(os.TempDir(), ".gemini/tmp"), "default"},
	} {
		got := Parser{}.Format().Roots(ingest.Env{Home: c.home, Getenv: func(string) string { return c.variable }})
		if len(got) != 1 || got[0].Path != c.path || got[0].Why != c.why {
			t.Errorf("%+v: got %+v", c, got)
		}
	}
	for rel, want := range map[string]bool{
		"shop/chats/session-x.jsonl": true, "shop/chats/session-x.json": true, "shop/chats/parent/child.jsonl": true,
		"shop/logs.json": false, "shop/checkpoint-a.json": false, "shop/chats/x.jsonl.tmp-1": false, "shop/shell_history": false,
	} {
		if want != (Parser{}).Format().Roots(ingest.Env{Home: "/h", Getenv: func(string) string { return "" }})[0].Want(rel) {
			t.Errorf("Want(%q) is not %v", rel, want)
		}
	}
}

// TestCorpus reads real recordings.
func TestCorpus(t *testing.T) {
	if sum := ingesttest.Corpus(t, "gemini", Parser{}); sum.Rows["model_calls"] < 30 || sum.Rows["tool_calls"] < 60 || sum.Unknown > unknownInFixtures {
		t.Error("something is passed over")
	}
	if sum := ingesttest.Corpus(t, "antigravity", Parser{}); sum.Refused != sum.Files {
		t.Error("another agent's log is taken")
	}
}

// unknownInFixtures is how many records of types that the agent never wrote the hand-made logs have.
const unknownInFixtures = 2
