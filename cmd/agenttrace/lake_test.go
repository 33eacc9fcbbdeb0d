package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/agenttrace/agenttrace/schema/lake"
)

// Logs of the samples, by their place below a home.
const (
	shopLog    = ".claude/projects/-home-ana-shop/5c1d9e7a-2b64-4f0e-9a37-6d0f3b8e1c42.jsonl"
	shopSub    = ".claude/projects/-home-ana-shop/5c1d9e7a-2b64-4f0e-9a37-6d0f3b8e1c42/subagents/agent-a4f09c2e7715bd803.jsonl"
	shopMeta   = ".claude/projects/-home-ana-shop/5c1d9e7a-2b64-4f0e-9a37-6d0f3b8e1c42/subagents/agent-a4f09c2e7715bd803.meta.json"
	apiLog     = ".claude/projects/-home-ana-api/e0a7b3c1-91f4-4d58-8f26-0b7c5a94d3e8.jsonl"
	resumedLog = ".claude/projects/-home-ana-api/2f6b8d04-7c3e-4a19-b5d2-e81f09a6c357.jsonl"
	codexOne   = ".codex/sessions/2026/11/13/rollout-2026-11-13T09-02-47-019a81c4-5d20-7e31-9f6a-3c47b0d9e518.jsonl"
	codexTwo   = ".codex/sessions/2026/11/16/rollout-2026-11-16T16-21-09-019a8f37-9b1c-7a45-8d03-6e2fa17c40b9.jsonl"
)

// machines are three homes: a session and the one that resumes it lie on different ones, some lie on two, and
// one of these is cut off in the middle.
func machines(t *testing.T) (homes []string) {
	t.Helper()
	for i, logs := range [][]string{
		{shopLog, shopSub, shopMeta, apiLog},
		{resumedLog, codexOne, shopLog + "#cut"},
		{codexOne, codexTwo, apiLog, shopSub, shopMeta},
	} {
		home := filepath.Join(t.TempDir(), fmt.Sprintf("machine%d", i+1))
		for _, l := range logs {
			name, cut := strings.CutSuffix(l, "#cut")
			text, err := demoFiles.ReadFile("demo/" + name)
			if err != nil {
				t.Fatal(err)
			}
			if cut {
				lines := strings.SplitAfter(string(text), "\n")
				text = []byte(strings.Join(lines[:len(lines)*2/3], ""))
			}
			writeFile(t, filepath.Join(home, name), string(text))
		}
		homes = append(homes, home)
	}
	return homes
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, home string, args ...string) string {
	t.Helper()
	out, errs, code := agenttrace(t, home, args...)
	if code != 0 {
		t.Fatalf("%q ended with %d: %s", args, code, errs)
	}
	return out
}

// totals are what must not depend on how logs came into a store. How a session ends whose log lies on one
// machine whole and on another cut off depends on which came first, so that one is not judged here.
const totals = `
	SELECT count(*), sum(model_call_count), sum(priced_call_count), sum(cost_usd), sum(uncached_input_tokens), sum(cache_read_input_tokens),
		sum(cache_creation_5m_input_tokens), sum(cache_creation_1h_input_tokens), sum(output_tokens), sum(reasoning_output_tokens),
		sum(tool_call_count), sum(tool_failed_count), sum(user_turn_count), sum(wasted_cost_usd), sum(subagent_cost_usd)
	FROM session_metrics_v1;
	SELECT count(*), count(DISTINCT model_call_id), sum(observation_count) FROM model_calls_v1;
	SELECT agent, model, count(*), sum(cost_usd), sum(output_tokens) FROM model_call_costs_v1 GROUP BY ALL ORDER BY ALL;
	SELECT tool_name, status, count(*) FROM tool_calls_v1 GROUP BY ALL ORDER BY ALL;
	SELECT command_class, outcome, count(*) FROM commands_v1 GROUP BY ALL ORDER BY ALL;
	SELECT (SELECT count(*) FROM errors_v1), (SELECT count(*) FROM turns_v1), (SELECT count(*) FROM messages_v1), (SELECT count(*) FROM file_changes_v1),
		(SELECT count(*) FROM runs_v1);
	SELECT session_id, root_session_id, relation, started_at, ended_at FROM sessions_v1 ORDER BY session_id;
	SELECT session_id, score, coverage FROM session_health_v2 WHERE session_id <> 'cb4b57907c8709c6' ORDER BY session_id;
	SELECT session_id, anomaly, severity, value FROM anomalies_v1 WHERE session_id <> 'cb4b57907c8709c6' ORDER BY ALL`

