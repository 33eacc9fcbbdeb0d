package cline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
)

const testdata = "../../testdata/"

func TestGolden(t *testing.T) {
	t.Run("cline", func(t *testing.T) { ingesttest.Golden(t, Cline{}, testdata+"cline") })
	t.Run("roo", func(t *testing.T) { ingesttest.Golden(t, Roo{}, testdata+"roo") })
	t.Run("kilo", func(t *testing.T) { ingesttest.Golden(t, Kilo{}, testdata+"kilo") })
}

func FuzzCline(f *testing.F) { ingesttest.Fuzz(f, Cline{}, testdata+"cline") }
func FuzzRoo(f *testing.F)   { ingesttest.Fuzz(f, Roo{}, testdata+"roo") }

func TestConform(t *testing.T) {
	for _, rel := range []string{
		"task/.config/Code/User/globalStorage/saoudrizwan.claude-dev/tasks/1760000000000/ui_messages.json",
		"sdk/.cline/data/sessions/1787220000000_ab12c/1787220000000_ab12c.messages.json",
	} {
		data, err := os.ReadFile(filepath.Join(testdata, "cline", rel))
		if err != nil {
			t.Fatal(err)
		}
		ingesttest.Conform(t, Cline{}, "/home/ana/"+rel, testdata+"cline", data)
	}
}

// TestOneTakes checks that the three never claim the same file.
func TestOneTakes(t *testing.T) {
	for _, dir := range []string{"cline", "roo", "kilo"} {
		err := filepath.WalkDir(testdata+dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, ".ndjson") {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, p := range []ingest.Parser{Cline{}, Roo{}, Kilo{}} {
				if m := p.Match("/home/ana/"+path, data); m.Verdict >= ingest.Weak && p.Format().Agent != dir {
					t.Errorf("%s takes %s", p.Format().Agent, path)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestCorpus(t *testing.T) {
	sum := ingesttest.Corpus(t, "cline", Cline{}, Roo{}, Kilo{})
	if sum.Rows["model_calls"] != 69 || sum.Rows["tool_calls"] != 78 || sum.ToolStatus["ok"] != 77 {
		t.Errorf("%d model calls, %d tool calls (%v), want 69 and 78", sum.Rows["model_calls"], sum.Rows["tool_calls"], sum.ToolStatus)
	}
	if want := [5]int64{96349, 5883618, 1346804, 56300, 0}; [5]int64(sum.Usage[:5]) != want {
		t.Errorf("tokens %v, want %v", sum.Usage[:5], want)
	}
}

func TestRoots(t *testing.T) {
	env := ingest.Env{Home: "/home/ana", Getenv: func(name string) string {
		return map[string]string{"CLINE_DIR": "/data/cline", "APPDATA": ""}[name]
	}}
	want := map[ingest.Parser][]string{
		Cline{}: {"/home/ana/.config/Code/User/globalStorage/saoudrizwan.claude-dev/tasks", "/data/cline/data/tasks", "/data/cline/data/sessions"},
		Roo{}:   {"/home/ana/.vscode-server/data/User/globalStorage/rooveterinaryinc.roo-cline/tasks", "/home/ana/.vscode-mock"},
		Kilo{}:  {"/home/ana/.kilocode/cli/global/tasks"},
	}
	for p, paths := range want {
		got := map[string]bool{}
		for _, r := range p.Format().Roots(env) {
			got[filepath.ToSlash(r.Path)] = true
		}
		for _, path := range paths {
			if !got[path] {
				t.Errorf("%s does not look into %s", p.Format().Agent, path)
			}
		}
	}
}
