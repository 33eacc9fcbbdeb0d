package claude

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

func TestVoice(t *testing.T) {
	for _, c := range []struct {
		text, stripped, rest string
		want                 voice
	}{
		{"fix the cart", "", "fix the cart", voiceHuman},
		{"<system-reminder>x</system-reminder>\n\nfix it", "<system-reminder>x</system-reminder>\n\n", "fix it", voiceHuman},
		{"<ide_selection>a</ide_selection><system-reminder>b</system-reminder>why?", "<ide_selection>a</ide_selection><system-reminder>b</system-reminder>", "why?", voiceHuman},
		{"<system-reminder>x</system-reminder>", "<system-reminder>x</system-reminder>", "", voiceInjected},
		{"<system-reminder>what does this tag do?", "", "<system-reminder>what does this tag do?", voiceHuman},
		{"<command-name>/clear</command-name>", "", "<command-name>/clear</command-name>", voiceCommand},
		{"<command-message>init is running…</command-message>\n<command-name>/init</command-name>", "", "<command-message>init is running…</command-message>\n<command-name>/init</command-name>", voiceCommand},
		{"<command-name> is what I type", "", "<command-name> is what I type", voiceHuman},
		{"<task-notification><status>completed</status></task-notification>\nRead it", "", "<task-notification><status>completed</status></task-notification>\nRead it", voiceInjected},
		{"[Request interrupted by user for tool use]", "", "[Request interrupted by user for tool use]", voiceInterrupt},
		{"Stop hook feedback:\n- no", "", "Stop hook feedback:\n- no", voiceInjected},
		{"This session is being continued from", "", "This session is being continued from", voiceInjected},
		{"<div>centre this</div>", "", "<div>centre this</div>", voiceHuman},
	} {
		stripped, rest := stripBlocks([]byte(c.text))
		if string(stripped) != c.stripped || string(rest) != c.rest {
			t.Errorf("%q: stripped %q, rest %q", c.text, stripped, rest)
		}
		if got := voiceOf(rest); got != c.want {
			t.Errorf("%q: voice %d, want %d", c.text, got, c.want)
		}
	}
}

func TestFailed(t *testing.T) {
	for text, want := range map[string]failure{
		"Exit code 2\nmake: *** [all] Error":                                                     {"error", "nonzero_exit", schema.Known(int64(2))},
		"Error: Exit code 127\nnot found":                                                        {"error", "nonzero_exit", schema.Known(int64(127))},
		"Exit code 143\nCommand timed out after 2m 0.0s":                                         {"error", "timeout", schema.Known(int64(143))},
		"Command timed out after 2m 0.0s":                                                        {"error", "timeout", schema.Int{}},
		"The user doesn't want to proceed with this tool use. The tool use was rejected":         {status: "denied"},
		"The user doesn't want to take this action right now. STOP":                              {status: "denied"},
		"Permission to use Bash with command rm has been denied.":                                {status: "denied"},
		"Claude requested permissions to use WebFetch, but you haven't granted it yet.":          {"error", "permission", schema.Int{}},
		"<tool_use_error>InputValidationError: Read failed</tool_use_error>":                     {"error", "bad_args", schema.Int{}},
		"<tool_use_error>String to replace not found in file.</tool_use_error>":                  {"error", "bad_args", schema.Int{}},
		"<tool_use_error>Found 3 matches of the string to replace, but …</tool_use_error>":       {"error", "bad_args", schema.Int{}},
		"<tool_use_error>File does not exist.</tool_use_error>":                                  {"error", "not_found", schema.Int{}},
		"ENOENT: no such file or directory, open 'x'":                                            {"error", "not_found", schema.Int{}},
		"<tool_use_error>Error: No such tool available: Foo</tool_use_error>":                    {"error", "unknown_tool", schema.Int{}},
		"EACCES: permission denied, open '/etc/shadow'":                                          {"error", "permission", schema.Int{}},
		"<tool_use_error>File has been modified since read, read it again.</tool_use_error>":     {"error", "tool_error", schema.Int{}},
		"MCP error -32603: internal":                                                             {"error", "tool_error", schema.Int{}},
		"File content (30000 tokens) exceeds maximum allowed tokens (25000). Please use offset.": {"error", "bad_args", schema.Int{}},
		"":           {"error", "tool_error", schema.Int{}},
		"Exit code ": {"error", "tool_error", schema.Int{}},
	} {
		if got := failed([]byte(text)); got != want {
			t.Errorf("%q: got %+v, want %+v", text, got, want)
		}
	}
}

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		word   string
		status int64
		text   string
		want   string
	}{
		{"", 429, "", "rate_limit"}, {"", 529, "", "overloaded"}, {"", 401, "", "auth"}, {"", 403, "", "auth"}, {"", 400, "", "invalid_request"},
		{"", 400, "prompt is too long: 210000 tokens > 200000 maximum", "context_length"}, {"", 413, "", "context_length"}, {"", 500, "", "server"},
		{"", 503, "", "server"}, {"", 504, "", "timeout"}, {"overloaded_error", 500, "", "overloaded"}, {"rate_limit", 0, "", "rate_limit"},
		{"server_error", 0, "", "server"}, {"server_error", 529, "", "overloaded"}, {"model_not_found", 404, "", "invalid_request"},
		{"invalid_request", 0, "Prompt is too long", "context_length"}, {"", 0, "Claude AI usage limit reached|1788253200", "rate_limit"},
		{"", 0, "Invalid API key · Please run /login", "auth"}, {"", 0, "Connection error.", "network"}, {"", 0, "Request timed out.", "timeout"},
		{"", 0, "something else", "unknown"},
	} {
		status := schema.Int{V: c.status, Valid: c.status != 0}
		if got := classify(c.word, status, []byte(c.text)); got != c.want {
			t.Errorf("%q %d %q: got %s, want %s", c.word, c.status, c.text, got, c.want)
		}
	}
}