// TestLakeOfThreeMachines holds three machines with the same sessions to one store of all their logs, and the
// files to another reader of Parquet.
func TestLakeOfThreeMachines(t *testing.T) {
	long(t)
	t.Parallel()
	dir := t.TempDir()
	folder := filepath.Join(dir, "lake [1]*?")
	homes := machines(t)
	var logs []string
	for i, home := range homes {
		must(t, home, "export", "parquet", folder, "--home", home, "--db", filepath.Join(dir, fmt.Sprint(i, ".duckdb")))
		logs = append(logs, "-d", home)
	}
	want := must(t, dir, append([]string{"sql", "--tz", "UTC", "-f", "csv", totals}, logs...)...)
	sameLines(t, "the lake", must(t, dir, "sql", "--tz", "UTC", "-f", "csv", totals, "--lake", folder), want)
	if !strings.Contains(want, "claude-opus-5-5") || strings.Count(want, "\n") < 40 {
		t.Fatalf("too little is compared:\n%s", want)
	}

	// The second machine goes on in another month: only that is written.
	db, home := filepath.Join(dir, "1.duckdb"), homes[1]
	kept := filepath.Join(dir, "kept")
	if err := os.CopyFS(kept, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	before := files(t, folder)
	out := must(t, home, "export", "parquet", folder, "--no-refresh", "--db", db, "-f", "json")
	if after := files(t, folder); !slices.Equal(before, after) || !strings.Contains(out, `"written_file_count": 0`) {
		t.Errorf("an export without news changed files: %s", out)
	}
	writeFile(t, filepath.Join(home, ".claude/projects/-home-ana-shop/0b1c2d3e-0000-4000-8000-000000000001.jsonl"), decemberLog)
	must(t, home, "export", "parquet", folder, "--home", home, "--db", db)
	december := 0
	for _, f := range files(t, folder) {
		path, _, _ := strings.Cut(f, ".parquet ")
		if slices.Contains(before, f) || !strings.Contains(f, ".parquet ") {
			continue
		}
		if !strings.Contains(path, "month=2026-12") {
			t.Errorf("%s was written though its month did not change", path)
		}
		december++
	}
	if december < 10 {
		t.Errorf("%d files of the new month, want those of every table it has rows of", december)
	}
	readElsewhere(t, folder, db, home)

	// Into a store that has a part of it already, twice.
	db, home = filepath.Join(dir, "0.duckdb"), homes[0]
	must(t, home, "import", kept, "--db", db)
	again := must(t, home, "import", kept, "--db", db, "-f", "json")
	if strings.Contains(strings.ReplaceAll(again, `"taken_source_count": 0`, ""), `"taken_source_count"`) {
		t.Errorf("the second import took something: %s", again)
	}
	sameLines(t, "the store after the import", must(t, home, "sql", "--home", home, "--tz", "UTC", "-f", "csv", totals+"; SELECT count(DISTINCT machine_id) AS machines FROM raw.sources", "--db", db), want+"machines\n3\n")
}

// files is tree without the folders.
func files(t *testing.T, dir string) []string {
	return slices.DeleteFunc(tree(t, dir), func(f string) bool { return !strings.Contains(f, ".parquet ") && !strings.Contains(f, ".json ") })
}

func sameLines(t *testing.T, what, got, want string) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for _, line := range g {
		if !slices.Contains(w, line) {
			t.Errorf("%s says %s", what, line)
		}
	}
	for _, line := range w {
		if !slices.Contains(g, line) {
			t.Errorf("%s does not say %s", what, line)
		}
	}
}

const decemberLog = `{"parentUuid":null,"isSidechain":false,"cwd":"/home/ana/shop","sessionId":"0b1c2d3e-0000-4000-8000-000000000001","version":"2.1.306","type":"user","message":{"role":"user","content":"Where is the discount?"},"uuid":"0b1c2d3e-0000-4000-8000-00000000000a","timestamp":"2026-12-02T08:00:00.000Z"}
{"parentUuid":"0b1c2d3e-0000-4000-8000-00000000000a","isSidechain":false,"cwd":"/home/ana/shop","sessionId":"0b1c2d3e-0000-4000-8000-000000000001","version":"2.1.306","type":"assistant","requestId":"req_december","message":{"id":"msg_december","type":"message","role":"assistant","model":"claude-opus-5-5","content":[{"type":"text","text":"In the cart."}],"stop_reason":"end_turn","usage":{"input_tokens":9007199254740993,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":7,"service_tier":"standard"}},"uuid":"0b1c2d3e-0000-4000-8000-00000000000b","timestamp":"2026-12-02T08:00:03.123Z"}
`

