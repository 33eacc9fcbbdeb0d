package qwen

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
	"github.com/agenttrace/agenttrace/schema"
)

const testdata = "../../testdata/qwen"

func TestGolden(t *testing.T) { ingesttest.Golden(t, Parser{}, testdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{}, testdata) }

func TestConform(t *testing.T) {
	const rel = ".qwen/projects/-home-ana-q/chats/aaaa0000-1111-4222-8333-bbbbcccc0001.jsonl"
	for _, c := range []string{"session", "subagents", "branches"} {
		root := filepath.Join(testdata, c)
		data, err := os.ReadFile(filepath.Join(root, rel))
		if err != nil {
			t.Fatal(err)
		}
		ingesttest.Conform(t, Parser{}, "/home/ana/"+rel, root, data)
	}
}

func TestRoots(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		path string
		why  string
	}{
		{nil, "/home/ana/.qwen", "default"},
		{map[string]string{"QWEN_HOME": "/q"}, "/q", "QWEN_HOME"},
		{map[string]string{"QWEN_HOME": "/q", "QWEN_RUNTIME_DIR": "~/r"}, "/home/ana/r", "QWEN_RUNTIME_DIR"},
		{map[string]string{"QWEN_HOME": "q"}, "/home/ana/.qwen", "default"},
	} {
		got := Parser{}.Format().Roots(ingest.Env{Home: "/home/ana", Getenv: func(k string) string { return c.env[k] }})
		if len(got) != 2 || got[0].Path != c.path+"/projects" || got[1].Path != c.path+"/tmp" || got[0].Why != c.why {
			t.Errorf("%v: got %+v", c.env, got)
		}
	}
	for rel, wanted := range map[string]bool{
		"p/chats/x.jsonl": true, "p/chats/archive/x.jsonl": true, "p/subagents/s/agent-a.jsonl": true, "h/chats/session-x.json": true,
		"p/chats/x.ledger.jsonl": false, "p/chats/x.runtime.json": false, "p/subagents/s/agent-a.meta.json": false, "h/logs.json": false,
	} {
		if want(rel) != wanted {
			t.Errorf("want(%q) is not %v", rel, wanted)
		}
	}
}

// TestThoughts checks what decides whether thoughts are inside the output.
func TestThoughts(t *testing.T) {
	n := func(v int64) schema.Int { return schema.Known(v) }
	for _, c := range []struct {
		total   schema.Int
		auth    string
		output  int64
		quality string
	}{
		{n(1100), "gemini", 100, "final"},
		{n(1130), "openai", 130, "final"},
		{n(2000), "openai", 100, "final"},
		{n(2000), "qwen-oauth", 100, "final"},
		{n(2000), "vertex-ai", 130, "final"},
		{schema.Int{}, "", 100, "estimated"},
	} {
		x := call{usage: usage{prompt: n(1000), cached: n(400), output: n(100), thoughts: n(30), total: c.total}}
		x.count(c.auth)
		if u := x.row.Usage; u.Output.V != c.output || u.UncachedInput.V != 600 || u.CacheRead.V != 400 || u.Reasoning.V != 30 || x.row.UsageQuality != c.quality {
			t.Errorf("%+v: got %+v %s", c, u, x.row.UsageQuality)
		}
	}
}

// TestCorpus reads real recordings.
func TestCorpus(t *testing.T) {
	if sum := ingesttest.Corpus(t, "qwen", Parser{}); sum.Rows["model_calls"] < 180 || sum.Rows["tool_calls"] < 190 || sum.Unknown > 0 {
		t.Error("something is passed over")
	}
}
