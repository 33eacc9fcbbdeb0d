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

// benchGrow, if set, makes small logs large before they are measured, so that what each file costs does not
// hide what its records do.
const benchGrow = "AGENTTRACE_BENCH_GROW"

// densest is the least number of bytes for each row that a grown log has; those of people have 250 to 3000.
const densest = 200

// A log is one file in memory, so that disks do not count.
type log struct {
	path string
	data []byte
}

func source(l log, buf []byte) *ingest.Source {
	return &ingest.Source{Path: l.path, Reader: bytes.NewReader(l.data), At: bytes.NewReader(l.data), Size: int64(len(l.data)), Buf: buf}
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
		grown := os.Getenv(benchGrow) != ""
		if grown {
			data = grow(data)
		}
		if p.Match(path, data[:min(len(data), ingest.HeadSize)]).Verdict < ingest.Weak {
			return nil
		}
		rows := 0
		if p.Parse(context.Background(), source(log{path, data}, nil), func(schema.Row) error { rows++; return nil }) != nil {
			return nil
		}
		if grown && len(data) < densest*rows {
			return nil // it was made for a rule of the format, and has hardly any text that could grow
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
// runs with GOMAXPROCS=1; MB/cpu-s counts the time on a core alone, so that what else the machine does
// matters less than in MB/s.
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
			start := cpuTime()
			for b.Loop() {
				rows = 0
				for _, l := range list {
					src := source(l, buf)
					if err := p.Parse(context.Background(), src, emit); err != nil {
						b.Fatalf("%s: %v", l.path, err)
					}
					buf = src.Buf
				}
			}
			if spent := cpuTime() - start; spent > 0 {
				b.ReportMetric(float64(size)*float64(b.N)/spent.Seconds()/1e6, "MB/cpu-s")
			}
			b.ReportMetric(float64(rows), "rows/op")
		})
	}
}