// readElsewhere opens every file of the first machine with an independent reader.
func readElsewhere(t *testing.T, folder, db, home string) {
	manifests, err := lake.Manifests(folder)
	if err != nil || len(manifests) != 3 {
		t.Fatalf("%d manifests, %v", len(manifests), err)
	}
	machine := strings.TrimSpace(must(t, home, "sql", "--no-refresh", "--db", db, "-f", "csv", "--no-header", "select value from raw.store_info where key = 'machine_id'"))
	var outputs, inputs, calls, largest int64
	for _, m := range manifests {
		for _, table := range m.Tables {
			for _, month := range table.Months {
				var rows int64
				for i := range month.Parts {
					path := filepath.Join(folder, "v=1", "table="+table.Table, "month="+month.Month, "machine="+m.Machine, fmt.Sprintf("part-%03d.parquet", i))
					data := readParquet(t, path)
					rows += data.NumRows()
					if table.Table != "model_call_costs_v1" || m.Machine != machine {
						continue
					}
					calls += data.NumRows()
					for _, id := range []string{"model_call_id", "session_id", "run_id"} {
						if n := nulls(data, id); n > 0 {
							t.Errorf("%s: %d rows without %s", path, n, id)
						}
					}
					outputs += sumOf(t, data, "output_tokens", nil)
					inputs += sumOf(t, data, "uncached_input_tokens", &largest)
				}
				if rows != month.Rows {
					t.Errorf("%s %s of %s: %d rows, the manifest says %d", table.Table, month.Month, m.Machine, rows, month.Rows)
				}
			}
		}
	}
	if largest != 1<<53+1 {
		t.Errorf("the largest counter is %d, want 2^53+1", largest)
	}
	got := fmt.Sprint(calls, ",", outputs, ",", inputs)
	want := must(t, home, "sql", "--no-refresh", "--db", db, "-f", "csv", "--no-header", `select count(*), sum(output_tokens), sum(uncached_input_tokens) from model_call_costs_v1
		where session_id in (select lower(hex(s.session_id)) from raw.sessions as s join raw.sources as x using (source_id) where x.machine_id = '`+machine+`')`)
	if got != strings.TrimSpace(want) {
		t.Errorf("another reader finds %s, the store %s", got, want)
	}
}

// readParquet reads a file whole and holds its types to what every engine reads.
func readParquet(t *testing.T, path string) arrow.Table {
	t.Helper()
	f, err := file.OpenParquetFile(path, false)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	t.Cleanup(func() { f.Close() })
	if f.MetaData().KeyValueMetadata().FindValue("layout") == nil {
		t.Errorf("%s does not say what it is", path)
	}
	r, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	data, err := r.ReadTable(context.Background())
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	t.Cleanup(data.Release)
	for _, c := range data.Schema().Fields() {
		kind := c.Type
		if l, ok := kind.(*arrow.ListType); ok {
			kind = l.Elem()
		}
		ok := true
		switch k := kind.(type) {
		case *arrow.TimestampType:
			ok = k.Unit == arrow.Microsecond && k.TimeZone == "UTC"
		case *arrow.Decimal128Type, *arrow.StringType, *arrow.Int32Type, *arrow.Int64Type, *arrow.Float64Type, *arrow.BooleanType:
		default:
			ok = false
		}
		if !ok || !c.Nullable {
			t.Errorf("%s: column %s is a %v, nullable: %t", path, c.Name, c.Type, c.Nullable)
		}
		if (strings.HasSuffix(c.Name, "ed_at") || c.Name == "period") && c.Type.ID() != arrow.TIMESTAMP {
			t.Errorf("%s: column %s is a %v", path, c.Name, c.Type)
		}
	}
	return data
}

func nulls(data arrow.Table, column string) (n int) {
	for _, chunk := range data.Column(data.Schema().FieldIndices(column)[0]).Data().Chunks() {
		n += chunk.NullN()
	}
	return n
}

// sumOf adds up an int64 column; largest takes the greatest value.
func sumOf(t *testing.T, data arrow.Table, column string, largest *int64) (sum int64) {
	t.Helper()
	for _, chunk := range data.Column(data.Schema().FieldIndices(column)[0]).Data().Chunks() {
		values := chunk.(*array.Int64)
		for i := range values.Len() {
			if values.IsNull(i) {
				continue
			}
			sum += values.Value(i)
			if largest != nil {
				*largest = max(*largest, values.Value(i))
			}
		}
	}
	return sum
}