func TestCounters(t *testing.T) {
	n := func(v int64) schema.Int { return schema.Known(v) }
	for _, c := range []struct {
		name             string
		in               usage
		five, hour, read schema.Int
	}{
		{"split", usage{creation: n(1200), five: n(200), hour: n(1000)}, n(200), n(1000), schema.Int{}},
		{"no split", usage{creation: n(1200), read: n(7)}, n(1200), schema.Int{}, n(7)},
		{"split without total", usage{five: n(1), hour: n(2)}, n(1), n(2), schema.Int{}},
		{"split leaves a rest", usage{creation: n(10), five: n(2), hour: n(3)}, n(7), n(3), schema.Int{}},
		{"split of zeros", usage{creation: n(10), five: n(0), hour: n(0)}, n(10), n(0), schema.Int{}},
		{"split is larger", usage{creation: n(4), five: n(2), hour: n(3)}, n(2), n(3), schema.Int{}},
		{"nothing written", usage{creation: n(0), five: n(0), hour: n(0)}, n(0), n(0), schema.Int{}},
		{"unknown", usage{}, schema.Int{}, schema.Int{}, schema.Int{}},
	} {
		got := c.in.counters()
		if got.CacheCreation5m != c.five || got.CacheCreation1h != c.hour || got.CacheRead != c.read {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestCutText(t *testing.T) {
	for _, raw := range []string{`plain`, `a\n\n\nb`, `\\\\\\\\`, `é\u00e9é\"\"x`, `\ud83d\ude00\ud83d\ude00`, `ab\\"cd`} {
		full := jscan.Text{Raw: []byte(raw), Escaped: strings.Contains(raw, `\`), Present: true}
		whole := full.String()
		for n := 0; n < len(raw); n++ {
			head, end := cut(full, n).String(), tail(full, n).String()
			if !strings.HasPrefix(whole, strings.TrimSuffix(head, "\uFFFD")) {
				t.Errorf("%q cut at %d: %q", raw, n, head)
			}
			if !strings.HasSuffix(whole, strings.TrimPrefix(end, "\uFFFD")) {
				t.Errorf("%q tail of %d: %q", raw, n, end)
			}
		}
	}
}

func TestWithin(t *testing.T) {
	yes, no, unknown := schema.Known(true), schema.Known(false), schema.Bool{}
	for _, c := range []struct {
		workspace, path string
		want            schema.Bool
	}{
		{"/home/ana/shop", "/home/ana/shop/a.js", yes}, {"/home/ana/shop/", "/home/ana/shop/a.js", yes}, {"/home/ana/shop", "/home/ana/shopping/a.js", no},
		{"/home/ana/shop", "a.js", yes}, {"/home/ana/shop", "../a.js", no}, {"/home/ana/shop", "/home/ana/shop/../a.js", no},
		{"", "/a.js", unknown}, {"", "a.js", yes}, {`C:\Work\Shop`, `c:\work\shop\src\a.js`, yes}, {`C:\Work\Shop`, `D:\x.js`, no}, {"/", "/etc/hosts", yes},
	} {
		if got := within(c.workspace, c.path); got != c.want {
			t.Errorf("%s in %s: %v", c.path, c.workspace, got)
		}
	}
}

func TestRoots(t *testing.T) {
	home := filepath.FromSlash("/home/ana")
	for _, c := range []struct {
		name string
		env  map[string]string
		want []string
	}{
		{"default", nil, []string{"/home/ana/.claude/projects default", "/home/ana/.config/claude/projects default"}},
		{"list", map[string]string{"CLAUDE_CONFIG_DIR": "/a, ~/b,/c/projects,"}, []string{
			"/a/projects CLAUDE_CONFIG_DIR", "/home/ana/b/projects CLAUDE_CONFIG_DIR", "/c/projects CLAUDE_CONFIG_DIR", "/home/ana/.config/claude/projects default"}},
		{"xdg", map[string]string{"XDG_CONFIG_HOME": "/x"}, []string{"/home/ana/.claude/projects default", "/x/claude/projects XDG_CONFIG_HOME"}},
	} {
		var got []string
		for _, r := range New().Format().Roots(ingest.Env{Home: home, Getenv: func(k string) string { return c.env[k] }}) {
			if !strings.Contains(r.Path, "local-agent-mode-sessions") {
				got = append(got, filepath.ToSlash(r.Path)+" "+r.Why)
			}
		}
		if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%s: got %q", c.name, got)
		}
	}
}

func TestWant(t *testing.T) {
	roots := New().Format().Roots(ingest.Env{Home: "/home/ana", Getenv: func(string) string { return "" }})
	for rel, ok := range map[string]bool{
		"-home-ana-shop/1.jsonl": true, "-home-ana-shop/1/subagents/agent-a.jsonl": true, "-home-ana-shop/1/subagents/workflows/wf_1/agent-a.jsonl": true,
		"-home-ana-shop/1/subagents/workflows/wf_1/journal.jsonl": false, "-home-ana-shop/1/subagents/agent-a.meta.json": false,
		"-home-ana-shop/sessions-index.json": false, "-home-ana-shop/1/tool-results/b.txt": false,
	} {
		if roots[0].Want(rel) != ok {
			t.Errorf("want(%s) is %v", rel, !ok)
		}
	}
	for rel, skipped := range map[string]bool{"-home-ana-shop": false, "-home-ana-shop/1/subagents": false, "-home-ana-shop/1/tool-results": true, "-home-ana-shop/memory": true} {
		if roots[0].Skip(rel) != skipped {
			t.Errorf("skip(%s) is %v", rel, !skipped)
		}
	}
	last := roots[len(roots)-1]
	if last.Want("w/s/.claude/projects/x/1.jsonl") != true || last.Want("w/s/notes/1.jsonl") != false {
		t.Error("desktop sessions are not told from other files")
	}
}

func TestMatch(t *testing.T) {
	const line = `{"parentUuid":null,"isSidechain":false,"userType":"external","cwd":"/x","sessionId":"s","version":"2.1.0","type":"user","message":{"role":"user","content":"x"},"uuid":"u","timestamp":"2026-09-01T08:00:00.000Z"}`
	for _, c := range []struct {
		name, path, head string
		want             ingest.Verdict
	}{
		{"conversation", "/t/a.jsonl", line + "\n", ingest.Sure},
		{"first line is cut", "/t/a.jsonl", line[:150], ingest.Sure},
		{"behind metadata", "/t/a.jsonl", strings.Repeat(`{"type":"mode","mode":"normal","sessionId":"s"}`+"\n", 150) + line, ingest.Sure},
		{"behind a mark", "/t/a.jsonl", "\xef\xbb\xbf" + line + "\r\n", ingest.Sure},
		{"metadata at home", "/home/ana/.claude/projects/x/a.jsonl", `{"type":"summary","summary":"x","leafUuid":"u"}` + "\n", ingest.Sure},
		{"metadata elsewhere", "/t/a.jsonl", `{"type":"summary","summary":"x","leafUuid":"u"}` + "\n", ingest.Weak},
		{"windows", `C:\Users\ana\.claude\projects\x\a.jsonl`, `{"type":"file-history-snapshot","messageId":"m","snapshot":{}}`, ingest.Sure},
		{"hand-made", "/t/a.jsonl", `{"type":"user","timestamp":"2026-09-01T08:00:00Z","message":{"role":"user","content":"x"}}`, ingest.Weak},
		{"summary of something else", "/t/a.jsonl", `{"type":"summary","text":"x"}`, ingest.Foreign},
		{"prompt history", "/t/h.jsonl", `{"display":"x","pastedContents":{},"timestamp":1,"project":"/x"}`, ingest.NotSession},
		{"iflow", "/t/a.jsonl", strings.Replace(line, `"sessionId":"s"`, `"sessionId":"session-1"`, 1), ingest.Foreign},
		{"stream", "/t/a.jsonl", `{"type":"system","subtype":"init","session_id":"s","uuid":"u"}`, ingest.Foreign},
		{"codex", "/t/a.jsonl", `{"timestamp":"t","type":"session_meta","payload":{}}`, ingest.Foreign},
		{"text", "/t/a.jsonl", "hello\nworld\n", ingest.Foreign},
		{"empty", "/t/a.jsonl", "", ingest.Foreign},
		{"export", "/t/a.json", "{\n \"loglines\": [\n {", ingest.Sure},
		{"other document", "/t/a.json", `{"messages":[]}`, ingest.Foreign},
	} {
		if got := New().Match(c.path, []byte(c.head)); got.Verdict != c.want {
			t.Errorf("%s: %+v, want %d", c.name, got, c.want)
		}
	}
}

// TestContent holds what is kept of texts under each choice of the user.
func TestContent(t *testing.T) {
	const head = `"isSidechain":false,"cwd":"/x","sessionId":"s","version":"2.1.0","timestamp":"2026-09-01T08:00:00.000Z"`
	long := strings.Repeat("é", 400)
	data := `{"type":"custom-title","customTitle":"Secret plan","sessionId":"s"}
{"parentUuid":null,` + head + `,"type":"user","message":{"role":"user","content":"` + long + `"},"uuid":"u1"}
{"parentUuid":"u1",` + head + `,"type":"assistant","message":{"id":"m","role":"assistant","model":"c","content":[{"type":"thinking","thinking":"hidden thought"},{"type":"text","text":"` + long + `"},{"type":"tool_use","id":"t","name":"Read","input":{"file_path":"/x/a"}}]},"uuid":"u2"}
{"parentUuid":"u2",` + head + `,"type":"user","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"one"},{"type":"text","text":"two"}]}]},"uuid":"u3"}
{"parentUuid":"u3",` + head + `,"type":"user","isMeta":true,"message":{"role":"user","content":"a reminder"},"uuid":"u4"}
`
	for _, c := range []struct {
		content ingest.Content
		title   string
		want    []string
	}{
		{ingest.ContentNone, "", nil},
		{ingest.ContentPreview, "Secret plan", []string{"text " + long[:400] + " cut", "text " + long[:200] + " cut", "result one"}},
		{ingest.ContentFull, "Secret plan", []string{"text " + long, "text hidden thought", "text " + long, `args {"file_path":"/x/a"}`, "result one\ntwo", "text a reminder"}},
	} {
		var got []string
		title := ""
		src := &ingest.Source{Path: "/t/a.jsonl", Reader: strings.NewReader(data), Content: c.content}
		err := New().Parse(t.Context(), src, func(r schema.Row) error {
			switch x := r.(type) {
			case *schema.Text:
				line := x.Part + " " + x.Body
				if !x.IsWhole {
					line += " cut"
				}
				got = append(got, line)
			case *schema.Session:
				title = x.Title
			}
			return nil
		})
		if err != nil || title != c.title || strings.Join(got, "|") != strings.Join(c.want, "|") {
			t.Errorf("content %d: %v, title %q, got %q, want %q", c.content, err, title, got, c.want)
		}
	}
}

// TestDocument holds that a broken export gives its records up to the break.
func TestDocument(t *testing.T) {
	const whole = `{"loglines":[{"type":"user","timestamp":"2026-09-01T08:00:00Z","message":{"role":"user","content":"x"}},{"type":"user","timestamp":"2026-09-01T08:00:01Z","message":{"role":"user","content":"y"}}]}`
	for _, c := range []struct {
		data              string
		records, problems int
	}{
		{whole, 2, 0}, {whole[:len(whole)-2], 2, 1}, {whole[:len(whole)-20], 1, 1}, {"", 0, 0}, {"[]", 0, 1}, {`{"loglines":{}}`, 0, 0},
		{"\xef\xbb\xbf" + whole, 2, 0}, {`{"loglines":[`, 0, 1},
	} {
		records, problems := 0, 0
		src := &ingest.Source{Path: "/t/a.json", Reader: strings.NewReader(c.data)}
		err := New().Parse(t.Context(), src, func(r schema.Row) error {
			switch r.(type) {
			case *schema.Message:
				records++
			case *schema.Problem:
				problems++
			}
			return nil
		})
		if err != nil || records != c.records || problems != c.problems {
			t.Errorf("%q: %v, %d messages, %d problems, want %d and %d", c.data, err, records, problems, c.records, c.problems)
		}
	}
}
