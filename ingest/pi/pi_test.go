package pi

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

var family = []struct {
	name   string
	parser ingest.Parser
}{{agentPi, Parser{}}, {agentOMP, OMP{}}, {agentClaw, OpenClaw{}}}

func testdata(name string) string { return filepath.Join("..", "..", "testdata", name) }

func TestGolden(t *testing.T) {
	for _, f := range family {
		t.Run(f.name, func(t *testing.T) { ingesttest.Golden(t, f.parser, testdata(f.name)) })
	}
}

func FuzzPi(f *testing.F)       { ingesttest.Fuzz(f, Parser{}, testdata(agentPi)) }
func FuzzOMP(f *testing.F)      { ingesttest.Fuzz(f, OMP{}, testdata(agentOMP)) }
func FuzzOpenClaw(f *testing.F) { ingesttest.Fuzz(f, OpenClaw{}, testdata(agentClaw)) }

// sessions calls f for every session of an agent's cases.
func sessions(t *testing.T, agent string, f func(root, path string, data []byte)) {
	t.Helper()
	root := testdata(agent)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, ".jsonl") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		name, rel, _ := strings.Cut(filepath.ToSlash(rel), "/")
		f(filepath.Join(root, name), "/home/ana/"+rel, data)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestConform(t *testing.T) {
	for _, f := range family {
		sessions(t, f.name, func(root, path string, data []byte) { ingesttest.Conform(t, f.parser, path, root, data) })
	}
}

// Each session is one agent's alone, wherever the family's other agents look.
func TestMatchTellsTheFamilyApart(t *testing.T) {
	for _, f := range family {
		sessions(t, f.name, func(_, path string, data []byte) {
			for _, other := range family {
				want := ingest.Foreign
				if other.name == f.name {
					want = ingest.Sure
				}
				if got := other.parser.Match(path, data); got.Verdict != want {
					t.Errorf("%s: %s says %v", path, other.name, got)
				}
			}
		})
	}
}

func TestMatch(t *testing.T) {
	const header = `{"type":"session","version":3,"id":"0e8c1a5a","timestamp":"2026-01-01T00:00:00.000Z","cwd":"/w"}` + "\n"
	tests := []struct {
		name, path, head string
		want             string
		verdict          ingest.Verdict
	}{
		{"header alone", "/x/a.jsonl", header, agentPi, ingest.Sure},
		{"path of omp", "/home/ana/.omp/agent/sessions/-w/a.jsonl", header, agentOMP, ingest.Sure},
		{"path of openclaw", "/home/ana/.openclaw/agents/main/sessions/a.jsonl", header, agentClaw, ingest.Sure},
		{"ids of omp", "/x/a.jsonl", header + `{"type":"label","id":"V1StGXR8","parentId":null,"timestamp":"2026-01-01T00:00:01.000Z"}` + "\n", agentOMP, ingest.Sure},
		{"model of omp", "/x/a.jsonl", header + `{"type":"model_change","id":"1a2b3c4d","timestamp":"2026-01-01T00:00:01.000Z","model":"a/b"}` + "\n", agentOMP, ingest.Sure},
		{"title alone", "/x/a.jsonl", `{"type":"title","v":1,"title":"x","pad":"  "}` + "\n", agentOMP, ingest.NotSession},
		{"mirror", "/x/a.jsonl", header + `{"type":"message","id":"1a2b3c4d","timestamp":"2026-01-01T00:00:01.000Z","message":{"role":"assistant","provider":"openclaw","model":"delivery-mirror","content":[]}}` + "\n", agentClaw, ingest.Sure},
		{"stamp", "/x/a.jsonl", header + `{"type":"message","id":"1a2b3c4d","timestamp":"2026-01-01T00:00:01.000Z","message":{"role":"user","content":"[Wed 2026-02-18 11:21 GMT+1] hi"}}` + "\n", agentClaw, ingest.Sure},
		{"trajectory", "/home/ana/.openclaw/agents/main/sessions/a.trajectory.jsonl", `{"a":1}`, agentClaw, ingest.NotSession},
		{"folder of openclaw", "/x/openclaw/a.jsonl", header, agentClaw, ingest.Sure},
		{"another's index", "/home/ana/.continue/sessions/sessions.json", `[{"sessionId":"x"}]`, "", ingest.Foreign},
		{"index", "/home/ana/.openclaw/agents/main/sessions/sessions.json", `{"agent:main:main":{"sessionId":"x"}}`, agentClaw, ingest.NotSession},
		{"droid", "/x/a.jsonl", `{"type":"session_start","id":"x","cwd":"/w","version":2}` + "\n", "", ingest.Foreign},
		{"claude", "/x/a.jsonl", `{"type":"user","sessionId":"x","uuid":"y","parentUuid":null,"message":{"role":"user","content":"hi"}}` + "\n", "", ingest.Foreign},
		{"no header", "/x/a.jsonl", `{"type":"message","id":"1a2b3c4d","timestamp":"2026-01-01T00:00:01.000Z","message":{"role":"user","content":"hi"}}` + "\n", "", ingest.Foreign},
		{"text", "/x/a.jsonl", "hello\n", "", ingest.Foreign},
		{"empty", "/x/a.jsonl", "", "", ingest.Foreign},
	}
	for _, tt := range tests {
		for _, f := range family {
			want := ingest.Foreign
			if f.name == tt.want {
				want = tt.verdict
			}
			got := f.parser.Match(tt.path, []byte(tt.head))
			if got.Verdict != want || want == ingest.NotSession && got.Reason == "" {
				t.Errorf("%s: %s says %+v, want %v", tt.name, f.name, got, want)
			}
		}
	}
}

