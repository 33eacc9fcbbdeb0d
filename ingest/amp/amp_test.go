package amp

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
)

const testdata = "../../testdata/amp"

func TestGolden(t *testing.T) { ingesttest.Golden(t, Parser{}, testdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{}, testdata) }

func TestConform(t *testing.T) {
	for _, name := range []string{"thread", "ledger"} {
		root := filepath.Join(testdata, name)
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".json") {
				return err
			}
			data, err := os.ReadFile(path)
			rel, _ := filepath.Rel(root, path)
			ingesttest.Conform(t, Parser{}, "/home/ana/"+filepath.ToSlash(rel), root, data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestMatch(t *testing.T) {
	const named = "/x/T-0198aaaa-1111-7222-8333-444455556666.json"
	tests := []struct {
		name, path, head string
		want             ingest.Verdict
	}{
		{"thread", "/x/a.json", `{"v":1,"id":"T-1","created":1767261600000,"messages":[]}`, ingest.Sure},
		{"any order", "/x/a.json", `{"messages":[{"role":"user"}],"usageLedger":{},"id":"T-1"}`, ingest.Sure},
		{"cut before its id", named, `{"v":1,"messages":[{"role":"us`, ingest.Sure},
		{"cut, and named otherwise", "/x/a.json", `{"v":1,"messages":[{"role":"us`, ingest.Foreign},
		{"id alone", "/x/a.json", `{"id":"T-1","messages":[]}`, ingest.Weak},
		{"stub", named, `{"v":1,"id":"T-1","created":1767261600000}`, ingest.NotSession},
		{"other id", "/x/a.json", `{"v":1,"id":"ses_1","messages":[]}`, ingest.Foreign},
		{"prompts", "/home/ana/.local/share/amp/history.jsonl", `{"text":"x"}`, ingest.NotSession},
		{"array", "/x/a.json", `[{"role":"user","content":[]}]`, ingest.Foreign},
		{"claude", "/x/a.jsonl", `{"type":"user","sessionId":"x","uuid":"y","parentUuid":null,"message":{"role":"user","content":"hi"}}`, ingest.Foreign},
		{"gemini", "/x/session-1.json", `{"sessionId":"x","projectHash":"y","startTime":"2026-01-01T00:00:00Z","messages":[]}`, ingest.Foreign},
	}
	for _, tt := range tests {
		if got := (Parser{}).Match(tt.path, []byte(tt.head)); got.Verdict != tt.want || got.Verdict == ingest.NotSession && got.Reason == "" {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

func TestByOpenAI(t *testing.T) {
	for model, want := range map[string]bool{
		"gpt-5": true, "openai/gpt-5-codex": true, "o3": true, "o4-mini": true, "codex-mini": true,
		"claude-sonnet-4-5": false, "gemini-3-pro": false, "opus": false, "o": false, "": false,
	} {
		if got := byOpenAI(model); got != want {
			t.Errorf("%q: %v", model, got)
		}
	}
}

func TestRoots(t *testing.T) {
	for xdg, want := range map[string]string{"": "/home/ana/.local/share/amp/threads", "/data": "/data/amp/threads", "relative": "/home/ana/.local/share/amp/threads"} {
		got := Parser{}.Format().Roots(ingest.Env{Home: "/home/ana", Getenv: func(string) string { return xdg }})
		if len(got) != 1 || filepath.ToSlash(got[0].Path) != want {
			t.Errorf("%q: %+v", xdg, got)
		}
	}
}