// TestLakeThatIsNoLake refuses what is damaged, foreign or newer, before the first row is taken.
func TestLakeThatIsNoLake(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	folder, db := filepath.Join(dir, "lake"), filepath.Join(dir, "s.duckdb")
	home := machines(t)[2]
	must(t, home, "export", "parquet", folder, "--home", home, "--db", db, "--anonymize")
	manifest, err := filepath.Glob(filepath.Join(folder, "v=1", "manifest", "*", "manifest.json"))
	if err != nil || len(manifest) != 1 {
		t.Fatal(manifest, err)
	}
	text, err := os.ReadFile(manifest[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/home/ana", "-home-", "shop", codexTwo[len(codexTwo)-30:]} {
		if strings.Contains(string(text), name) {
			t.Errorf("the manifest says %s", name)
		}
	}
	parts, _ := filepath.Glob(filepath.Join(folder, "v=1", "table=raw_model_calls", "*", "*", "part-000.parquet"))
	part, err := os.ReadFile(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(dir, "new.duckdb")
	must(t, dir, "sql", "--home", dir, "--db", target, "select 1")
	for _, c := range []struct {
		name, want string
		spoil      func() error
	}{
		{"newer tables", "newer agenttrace", func() error {
			return os.WriteFile(manifest[0], []byte(strings.Replace(string(text), `"tables_version": `, `"tables_version": 9`, 1)), 0o600)
		}},
		{"newer layout", "newer agenttrace", func() error {
			return os.WriteFile(manifest[0], []byte(strings.Replace(string(text), `"schema_version": 1`, `"schema_version": 2`, 1)), 0o600)
		}},
		{"another program's", "no export", func() error { return os.WriteFile(manifest[0], []byte("{}"), 0o600) }},
		{"half a manifest", "damaged", func() error { return os.WriteFile(manifest[0], text[:len(text)/2], 0o600) }},
		{"a way out", "damaged", func() error {
			return os.WriteFile(manifest[0], []byte(strings.Replace(string(text), `"month": "2026-11"`, `"month": "../../2026"`, 1)), 0o600)
		}},
		{"no raw tables", "no table raw_records", func() error {
			return os.WriteFile(manifest[0], []byte(strings.Replace(string(text), `"table": "raw_records"`, `"table": "raw_other"`, 1)), 0o600)
		}},
		{"a changed file", "damaged", func() error { return os.WriteFile(parts[0], append(part[:len(part)-1:len(part)-1], 'x'), 0o600) }},
		{"a lost file", "damaged", func() error { return os.Remove(parts[0]) }},
		{"lost rows", "is not there", func() error { return os.Remove(filepath.Dir(parts[0])) }},
	} {
		if err := c.spoil(); err != nil {
			t.Fatal(err)
		}
		_, errs, code := agenttrace(t, dir, "import", folder, "--db", target)
		if code != 1 || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit %d, %q; want 1 and %q", c.name, code, errs, c.want)
		}
		if err := os.WriteFile(manifest[0], text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rows := must(t, dir, "sql", "--no-refresh", "--db", target, "-f", "csv", "--no-header", "select (select count(*) from raw.sources), (select count(*) from raw.records), (select count(*) from raw.texts)")
	if strings.TrimSpace(rows) != "0,0,0" {
		t.Errorf("half of a lake was taken: %s", rows)
	}
}

// TestLakeAnonymous looks for names of people and projects in every byte of every file, uncompressed.
func TestLakeAnonymous(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	home := machines(t)[0]
	for _, c := range []struct {
		args []string
		not  []string
		with []string
	}{
		{[]string{"--anonymize"}, []string{"/home/ana", "shop", "10 % code", "cart.js"}, []string{"claude-opus-5-5", "Bash"}},
		{nil, []string{"10 % code", "cart.js"}, []string{"/home/ana/shop"}},
		{[]string{"--content", "preview"}, nil, []string{"/home/ana/shop", "10 % code", "cart.js"}},
	} {
		folder := filepath.Join(dir, strconv.Itoa(len(c.with)*10+len(c.not)))
		must(t, home, append([]string{"export", "parquet", folder, "--home", home, "--db", filepath.Join(dir, "s.duckdb")}, c.args...)...)
		var all strings.Builder
		err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".parquet") {
				fmt.Fprintln(&all, readParquet(t, path))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range c.not {
			if i := strings.Index(all.String(), name); i >= 0 {
				t.Errorf("%q: the export says %q: …%s…", c.args, name, all.String()[max(i-60, 0):min(i+60, all.Len())])
			}
		}
		for _, name := range c.with {
			if !strings.Contains(all.String(), name) {
				t.Errorf("%q: the export does not say %q", c.args, name)
			}
		}
	}
}
