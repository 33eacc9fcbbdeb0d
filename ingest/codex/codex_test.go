package codex

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
	"github.com/agenttrace/agenttrace/schema"
)

const testdata = "../../testdata/codex"

func TestGolden(t *testing.T) { ingesttest.Golden(t, Parser{}, testdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{}, testdata) }

func TestConform(t *testing.T) {
	root := filepath.Join(testdata, "session")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".jsonl") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		ingesttest.Conform(t, Parser{}, "/home/ana/"+filepath.ToSlash(rel), root, data)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRoots(t *testing.T) {
	tests := []struct {
		codexHome string
		path, why string
	}{
		{"", "/home/ana/.codex", "default"},
		{"/data/codex/", "/data/codex", "CODEX_HOME"},
		{"~/work/codex", "/home/ana/work/codex", "CODEX_HOME"},
		{"relative", "/home/ana/.codex", "default"},
	}
	for _, tt := range tests {
		got := Parser{}.Format().Roots(ingest.Env{Home: "/home/ana", Getenv: func(name string) string {
			if name == "CODEX_HOME" {
				return tt.codexHome
			}
			return ""
		}})
		if len(got) != 2 || got[0].Path != tt.path || got[0].Why != tt.why || got[1].Path != "/home/ana/.openinterpreter" {
			t.Errorf("CODEX_HOME=%q: %+v", tt.codexHome, got)
		}
	}
	root := Parser{}.Format().Roots(ingest.Env{Home: "/h", Getenv: func(string) string { return "" }})[0]
	for rel, want := range map[string]bool{
		"sessions/2026/04/02/rollout-x.jsonl":     true,
		"sessions/rollout-x.json":                 true,
		"archived_sessions/rollout-x.jsonl":       true,
		"sessions/2026/04/02/rollout-x.jsonl.zst": true,
		"auth.json":         false,
		"config.toml":       false,
		"history.jsonl":     false,
		"state_5.sqlite":    false,
		"sessions/x.sqlite": false,
	} {
		if got := root.Want(rel); got != want {
			t.Errorf("Want(%q) = %v", rel, got)
		}
	}
	for rel, want := range map[string]bool{"sessions": false, "sessions/2026": false, "archived_sessions": false, "log": true, "skills/x": true} {
		if got := root.Skip(rel); got != want {
			t.Errorf("Skip(%q) = %v", rel, got)
		}
	}
}

