package main

import (
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkIngest loads a whole home into a new store. AGENTTRACE_BENCH_HOME names one; otherwise the
// built-in samples are used.
func BenchmarkIngest(b *testing.B) {
	home := os.Getenv("AGENTTRACE_BENCH_HOME")
	if home == "" {
		home = "demo"
	}
	var size int64
	filepath.Walk(home, func(_ string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			size += info.Size()
		}
		return err
	})
	b.SetBytes(size)
	for range b.N {
		db := filepath.Join(b.TempDir(), "bench.duckdb")
		if out, code := quietRun("ingest", "--db", db, "--home", home, "--quiet"); code != 0 {
			b.Fatal(out)
		}
		if info, err := os.Stat(db); err == nil {
			b.ReportMetric(float64(info.Size())/float64(size), "store/log")
		}
	}
}
