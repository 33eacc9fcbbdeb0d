package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The generator beside the repository writes logs and the exact truth about them. These tests hold the
// program to that truth: every count, every token of every kind, by agent, model and day.

// shared finds the folder shared beside the repository, or skips.
func shared(t *testing.T, rel string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for range 6 {
		path := filepath.Join(dir, "shared", rel)
		if _, err := os.Stat(path); err == nil {
			return path
		}
		dir = filepath.Dir(dir)
	}
	t.Skip("needs ../shared/" + rel)
	return ""
}

// corpus runs the generator.
func corpus(t *testing.T, dir string, args ...string) {
	t.Helper()
	gen := shared(t, "bench/gen_corpus.py")
	cmd := exec.Command("python3", append([]string{gen, "--out", dir}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// agenttrace runs the program in this process.
func agenttrace(t *testing.T, home string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	e := &env{
		stdin: strings.NewReader(""), stdout: &out, stderr: &errs, now: time.Now, ctx: context.Background(),
		getenv: func(k string) string {
			if k == "HOME" {
				return home
			}
			return ""
		},
	}
	code = run(e, args)
	return out.String(), errs.String(), code
}

// ask runs a query and returns its rows as text, sorted.
func ask(t *testing.T, db, query string) []string {
	t.Helper()
	out, errs, code := agenttrace(t, t.TempDir(), "sql", "--db", db, "-f", "csv", "--no-header", query)
	if code != 0 {
		t.Fatalf("%s\n%s", query, errs)
	}
	rows := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	sort.Strings(rows)
	return rows
}

type truth struct {
	Sessions  map[string]int64
	Subagents map[string]int64
	Messages  map[string]int64
	ToolCalls map[string]int64                       `json:"tool_calls"`
	Results   map[string]int64                       `json:"tool_results"`
	Errors    map[string]int64                       `json:"tool_errors"`
	ByDay     map[string]map[string]map[string]int64 `json:"tokens_by_day"`
	Cost      map[string]float64                     `json:"cost_usd"`
	Injected  map[string]int64
}

// longNames are the agents as the product names them.
var longNames = map[string]string{"claude": "claude-code", "codex": "codex"}

// compare holds a store to the truth.
func compare(t *testing.T, db, dir string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want truth
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	var wantRows []string
	for short, agent := range longNames {
		wantRows = append(wantRows,
			fmt.Sprintf("%s,sessions,%d", agent, want.Sessions[short]), fmt.Sprintf("%s,subagents,%d", agent, want.Subagents[short]),
			fmt.Sprintf("%s,tool calls,%d", agent, want.ToolCalls[short]), fmt.Sprintf("%s,tool results,%d", agent, want.Results[short]),
			fmt.Sprintf("%s,tool errors,%d", agent, want.Errors[short]))
	}
	wantRows = append(wantRows, fmt.Sprintf("claude-code,responses,%d", want.Messages["claude_assistant"]), fmt.Sprintf("codex,responses,%d", want.Messages["codex_responses"]))
	if want.Injected["interrupted_calls"] > 0 {
		wantRows = append(wantRows, fmt.Sprintf("all,calls without result,%d", want.Injected["interrupted_calls"]))
	}
	sort.Strings(wantRows)
	got := ask(t, db, `
		SELECT agent, 'sessions', count(*) FROM sessions_v1 GROUP BY ALL
		UNION ALL SELECT agent, 'subagents', count(r.run_id) FROM sessions_v1 LEFT JOIN (SELECT * FROM runs_v1 WHERE run_kind <> 'main') AS r USING (session_id) GROUP BY ALL
		UNION ALL SELECT agent, 'responses', count(*) FROM model_calls_v1 JOIN sessions_v1 USING (session_id) GROUP BY ALL
		UNION ALL SELECT agent, 'tool calls', count(*) FROM tool_calls_v1 JOIN sessions_v1 USING (session_id) GROUP BY ALL
		UNION ALL SELECT agent, 'tool results', count(result_bytes) FROM tool_calls_v1 JOIN sessions_v1 USING (session_id) GROUP BY ALL
		UNION ALL SELECT agent, 'tool errors', count(*) FILTER (status IN ('error', 'denied')) FROM tool_calls_v1 JOIN sessions_v1 USING (session_id) GROUP BY ALL
		UNION ALL SELECT 'all', 'calls without result', count(*) FROM tool_calls_v1 WHERE status IN ('interrupted', 'no_result') HAVING count(*) > 0`)
	same(t, "counts", got, wantRows)

	var wantTokens []string
	for day, models := range want.ByDay {
		for key, kinds := range models {
			short, model, _ := strings.Cut(key, "|")
			n := func(kind string) int64 { return kinds[kind] }
			wantTokens = append(wantTokens, fmt.Sprintf("%s,%s,%s,%d,%d,%d,%d,%d,%d", day, longNames[short], model,
				n("input"), n("cache_read"), n("cache_write_5m"), n("cache_write_1h"), n("output"), n("reasoning")))
		}
	}
	sort.Strings(wantTokens)
	same(t, "tokens by day", ask(t, db, `
		SELECT (occurred_at AT TIME ZONE 'UTC')::DATE, agent, response_model, sum(uncached_input_tokens), sum(cache_read_input_tokens),
			coalesce(sum(cache_creation_5m_input_tokens), 0), coalesce(sum(cache_creation_1h_input_tokens), 0), sum(output_tokens), coalesce(sum(reasoning_output_tokens), 0)
		FROM model_calls_v1 JOIN sessions_v1 USING (session_id) GROUP BY ALL`), wantTokens)

	for _, row := range ask(t, db, `SELECT agent || '|' || response_model, sum(cost_usd) FROM model_call_costs_v1 GROUP BY ALL`) {
		key, text, _ := strings.Cut(row, ",")
		agent, model, _ := strings.Cut(key, "|")
		short := map[string]string{"claude-code": "claude", "codex": "codex"}[agent]
		usd, err := strconv.ParseFloat(text, 64)
		if wantUSD := want.Cost[short+"|"+model]; err != nil || math.Abs(usd-wantUSD) > 1e-6 {
			t.Errorf("cost of %s: %s, want %f", key, text, wantUSD)
		}
	}
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	diff := map[string]int{}
	for _, r := range got {
		diff[r]++
	}
	for _, r := range want {
		diff[r]--
	}
	var lines []string
	for r, n := range diff {
		if n > 0 {
			lines = append(lines, "got  "+r)
		} else if n < 0 {
			lines = append(lines, "want "+r)
		}
	}
	sort.Strings(lines)
	if len(lines) > 20 {
		lines = append(lines[:20], fmt.Sprintf("… %d more", len(lines)-20))
	}
	if len(lines) > 0 {
		t.Errorf("%s differ:\n%s", what, strings.Join(lines, "\n"))
	}
}

// load ingests a home into a store.
func load(t *testing.T, db string, args ...string) {
	t.Helper()
	if _, errs, code := agenttrace(t, t.TempDir(), append([]string{"ingest", "--db", db, "--quiet"}, args...)...); code != 0 {
		t.Fatalf("ingest: %s", errs)
	}
}

// setting reads a knob of these tests from the environment: CI runs a small form, a release a large one.
func setting(name, deflt string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return deflt
}

// long leaves out a test that takes a good part of a minute of both processors: CI runs these in a step of
// their own.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv("AGENTTRACE_LONG") == "" {
		t.Skip("needs AGENTTRACE_LONG=1")
	}
}

func TestExact(t *testing.T) {
	long(t)
	size := setting("AGENTTRACE_EXACT_BYTES", "2M")
	for _, seed := range strings.Fields(setting("AGENTTRACE_EXACT_SEEDS", "1")) {
		for _, dirty := range []bool{false, true} {
			name := "seed " + seed
			args := []string{"--bytes", size, "--seed", seed}
			if dirty {
				name += " dirty"
				args = append(args, "--dirty")
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				corpus(t, dir, args...)
				home := filepath.Join(dir, "home")
				db := filepath.Join(t.TempDir(), "once.duckdb")
				load(t, db, "--home", home)
				compare(t, db, dir)
				t.Run("again", func(t *testing.T) {
					load(t, db, "--home", home)
					compare(t, db, dir)
					load(t, db, "--home", home, "--full")
					compare(t, db, dir)
				})
				t.Run("in two halves", func(t *testing.T) { inParts(t, dir, home, false) })
				t.Run("in reverse order", func(t *testing.T) { inParts(t, dir, home, true) })
				t.Run("appended", func(t *testing.T) {
					corpus(t, dir, "--append")
					load(t, db, "--home", home)
					compare(t, db, dir)
				})
				t.Run("grown", func(t *testing.T) {
					corpus(t, dir, "--grow")
					load(t, db, "--home", home)
					compare(t, db, dir)
				})
				t.Run("moved", func(t *testing.T) {
					moved := filepath.Join(dir, "elsewhere", "home")
					if err := os.MkdirAll(filepath.Dir(moved), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.Rename(home, moved); err != nil {
						t.Fatal(err)
					}
					load(t, db, "--home", moved)
					compare(t, db, dir)
				})
				t.Run("copied", func(t *testing.T) {
					moved := filepath.Join(dir, "elsewhere", "home")
					copied := filepath.Join(dir, "copy")
					if out, err := exec.Command("cp", "-r", moved, copied).CombinedOutput(); err != nil {
						t.Fatalf("%v %s", err, out)
					}
					load(t, db, "--home", copied)
					compare(t, db, dir)
				})
			})
		}
	}
}

// inParts loads the files of a home in several runs: two halves, or five portions from the last to the
// first, so that copies come before what they were copied from.
func inParts(t *testing.T, dir, home string, reverse bool) {
	var paths []string
	err := filepath.WalkDir(home, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	parts := 2
	if reverse {
		parts = 5
		sort.Sort(sort.Reverse(sort.StringSlice(paths)))
	}
	db := filepath.Join(t.TempDir(), "parts.duckdb")
	for i := range parts {
		portion := paths[len(paths)*i/parts : len(paths)*(i+1)/parts]
		load(t, db, portion...)
	}
	compare(t, db, dir)
}

// quietRun runs the program outside a test.
func quietRun(args ...string) (stderr string, code int) {
	var out, errs bytes.Buffer
	e := &env{
		stdin: strings.NewReader(""), stdout: &out, stderr: &errs, now: time.Now, ctx: context.Background(),
		getenv: func(string) string { return "" },
	}
	code = run(e, args)
	return errs.String(), code
}
