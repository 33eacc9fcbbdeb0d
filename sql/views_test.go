package sqlfiles_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/agenttrace/agenttrace/schema/store"
	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

var update = flag.Bool("update", false, "write README.md and columns.txt anew")

// openStore opens an empty store in memory with everything installed, once for all tests.
var openStore = sync.OnceValues(func() (*sql.DB, error) {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{Path: store.Memory})
	if err != nil {
		return nil, err
	}
	steps, err := store.Migrations(sqlfiles.Migrations())
	if err != nil {
		return nil, err
	}
	if err := s.Migrate(ctx, steps); err != nil {
		return nil, err
	}
	conn, err := s.DB().Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return s.DB(), store.InstallViews(ctx, conn)
})

func connect(t *testing.T) *sql.Conn {
	t.Helper()
	db, err := openStore()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func definitions(t *testing.T) *sqlfiles.Set {
	t.Helper()
	set, err := sqlfiles.Views()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestViews runs every case of every definition: rows in, rows out.
func TestViews(t *testing.T) {
	set := definitions(t)
	for _, d := range set.Definitions {
		t.Run(d.Name, func(t *testing.T) {
			file := filepath.Join("views", strings.TrimSuffix(d.Path, ".sql")+".txtar")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("every definition has a test: %v", err)
			}
			cases := readCases(t, text)
			for _, name := range cases.names {
				t.Run(name, func(t *testing.T) { runCase(t, set, d, cases.files[name]) })
			}
		})
	}
}

// The cases of one .txtar file. A file may be of one case, or of several in folders.
type caseFiles struct {
	names []string
	files map[string]map[string]string
}

var separator = regexp.MustCompile(`(?m)^-- (\S+) --\n`)

func readCases(t *testing.T, text []byte) caseFiles {
	t.Helper()
	out := caseFiles{files: map[string]map[string]string{}}
	at := separator.FindAllSubmatchIndex(text, -1)
	if len(at) == 0 || len(bytes.TrimSpace(text[:at[0][0]])) == 0 {
		t.Fatal("want a sentence on what is shown, then files")
	}
	for i, m := range at {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		name, file := "all", string(text[m[2]:m[3]])
		if dir, base, ok := strings.Cut(file, "/"); ok {
			name, file = dir, base
		}
		if out.files[name] == nil {
			out.files[name] = map[string]string{}
			out.names = append(out.names, name)
		}
		if _, twice := out.files[name][file]; twice {
			t.Fatalf("%s/%s is given twice", name, file)
		}
		out.files[name][file] = string(text[m[1]:end])
	}
	return out
}

// defaults are the values that a row takes where a case does not say: those of an ordinary log.
var defaults = map[string]map[string]string{
	"sessions_v1": {
		"agent": "'claude-code'", "session_kind": "'user'", "end_state": "'completed'", "is_live": "false", "is_complete": "true", "fidelity": "'full'",
		"has_usage": "true", "has_cache_counters": "true", "has_tool_status": "true", "has_tool_args": "true", "has_times": "true",
		"has_compactions": "true", "has_api_errors": "true", "has_approvals": "true", "has_reasoning": "true",
	},
	"runs_v1":                {"depth": "0", "run_kind": "'main'", "end_state": "'completed'"},
	"turns_v1":               {"trigger": "'user'", "end_reason": "'answered'"},
	"messages_v1":            {"is_redacted": "false", "is_on_dead_branch": "false"},
	"model_calls_v1":         {"status": "'ok'", "usage_grain": "'call'", "usage_quality": "'final'", "dedup_basis": "'provider_id'", "observation_count": "1"},
	"tool_calls_v1":          {"tool_name": "'bash'", "tool_kind": "'shell'", "status": "'ok'", "is_polling": "false"},
	"tool_call_epochs_v1":    {"tool_name": "'bash'", "tool_kind": "'shell'", "status": "'ok'", "is_polling": "false", "epoch": "0"},
	"commands_v1":            {"part_no": "0", "command_class": "'other'", "outcome": "'unknown'", "is_destructive": "false"},
	"file_changes_v1":        {"op": "'modify'", "is_applied": "true", "file_role": "'code'", "basis": "'tool_args'"},
	"file_reads_v1":          {"basis": "'tool_args'"},
	"errors_v1":              {"source": "'api'"},
	"timeline_gaps_v1":       {"run_kind": "'main'"},
	"raw.sources":            {"machine_id": "'m'", "agent": "'claude-code'", "store_kind": "'jsonl'", "path": "'/p'", "size_bytes": "1", "parser": "'p'", "parser_version": "1"},
	"raw.sessions":           {"line": "1", "agent": "'claude-code'", "is_main": "true", "is_marked_copy": "false", "replay_until_line": "0", "has_usage": "true", "has_cache_counters": "true", "has_tool_status": "true", "has_tool_args": "true", "has_times": "true", "has_compactions": "true", "has_api_errors": "true", "has_approvals": "true", "has_reasoning": "true"},
	"raw.runs":               {"line": "1", "last_line": "1", "run_kind": "'main'"},
	"raw.turns":              {"seq": "0"},
	"raw.messages":           {"seq": "0", "is_redacted": "false"},
	"raw.model_calls":        {"seq": "0", "is_sidechain": "false", "status": "'ok'", "usage_grain": "'call'", "usage_quality": "'final'", "observation_count": "1"},
	"raw.merged_model_calls": {"seq": "0", "is_sidechain": "false", "status": "'ok'", "usage_grain": "'call'", "usage_quality": "'final'", "observation_count": "1"},
	"raw.tool_calls":         {"seq": "0", "status": "'ok'", "is_polling": "false"},
	"raw.merged_tool_calls":  {"seq": "0", "status": "'ok'", "is_polling": "false"},
	"raw.commands":           {"seq": "0", "part_no": "0", "is_piped_into": "false", "writes_file": "false"},
	"raw.file_changes":       {"seq": "0"},
	"raw.file_reads":         {"seq": "0"},
	"raw.events":             {"seq": "0"},
	"raw.errors":             {"seq": "0"},
	"raw.command_classes":    {"is_destructive": "false"},
	"raw.call_copies":        {"is_owner": "false"},
	"raw.prices":             {"is_own": "false", "currency": "'USD'", "unit": "'1M tokens'", "match_kind": "'exact'"},
	"model_call_costs_v1":    {"status": "'ok'", "is_lower_bound": "false", "agent": "'claude-code'"},
	"exact_repeats_v1":       {"epoch": "0", "tool_name": "'bash'"},
	"retry_chains_v1":        {"epoch": "0", "tool_name": "'bash'"},
	"tool_call_activity_v1":  {"tool_name": "'bash'", "tool_kind": "'shell'", "activity": "'other'", "is_destructive": "false"},
	"raw.lineage":            {"relation": "'fork'", "shared_record_count": "1"},
	"prices_v1":              {"is_own": "false", "currency": "'USD'", "unit": "'1M tokens'", "match_kind": "'exact'"},
}

// A fixture holds the names of one case: ids are written as words, and are numbers in the database.
type fixture struct {
	t     *testing.T
	conn  *sql.Conn
	set   *sqlfiles.Set
	ids   map[string]string
	words map[string]string
	made  map[string]bool
}

func (f *fixture) exec(q string) {
	f.t.Helper()
	if _, err := f.conn.ExecContext(context.Background(), q); err != nil {
		f.t.Fatalf("%v\nin %s", err, q)
	}
}

func (f *fixture) query(q string) (columns []string, rows [][]string) {
	f.t.Helper()
	r, err := f.conn.QueryContext(context.Background(), q)
	if err != nil {
		f.t.Fatalf("%v\nin %s", err, q)
	}
	defer r.Close()
	columns, _ = r.Columns()
	for r.Next() {
		values := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := r.Scan(into...); err != nil {
			f.t.Fatal(err)
		}
		row := make([]string, len(columns))
		for i, v := range values {
			row[i] = "NULL"
			if v.Valid {
				row[i] = v.String
			}
		}
		rows = append(rows, row)
	}
	if err := r.Err(); err != nil {
		f.t.Fatalf("%v\nin %s", err, q)
	}
	return columns, rows
}

// types asks for the columns of a relation and their types.
func (f *fixture) types(relation string) map[string]string {
	f.t.Helper()
	_, rows := f.query("SELECT column_name, column_type FROM (DESCRIBE " + relation + ")")
	out := map[string]string{}
	for _, r := range rows {
		out[r[0]] = r[1]
	}
	return out
}

func runCase(t *testing.T, set *sqlfiles.Set, d *sqlfiles.Definition, files map[string]string) {
	f := &fixture{t: t, conn: connect(t), set: set, ids: map[string]string{}, words: map[string]string{}, made: map[string]bool{}}
	f.exec("BEGIN; USE agenttrace.core")
	defer f.exec("ROLLBACK; USE agenttrace")
	for _, file := range sorted(files) {
		if name, ok := strings.CutSuffix(file, ".csv"); ok && name != "want" {
			f.fill(name, files[file])
		}
	}
	if above, ok := files["through"]; ok {
		d = f.through(d, strings.TrimSpace(above))
	}
	for _, name := range slices.Concat(d.Inputs, d.Reads) {
		f.provide(name, d)
	}
	want, ok := files["want.csv"]
	if !ok {
		t.Fatal("there is no want.csv")
	}
	relation := "(\n" + d.Body + "\n)"
	if d.Params != nil {
		f.exec(fmt.Sprintf("CREATE TEMP MACRO %s(%s) AS TABLE %s", d.Name, strings.Join(d.Params, ", "), d.Body))
		relation = fmt.Sprintf("%s(%s)", d.Name, strings.TrimSpace(files["args"]))
	}
	f.compare(d, relation, want)
}

// through has a case show what another definition makes of d: nothing comes to it by the other relations of
// d's layer that have rows of their own for sessions.
func (f *fixture) through(d *sqlfiles.Definition, name string) *sqlfiles.Definition {
	f.t.Helper()
	above := f.set.Get(name)
	if above == nil || !slices.Contains(above.Reads, d.Name) {
		f.t.Fatalf("through: %q does not read %s", name, d.Name)
	}
	for _, read := range above.Reads {
		if r := f.set.Get(read); r != d && r.Layer == d.Layer && hasSession(r) {
			f.fill(read, "session_id\n")
		}
	}
	return above
}

func hasSession(d *sqlfiles.Definition) bool {
	return slices.ContainsFunc(d.Columns, func(c sqlfiles.Column) bool { return c.Name == "session_id" })
}

// fill makes a relation with the rows of a CSV text. Words in a column of ids become ids; a time of day
// is one of 5 January 2026.
func (f *fixture) fill(name, text string) {
	f.t.Helper()
	f.made[name] = true
	source := name
	macro := ""
	if d := f.set.Get(name); d != nil && d.Params != nil {
		// What is given of a macro is its result, whatever the arguments.
		source = fmt.Sprintf("SELECT * FROM core.%s(%s)", name, nulls(d))
		macro = fmt.Sprintf("CREATE TEMP MACRO %s(%s) AS TABLE SELECT * FROM ", name, strings.Join(d.Params, ", "))
		name += "_rows"
		f.exec(fmt.Sprintf("CREATE TEMP TABLE %s AS %s LIMIT 0; %s%s", name, source, macro, name))
	} else if !strings.HasPrefix(name, "raw.") {
		source = "core." + name
		f.exec(fmt.Sprintf("CREATE TEMP TABLE %s AS SELECT * FROM %s LIMIT 0", name, source))
	} else {
		f.exec("DELETE FROM " + name)
	}
	types := f.types(source)
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(records) == 0 {
		f.t.Fatalf("%s.csv: %v", name, err)
	}
	given := defaults[name]
	columns := slices.Clone(records[0])
	var rest []string
	for _, c := range sorted(given) {
		if !slices.Contains(columns, c) {
			columns = append(columns, c)
			rest = append(rest, given[c])
		}
	}
	for _, c := range columns {
		if types[c] == "" {
			f.t.Fatalf("%s.csv: there is no column %s", name, c)
		}
	}
	var rows []string
	for _, r := range records[1:] {
		values := make([]string, len(r))
		for i, v := range r {
			values[i] = f.literal(v, types[records[0][i]])
		}
		rows = append(rows, "("+strings.Join(slices.Concat(values, rest), ", ")+")")
	}
	for some := range slices.Chunk(rows, 500) {
		f.exec(fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", name, strings.Join(columns, ", "), strings.Join(some, ", ")))
	}
}

var timeOfDay = regexp.MustCompile(`^\d\d:\d\d(:\d\d(\.\d+)?)?$`)

func (f *fixture) literal(v, dataType string) string {
	switch {
	case v == "" || v == "NULL":
		return "NULL"
	case dataType == "UBIGINT":
		return f.id(v)
	case dataType == "UBIGINT[]":
		var ids []string
		for _, w := range strings.Fields(strings.Trim(v, "[]")) {
			ids = append(ids, f.id(w))
		}
		return "[" + strings.Join(ids, ", ") + "]::UBIGINT[]"
	case dataType == "TIMESTAMP WITH TIME ZONE" && timeOfDay.MatchString(v):
		return store.Quote("2026-01-05 " + v + "+00")
	}
	return store.Quote(v)
}

func (f *fixture) id(word string) string {
	if f.ids[word] == "" {
		f.ids[word] = fmt.Sprint(len(f.ids) + 1)
		f.words[f.ids[word]] = word
	}
	return f.ids[word]
}

// provide makes a relation that a body reads and the case does not give: what belongs to sessions is
// empty, what is derived is derived from what is given, and tables of rules are the real ones.
func (f *fixture) provide(name string, reader *sqlfiles.Definition) {
	f.t.Helper()
	if f.made[name] {
		return
	}
	f.made[name] = true
	d := f.set.Get(name)
	switch {
	case d == nil:
		f.exec(fmt.Sprintf("CREATE TEMP VIEW %s AS SELECT * FROM raw.%s", name, name))
	case d.Layer == "base" && reader.Layer != "base":
		if hasSession(d) {
			f.exec(fmt.Sprintf("CREATE TEMP TABLE %s AS SELECT * FROM core.%s LIMIT 0", name, name))
		}
	default:
		for _, n := range slices.Concat(d.Inputs, d.Reads) {
			f.provide(n, d)
		}
		if d.Params != nil {
			f.exec(fmt.Sprintf("CREATE TEMP MACRO %s(%s) AS TABLE %s", name, strings.Join(d.Params, ", "), d.Body))
			return
		}
		f.exec(fmt.Sprintf("CREATE TEMP VIEW %s AS %s", name, d.Body))
	}
}

// nulls are arguments for a macro of which only the columns matter.
func nulls(d *sqlfiles.Definition) string {
	return strings.TrimSuffix(strings.Repeat("NULL, ", len(d.Params)), ", ")
}

func (f *fixture) compare(d *sqlfiles.Definition, relation, want string) {
	f.t.Helper()
	if len(d.Grain) > 0 {
		_, rows := f.query(fmt.Sprintf("SELECT count(*) - count(DISTINCT (%s, 0)) FROM %s", strings.Join(d.Grain, ", "), relation))
		if rows[0][0] != "0" {
			f.t.Errorf("%s rows share their %s", rows[0][0], strings.Join(d.Grain, ", "))
		}
	}
	records, err := csv.NewReader(strings.NewReader(want)).ReadAll()
	if err != nil || len(records) == 0 {
		f.t.Fatalf("want.csv: %v", err)
	}
	types := f.types("SELECT * FROM " + relation)
	columns := records[0]
	var exprs []string
	for _, c := range columns {
		if types[c] == "" {
			f.t.Fatalf("want.csv: there is no column %s", c)
		}
		exprs = append(exprs, c+"::VARCHAR")
	}
	_, got := f.query(fmt.Sprintf("SELECT %s FROM %s", strings.Join(exprs, ", "), relation))
	for _, row := range got {
		for i, v := range row {
			row[i] = f.show(v, types[columns[i]])
		}
	}
	wanted := records[1:]
	for _, row := range wanted {
		for i, v := range row {
			switch {
			case v == "":
				row[i] = "NULL"
			case timeOfDay.MatchString(v) && types[columns[i]] == "TIMESTAMP WITH TIME ZONE":
				row[i] = "2026-01-05 " + v + "+00"
			}
		}
	}
	slices.SortFunc(got, slices.Compare)
	slices.SortFunc(wanted, slices.Compare)
	if !slices.EqualFunc(got, wanted, slices.Equal) {
		f.t.Errorf("got\n%swant\n%s", table(columns, got), table(columns, wanted))
	}
}

var zeros = regexp.MustCompile(`\.?0+$`)

// show writes a value as cases do: ids by their words, decimals without zeros at the end.
func (f *fixture) show(v, dataType string) string {
	switch {
	case v == "NULL":
	case dataType == "UBIGINT":
		if w, ok := f.words[v]; ok {
			return w
		}
	case dataType == "UBIGINT[]":
		var words []string
		for _, id := range strings.Split(strings.Trim(v, "[]"), ", ") {
			words = append(words, f.show(id, "UBIGINT"))
		}
		return strings.Join(words, " ")
	case strings.HasSuffix(dataType, "[]"):
		return strings.ReplaceAll(v, "'", "")
	case strings.HasPrefix(dataType, "DECIMAL"), dataType == "DOUBLE":
		if strings.Contains(v, ".") && !strings.Contains(v, "e") {
			return zeros.ReplaceAllString(v, "")
		}
	}
	return v
}

func table(columns []string, rows [][]string) string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write(columns)
	w.WriteAll(rows)
	return b.String()
}

func sorted[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// TestColumns: the documented columns are the columns, in order, and columns.txt has their types.
func TestColumns(t *testing.T) {
	f := &fixture{t: t, conn: connect(t)}
	var types strings.Builder
	for _, d := range definitions(t).Definitions {
		body := d.SQL(func(name string) string {
			if strings.HasPrefix(name, "own_") {
				return "raw." + name
			}
			return "core." + name
		})
		if d.Params != nil {
			body = fmt.Sprintf("SELECT * FROM core.%s(%s)", d.Name, nulls(d))
		}
		_, rows := f.query("SELECT column_name, column_type FROM (DESCRIBE " + body + ")")
		var got, want []string
		for _, r := range rows {
			got = append(got, r[0])
			fmt.Fprintf(&types, "%s.%s %s\n", d.Name, r[0], r[1])
		}
		for _, c := range d.Columns {
			want = append(want, c.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n has       %v\n documents %v", d.Path, got, want)
		}
	}
	if *update {
		if err := os.WriteFile("columns.txt", []byte(types.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if had, err := os.ReadFile("columns.txt"); err != nil || string(had) != types.String() {
		t.Errorf("columns.txt is not what the engine says: go test ./sql -run TestColumns -update (%v)", err)
	}
}