func TestRoots(t *testing.T) {
	env := func(vars map[string]string) ingest.Env {
		return ingest.Env{Home: "/home/ana", Getenv: func(name string) string { return vars[name] }}
	}
	tests := []struct {
		parser ingest.Parser
		vars   map[string]string
		want   []string
	}{
		{Parser{}, nil, []string{"/home/ana/.pi/agent", "/home/ana/.prime/agent/sessions"}},
		{Parser{}, map[string]string{"PI_CODING_AGENT_DIR": "~/pi"}, []string{"/home/ana/pi", "/home/ana/.pi/agent", "/home/ana/.prime/agent/sessions"}},
		{OMP{}, map[string]string{"XDG_DATA_HOME": "/data", "PI_CONFIG_DIR": ".my"},
			[]string{"/home/ana/.my/agent", "/home/ana/.my/profiles", "/data/omp/sessions", "/data/omp/profiles"}},
		{OpenClaw{}, map[string]string{"OPENCLAW_STATE_DIR": "/var/claw"}, []string{"/var/claw/agents", "/home/ana/.openclaw/agents", "/home/ana/.clawdbot/agents",
			"/home/ana/.moltbot/agents", "/home/ana/.moldbot/agents", "/home/ana/.kimi_openclaw/agents", "/home/ana/.qclaw/agents"}},
	}
	for _, tt := range tests {
		var got []string
		for _, r := range tt.parser.Format().Roots(env(tt.vars)) {
			got = append(got, filepath.ToSlash(r.Path))
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%v:\n got %q\nwant %q", tt.vars, got, tt.want)
		}
	}
}