func TestThreadInName(t *testing.T) {
	const id, other = "0195f000-0000-7000-8000-000000000001", "0195f000-0000-7000-8000-0000000000ff"
	for path, want := range map[string]string{
		"/h/.codex/sessions/2026/04/02/rollout-2026-04-02T07-15-00-" + id + ".jsonl":               id,
		"/h/.codex/sessions/2026/04/02/rollout-2026-04-02T07-15-00-" + id + ".jsonl.zst":           id,
		`C:\u\.codex\sessions\2026\04\02\rollout-2026-04-02T07-15-00-` + id + `.jsonl`:             id,
		"/h/.codex/sessions/2026/04/02/rollout-2026-04-02T07-15-00-" + id + "_" + other + ".jsonl": id,
		"/h/.codex/sessions/rollout-2025-06-10-" + id + ".json":                                    id,
		"/h/session-" + id + ".jsonl": "",
		"/h/rollout-x.jsonl":          "",
		"":                            "",
	} {
		if got := threadInName(path); got != want {
			t.Errorf("threadInName(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestRemote(t *testing.T) {
	for url, want := range map[string]string{
		"https://example.org/Team/API.git":              "example.org/team/api",
		"https://ana:secret@example.org:8443/team/api/": "example.org/team/api",
		"git@example.org:Team/api.git":                  "example.org/team/api",
		"ssh://git@example.org:22/team/api.git":         "example.org/team/api",
		"https://example.org/a/b/c.git?token=x":         "example.org/a/b/c",
		"example.org:team/api":                          "example.org/team/api",
		"/srv/git/api.git":                              "",
		"../api":                                        "",
		"file:///srv/git/api.git":                       "",
		`C:\src\api`:                                    "",
		"https://example.org":                           "",
		"":                                              "",
	} {
		if got := remote(url); got != want {
			t.Errorf("remote(%q) = %q, want %q", url, got, want)
		}
	}
}

func TestJoin(t *testing.T) {
	tests := []struct{ dir, path, want string }{
		{"/home/ana/api", "a.go", "/home/ana/api/a.go"},
		{"/home/ana/api/", "./a.go", "/home/ana/api/a.go"},
		{"/home/ana/api", "../web/a.ts", "/home/ana/web/a.ts"},
		{"/home/ana/api", "/tmp/x", "/tmp/x"},
		{"/home/ana/api", "~/x", "~/x"},
		{`C:\src\api`, `pkg\a.go`, `C:\src\api\pkg\a.go`},
		{`C:\src\api`, `D:\x`, `D:\x`},
		{"", "a.go", "a.go"},
		{"/", "a.go", "/a.go"},
	}
	for _, tt := range tests {
		if got := join(tt.dir, tt.path); got != tt.want {
			t.Errorf("join(%q, %q) = %q, want %q", tt.dir, tt.path, got, tt.want)
		}
	}
}

func TestServer(t *testing.T) {
	tests := []struct{ name, namespace, want string }{
		{"mcp__docs__search", "", "docs"},
		{"docs__search", "", "docs"},
		{"create_issue", "mcp__tracker__", "tracker"},
		{"create_issue", "tracker", "tracker"},
		{"spawn_agent", "collaboration", ""},
		{"lookup", "functions", ""},
		{"shell", "", ""},
		{"__init", "", ""},
	}
	for _, tt := range tests {
		if got := server(tt.name, tt.namespace); got != tt.want {
			t.Errorf("server(%q, %q) = %q, want %q", tt.name, tt.namespace, got, tt.want)
		}
	}
}

// Copies of one rollout must be seen as copies: live, archived and compressed.
func TestCopiesAgree(t *testing.T) {
	packed, err := os.ReadFile(filepath.Join(testdata, "zst/.codex/archived_sessions/rollout-2026-04-02T07-00-00-0195f000-0000-7000-8000-000000000001.jsonl.zst"))
	if err != nil {
		t.Fatal(err)
	}
	plain := plainHead(packed)
	if !bytes.HasPrefix(plain, []byte(`{"timestamp"`)) {
		t.Fatalf("not decompressed: %.40q", plain)
	}
	one, _, err := ingesttest.Parse(Parser{}, "/home/ana/a.jsonl.zst", testdata, packed)
	if err != nil {
		t.Fatal(err)
	}
	two, _, err := ingesttest.Parse(Parser{}, "/home/ana/b.jsonl", testdata, plain)
	if err != nil {
		t.Fatal(err)
	}
	if one != two || strings.Count(one, "record_key") < 5 {
		t.Errorf("the compressed copy differs:\n%s\n%s", one, two)
	}
}

// A line may lie across any border of the read-ahead, and its session_meta may be longer than that.
func TestLongFirstLine(t *testing.T) {
	const id = "0195f000-0000-7000-8000-000000000001"
	for _, n := range []int{headSize - 300, headSize, 3 * headSize, 300 << 10} {
		data := fmt.Sprintf(`{"timestamp":"2026-04-02T07:00:00.000Z","type":"session_meta","payload":{"id":"%s","timestamp":"2026-04-02T07:00:00.000Z","cwd":"/x","base_instructions":{"text":"%s"}}}
{"timestamp":"2026-04-02T07:00:01.000Z","type":"event_msg","payload":{"type":"task_started","turn_id":"t1"}}
`, id, strings.Repeat("a", n))
		if m := (Parser{}).Match("/home/ana/x.jsonl", []byte(data)[:min(len(data), ingest.HeadSize)]); m.Verdict != ingest.Sure {
			t.Errorf("%d: %+v", n, m)
		}
		rows, src, err := ingesttest.Parse(Parser{}, "/home/ana/x.jsonl", testdata, []byte(data))
		if err != nil || src.Records != 2 || src.ParsedOffset != int64(len(data)) || !strings.Contains(rows, `"native_session_id":"`+id+`"`) {
			t.Errorf("%d: %v, %d records, offset %d\n%s", n, err, src.Records, src.ParsedOffset, rows)
		}
	}
}

// A copy without its first lines is still the same thread.
func TestPartialCopy(t *testing.T) {
	const id = "0195f000-0000-7000-8000-000000000001"
	tail := `{"timestamp":"2026-04-02T07:00:01.000Z","type":"event_msg","payload":{"type":"task_started","turn_id":"t1"}}
{"timestamp":"2026-04-02T07:00:02.000Z","type":"session_meta","payload":{"id":"` + id + `","timestamp":"2026-04-02T07:00:00.000Z","cwd":"/x"}}
`
	for _, path := range []string{"/home/ana/x.jsonl", "/home/ana/rollout-2026-04-02T07-00-00-" + id + ".jsonl"} {
		rows, _, err := ingesttest.Parse(Parser{}, path, testdata, []byte(tail))
		if err != nil || !strings.Contains(rows, `"native_session_id":"`+id+`"`) || !strings.Contains(rows, `"workspace":"/x"`) {
			t.Errorf("%s: %v\n%s", path, err, rows)
		}
	}
}

func TestContentLevels(t *testing.T) {
	data := read(t, "session/.codex/sessions/2026/04/02/rollout-2026-04-02T07-15-00-0195f000-0000-7000-8000-000000000001.jsonl")
	for _, tt := range []struct {
		content ingest.Content
		texts   int
		has     string
	}{
		{ingest.ContentNone, 0, ""},
		{ingest.ContentPreview, 7, `"run the tests"`},
		{ingest.ContentFull, 8, `"Use go test"`},
	} {
		src := ingesttest.NewSource("/home/ana/x.jsonl", testdata, data)
		src.Content = tt.content
		var texts []string
		err := Parser{}.Parse(context.Background(), src, func(r schema.Row) error {
			if x, ok := r.(*schema.Text); ok {
				texts = append(texts, ingesttest.JSON(x))
			}
			return ingesttest.Check(r)
		})
		if err != nil || len(texts) != tt.texts || !strings.Contains(strings.Join(texts, "\n"), tt.has) {
			t.Errorf("content %d: %v, %d texts\n%s", tt.content, err, len(texts), strings.Join(texts, "\n"))
		}
	}
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(testdata, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A damaged frame is a fact about the log; a file that cannot be read is an error.
func TestDamagedFrame(t *testing.T) {
	packed := read(t, "zst/.codex/archived_sessions/rollout-2026-04-02T07-00-00-0195f000-0000-7000-8000-000000000001.jsonl.zst")
	rows, _, err := ingesttest.Parse(Parser{}, "/home/ana/a.jsonl.zst", testdata, packed[:len(packed)-5])
	if err != nil || !strings.Contains(rows, `"problem_kind":"truncated"`) {
		t.Errorf("cut frame: %v\n%s", err, rows)
	}
	broken := fmt.Errorf("disk is gone")
	src := ingesttest.NewSource("/home/ana/a.jsonl.zst", testdata, nil)
	src.Reader = &failing{data: packed[:len(packed)-5], err: broken}
	if err := (Parser{}).Parse(context.Background(), src, func(schema.Row) error { return nil }); err != broken {
		t.Errorf("unreadable file: %v", err)
	}
}

type failing struct {
	data []byte
	err  error
}

func (f *failing) Read(b []byte) (int, error) {
	if len(f.data) == 0 {
		return 0, f.err
	}
	n := copy(b, f.data)
	f.data = f.data[n:]
	return n, nil
}

// Real logs of other people: every file is taken, or refused with a reason.
func TestCorpus(t *testing.T) {
	dir := corpus(t)
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		name := fmt.Sprintf("file %d", files)
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		m := Parser{}.Match(path, data[:min(len(data), ingest.HeadSize)])
		if m.Verdict < ingest.Weak {
			if m.Verdict != ingest.NotSession || m.Reason == "" {
				t.Errorf("%s is refused without a reason: %+v", name, m)
			}
			return nil
		}
		sessions, records := 0, 0
		src := ingesttest.NewSource(path, dir, data)
		err = Parser{}.Parse(context.Background(), src, func(r schema.Row) error {
			switch r.(type) {
			case *schema.Session:
				sessions++
			case *schema.Record:
				records++
			}
			return ingesttest.Check(r)
		})
		if err != nil || sessions != 1 || src.Unknown*20 > src.Records && src.Records > 25 {
			t.Errorf("%s: %v; %d sessions, %d rows of records, %d of %d records unknown", name, err, sessions, records, src.Unknown, src.Records)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Error("the corpus is empty")
	}
}

// corpus finds the folder of real logs beside the repository.
func corpus(t *testing.T) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			found := filepath.Join(filepath.Dir(dir), "shared/corpus/codex")
			if _, err := os.Stat(found); err == nil {
				return found
			}
		}
	}
	t.Skip("needs ../shared/corpus")
	return ""
}

// BenchmarkParse reads a rollout of the usual mix: half of its bytes are outputs of commands.
func BenchmarkParse(b *testing.B) {
	data := rollout(2000)
	var buf []byte
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		src := &ingest.Source{Path: "/home/ana/x.jsonl", Reader: bytes.NewReader(data), Buf: buf}
		rows := 0
		if err := (Parser{}).Parse(context.Background(), src, func(schema.Row) error { rows++; return nil }); err != nil {
			b.Fatal(err)
		}
		buf = src.Buf
	}
}

func rollout(responses int) []byte {
	var b bytes.Buffer
	at := 0
	line := func(typ, payload string) {
		at += 137
		fmt.Fprintf(&b, `{"timestamp":"2026-04-02T%02d:%02d:%02d.%03dZ","type":"%s","payload":%s}`+"\n", at/3600000%24, at/60000%60, at/1000%60, at%1000, typ, payload)
	}
	code := strings.Repeat(`\tif err != nil {\n\t\treturn fmt.Errorf(\"open %s: %w\", path, err)\n\t}\n`, 40)
	prose := strings.Repeat("The parser reads each line once and keeps only what is open. ", 8)
	opaque := strings.Repeat("gAAAAABo3kQ7x9ZtB2", 80)
	line("session_meta", `{"id":"0195f000-0000-7000-8000-000000000001","timestamp":"2026-04-02T00:00:00.000Z","cwd":"/home/ana/api","cli_version":"0.118.0","source":"cli","base_instructions":{"text":"`+prose+`"}}`)
	in, out := 0, 0
	for i := range responses {
		if i%8 == 0 {
			line("event_msg", fmt.Sprintf(`{"type":"task_started","turn_id":"t%d","model_context_window":272000}`, i))
			line("turn_context", fmt.Sprintf(`{"turn_id":"t%d","cwd":"/home/ana/api","approval_policy":"on-request","model":"gpt-5-codex"}`, i))
			line("response_item", `{"type":"message","role":"user","content":[{"type":"input_text","text":"`+prose+`"}]}`)
			line("event_msg", `{"type":"user_message","message":"`+prose+`","images":[]}`)
		}
		line("event_msg", `{"type":"agent_reasoning","text":"`+prose+`"}`)
		line("response_item", `{"type":"reasoning","summary":[{"type":"summary_text","text":"`+prose+`"}],"content":null,"encrypted_content":"`+opaque+`"}`)
		line("response_item", fmt.Sprintf(`{"type":"function_call","name":"exec_command","arguments":"{\"cmd\":\"sed -n '%d,%dp' main.go && go test ./...\"}","call_id":"call_%020d"}`, i, i+40, i))
		in, out = in+9000+i, out+120
		use := fmt.Sprintf(`{"input_tokens":%d,"cached_input_tokens":%d,"output_tokens":%d,"reasoning_output_tokens":0,"total_tokens":%d}`, in, in/2, out, in+out)
		for range 1 + i%2 {
			line("event_msg", `{"type":"token_count","info":{"total_token_usage":`+use+`,"last_token_usage":`+use+`,"model_context_window":272000},"rate_limits":{"primary":{"used_percent":12.5,"window_minutes":300}}}`)
		}
		line("response_item", fmt.Sprintf(`{"type":"function_call_output","call_id":"call_%020d","output":"Chunk ID: 00f%03d\nWall time: 0.5%03d seconds\nProcess exited with code 0\nOutput:\n%s"}`, i, i%1000, i%1000, code))
	}
	return b.Bytes()
}
