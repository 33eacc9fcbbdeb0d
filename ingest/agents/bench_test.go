package agents

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/schema"
)

// benchHome names a folder with logs to measure by, such as a home; without it the golden inputs are
// taken, which are small.
const benchHome = "AGENTTRACE_BENCH_HOME"

// A log is one file in memory, so that disks do not count.
type log struct {
	path string
	data []byte
}

// logs reads the files below root that p takes, up to a gigabyte of them. Files that p refuses as a
// whole, as some golden inputs are meant to be, have no speed and are left out.
func logs(b *testing.B, p ingest.Parser, root string) (list []log, size int64) {
	b.Helper()
	if _, err := os.Stat(root); err != nil {
		return nil, 0
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || size > 1<<30 {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if p.Match(path, data[:min(len(data), ingest.HeadSize)]).Verdict < ingest.Weak {
			return nil
		}
		src := &ingest.Source{Path: path, Reader: bytes.NewReader(data)}
		if p.Parse(context.Background(), src, func(schema.Row) error { return nil }) != nil {
			return nil
		}
		list = append(list, log{path, data})
		size += int64(len(data))
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return list, size
}

// golden is the folder with the golden inputs of an agent: named by its word, or by the first part of it.
func golden(agent string) string {
	root := filepath.Join("..", "..", "testdata")
	if _, err := os.Stat(filepath.Join(root, agent)); err == nil {
		return filepath.Join(root, agent)
	}
	name, _, _ := strings.Cut(agent, "-")
	return filepath.Join(root, name)
}

// BenchmarkParse measures each parser alone: rows are made and thrown away. Take the best of several
// runs with GOMAXPROCS=1.
func BenchmarkParse(b *testing.B) {
	for _, p := range All() {
		b.Run(p.Format().Agent, func(b *testing.B) {
			root := os.Getenv(benchHome)
			if root == "" {
				root = golden(p.Format().Agent)
			}
			list, size := logs(b, p, root)
			if size == 0 {
				b.Skipf("no logs of %s below %s", p.Format().Title, root)
			}
			var buf []byte
			rows := 0
			emit := func(schema.Row) error { rows++; return nil }
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				rows = 0
				for _, l := range list {
					src := &ingest.Source{Path: l.path, Reader: bytes.NewReader(l.data), Buf: buf}
					if err := p.Parse(context.Background(), src, emit); err != nil {
						b.Fatalf("%s: %v", l.path, err)
					}
					buf = src.Buf
				}
			}
			b.ReportMetric(float64(rows), "rows/op")
		})
	}
}
