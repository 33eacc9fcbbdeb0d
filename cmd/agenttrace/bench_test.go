package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/schema/store"
	sqlfiles "github.com/agenttrace/agenttrace/sql"
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

// BenchmarkRelations computes every column of every row of each relation, ids as text, over the home that
// BenchmarkIngest loads: the longest answer that a question can wait for.
func BenchmarkRelations(b *testing.B) {
	home := os.Getenv("AGENTTRACE_BENCH_HOME")
	if home == "" {
		home = "demo"
	}
	db := filepath.Join(b.TempDir(), "bench.duckdb")
	for _, command := range []string{"ingest", "overview"} { // the second derives the findings
		if out, code := quietRun(command, "--db", db, "--home", home, "--quiet"); code != 0 {
			b.Fatal(out)
		}
	}
	s, err := store.Open(context.Background(), store.Options{Path: db, ReadOnly: true})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	set, err := sqlfiles.Views()
	if err != nil {
		b.Fatal(err)
	}
	text := func(q string) string {
		var out string
		if err := s.DB().QueryRow(q).Scan(&out); err != nil {
			b.Fatal(err)
		}
		return out
	}
	texts := func(q string) string {
		return "['" + strings.ReplaceAll(strings.Trim(text(q), "[]"), ", ", "','") + "']"
	}
	// The two sessions with the most calls; all sessions in two halves.
	longest := `SELECT lower(hex(session_id)) FROM core.model_calls_v1 GROUP BY session_id ORDER BY count(*) DESC, session_id LIMIT 1 OFFSET `
	half := `SELECT list(lower(hex(session_id)))::VARCHAR FROM core.sessions_v1 WHERE session_id % 2 = `
	args := map[string]string{
		"session": store.Quote(text(longest + "0")), "session_a": store.Quote(text(longest + "0")), "session_b": store.Quote(text(longest + "1")),
		"group_a": texts(half + "0"), "group_b": texts(half + "1"),
		"bucket": "'day'", "tz": "'UTC'", "dim": "'all'", "n_periods": "12",
		"as_of":   store.Quote(text(`SELECT max(occurred_at)::VARCHAR FROM core.model_calls_v1`)),
		"metrics": texts(`SELECT list(metric)::VARCHAR FROM core.trend_metrics_v1`),
	}
	for _, d := range set.Definitions {
		if d.Status != sqlfiles.Current {
			continue
		}
		relation := "main." + d.Name
		if d.Params != nil {
			values := make([]string, len(d.Params))
			for i, p := range d.Params {
				if values[i] = args[p]; values[i] == "" {
					b.Fatalf("%s: the benchmark has no value for %s", d.Name, p)
				}
			}
			relation += "(" + strings.Join(values, ", ") + ")"
		}
		b.Run(d.Family, func(b *testing.B) {
			for range b.N {
				rows, err := s.DB().Query("SELECT count(COLUMNS(*)) FROM " + relation)
				if err != nil {
					b.Fatal(err)
				}
				for rows.Next() {
				}
				if err := rows.Err(); err != nil {
					b.Fatal(err)
				}
				rows.Close()
			}
		})
	}
}
