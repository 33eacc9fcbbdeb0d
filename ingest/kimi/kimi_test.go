package kimi

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
	"github.com/agenttrace/agenttrace/schema"
)

const testdata = "../../testdata/kimi"

func TestGolden(t *testing.T) { ingesttest.Golden(t, Parser{}, testdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{}, testdata) }

func TestConform(t *testing.T) {
	for _, file := range []string{
		"cli/.kimi/sessions/f1778cc04a27b4ddc2f78a4aa91cd98a/11111111-aaaa-4bbb-8ccc-000000000001/wire.jsonl",
		"code/.kimi-code/sessions/wd_k_0123456789ab/session_33333333-aaaa-4bbb-8ccc-000000000001/agents/main/wire.jsonl",
	} {
		root, rel, _ := strings.Cut(file, "/")
		root = filepath.Join(testdata, root)
		data, err := os.ReadFile(filepath.Join(root, rel))
		if err != nil {
			t.Fatal(err)
		}
		ingesttest.Conform(t, Parser{}, "/home/ana/"+rel, root, data)
	}
}

func TestRoots(t *testing.T) {
	for _, c := range []struct {
		env       map[string]string
		cli, code string
	}{
		{nil, "/home/ana/.kimi/sessions", "/home/ana/.kimi-code/sessions"},
		{map[string]string{"KIMI_SHARE_DIR": "/k", "KIMI_CODE_HOME": "~/kc"}, "/k/sessions", "/home/ana/kc/sessions"},
		{map[string]string{"KIMI_SHARE_DIR": "k"}, "/home/ana/.kimi/sessions", "/home/ana/.kimi-code/sessions"},
	} {
		got := Parser{}.Format().Roots(ingest.Env{Home: "/home/ana", Getenv: func(k string) string { return c.env[k] }})
		if len(got) != 2 || got[0].Path != c.cli || got[1].Path != c.code {
			t.Errorf("%v: got %+v", c.env, got)
		}
	}
	for rel, wanted := range map[string]bool{
		"m/s/wire.jsonl": true, "m/s/context.jsonl": true, "m/s/context_1.jsonl": false, "m/s/context_sub_1.jsonl": false,
		"m/s/subagents/a/wire.jsonl": true, "m/s.jsonl": true, "wd/session_x/agents/main/wire.jsonl": true, "m/s/state.json": false,
		"m/s/other.jsonl": false,
	} {
		if want(rel) != wanted {
			t.Errorf("want(%q) is not %v", rel, wanted)
		}
	}
}

func TestPlace(t *testing.T) {
	for path, want := range map[string]place{
		"/h/.kimi/sessions/m/s/wire.jsonl":                       {base: "wire.jsonl", session: "s", up: ".", project: "m"},
		"/h/.kimi/sessions/m/s/subagents/a/wire.jsonl":           {base: "wire.jsonl", session: "s", run: "a", up: "../..", project: "m"},
		"/h/.kimi/sessions/m/s.jsonl":                            {base: "s.jsonl", session: "s", up: ".", project: "m"},
		"/h/.kimi-code/sessions/w/s/agents/main/wire.jsonl":      {base: "wire.jsonl", session: "s", up: "../..", project: "w", code: true},
		`C:\u\.kimi-code\sessions\w\s\agents\agent-1\wire.jsonl`: {base: "wire.jsonl", session: "s", run: "agent-1", up: "../..", project: "w", code: true},
		"wire.jsonl": {base: "wire.jsonl", session: "session", up: "."},
	} {
		if got := placeOf(path); got != want {
			t.Errorf("%s: got %+v, want %+v", path, got, want)
		}
	}
}

func TestExitCode(t *testing.T) {
	for text, want := range map[string]schema.Int{
		"Command failed with exit code: 1.":           schema.Known(int64(1)),
		"cat: x\nCommand failed with exit code: 127.": schema.Known(int64(127)),
		"Command failed with exit code: -9.":          schema.Known(int64(-9)),
		"Command failed with exit code: .":            {},
		"Command killed by timeout (60s)":             {},
	} {
		if got := exitCode([]byte(text)); got != want {
			t.Errorf("%q: got %+v", text, got)
		}
	}
}

// corpus finds a folder of the collection of real logs beside the repository.
func corpus(t *testing.T, name string) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	root := filepath.Join(dir, "..", "shared", "corpus", name)
	if _, err := os.Stat(root); err != nil {
		t.Skip("needs ../shared/corpus")
	}
	return root
}

// TestCorpus reads real recordings: each file is taken or refused with a reason, and the rows are valid.
func TestCorpus(t *testing.T) {
	files, refused, unknown := 0, 0, int64(0)
	n := map[string]int{}
	var u schema.Usage
	for _, name := range []string{"kimi"} {
		err := filepath.WalkDir(corpus(t, name), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			files++
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			m := Parser{}.Match(path, data[:min(len(data), ingest.HeadSize)])
			if m.Verdict < ingest.Weak {
				refused++
				if m.Verdict != ingest.NotSession || m.Reason == "" {
					t.Errorf("%s: refused without a reason", filepath.Base(path))
				}
				return nil
			}
			src := ingesttest.NewSource(path, "/nonexistent", data)
			err = Parser{}.Parse(context.Background(), src, func(r schema.Row) error {
				n[r.TableName()]++
				if c, ok := r.(*schema.ModelCall); ok {
					u.UncachedInput.V += c.UncachedInput.V
					u.CacheRead.V += c.CacheRead.V
					u.Output.V += c.Output.V
					u.Reasoning.V += c.Reasoning.V
				}
				if c, ok := r.(*schema.ToolCall); ok && c.Status == "error" {
					n["failed tool calls"]++
				}
				return ingesttest.Check(r)
			})
			if err != nil {
				t.Errorf("%s: %v", filepath.Base(path), err)
			}
			if src.ParsedOffset != int64(len(data)) {
				t.Errorf("%s: read to %d of %d", filepath.Base(path), src.ParsedOffset, len(data))
			}
			unknown += src.Unknown
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d files, %d refused, %d unknown records, tokens: uncached %d, read %d, output %d, thinking %d", files, refused, unknown,
		u.UncachedInput.V, u.CacheRead.V, u.Output.V, u.Reasoning.V)
	for k, v := range n {
		t.Logf("%6d %s", v, k)
	}
	if n["model_calls"] < 300 || n["tool_calls"] < 450 || unknown > 0 {
		t.Error("something is passed over")
	}
}
