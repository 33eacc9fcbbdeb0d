package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/agenttrace/agenttrace/schema"
	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// openNew makes a store with all tables and views.
func openNew(t *testing.T, path string) *Store {
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
	if err := s.Prepare(ctx); err != nil {
		t.Fatal(err)
	}
	return s
}

// sqlType is the column type of a kind of field.
var sqlType = map[kind]string{
	kindID: "UBIGINT", kindInstant: "TIMESTAMP WITH TIME ZONE", kindText: "VARCHAR", kindInt: "BIGINT", kindNullBool: "BOOLEAN",
	kindInt64: "BIGINT", kindInt32: "INTEGER", kindBool: "BOOLEAN",
}

func TestRowsAreTheTables(t *testing.T) {
	s := openNew(t, Memory)
	rows := append(schema.Rows(), &schema.Source{}, &commandText{})
	for _, row := range rows {
		var want []string
		for _, c := range planOf(row) {
			typ := sqlType[c.kind]
			if c.name == "reported_cost_usd" {
				typ = "DECIMAL(18,12)"
			}
			if c.name == "parser_state" {
				typ = "BLOB"
			}
			want = append(want, c.name+" "+typ)
		}
		got := list(t, s, fmt.Sprintf(`SELECT column_name || ' ' || data_type FROM duckdb_columns()
			WHERE database_name = '%s' AND schema_name = 'raw' AND table_name = '%s' ORDER BY column_index`, Catalog, row.TableName()))
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("raw.%s\n got %s\nwant %s", row.TableName(), strings.Join(got, ", "), strings.Join(want, ", "))
		}
		if c := planOf(row); c[0].offset != 0 && row.TableName() != "new_command_texts" {
			t.Errorf("%s does not begin with its source", row.TableName())
		}
	}
}

func TestEverythingIsExplained(t *testing.T) {
	s := openNew(t, Memory)
	if err := s.Explain(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		`SELECT 'table ' || schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = 'agenttrace' AND schema_name IN ('raw', 'main') AND comment IS NULL`,
		`SELECT 'column ' || c.schema_name || '.' || c.table_name || '.' || c.column_name FROM duckdb_columns() AS c
			JOIN duckdb_tables() AS t ON t.database_name = c.database_name AND t.schema_name = c.schema_name AND t.table_name = c.table_name
			WHERE c.database_name = 'agenttrace' AND c.schema_name IN ('raw', 'main') AND c.comment IS NULL`,
		`SELECT 'view ' || view_name FROM duckdb_views() WHERE database_name = 'agenttrace' AND schema_name = 'main' AND NOT internal AND comment IS NULL`,
	} {
		if missing := list(t, s, q); len(missing) > 0 {
			t.Errorf("without a comment: %s", strings.Join(missing, ", "))
		}
	}
}