func TestWanted(t *testing.T) {
	tests := []struct {
		want func(string) bool
		rel  string
		ok   bool
	}{
		{wantAgent, "sessions/--w--/a.jsonl", true},
		{wantAgent, "a.jsonl", true},
		{wantAgent, "extensions/x/a.jsonl", false},
		{wantAgent, "sessions/--w--/a/b.out.md", false},
		{wantClaw, "main/sessions/a.jsonl", true},
		{wantClaw, "main/sessions/a-topic-7.jsonl", true},
		{wantClaw, "main/sessions/a.jsonl.reset.2026-03-20T06-34-44.520Z", true},
		{wantClaw, "main/sessions/a.jsonl.deleted.2026-03-20T06-34-44.520Z.zst", true},
		{wantClaw, "main/sessions/a.jsonl.full.bak", true},
		{wantClaw, "main/sessions/a.trajectory.jsonl", false},
		{wantClaw, "main/sessions/sessions.json", false},
		{wantClaw, "main/session-sqlite-import-archive/archive-tier.a.jsonl.imported-1788000000000", true},
		{wantClaw, "main/agent/cli-auth/codex/p/sessions/2026/01/01/rollout-x.jsonl", false},
		{wantClaw, "main/agent/openclaw-agent.sqlite", true},
		{wantClaw, "main/openclaw-agent.sqlite", false},
		{wantClaw, "main/agent/openclaw-agent.sqlite-wal", false},
	}
	for _, tt := range tests {
		if got := tt.want(tt.rel); got != tt.ok {
			t.Errorf("%s: %v", tt.rel, got)
		}
	}
}

