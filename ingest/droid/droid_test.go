package droid

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
)

const testdata = "../../testdata/droid"

func TestGolden(t *testing.T) { ingesttest.Golden(t, Parser{}, testdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{}, testdata) }

func TestConform(t *testing.T) {
	err := filepath.WalkDir(testdata, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".jsonl") {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(testdata, path)
		name, rel, _ := strings.Cut(filepath.ToSlash(rel), "/")
		ingesttest.Conform(t, Parser{}, "/home/ana/"+rel, filepath.Join(testdata, name), data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The hand-made samples show no session of the store with a total, and four of the output of exec.
func TestCorpus(t *testing.T) {
	sum := ingesttest.Corpus(t, "droid", Parser{})
	if sum.Taken != 6 || sum.Rows["sessions"] != 6 || sum.Rows["tool_calls"] != 5 || sum.ToolStatus["error"] != 1 || sum.Rows["turns"] != 7 {
		t.Errorf("%+v", sum)
	}
	if sum.Usage[0] != 10 || sum.Usage[3] != 5 {
		t.Errorf("%d input, %d output tokens", sum.Usage[0], sum.Usage[3])
	}
}

func TestMatch(t *testing.T) {
	tests := []struct {
		name, path, head string
		want             ingest.Verdict
	}{
		{"store", "/x/a.jsonl", `{"type":"session_start","id":"a","cwd":"/w","version":2}` + "\n", ingest.Sure},
		{"exec", "/x/a.jsonl", `{"type":"message","session_id":"a","role":"user","text":"x"}` + "\n" + `{"type":"completion","session_id":"a","finalText":"y"}` + "\n", ingest.Sure},
		{"one sign is not enough", "/x/a.jsonl", `{"type":"message","session_id":"a","role":"user","text":"x"}` + "\n", ingest.Foreign},
		{"no session", "/x/a.jsonl", `{"type":"message","role":"user","text":"x"}` + "\n" + `{"type":"completion","finalText":"y"}` + "\n", ingest.Foreign},
		{"settings", "/x/a.settings.json", `{"model":"m","tokenUsage":{"inputTokens":1}}`, ingest.NotSession},
		{"other settings", "/x/a.settings.json", `{"theme":"dark"}`, ingest.Foreign},
		{"index", "/home/ana/.factory/sessions-index.json", `{}`, ingest.NotSession},
		{"pi", "/x/a.jsonl", `{"type":"session","version":3,"id":"a","timestamp":"2026-01-01T00:00:00Z","cwd":"/w"}` + "\n", ingest.Foreign},
		{"cursor", "/x/a.jsonl", `{"type":"system","subtype":"init","session_id":"a","permissionMode":"default"}` + "\n" + `{"type":"tool_call","call_id":"c","tool_call":{},"session_id":"a"}` + "\n", ingest.Foreign},
		{"claude's stream", "/x/a.jsonl", `{"type":"assistant","session_id":"a","uuid":"u","message":{"role":"assistant","content":[]}}` + "\n", ingest.Foreign},
		{"text", "/x/a.jsonl", "hello", ingest.Foreign},
	}
	for _, tt := range tests {
		if got := (Parser{}).Match(tt.path, []byte(tt.head)); got.Verdict != tt.want || got.Verdict == ingest.NotSession && got.Reason == "" {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

func TestPlainModel(t *testing.T) {
	for selector, want := range map[string]string{
		"custom:Claude-Opus-4.5-Thinking-[Anthropic]-0": "claude-opus-4.5-thinking",
		"custom:GLM-4.6-[Z.ai]-12":                      "glm-4.6",
		"custom:gpt-5.2-3":                              "gpt-5.2",
		"GPT-5 [Proxy]":                                 "gpt-5",
		"claude-sonnet-4-5-20250929":                    "",
		"":                                              "",
		"custom:":                                       "",
		"custom:[x]-1":                                  "",
		"custom:a[b":                                    "a[b",
	} {
		if got := plainModel(selector); got != want {
			t.Errorf("%q: %q, want %q", selector, got, want)
		}
	}
}

func TestSettings(t *testing.T) {
	tests := []struct {
		doc   string
		known bool
		input int64
	}{
		{`{"tokenUsage":{"inputTokens":5,"outputTokens":1},"inclusiveTokenUsage":{"inputTokens":9}}`, true, 5},
		{`{"inclusiveTokenUsage":{"inputTokens":9,"outputTokens":1}}`, true, 9},
		{`{"inclusiveTokenUsage":{"inputTokens":9,"outputTokens":1},"childInclusiveTokenUsageBySessionId":{"c":{"inputTokens":4}}}`, false, 0},
		{`{"tokenUsage":{"inputTokens":0,"outputTokens":0}}`, false, 0},
		{`{"tokenUsage":null,"model":"m"}`, false, 0},
		{`{"tokenUsage":{"inputTokens":5}`, false, 0},
		{`[]`, false, 0},
		{``, false, 0},
	}
	for _, tt := range tests {
		var st settings
		st.read([]byte(tt.doc))
		if st.known != tt.known || st.usage.UncachedInput.V != tt.input {
			t.Errorf("%s: %+v", tt.doc, st)
		}
	}
}

func TestRoots(t *testing.T) {
	got := Parser{}.Format().Roots(ingest.Env{Home: "/home/ana", Getenv: func(string) string { return "" }})
	if len(got) != 1 || filepath.ToSlash(got[0].Path) != "/home/ana/.factory/sessions" || !got[0].Want("-w/a.jsonl") || got[0].Want("-w/a.settings.json") {
		t.Errorf("%+v", got)
	}
}