func list(t *testing.T, s *Store, q string) []string {
	t.Helper()
	rows, err := s.DB().Query(q)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestNativeConn guards the one assumption about the driver's inside that the fast path rests on.
func TestNativeConn(t *testing.T) {
	s := openNew(t, Memory)
	conn, err := s.DB().Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	native, err := nativeConn(conn)
	if err != nil || native.Ptr == nil {
		t.Fatalf("%v %v", native, err)
	}
}

// write stores rows as one source.
func write(t *testing.T, s *Store, id int64, rows ...schema.Row) {
	t.Helper()
	ctx := context.Background()
	w, err := s.Writers().Writer(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Begin(ctx, id, true); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestWriterKeepsEveryValue(t *testing.T) {
	s := openNew(t, filepath.Join(t.TempDir(), "s.duckdb"))
	long := strings.Repeat("ä", 300_000)
	var rows []schema.Row
	for i := range 5000 { // more than two chunks
		rows = append(rows, &schema.Text{Where: schema.Where{Line: int64(i + 1)}, OwnerKind: "message", OwnerID: schema.ID(i + 1), Part: "text", Body: fmt.Sprintf("body %d of some length", i)})
	}
	rows = append(rows,
		&schema.Text{Where: schema.Where{Line: 9001}, OwnerKind: "message", OwnerID: 1<<64 - 1, Part: "text", Body: long, IsWhole: true},
		&schema.Text{Where: schema.Where{Line: 9002}, OwnerKind: "message", OwnerID: 7, Part: "text", Body: "bad \xff\xfe bytes and \x00 nul"},
		&schema.Event{Where: schema.Where{Line: 1}, EventID: 5, SessionID: 6, RunID: 7, Event: "exactly12byt", OccurredAt: schema.ParseInstant([]byte("2026-01-31T12:00:00.000001Z")), TokensBefore: schema.Known(int64(0))},
	)
	write(t, s, 42, rows...)
	for q, want := range map[string]string{
		`SELECT count(*) || ' ' || count(body) || ' ' || min(source_id) FROM raw.texts`:                                                                                                "5002 5002 42",
		`SELECT body FROM raw.texts WHERE line = 4321`:                                                                                                                                 "body 4320 of some length",
		`SELECT (length(body) = 300000) || ' ' || owner_id || ' ' || is_whole FROM raw.texts WHERE line = 9001`:                                                                        "true 18446744073709551615 true",
		`SELECT replace(body, chr(0), '0') FROM raw.texts WHERE line = 9002`:                                                                                                           "bad \uFFFD bytes and 0 nul",
		`SELECT event || ' ' || epoch_us(occurred_at) || ' ' || tokens_before || ' ' || (tokens_after IS NULL) || ' ' || (detail IS NULL) || ' ' || (turn_id IS NULL) FROM raw.events`: "exactly12byt 1769860800000001 0 true true true",
	} {
		if got := list(t, s, q); len(got) != 1 || got[0] != want {
			t.Errorf("%s\n got %q\nwant %q", q, got, want)
		}
	}
}

func TestSourceIsWholeOrNotThere(t *testing.T) {
	ctx := context.Background()
	s := openNew(t, Memory)
	w, err := s.Writers().Writer(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	add := func(source int64, n int) {
		if err := w.Begin(ctx, source, false); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			if err := w.Write(&schema.FileRead{Where: schema.Where{Line: int64(i + 1)}, SessionID: 1, RunID: 1, ToolCallID: 1, Path: "a"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	add(1, 3000)
	add(2, 3000)
	if err := w.Discard(ctx); err != nil {
		t.Fatal(err)
	}
	add(3, 10)
	if err := w.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	add(4, 10) // never committed
	w.Close()
	if got := list(t, s, `SELECT source_id || ':' || count(*) FROM raw.file_reads GROUP BY source_id ORDER BY source_id`); fmt.Sprint(got) != "[1:3000 3:10]" {
		t.Errorf("got %v", got)
	}
}

func TestFileModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	path := filepath.Join(dir, "s.duckdb")
	s := openNew(t, path)
	write(t, s, 1, &schema.FileRead{Where: schema.Where{Line: 1}, SessionID: 1, RunID: 1, Path: "a"})
	check := func(when string) {
		t.Helper()
		for _, p := range []string{path, path + ".wal"} {
			if info, err := os.Stat(p); err == nil && info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %s has mode %o", when, filepath.Base(p), info.Mode().Perm())
			}
		}
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: folder has mode %v %v", when, info.Mode(), err)
		}
	}
	check("open")
	if spilled, _ := filepath.Glob(path + ".tmp-*"); len(spilled) != 1 {
		t.Errorf("the engine has the folders %v to spill into", spilled)
	} else if info, err := os.Stat(spilled[0]); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%s has mode %v %v", filepath.Base(spilled[0]), info.Mode(), err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	check("closed")
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestDamage(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	good := filepath.Join(dir, "good.duckdb")
	s := openNew(t, good)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	garbage := append([]byte(nil), data...)
	for i := 4096; i < len(garbage); i += 37 {
		garbage[i] ^= 0xff
	}
	for name, content := range map[string][]byte{"text": []byte("this is no database, only some text that is long enough to be looked at"), "cut": data[:len(data)/3], "flipped": garbage} {
		path := filepath.Join(dir, name+".duckdb")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(ctx, Options{Path: path, ReadOnly: true})
		if err == nil {
			_, err = s.Usable(ctx)
			s.Close()
		}
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMigrations(t *testing.T) {
	ctx := context.Background()
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	two := fstest.MapFS{"0001_a.sql": file("CREATE TABLE raw.a (x INTEGER);"), "0002_b.sql": file("CREATE TABLE raw.b (x INTEGER);")}
	steps, err := Migrations(two)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "m.duckdb")
	open := func() *Store {
		s, err := Open(ctx, Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	if err := s.Migrate(ctx, steps[:1]); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = open()
	if err := s.Migrate(ctx, steps); err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(ctx, steps); err != nil {
		t.Errorf("second time: %v", err)
	}
	if err := s.Migrate(ctx, steps[:1]); !errors.Is(err, ErrNewer) {
		t.Errorf("a program that knows less: %v", err)
	}
	changed := append([]Migration(nil), steps...)
	changed[0].Checksum = "other"
	if err := s.Migrate(ctx, changed); !errors.Is(err, ErrDamaged) {
		t.Errorf("a migration that was changed: %v", err)
	}
	broken, err := Migrations(fstest.MapFS{"0001_a.sql": two["0001_a.sql"], "0002_b.sql": two["0002_b.sql"], "0003_c.sql": file("CREATE TABLE raw.c (x INTEGER); SELECT nonsense;")})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(ctx, broken); err == nil {
		t.Error("a broken step was accepted")
	}
	if got := list(t, s, `SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw' AND table_name IN ('a', 'b', 'c') ORDER BY 1`); fmt.Sprint(got) != "[a b]" {
		t.Errorf("tables after a broken step: %v", got)
	}
	s.Close()
	if _, err := Migrations(fstest.MapFS{"0002_b.sql": file("")}); err == nil {
		t.Error("a gap in the numbers was accepted")
	}
}

func TestForeignDatabase(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "theirs.duckdb")
	s, err := Open(ctx, Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.DB().Exec("CREATE TABLE theirs (x INTEGER)"); err != nil {
		t.Fatal(err)
	}
	steps, _ := Migrations(sqlfiles.Migrations())
	if err := s.Migrate(ctx, steps); err == nil || !strings.Contains(err.Error(), "no agenttrace store") {
		t.Errorf("got %v", err)
	}
	s.Close()
}

// TestManyOpens: the order of settings must not depend on chance.
func TestManyOpens(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "s.duckdb")
	openNew(t, path).Close()
	for range 20 {
		s, err := Open(ctx, Options{Path: path, ReadOnly: true, Sandbox: true, LockTimeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := s.DB().Exec("SELECT count(*) FROM sessions"); err != nil {
				t.Fatal(err)
			}
		}
		s.Close()
	}
}

// TestSecondReading: the rows of an earlier reading give way to those of a later one when that is saved,
// and stay when it is discarded, in whatever transaction.
func TestSecondReading(t *testing.T) {
	for _, path := range []string{Memory, filepath.Join(t.TempDir(), "s.duckdb")} {
		ctx := context.Background()
		s := openNew(t, path)
		pool := s.Writers()
		read := func(w *Writer, source int64, n int, what string, replace, save bool) {
			t.Helper()
			if err := w.Begin(ctx, source, replace); err != nil {
				t.Fatal(err)
			}
			for i := range n {
				if err := w.Write(&schema.FileRead{Where: schema.Where{Line: int64(i + 1)}, SessionID: 1, RunID: 1, ToolCallID: 1, Path: what}); err != nil {
					t.Fatal(err)
				}
			}
			if !save {
				if err := w.Discard(ctx); err != nil {
					t.Fatal(err)
				}
				if err := w.Begin(ctx, source, false); err != nil { // as for a file that failed
					t.Fatal(err)
				}
			}
			src := &schema.Source{SourceID: source, MachineID: "m", Agent: "codex", Path: fmt.Sprint(source), StoreKind: "json", Parser: "codex", State: schema.SourcePresent}
			if err := w.SaveSource(ctx, src, replace); err != nil {
				t.Fatal(err)
			}
		}
		for _, second := range []bool{false, true} {
			w, err := pool.Writer(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if !second {
				read(w, 1, 5000, "first", false, true)
				read(w, 2, 5000, "first", false, true)
				read(w, 3, 5000, "first", false, true)
			} else {
				read(w, 1, 4000, "second", true, true)
				read(w, 2, 4000, "second", true, false)
				read(w, 4, 10, "first", false, true)
			}
			if err := w.Commit(ctx); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}
		want := "[1:second:4000 2:first:5000 3:first:5000 4:first:10]"
		if got := list(t, s, `SELECT source_id || ':' || path || ':' || count(*) FROM raw.file_reads GROUP BY source_id, path ORDER BY source_id`); fmt.Sprint(got) != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
}
