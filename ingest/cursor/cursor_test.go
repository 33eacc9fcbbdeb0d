package cursor

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
)

const testdata = "../../testdata/cursor"

func TestGolden(t *testing.T) { ingesttest.Golden(t, Parser{}, testdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{}, testdata) }

func TestConform(t *testing.T) {
	for _, name := range []string{"transcript", "stream", "text"} {
		root := filepath.Join(testdata, name)
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || d.Name() == "want.ndjson" {
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

func TestCorpus(t *testing.T) {
	sum := ingesttest.Corpus(t, "cursor", Parser{})
	if sum.Taken != 7 || sum.Refused != 3 || sum.Rows["tool_calls"] != 8 || sum.Rows["turns"] != 11 || sum.Rows["model_calls"] != 17 {
		t.Errorf("%+v", sum)
	}
}

func TestMatch(t *testing.T) {
	const home = "/home/ana/.cursor/projects/w/agent-transcripts/a.jsonl"
	const line = `{"role":"user","message":{"content":[{"type":"text","text":"x"}]}}` + "\n"
	tests := []struct {
		name, path, head string
		want             ingest.Verdict
	}{
		{"transcript", home, line, ingest.Sure},
		{"transcript elsewhere", "/x/a.jsonl", line, ingest.Weak},
		{"error first", home, `{"type":"error","error":"x"}` + "\n" + line, ingest.Sure},
		{"stream", "/x/a.jsonl", `{"type":"system","subtype":"init","session_id":"a","permissionMode":"default"}` + "\n", ingest.Sure},
		{"stream without its first line", "/x/a.jsonl", `{"type":"assistant","message":{},"session_id":"a"}` + "\n" + `{"type":"tool_call","subtype":"started","call_id":"c","tool_call":{},"session_id":"a"}` + "\n", ingest.Sure},
		{"result alone", "/x/a.json", `{"type":"result","subtype":"success","duration_ms":1,"duration_api_ms":1,"result":"x","session_id":"a","request_id":"r"}`, ingest.Weak},
		{"claude's stream", "/x/a.jsonl", `{"type":"system","subtype":"init","session_id":"a","permissionMode":"default","tools":[],"mcp_servers":[],"uuid":"u"}` + "\n", ingest.Foreign},
		{"claude's result", "/x/a.json", `{"type":"result","subtype":"success","duration_ms":1,"duration_api_ms":1,"num_turns":2,"total_cost_usd":0.1,"session_id":"a","uuid":"u"}`, ingest.Foreign},
		{"claude's log", "/x/a.jsonl", `{"type":"user","sessionId":"x","uuid":"y","parentUuid":null,"message":{"role":"user","content":"hi"}}` + "\n", ingest.Foreign},
		{"hermes", "/x/a.jsonl", `{"role":"session_meta","model":"m"}` + "\n", ingest.Foreign},
		{"chat", "/x/a.jsonl", `{"role":"user","content":"hi"}` + "\n", ingest.Foreign},
		{"droid", "/x/a.jsonl", `{"type":"message","session_id":"a","role":"user","text":"x"}` + "\n", ingest.Foreign},
		{"text", "/home/ana/.cursor/projects/w/agent-transcripts/a.txt", "user:\nhi\n", ingest.Sure},
		{"text elsewhere", "/x/a.txt", "user:\nhi\n\nassistant:\nhello\n", ingest.Weak},
		{"other text", "/x/a.txt", "users:\nhi\n", ingest.Foreign},
		{"export", "/x/a.json", `{"aiService.prompts":[]}`, ingest.Foreign},
		{"usage of the account", "/x/usage.csv", "Date,Kind,Model,Max Mode,Input (w/ Cache Write),Input (w/o Cache Write),Cache Read,Output Tokens,Total Tokens,Cost\n", ingest.NotSession},
		{"other table", "/x/usage.csv", "Date,Kind,Model\n", ingest.Foreign},
		{"other database", "/x/other.db", "SQLite format 3\x00...", ingest.Foreign},
	}
	for _, tt := range tests {
		if got := (Parser{}).Match(tt.path, []byte(tt.head)); got.Verdict != tt.want || got.Verdict == ingest.NotSession && got.Reason == "" {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

func TestUserQuery(t *testing.T) {
	tests := []struct{ text, before, own string }{
		{"plain", "", "plain"},
		{"<user_query>\nx\n</user_query>", "", "x"},
		{"<rules>r</rules>\n<user_query>a </user_query> b</user_query>", "<rules>r</rules>", "a </user_query> b"},
		{"<user_query>open", "", "open"},
		{"<user_info>i</user_info>", "<user_info>i</user_info>", ""},
		{"<div> is what I mean", "", "<div> is what I mean"},
		{"", "", ""},
	}
	for _, tt := range tests {
		before, own := userQuery([]byte(tt.text))
		if string(before) != tt.before || string(own) != tt.own {
			t.Errorf("%q: %q, %q", tt.text, before, own)
		}
	}
}

func TestAsObject(t *testing.T) {
	for text, want := range map[string]string{
		"path: a.go\nlimit=20":        `{"path":"a.go","limit":"20"}`,
		"command: echo \"x\"\n  more": `{"command":"echo \"x\"\nmore"}`,
		"no key here":                 `{}`,
		"url: http://x/?a=b":          `{"url":"http://x/?a=b"}`,
	} {
		if got := string(asObject([]byte(text))); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestRoots(t *testing.T) {
	got := Parser{}.Format().Roots(ingest.Env{Home: "/home/ana", Getenv: func(string) string { return "" }})
	if len(got) != 1 || filepath.ToSlash(got[0].Path) != "/home/ana/.cursor/projects" {
		t.Fatalf("%+v", got)
	}
	for rel, want := range map[string]bool{
		"w/agent-transcripts/a.jsonl": true, "w/agent-transcripts/a/subagents/b.jsonl": true, "w/agent-transcripts/a.txt": true,
		"w/terminals/1.txt": false, "w/agent-transcripts/a.md": false,
	} {
		if got[0].Want(rel) != want {
			t.Errorf("Want(%q) is not %v", rel, want)
		}
	}
}
