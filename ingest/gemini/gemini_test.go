package gemini

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

const testdata = "../../testdata/gemini"

func TestGolden(t *testing.T) { ingesttest.Golden(t, Parser{}, testdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{}, testdata) }

func TestConform(t *testing.T) {
	for _, rel := range []string{
		"lines/.gemini/tmp/shop/chats/session-2026-06-01T12-00-3b9c0000.jsonl",
		"document/.gemini/tmp/9f2c0000/chats/session-2025-11-01T12-00-3b9c0000.json",
	} {
		root, rel, _ := strings.Cut(rel, "/")
		root = filepath.Join(testdata, root)
		data, err := os.ReadFile(filepath.Join(root, rel))
		if err != nil {
			t.Fatal(err)
		}
		ingesttest.Conform(t, Parser{}, "/home/ana/"+rel, root, data)
	}
}

func TestRoots(t *testing.T) {
	for _, c := range []struct{ home, variable, path, why string }{
		{"/home/ana", "", "/home/ana/.gemini/tmp", "default"},
		{"/home/ana", "/data", "/data/.gemini/tmp", "GEMINI_CLI_HOME"},
		{"/home/ana", "~/g", "/home/ana/g/.gemini/tmp", "GEMINI_CLI_HOME"},
		{"/home/ana", "relative", "/home/ana/.gemini/tmp", "default"},
		{"", "", filepath.Join(os.TempDir(), ".gemini/tmp"), "default"},
	} {
		got := Parser{}.Format().Roots(ingest.Env{Home: c.home, Getenv: func(string) string { return c.variable }})
		if len(got) != 1 || got[0].Path != c.path || got[0].Why != c.why {
			t.Errorf("%+v: got %+v", c, got)
		}
	}
	for rel, want := range map[string]bool{
		"shop/chats/session-x.jsonl": true, "shop/chats/session-x.json": true, "shop/chats/parent/child.jsonl": true,
		"shop/logs.json": false, "shop/checkpoint-a.json": false, "shop/chats/x.jsonl.tmp-1": false, "shop/shell_history": false,
	} {
		if want != (Parser{}).Format().Roots(ingest.Env{Home: "/h", Getenv: func(string) string { return "" }})[0].Want(rel) {
			t.Errorf("Want(%q) is not %v", rel, want)
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
	for _, name := range []string{"gemini", "antigravity"} {
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
			// The hand-made fixtures show types that the agent never wrote.
			if !strings.Contains(path, "Fixtures") {
				unknown += src.Unknown
			}
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
	if n["model_calls"] < 30 || n["tool_calls"] < 60 || unknown > 0 {
		t.Error("something is passed over")
	}
}
