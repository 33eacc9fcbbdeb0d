package claude

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
	"github.com/agenttrace/agenttrace/schema"
)

// corpus finds the collection of real logs beside the repository.
func corpus(t *testing.T) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	root := filepath.Join(dir, "..", "shared", "corpus", "claude-code")
	if _, err := os.Stat(root); err != nil {
		t.Skip("needs ../shared/corpus")
	}
	return root
}

// TestCorpus reads real sessions: each file is taken or refused with a reason, every row is valid,
// nothing but marked fixtures has records that are not understood, and results find their calls.
func TestCorpus(t *testing.T) {
	root := corpus(t)
	p := New()
	files, refused := 0, 0
	rows := map[string]int{}
	problems := map[string]int64{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		m := p.Match(path, data[:min(len(data), ingest.HeadSize)])
		if m.Verdict < ingest.Weak {
			refused++
			if m.Verdict != ingest.NotSession || m.Reason == "" {
				t.Errorf("%s: refused without a reason", rel)
			}
			return nil
		}
		main := 0
		src := ingesttest.NewSource(path, "/nonexistent", data)
		err = p.Parse(context.Background(), src, func(r schema.Row) error {
			rows[r.TableName()]++
			switch x := r.(type) {
			case *schema.Problem:
				problems[x.ProblemKind+" "+x.RecordType+" "+x.Field] += x.OccurrenceCount
			case *schema.Session:
				main++
			}
			return ingesttest.Check(r)
		})
		if err != nil {
			t.Errorf("%s: %v", rel, err)
		}
		if main == 0 {
			t.Errorf("%s: no session", rel)
		}
		if src.ParsedOffset != int64(len(data)) {
			t.Errorf("%s: read to %d of %d", rel, src.ParsedOffset, len(data))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files, %d refused", files, refused)
	for _, m := range []map[string]int{rows} {
		for _, k := range sorted(m) {
			t.Logf("%6d %s", m[k], k)
		}
	}
	for _, k := range sorted(problems) {
		t.Logf("%6d problems: %s", problems[k], k)
	}
	if rows["model_calls"] < 1000 || rows["tool_calls"] < 1400 || rows["turns"] < 150 {
		t.Error("too few rows: something is passed over")
	}
}

func sorted[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
