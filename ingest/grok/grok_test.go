package grok

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
	"github.com/agenttrace/agenttrace/schema"
)

const testdata = "../../testdata/grok"

func TestGolden(t *testing.T) { ingesttest.Golden(t, Parser{}, testdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{}, testdata) }

// logs calls f for the logs of every case.
func logs(t *testing.T, f func(root, rel string, data []byte)) {
	t.Helper()
	err := filepath.WalkDir(testdata, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !updates(path) && !history(path) {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(testdata, path)
		name, rel, _ := strings.Cut(filepath.ToSlash(rel), "/")
		f(filepath.Join(testdata, name), rel, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestConform(t *testing.T) {
	logs(t, func(root, rel string, data []byte) {
		if strings.HasPrefix(filepath.Base(root), "session") && history(rel) {
			return // its session alone is told
		}
		ingesttest.Conform(t, Parser{}, "/home/ana/"+rel, root, data)
	})
}

// A fork repeats the turns of its parent: the rows bear the same ids.
func TestForkRepeats(t *testing.T) {
	seen := map[schema.ID]string{}
	shared := 0
	logs(t, func(root, rel string, data []byte) {
		name := filepath.Base(root)
		if !updates(rel) || name != "session" && name != "fork" {
			return
		}
		err := Parser{}.Parse(t.Context(), ingesttest.NewSource("/home/ana/"+rel, root, data), func(r schema.Row) error {
			var id schema.ID
			switch x := r.(type) {
			case *schema.Record:
				id = x.RecordKey
			case *schema.ModelCall:
				id = x.ModelCallID
			}
			if other, ok := seen[id]; ok && id != 0 && other != name {
				shared++
			}
			seen[id] = name
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	if shared != 3+2 { // records, calls
		t.Errorf("%d rows are shared", shared)
	}
}

func TestCorpus(t *testing.T) {
	sum := ingesttest.Corpus(t, "grok", Parser{})
	if sum.Taken != 2 || sum.Refused != 2 || sum.Rows["tool_calls"] != 4 || sum.Rows["turns"] != 3 || sum.Rows["model_calls"] != 4 || sum.Unknown != 0 {
		t.Errorf("%+v", sum)
	}
}

func TestMatch(t *testing.T) {
	const dir = "/home/ana/.grok/sessions/w/s/"
	tests := []struct {
		name, path, head string
		want             ingest.Verdict
	}{
		{"updates", dir + "updates.jsonl", `{"timestamp":1,"method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"plan"}}}` + "\n", ingest.Sure},
		{"own method", "/x/a.jsonl", `{"timestamp":1,"method":"_x.ai/session/update","params":{"sessionId":"s","update":{"sessionUpdate":"turn_completed"}}}` + "\n", ingest.Sure},
		{"own tool", "/x/a.jsonl", `{"method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"tool_call","_meta":{"x.ai/tool":{"name":"grep"}}}}}` + "\n", ingest.Sure},
		{"any ACP client", "/x/a.jsonl", `{"method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"plan"}}}` + "\n", ingest.Weak},
		{"old", dir + "updates.jsonl", `{"sessionId":"s","update":{"sessionUpdate":"plan"}}` + "\n", ingest.Sure},
		{"history", "/x/chat_history.jsonl", `{"type":"system","content":"x"}` + "\n", ingest.Sure},
		{"history by another name", "/x/a.jsonl", `{"type":"user","content":[],"prompt_index":0}` + "\n", ingest.Sure},
		{"may be a history", "/x/a.jsonl", `{"type":"system","content":"x"}` + "\n", ingest.Weak},
		{"first version", "/x/chat_history.jsonl", `{"role":"user","content":"x"}` + "\n", ingest.Weak},
		{"chat", "/x/a.jsonl", `{"role":"user","content":"x"}` + "\n", ingest.Foreign},
		{"summary", "/x/summary.json", `{"info":{"id":"s","cwd":"/w"},"current_model_id":"grok-4.5"}`, ingest.NotSession},
		{"other summary", "/x/summary.json", `{"info":"x"}`, ingest.Foreign},
		{"events", dir + "events.jsonl", `{"ts":"2026-07-18T10:20:00.100Z","type":"turn_started","schema_version":"1.0"}` + "\n", ingest.NotSession},
		{"other events", "/x/events.jsonl", `{"type":"session.start","data":{},"id":"x","timestamp":"2026-07-18T10:20:00.100Z"}` + "\n", ingest.Foreign},
		{"signals", dir + "signals.json", `{"turnCount":1}`, ingest.NotSession},
		{"database", "/home/ana/.grok/grok.db", "SQLite format 3\x00", ingest.NotSession},
		{"claude", "/x/a.jsonl", `{"type":"user","sessionId":"x","uuid":"y","parentUuid":null,"message":{"role":"user","content":"hi"}}` + "\n", ingest.Foreign},
		{"codex", "/x/a.jsonl", `{"timestamp":"2026-01-01T00:00:00Z","type":"response_item","payload":{"type":"message","role":"user","content":[]}}` + "\n", ingest.Foreign},
		{"cursor", "/x/a.jsonl", `{"role":"user","message":{"content":[]}}` + "\n", ingest.Foreign},
		{"droid", "/x/a.jsonl", `{"type":"message","session_id":"a","role":"user","text":"x"}` + "\n", ingest.Foreign},
		{"text", "/x/a.txt", "hello", ingest.Foreign},
	}
	for _, tt := range tests {
		if got := (Parser{}).Match(tt.path, []byte(tt.head)); got.Verdict != tt.want || got.Verdict == ingest.NotSession && got.Reason == "" {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

func TestRemote(t *testing.T) {
	for address, want := range map[string]string{
		"git@example.org:Team/Shop.git":                 "example.org/team/shop",
		"https://ana:secret@example.org:8443/team/api/": "example.org/team/api",
		"ssh://git@example.org:22/team/api.git":         "example.org/team/api",
		"https://example.org/a/b/c.git?token=x":         "example.org/a/b/c",
		"/srv/git/api.git":                              "",
		"../api":                                        "",
		`C:\src\api`:                                    "",
		"https://example.org":                           "",
		"":                                              "",
	} {
		if got := remote(address); got != want {
			t.Errorf("remote(%q) = %q, want %q", address, got, want)
		}
	}
}

func TestRoots(t *testing.T) {
	for home, want := range map[string]string{"": "/home/ana/.grok/sessions", "/data/grok": "/data/grok/sessions"} {
		got := Parser{}.Format().Roots(ingest.Env{Home: "/home/ana", Getenv: func(string) string { return home }})
		if len(got) != 1 || filepath.ToSlash(got[0].Path) != want {
			t.Fatalf("%q: %+v", home, got)
		}
		if r := got[0]; !r.Want("w/s/updates.jsonl") || !r.Want("w/s/chat_history.jsonl") || r.Want("w/s/events.jsonl") || !r.Skip("w/s/subagents") || r.Skip("w/s") {
			t.Error("the wrong files are wanted")
		}
	}
}
