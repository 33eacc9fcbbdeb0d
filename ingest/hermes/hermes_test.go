package hermes

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
	"github.com/agenttrace/agenttrace/schema"
)

const testdata = "../../testdata/hermes"

// tested stands for a machine two hours east of Greenwich.
var tested = Parser{Zone: time.FixedZone("", 2*60*60)}

func TestGolden(t *testing.T) { ingesttest.Golden(t, tested, testdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, tested, testdata) }

var samples = []struct{ root, rel string }{
	{"lines", ".hermes/sessions/20260403_153620_5a3e2ff1.jsonl"},
	{"document", ".hermes/profiles/work/sessions/session_20260403_153620_5a3e2ff1.json"},
}

func TestConform(t *testing.T) {
	for _, s := range samples {
		root := filepath.Join(testdata, s.root)
		data, err := os.ReadFile(filepath.Join(root, s.rel))
		if err != nil {
			t.Fatal(err)
		}
		ingesttest.Conform(t, tested, "/home/ana/"+s.rel, root, data)
	}
}

// Both forms of a session give the same keys, so that it counts once.
func TestFormsAgree(t *testing.T) {
	keys := map[schema.ID]int{}
	for _, s := range samples {
		data, err := os.ReadFile(filepath.Join(testdata, s.root, s.rel))
		if err != nil {
			t.Fatal(err)
		}
		src := ingesttest.NewSource("/home/ana/"+s.rel, "", data)
		if err := tested.Parse(t.Context(), src, func(r schema.Row) error {
			switch x := r.(type) {
			case *schema.Record:
				keys[x.RecordKey]++
			case *schema.ModelCall:
				keys[x.ModelCallID]++
			case *schema.ToolCall:
				keys[x.ToolCallID]++
			case *schema.Session:
				keys[x.SessionID]++
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	both := 0
	for _, n := range keys {
		if n == 2 {
			both++
		}
	}
	if both != 3+1+2+1 { // records, response, calls, session
		t.Errorf("%d keys are in both forms", both)
	}
}

func TestMatch(t *testing.T) {
	tests := []struct {
		name, head string
		want       ingest.Verdict
	}{
		{"lines", `{"role":"session_meta","model":"m","platform":"cli"}` + "\n", ingest.Sure},
		{"document", `{"platform":"cli","session_start":"2026-04-03T15:36:20","last_updated":"2026-04-03T15:36:20","messages":[]}`, ingest.Sure},
		{"document, cut", `{"platform":"cli","session_start":"2026-04-03T15:36:20","messages":[{"role":"us`, ingest.Sure},
		{"no platform", `{"session_start":"2026-04-03T15:36:20","last_updated":"2026-04-03T15:36:20","messages":[]}`, ingest.Weak},
		{"typed", `{"role":"session_meta","type":"x"}`, ingest.Foreign},
		{"chat", `{"role":"user","content":"hi"}`, ingest.Foreign},
		{"cursor", `{"role":"user","message":{"content":[]}}`, ingest.Foreign},
		{"gemini", `{"sessionId":"x","projectHash":"y","startTime":"2026-01-01T00:00:00Z","lastUpdated":"2026-01-01T00:00:00Z","messages":[]}`, ingest.Foreign},
		{"amp", `{"v":1,"id":"T-1","created":1767261600000,"messages":[]}`, ingest.Foreign},
		{"text", "hello", ingest.Foreign},
	}
	for _, tt := range tests {
		if got := tested.Match("/x/a.json", []byte(tt.head)); got.Verdict != tt.want {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

func TestRoots(t *testing.T) {
	env := func(vars map[string]string) ingest.Env {
		return ingest.Env{Home: "/home/ana", Getenv: func(name string) string { return vars[name] }}
	}
	tests := []struct {
		vars map[string]string
		want string
	}{
		{nil, "/home/ana/.hermes"},
		{map[string]string{"HERMES_HOME": "/data/h"}, "/data/h"},
		{map[string]string{"HERMES_DATA_DIR_SUFFIX": "-dev"}, "/home/ana/.hermes-dev"},
		{map[string]string{"HERMES_DATA_DIR_SUFFIX": "/../x"}, "/home/ana/.hermes"},
	}
	for _, tt := range tests {
		got := tested.Format().Roots(env(tt.vars))
		if len(got) != 1 || filepath.ToSlash(got[0].Path) != tt.want {
			t.Errorf("%v: %+v", tt.vars, got)
		}
	}
	for rel, want := range map[string]bool{
		"sessions/a.jsonl": true, "sessions/session_a.json": true, "profiles/p/sessions/a.jsonl": true,
		"state.db": true, "config.json": false, "profiles/p/config.json": false, "sessions/x/a.json": false,
	} {
		if wanted(rel) != want {
			t.Errorf("wanted(%q) is not %v", rel, want)
		}
	}
	for rel, want := range map[string]bool{
		"sessions": false, "profiles": false, "profiles/p": false, "profiles/p/sessions": false, "profiles/.deleted": true, "logs": true, "profiles/p/skills": true,
	} {
		if skipped(rel) != want {
			t.Errorf("skipped(%q) is not %v", rel, want)
		}
	}
}