func TestParentID(t *testing.T) {
	for name, want := range map[string]string{
		"": "", "0e8c1a5a8b0c0123": "0e8c1a5a8b0c0123",
		"/h/.pi/agent/sessions/--w--/2026-02-05T08-00-00-000Z_7d0f.jsonl":  "7d0f",
		`C:\u\.pi\agent\sessions\--w--\2026-02-05T08-00-00-000Z_a_b.jsonl`: "a_b",
		"2026-02-05T08-00-00-000Z_7d0f.jsonl":                              "7d0f",
		"/h/plain.jsonl":                                                   "plain",
	} {
		if got := parentID(name); got != want {
			t.Errorf("parentID(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestPlace(t *testing.T) {
	const n = "2026-08-01T09-59-00-000Z_1f9d"
	tests := []struct {
		agent, path string
		want        place
	}{
		{agentPi, "/h/.pi/agent/sessions/--w--/" + n + ".jsonl", place{stem: "1f9d"}},
		{agentPi, "/h/" + n + "/a.jsonl", place{stem: "a"}},
		{agentOMP, "/h/.omp/agent/sessions/-w/" + n + ".jsonl", place{stem: "1f9d"}},
		{agentOMP, "/h/s/" + n + "/Alpha.jsonl", place{stem: "Alpha", session: "1f9d", run: "Alpha"}},
		{agentOMP, "/h/s/" + n + "/Alpha/Beta.jsonl", place{stem: "Beta", session: "1f9d", run: "Alpha/Beta"}},
		{agentClaw, "/h/agents/m/sessions/x.jsonl.reset.2026-03-20T06-34-44.520Z.zst", place{stem: "x"}},
	}
	for _, tt := range tests {
		if got := placeOf(tt.agent, tt.path); got != tt.want {
			t.Errorf("%s %s: %+v, want %+v", tt.agent, tt.path, got, tt.want)
		}
	}
}

func TestChannelText(t *testing.T) {
	for text, want := range map[string]string{
		"[Wed 2026-02-18 11:21 GMT+1] hi": "hi",
		"[WIP] hi":                        "[WIP] hi",
		" plain":                          " plain",
		"Sender (untrusted metadata):\n```json\n{}\n```\n[Wed 2026-02-18 11:21 GMT+1] yes":                                       "yes",
		"Conversation info (untrusted metadata):\n```json\n{\"a\":1}\n```\n\nSender (untrusted metadata):\n```json\n{}\n```\nok": "ok",
		"Sender (untrusted metadata):\nno fence":                                                                                 "Sender (untrusted metadata):\nno fence",
		"":                                                                                                                       "",
	} {
		if got := string(channelText([]byte(text))); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestUsage(t *testing.T) {
	i := schema.Known[int64]
	tests := []struct {
		api, raw string
		want     schema.Usage
	}{
		{"anthropic-messages", `{"input":1,"output":2,"cacheRead":3,"cacheWrite":4,"totalTokens":10}`,
			schema.Usage{UncachedInput: i(1), Output: i(2), CacheRead: i(3), CacheCreation5m: i(4)}},
		{"anthropic-messages", `{"input":1,"output":9,"cacheWrite":10,"cacheWrite1h":4,"reasoning":5}`,
			schema.Usage{UncachedInput: i(1), Output: i(9), CacheCreation5m: i(6), CacheCreation1h: i(4), Reasoning: i(5)}},
		{"google-generative-ai", `{"input":100,"output":5,"cacheRead":80,"cacheWrite":0,"totalTokens":105}`,
			schema.Usage{UncachedInput: i(20), Output: i(5), CacheRead: i(80), CacheCreation5m: i(0)}},
		{"google-generative-ai", `{"input":20,"output":5,"cacheRead":80,"cacheWrite":0,"totalTokens":105}`,
			schema.Usage{UncachedInput: i(20), Output: i(5), CacheRead: i(80), CacheCreation5m: i(0)}},
		{"x", `{"totalTokens":105}`, schema.Usage{}},
		{"x", `{"input":-1,"output":"5"}`, schema.Usage{}},
	}
	for _, tt := range tests {
		u := readUsage([]byte(tt.raw))
		u.disjoint([]byte(tt.api))
		if u.Usage != tt.want {
			t.Errorf("%s %s: %+v", tt.api, tt.raw, u.Usage)
		}
	}
}

// What stands behind a member that is null instead of an object is still read.
func TestNulls(t *testing.T) {
	var m message
	var s jscan.Scanner
	s.Reset([]byte(`{"retryRecovery":null,"usage":null,"details":null,"role":"assistant","model":"m"}`))
	m.scan(&s)
	if !m.role.is("assistant") || string(m.model.Raw) != "m" || m.usage != nil {
		t.Errorf("%q %q", m.role.Raw, m.model.Raw)
	}
	u := readUsage([]byte(`{"cost":null,"cttl":7,"orchestration":"x","input":1,"output":2}`))
	if u.UncachedInput.V != 1 || u.Output.V != 2 {
		t.Errorf("%+v", u)
	}
}

// A sub-agent's total counts only where its own file is gone.
func TestTaskTotals(t *testing.T) {
	sessions(t, agentOMP, func(root, path string, data []byte) {
		if strings.Contains(path, "/2026-08-01T09-59-00-000Z_1f9d2a6b9c0d1234/") {
			return
		}
		var totals []int64
		src := ingesttest.NewSource(path, root, data)
		err := OMP{}.Parse(context.Background(), src, func(r schema.Row) error {
			if c, ok := r.(*schema.ModelCall); ok && c.UsageGrain == "session" {
				totals = append(totals, c.Output.V)
			}
			return nil
		})
		if err != nil || !reflect.DeepEqual(totals, []int64{22}) {
			t.Errorf("%v: totals with outputs %v, want that of Beta alone", err, totals)
		}
	})
}

// TestEditedCopy: a copy of a session of the first versions, which have no ids, in which a text was edited
// tells the same call of the model.
func TestEditedCopy(t *testing.T) {
	const name = ".pi/agent/2025-11-20T23-33-00-000Z_0a0b0c0d-0000-4000-8000-00000000a005.jsonl"
	data, err := os.ReadFile(filepath.Join(testdata(agentPi), "first-version", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	calls := func(data string) (out []schema.ID) {
		src := ingesttest.NewSource("/home/ana/"+name, t.TempDir(), []byte(data))
		if err := (Parser{}).Parse(context.Background(), src, func(r schema.Row) error {
			if m, ok := r.(*schema.ModelCall); ok {
				out = append(out, m.ModelCallID)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	edited := strings.Replace(string(data), `"text":"ä"`, `"text":"umlaut"`, 1)
	if edited == string(data) {
		t.Fatal("the sample has changed")
	}
	if a, b := calls(string(data)), calls(edited); len(a) == 0 || !reflect.DeepEqual(a, b) {
		t.Errorf("%v, in the copy %v", a, b)
	}
}
