package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// reportSchema compiles a schema of testdata/schema. Consumers must accept members added later; here a
// member that the schema does not name is an error, so that none is added without it.
func reportSchema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "testdata", "schema", name+".schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	closeObjects(doc)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(name, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closeObjects(v any) {
	switch x := v.(type) {
	case map[string]any:
		if _, ok := x["properties"].(map[string]any); ok && x["additionalProperties"] == nil {
			x["additionalProperties"] = false
		}
		for _, e := range x {
			closeObjects(e)
		}
	case []any:
		for _, e := range x {
			closeObjects(e)
		}
	}
}

func validate(s *jsonschema.Schema, text string) error {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return err
	}
	return s.Validate(doc)
}

// hardLogs are sessions in which much is missing or wrong.
const hardLogs = `{"timestamp":"2026-04-02T07:15:00.010Z","type":"session_meta","payload":{"id":"0195f000-0000-7000-8000-000000000001","timestamp":"2026-04-02T07:15:00.000Z","cwd":"/home/ana/api","originator":"codex_cli_rs","cli_version":"0.118.0","source":"cli"}}
{"timestamp":"2026-04-02T07:15:01.110Z","type":"turn_context","payload":{"turn_id":"t1","cwd":"/home/ana/api","model":"brand-new-model"}}
{"timestamp":"2026-04-02T07:15:01.120Z","type":"never_heard_of","payload":{}}
{"timestamp":"2026-04-02T07:15:01.121Z","type":"event_msg","payload":{"type":"user_message","message":"run the te
{"timestamp":"2026-04-02T07:15:09.100Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":9000,"cached_input_tokens":4000,"output_tokens":300,"reasoning_output_tokens":120,"total_tokens":9300},"last_token_usage":{"input_tokens":9000,"cached_input_tokens":4000,"output_tokens":300,"reasoning_output_tokens":120,"total_tokens":9300}}}}
`

// bareLog is an old log without times and tokens.
const bareLog = `{"id":"6f000000-0000-4000-8000-000000000001","timestamp":"2025-08-01T10:00:00.000Z","instructions":null}
{"type":"message","id":null,"role":"user","content":[{"type":"input_text","text":"hello"}]}
{"type":"message","id":null,"role":"assistant","content":[{"type":"output_text","text":"Hello."}]}
`

func TestReportsMatchTheirSchemas(t *testing.T) {
	home, db := sampleStore(t)
	dir := t.TempDir()
	for name, text := range map[string]string{"hard.jsonl": hardLogs, "bare.jsonl": bareLog, "note.txt": "Dear diary\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	empty := t.TempDir()
	sample := []string{"--db", db, "--home", home}
	cases := []struct {
		name, schema string
		args         []string
	}{
		{"overview", "overview", append([]string{"overview"}, sample...)},
		{"overview with gates", "overview", append([]string{"overview", "--fail-on-critical", "--fail-under-health", "1", "--max-tool-fail-rate", "1"}, sample...)},
		{"overview of nothing", "overview", []string{"overview", "--db", ":memory:", "--home", empty, "--fail-on-critical"}},
		{"overview of hard logs", "overview", []string{"overview", "-d", dir}},
		{"clean session", "session", append([]string{"show", "cb4b"}, sample...)},
		{"stuck session, its steps", "session", append([]string{"show", "d87", "--timeline"}, sample...)},
		{"newest session with a gate", "session", append([]string{"latest", "--fail-on-critical"}, sample...)},
		{"hard session", "session", []string{filepath.Join(dir, "hard.jsonl"), "--timeline"}},
		{"bare session", "session", []string{filepath.Join(dir, "bare.jsonl"), "--timeline"}},
		{"trend", "trend", append([]string{"trend", "--until", "2026-11-17", "--sessions"}, sample...)},
		{"trend by project", "trend", append([]string{"trend", "--by", "week", "--group", "project", "--metric", "cost_usd", "--agent", "codex"}, sample...)},
		{"trend of nothing", "trend", []string{"trend", "--db", ":memory:", "--home", empty}},
		{"trend of hard logs", "trend", []string{"trend", "-d", dir, "--by", "month", "--since", "2025-01-01"}},
		{"diff", "diff", append([]string{"diff", "cb4b", "d87"}, sample...)},
		{"diff of hard logs", "diff", []string{"diff", filepath.Join(dir, "hard.jsonl"), filepath.Join(dir, "bare.jsonl")}},
		{"diff of groups", "diff_groups", append([]string{"diff", "--a", "agent=claude-code", "--b", "agent=codex since=2026-11-01"}, sample...)},
		{"diff of groups of hard logs", "diff_groups", []string{"diff", "--a", "agent=codex since=2026-01-01", "--b", "until=2025-12-31", "-d", dir}},
		{"explain", "explain", append([]string{"explain", "d87", "tool_failed_count"}, sample...)},
		{"explain of health", "explain", append([]string{"explain", "d87", "health"}, sample...)},
		{"explain of the old health", "explain", append([]string{"explain", "d87", "session_health_v1.score"}, sample...)},
		{"views diff", "views_diff", append([]string{"views", "diff", "health", "v1", "v2"}, sample...)},
		{"views diff of hard logs", "views_diff", []string{"views", "diff", "health", "v1", "v2", "-d", dir}},
		{"doctor", "doctor", append([]string{"doctor"}, sample...)},
		{"doctor about nothing", "doctor", []string{"doctor", "--db", ":memory:", "--home", empty}},
		{"doctor about hard logs", "doctor", []string{"doctor", "-d", dir}},
		{"ingest", "ingest", []string{"ingest", "--db", filepath.Join(t.TempDir(), "new.duckdb"), "--home", home}},
		{"ingest of nothing new", "ingest", append([]string{"ingest"}, sample...)},
	}
	schemas := map[string]*jsonschema.Schema{}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := schemas[c.schema]
			if s == nil {
				s = reportSchema(t, c.schema)
				schemas[c.schema] = s
			}
			out, errs, code := agenttrace(t, home, append(c.args, "-f", "json")...)
			if code != exitOK && code != exitGate {
				t.Fatalf("exit code %d: %s", code, errs)
			}
			if !strings.HasPrefix(out, "{\n  \"schema_version\": 1,") {
				t.Errorf("begins with %.40q", out)
			}
			if err := validate(s, out); err != nil {
				t.Fatal(err)
			}
			// Each member is promised: without any of them the schema refuses, as it does with a stranger.
			var members map[string]json.RawMessage
			if err := json.Unmarshal([]byte(out), &members); err != nil {
				t.Fatal(err)
			}
			for name := range members {
				if name == "gates" || name == "timeline" || name == "segments" || name == "bands" {
					continue
				}
				if err := validate(s, without(t, members, name)); err == nil {
					t.Errorf("the schema does not miss %s", name)
				}
			}
			members["stranger"] = json.RawMessage("1")
			if err := validate(s, without(t, members, "")); err == nil {
				t.Error("the schema does not mind a member that it does not name")
			}
		})
	}
}

func without(t *testing.T, members map[string]json.RawMessage, name string) string {
	t.Helper()
	rest := map[string]json.RawMessage{}
	for n, v := range members {
		if n != name {
			rest[n] = v
		}
	}
	text, err := json.Marshal(rest)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
