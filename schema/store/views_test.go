package store

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// openTest opens a store with tables, rules and views, and a connection to it.
func openTest(t testing.TB, path string) (*Store, *sql.Conn) {
	t.Helper()
	ctx := context.Background()
	s, err := Open(ctx, Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	steps, err := Migrations(sqlfiles.Migrations())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(ctx, steps); err != nil {
		t.Fatal(err)
	}
	conn, err := s.DB().Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := InstallViews(ctx, conn); err != nil {
		t.Fatal(err)
	}
	return s, conn
}

func ask(t testing.TB, conn *sql.Conn, q string) string {
	t.Helper()
	out, err := texts(context.Background(), conn, q)
	if err != nil {
		t.Fatalf("%v\nin %s", err, q)
	}
	return strings.Join(out, "\n")
}

func run(t testing.TB, conn *sql.Conn, q string) {
	t.Helper()
	if _, err := conn.ExecContext(context.Background(), q); err != nil {
		t.Fatalf("%v\nin %s", err, q)
	}
}

// TestEveryViewAnswers: each public relation and its alias can be asked, with and without sessions.
func TestEveryViewAnswers(t *testing.T) {
	_, conn := openTest(t, Memory)
	set, err := sqlfiles.Views()
	if err != nil {
		t.Fatal(err)
	}
	for _, sessions := range []int{0, 2} {
		if sessions > 0 {
			fillRaw(t, conn, sessions)
			markStale(t, conn, "true")
			deriveAll(t, conn, sessions)
		}
		for _, d := range set.Definitions {
			args := ""
			if d.Params != nil {
				args = "(" + strings.Join(macroArgs(d.Params), ", ") + ")"
			}
			for _, name := range []string{"core." + d.Name, "main." + d.Name, "main." + d.Family} {
				ask(t, conn, "SELECT count(*)::VARCHAR FROM (SELECT * FROM "+name+args+")")
			}
		}
	}
	if got := ask(t, conn, "SELECT count(*)::VARCHAR FROM session_metrics WHERE session_id IN (SELECT lower(hex(session_id)) FROM core.sessions_v1)"); got != "2" {
		t.Errorf("%s sessions by their public ids", got)
	}
	if got := ask(t, conn, "SELECT typeof(session_id) || ' ' || typeof(call_ids) FROM exact_repeats LIMIT 1"); got != "VARCHAR VARCHAR[]" {
		t.Errorf("ids are shown as %s", got)
	}
	if got := ask(t, conn, "SELECT count(*)::VARCHAR FROM exact_repeats AS r SEMI JOIN tool_calls AS t ON t.tool_call_id = r.call_ids[1]"); got == "0" {
		t.Error("ids in lists are written in another way than ids")
	}
}

// TestTemporaryTablesDoNotLeakIn: a table of the user that is named like a definition does not change what
// other views say.
func TestTemporaryTablesDoNotLeakIn(t *testing.T) {
	_, conn := openTest(t, Memory)
	fillRaw(t, conn, 1)
	markStale(t, conn, "true")
	deriveAll(t, conn, 1)
	before := ask(t, conn, "SELECT sum(call_count)::VARCHAR FROM main.tool_metrics_v1")
	run(t, conn, "CREATE TEMP TABLE tool_calls_v1 AS SELECT * FROM main.tool_calls_v1 LIMIT 0; CREATE TEMP TABLE sessions_v1 (x INTEGER)")
	if after := ask(t, conn, "SELECT sum(call_count)::VARCHAR FROM main.tool_metrics_v1"); after != before || before == "" {
		t.Errorf("%s calls, %s before", after, before)
	}
}

// TestOtherClients: the file shows the same under another name, and the words of the headers with it.
func TestOtherClients(t *testing.T) {
	path := filepath.Join(t.TempDir(), "my store.duckdb")
	s, conn := openTest(t, path)
	fillRaw(t, conn, 1)
	markStale(t, conn, "true")
	deriveAll(t, conn, 1)
	if err := CommentViews(context.Background(), conn); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	other, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	run(t, other, "ATTACH "+Quote(path)+" AS elsewhere (READ_ONLY)")
	if got := ask(t, other, "SELECT count(*)::VARCHAR FROM elsewhere.session_metrics"); got != "1" {
		t.Errorf("%s sessions", got)
	}
	if got := ask(t, other, "SELECT comment FROM duckdb_views() WHERE database_name = 'elsewhere' AND view_name = 'session_metrics_v1' AND schema_name = 'main'"); !strings.HasPrefix(got, "One row per session") {
		t.Errorf("comment %q", got)
	}
	if got := ask(t, other, "SELECT comment FROM duckdb_columns() WHERE database_name = 'elsewhere' AND table_name = 'session_metrics_v1' AND schema_name = 'main' AND column_name = 'cost_usd'"); !strings.HasSuffix(got, "[USD]") {
		t.Errorf("comment %q", got)
	}
	run(t, other, "USE elsewhere")
	if got := ask(t, other, "SELECT (sum(model_call_count) > 0)::VARCHAR FROM usage_by('day', 'UTC')"); got != "true" {
		t.Errorf("usage by day: %s", got)
	}
}

// macroArgs are arguments that make sense for parameters of these names.
func macroArgs(params []string) []string {
	known := map[string]string{
		"bucket": "'day'", "tz": "'UTC'", "dim": "'all'", "as_of": "TIMESTAMPTZ '2026-01-20 12:00:00+00'", "metrics": "['cost_usd']", "n_periods": "12",
		"session_a": "'1'", "session_b": "'2'", "group_a": "['1']", "group_b": "['2', '3']",
	}
	var out []string
	for _, p := range params {
		a, ok := known[p]
		if !ok {
			a = "NULL"
		}
		out = append(out, a)
	}
	return out
}

func TestCatalog(t *testing.T) {
	_, conn := openTest(t, Memory)
	for q, want := range map[string]string{
		`SELECT family || ' ' || version || ' ' || layer || ' ' || status || ' ' || kept || ' ' || grain[1] FROM view_catalog WHERE name = 'session_metrics_v1'`:                          "session_metrics 1 metrics current findings session_id",
		`SELECT c.type || '|' || c.unit || '|' || c.meaning FROM (SELECT unnest(columns) AS c FROM view_catalog WHERE name = 'session_metrics_v1') WHERE c.name = 'cost_usd'`:             "DECIMAL(24,12)|USD|Cost at list price of the priced calls; NULL = none is priced.",
		`SELECT c.type || '|' || coalesce(c.unit, '-') FROM (SELECT unnest(columns) AS c FROM view_catalog WHERE name = 'session_metrics_v1') WHERE c.name = 'session_id'`:                "VARCHAR|-",
		`SELECT c.type FROM (SELECT unnest(columns) AS c FROM view_catalog WHERE name = 'exact_repeats_v1') WHERE c.name = 'call_ids'`:                                                    "VARCHAR[]",
		`SELECT array_to_string(parameters, '+') FROM view_catalog WHERE name = 'usage_by_v1'`:                                                                                            "bucket+tz",
		`SELECT array_to_string(reads, ' ') FROM view_catalog WHERE name = 'repeated_calls_v1'`:                                                                                           "exact_repeats_v1 retry_chains_v1",
		`SELECT count(*)::VARCHAR FROM view_catalog WHERE length(sha256) <> 32 OR definition NOT LIKE '%SELECT%' OR len(columns) = 0 OR summary = ''`:                                     "0",
		`SELECT count(*)::VARCHAR FROM (SELECT unnest(columns) AS c FROM view_catalog WHERE name = 'timeline_gaps_v1') WHERE c.meaning IS NULL`:                                           "0",
		`SELECT len(grain)::VARCHAR FROM view_catalog WHERE name = 'timeline_gaps_v1'`:                                                                                                    "0",
		`SELECT (SELECT count(*) FROM view_catalog WHERE status = 'current') = (SELECT count(DISTINCT family) FROM view_catalog)`:                                                         "true",
		`SELECT count(*)::VARCHAR FROM prices WHERE effective_from IS NULL OR effective_to <= effective_from`:                                                                             "0",
		`SELECT count(*) || ' ' || count(effective_to) || ' ' || count(*) FILTER (effective_from <> date_trunc('day', effective_from AT TIME ZONE 'UTC') AT TIME ZONE 'UTC') FROM prices`: "392 65 11",
	} {
		if got := ask(t, conn, q); got != want {
			t.Errorf("%s\n got %s\nwant %s", q, got, want)
		}
	}
}

// smallSet loads a set of definitions made for a test: path -> body, kept at findings where the path ends
// with a star.
func smallSet(t *testing.T, bodies map[string]string) *sqlfiles.Set {
	t.Helper()
	files := fstest.MapFS{}
	for path, body := range bodies {
		kept := ""
		if p, ok := strings.CutSuffix(path, "*"); ok {
			path, kept = p, "-- kept: findings\n"
		}
		if strings.HasSuffix(path, "_v2.sql") {
			kept += "-- changes: More.\n"
		}
		status := "current"
		if strings.Contains(body, "/* old */") {
			status = "superseded"
		}
		files[path] = &fstest.MapFile{Data: []byte("-- summary: S.\n-- grain: none\n-- status: " + status + "\n-- since: 0.1.0\n" + kept +
			"-- columns:\n--   session_id  The session.\n--   n           A number.\n" + body)}
	}
	set, err := sqlfiles.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestUpgrade: another set replaces the views; kept results stay where nothing they rest on changed, and
// are derived anew where something did; what a user made stays.
func TestUpgrade(t *testing.T) {
	_, conn := openTest(t, Memory)
	fillRaw(t, conn, 2)
	ctx := context.Background()
	first := smallSet(t, map[string]string{
		"base/s_v1.sql":       "SELECT session_id, 1 AS n FROM raw.sessions",
		"core/a_v1.sql*":      "SELECT session_id, n FROM s_v1",
		"core/b_v1.sql*":      "SELECT session_id, 7 AS n FROM s_v1",
		"metrics/m_v1.sql":    "SELECT session_id, n FROM a_v1",
		"metrics/gone_v1.sql": "SELECT session_id, n FROM a_v1",
	})
	if err := installViews(ctx, conn, first, false); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, conn, "SELECT count(*)::VARCHAR FROM duckdb_views() WHERE schema_name = 'core' AND NOT internal"); got != "5" {
		t.Errorf("%s views in core, want 5: those of the set before are gone", got)
	}
	run(t, conn, `DELETE FROM raw.stale_sessions; INSERT INTO kept.a_v1 SELECT session_id, 1 FROM raw.sessions; INSERT INTO kept.b_v1 SELECT session_id, 7 FROM raw.sessions;
		CREATE VIEW main.mine AS SELECT n FROM main.m; CREATE TABLE main.extra (x INTEGER);
		CREATE OR REPLACE VIEW main.s AS SELECT 5 AS n`)

	second := smallSet(t, map[string]string{
		"base/s_v1.sql":    "SELECT session_id, 1 AS n FROM raw.sessions -- the same",
		"core/a_v1.sql*":   "SELECT session_id, n + 1 AS n FROM s_v1",
		"core/b_v1.sql*":   "SELECT session_id, 7 AS n FROM s_v1",
		"metrics/m_v1.sql": "SELECT session_id, n /* old */ FROM a_v1",
		"metrics/m_v2.sql": "SELECT session_id, n + 10 AS n FROM a_v1",
		// The user has taken this name already.
		"metrics/extra_v1.sql": "SELECT session_id, n FROM b_v1",
	})
	if err := installViews(ctx, conn, second, false); err != nil {
		t.Fatal(err)
	}
	for q, want := range map[string]string{
		"SELECT count(*)::VARCHAR FROM kept.a_v1":                                                          "0",
		"SELECT count(*)::VARCHAR FROM kept.b_v1":                                                          "2",
		"SELECT level || ' ' || count(*) FROM raw.stale_sessions GROUP BY level":                           "findings 2",
		"SELECT count(*)::VARCHAR FROM duckdb_views() WHERE view_name IN ('gone', 'gone_v1')":              "0",
		"SELECT n::VARCHAR FROM s":                                                                         "5",
		"SELECT count(*)::VARCHAR FROM mine":                                                               "0",
		"SELECT sql FROM duckdb_views() WHERE view_name = 'm'":                                             "CREATE VIEW m AS SELECT * FROM main.m_v2;",
		"SELECT column_name FROM duckdb_columns() WHERE schema_name = 'main' AND table_name = 'extra'":     "x",
		"SELECT count(*)::VARCHAR FROM extra_v1":                                                           "2",
		"SELECT string_agg(name || ':' || status, ' ' ORDER BY name) FROM view_catalog WHERE family = 'm'": "m_v1:superseded m_v2:current",
	} {
		if got := ask(t, conn, q); got != want {
			t.Errorf("%s\n got %s\nwant %s", q, got, want)
		}
	}
	run(t, conn, "DELETE FROM raw.stale_sessions")
	if err := installViews(ctx, conn, second, false); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, conn, "SELECT count(*)::VARCHAR FROM raw.stale_sessions"); got != "0" {
		t.Errorf("%s sessions are stale although nothing changed", got)
	}
	if ok, err := ViewsInstalled(ctx, conn); ok || err != nil {
		t.Errorf("the views of the program are said to be installed: %v", err)
	}
	if err := InstallViews(ctx, conn); err != nil {
		t.Fatal(err)
	}
	if ok, err := ViewsInstalled(ctx, conn); !ok || err != nil {
		t.Errorf("the views of the program are not installed: %v", err)
	}
}

// TestInstallFails: a set that cannot be installed leaves everything as it was, and names the file.
func TestInstallFails(t *testing.T) {
	_, conn := openTest(t, Memory)
	set := smallSet(t, map[string]string{
		"base/s_v1.sql": "SELECT session_id, 1 AS n FROM raw.sessions",
		"core/a_v1.sql": "SELECT session_id, missing AS n FROM s_v1",
	})
	err := installViews(context.Background(), conn, set, false)
	if err == nil || !strings.Contains(err.Error(), "core/a_v1.sql") {
		t.Fatalf("got %v", err)
	}
	if ok, err := ViewsInstalled(context.Background(), conn); !ok || err != nil {
		t.Errorf("installed: %t %v", ok, err)
	}
	ask(t, conn, "SELECT count(*)::VARCHAR FROM session_metrics")
	run(t, conn, "CREATE TABLE main.b_v1 (x INTEGER)")
	set = smallSet(t, map[string]string{"base/b_v1.sql": "SELECT session_id, 1 AS n FROM raw.sessions"})
	if err := installViews(context.Background(), conn, set, false); err == nil || !strings.Contains(err.Error(), "hint: rename it") {
		t.Errorf("a table of the user in the way: %v", err)
	}
}
