package goose

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
)

const (
	testdata = "../../testdata/goose"
	lines    = ".local/share/goose/sessions/20250501_090000.jsonl"
)

func TestGolden(t *testing.T) {
	ingesttest.Golden(t, Parser{}, testdata)
	ingesttest.GoldenDatabase(t, Database{}, testdata, "database")
}

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{}, filepath.Join(testdata, "lines")) }

func TestConform(t *testing.T) {
	root := filepath.Join(testdata, "lines")
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(lines)))
	if err != nil {
		t.Fatal(err)
	}
	ingesttest.Conform(t, Parser{}, "/home/ana/"+lines, root, data)
}

func TestMarks(t *testing.T) {
	ingesttest.Marks(t, Database{}, filepath.Join(testdata, "database"), "20260310_4", "20260310_5",
		"UPDATE messages SET content_json=content_json||' ' WHERE message_id='msg_8'",
		"DELETE FROM messages WHERE message_id='msg_3'",
		"UPDATE sessions SET accumulated_output_tokens=211 WHERE id='20260310_4'",
		"INSERT INTO usage_ledger(session_id,created_timestamp) VALUES('20260310_4',1)",
		"UPDATE sessions SET updated_at='2026-03-10 09:02:12' WHERE id='20260310_4'")
}

// TestImported: what the database has of a file has the names that it has in the file.
func TestImported(t *testing.T) {
	key := regexp.MustCompile(`"(?:record_key|tool_call_id|model_call_id|session_id)":"[0-9a-f]{16}"`)
	in := func(name string) map[string]bool {
		data, err := os.ReadFile(filepath.Join(testdata, name, "want.ndjson"))
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]bool{}
		for _, k := range key.FindAllString(string(data), -1) {
			out[k] = true
		}
		return out
	}
	database, file, same := in("database"), in("lines"), 0
	for k := range file {
		if database[k] {
			same++
		}
	}
	// The session, two messages, a call of a tool, and the total.
	if same != 5 {
		t.Errorf("%d names are in both", same)
	}
}

func TestMatch(t *testing.T) {
	for text, want := range map[string]ingest.Verdict{
		`{"working_dir":"/x","description":"","message_count":0}`:                    ingest.Sure,
		`{"role":"user","created":1746090000,"content":[{"type":"text","text":""}]}`: ingest.Sure,
		`{"role":"user","content":[{"type":"text","text":"x"}]}`:                     ingest.Foreign,
		`{"role":"user","created":1746090000,"content":"x"}`:                         ingest.Foreign,
		`{"type":"user","working_dir":"/x","description":""}`:                        ingest.Foreign,
	} {
		if got := (Parser{}).Match("/x/a.jsonl", []byte(text)).Verdict; got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestRoots(t *testing.T) {
	got := roots(ingest.Env{Home: "/home/ana", Getenv: func(name string) string {
		return map[string]string{"GOOSE_PATH_ROOT": "/g"}[name]
	}})
	if len(got) != 4 || got[0].Path != filepath.FromSlash("/g/data/sessions") || got[1].Path != filepath.FromSlash("/home/ana/.local/share/goose/sessions") {
		t.Errorf("%+v", got)
	}
}
