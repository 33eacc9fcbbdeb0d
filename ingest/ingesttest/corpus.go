package ingesttest

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/schema"
)

// Totals are what a folder of real logs amounts to.
type Totals struct {
	Files, Taken, Refused int
	Rows                  map[string]int
	Records, Unknown      int64
	ToolStatus            map[string]int
	Usage                 [6]int64 // uncached, cache read, cache write, output, reasoning, calls with usage
	Problems              map[string]int64
}

// Corpus reads every file of a folder of real logs, which stands beside the repository: each must be
// taken by one of the parsers, or refused with a reason, and every row must be valid. It skips the test
// where there are no such logs.
func Corpus(t *testing.T, folder string, parsers ...ingest.Parser) Totals {
	t.Helper()
	root := filepath.Join(repository(t), "..", "shared", "corpus", folder)
	if _, err := os.Stat(root); err != nil {
		t.Skip("needs ../shared/corpus")
	}
	sum := Totals{Rows: map[string]int{}, ToolStatus: map[string]int{}, Problems: map[string]int64{}}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil || len(data) == 0 {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		sum.Files++
		var taker ingest.Parser
		best := ingest.Match{}
		for _, p := range parsers {
			m := p.Match(path, data[:min(len(data), ingest.HeadSize)])
			if m.Verdict > best.Verdict {
				best, taker = m, p
			} else if m.Verdict == best.Verdict && m.Verdict >= ingest.Weak {
				t.Errorf("%s: %s and %s are equally sure", rel, taker.Format().Agent, p.Format().Agent)
			}
		}
		if best.Verdict < ingest.Weak {
			sum.Refused++
			t.Logf("refused %s: %q", rel, best.Reason)
			if best.Verdict == ingest.NotSession && best.Reason == "" {
				t.Errorf("%s: refused without a reason", rel)
			}
			return nil
		}
		sum.Taken++
		before := sum.Rows["sessions"]
		src := &ingest.Source{Path: path, Reader: bytes.NewReader(data), ReadBeside: func(name string) ([]byte, error) {
			return os.ReadFile(filepath.Join(filepath.Dir(path), filepath.FromSlash(name)))
		}, ListBeside: func(name string) ([]string, error) {
			entries, err := os.ReadDir(filepath.Join(filepath.Dir(path), filepath.FromSlash(name)))
			var names []string
			for _, e := range entries {
				names = append(names, e.Name())
			}
			return names, err
		}, At: bytes.NewReader(data), Size: int64(len(data))}
		if err := taker.Parse(context.Background(), src, func(r schema.Row) error {
			sum.add(r)
			return Check(r)
		}); err != nil {
			t.Errorf("%s: %v", rel, err)
		}
		if sum.Rows["sessions"] == before {
			t.Errorf("%s: no session", rel)
		}
		if src.ParsedOffset != int64(len(data)) {
			t.Errorf("%s: read to %d of %d", rel, src.ParsedOffset, len(data))
		}
		sum.Records, sum.Unknown = sum.Records+src.Records, sum.Unknown+src.Unknown
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sum.log(t)
	return sum
}

func (sum *Totals) add(r schema.Row) {
	sum.Rows[r.TableName()]++
	switch x := r.(type) {
	case *schema.ToolCall:
		sum.ToolStatus[x.Status]++
	case *schema.ModelCall:
		for i, n := range []schema.Int{x.UncachedInput, x.CacheRead, x.CacheCreation5m, x.Output, x.Reasoning} {
			sum.Usage[i] += n.V
		}
		if x.Output.Valid || x.UncachedInput.Valid {
			sum.Usage[5]++
		}
	case *schema.Problem:
		sum.Problems[x.ProblemKind+" "+x.RecordType+" "+x.Field] += x.OccurrenceCount
	}
}

func (sum *Totals) log(t *testing.T) {
	t.Logf("%d files: %d taken, %d refused; %d records, %d unknown", sum.Files, sum.Taken, sum.Refused, sum.Records, sum.Unknown)
	var names []string
	for name := range sum.Rows {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		t.Logf("%8d %s", sum.Rows[name], name)
	}
	t.Logf("tool calls ended: %v", sum.ToolStatus)
	t.Logf("tokens: %d uncached, %d read, %d written, %d output (%d reasoning), in %d calls",
		sum.Usage[0], sum.Usage[1], sum.Usage[2], sum.Usage[3], sum.Usage[4], sum.Usage[5])
	names = names[:0]
	for name := range sum.Problems {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		t.Logf("%8d problems: %s", sum.Problems[name], name)
	}
}

// repository is the folder of go.mod.
func repository(t *testing.T) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = up
	}
}
