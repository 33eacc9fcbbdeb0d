package sqlitedb_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb/dbtest"
)

const table = "CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT, n); INSERT INTO t(x) VALUES('a'),('b');"

// values reads the texts of the table, in order.
func values(t *testing.T, db *sqlitedb.DB) string {
	t.Helper()
	var out []string
	rows := db.Query(context.Background(), "SELECT x FROM t ORDER BY id")
	for rows.Next() {
		out = append(out, rows.Str(0))
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

func open(t *testing.T, path string) *sqlitedb.DB {
	t.Helper()
	db, err := sqlitedb.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// names lists what lies in a folder, with sizes.
func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

func TestLogIsSeenAndLeftAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.db")
	dbtest.Build(t, path, table, "UPDATE t SET x='B' WHERE id=2; INSERT INTO t(x) VALUES('c')")
	log, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	db := open(t, path)
	if got := values(t, db); got != "a B c" {
		t.Errorf("read %q", got)
	}
	db.Close()
	if got := names(t, dir); got != "a.db a.db-wal" {
		t.Errorf("the folder holds %s", got)
	}
	if after, _ := os.ReadFile(path + "-wal"); string(after) != string(log) {
		t.Error("the log was written to")
	}
	// Without its log, and with one of which a commit is cut off, there is less.
	for _, c := range []struct {
		log  []byte
		want string
	}{{log[:len(log)-10], "a B"}, {log[:40], "a b"}, {nil, "a b"}, {append([]byte("x"), log[1:]...), "a b"}} {
		if err := os.WriteFile(path+"-wal", c.log, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := values(t, open(t, path)); got != c.want {
			t.Errorf("with %d bytes of log: %q, want %q", len(c.log), got, c.want)
		}
	}
}

func TestAgentIsNotDisturbed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.db")
	dbtest.Build(t, path, table, "")
	agent := dbtest.Hold(t, path)
	agent.Exec("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; INSERT INTO t(x) VALUES('c')")
	before := names(t, dir)
	agent.Exec("BEGIN IMMEDIATE; INSERT INTO t(x) VALUES('not committed')")
	db := open(t, path)
	if got := values(t, db); got != "a b c" {
		t.Errorf("beside an open transaction: %q", got)
	}
	agent.Exec("COMMIT")
	if db.Changed() {
		t.Error("a commit to the log changes nothing of what was read")
	}
	if got := values(t, db); got != "a b c" {
		t.Errorf("read %q after the commit", got)
	}
	// The agent may write its log back and begin it again while we read: nothing holds it.
	agent.Exec("PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO t(x) VALUES('e')")
	if !db.Changed() {
		t.Error("the log was written back, and nobody noticed")
	}
	if got := names(t, dir); got != before {
		t.Errorf("the folder holds %s, held %s", got, before)
	}
	if got := values(t, open(t, path)); got != "a b c not committed e" {
		t.Errorf("read %q", got)
	}
	agent.Close()
	if got := names(t, dir); got != "a.db" {
		t.Errorf("the agent left %s", got)
	}
}

func TestLockedAndHalfWritten(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.db")
	dbtest.Build(t, path, table, "")
	agent := dbtest.Hold(t, path)
	agent.Exec("BEGIN EXCLUSIVE; UPDATE t SET x='B' WHERE id=2")
	if got := values(t, open(t, path)); got != "a b" {
		t.Errorf("read %q beside an exclusive lock", got)
	}
	agent.Exec("ROLLBACK; PRAGMA cache_size=2; PRAGMA cache_spill=1; BEGIN; UPDATE t SET x='B' WHERE id=2;" +
		"WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<2000) INSERT INTO t(x) SELECT 'not committed' FROM c")
	if !strings.Contains(names(t, dir), "a.db-journal") {
		t.Fatal("there is no journal")
	}
	db := open(t, path)
	if got := values(t, db); got != "a b" {
		t.Errorf("read %.40q… in the middle of a transaction", got)
	}
	db.Close()
}

func TestChangesOfTheFileAreNoticed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	dbtest.Build(t, path, table, "")
	db := open(t, path)
	dbtest.Exec(t, path, "UPDATE t SET x='A' WHERE id=1")
	if !db.Changed() {
		t.Error("an update was not noticed")
	}
}

func TestNotADatabase(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "a.db")
	dbtest.Build(t, whole, table+"WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<500) INSERT INTO t(x) SELECT 'row' FROM c", "")
	data, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	damaged := func(from, to int) []byte {
		b := append([]byte(nil), data...)
		for i := from; i < to; i++ {
			b[i] ^= 0x5a
		}
		return b
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "the database is empty"},
		{"short", data[:50], "the database is cut off"},
		{"text", []byte(strings.Repeat("no database ", 20)), "not a SQLite database, or an encrypted one"},
		{"page size", damaged(16, 18), "the database is damaged: its header has no valid page size"},
		{"schema", damaged(100, 1024), "the database is damaged"},
		{"rows", damaged(2048, len(data)), "the database is damaged"},
		{"cut", data[:2048], "the database is damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.db")
			if err := os.WriteFile(path, c.data, 0o600); err != nil {
				t.Fatal(err)
			}
			db, err := sqlitedb.Open(context.Background(), path)
			if err == nil {
				rows := db.Query(context.Background(), "SELECT x FROM t")
				for rows.Next() {
				}
				err = rows.Close()
				db.Close()
			}
			if err == nil || err.Error() != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func TestCells(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	dbtest.Build(t, path, table+"UPDATE t SET n=1.5 WHERE id=1; INSERT INTO t(x, n) VALUES(zeroblob(70000000), 7), (CAST(x'61ff' AS TEXT), NULL), ('', NULL)", "")
	db := open(t, path)
	rows := db.Query(context.Background(), "SELECT "+db.Cell("t", "x")+", "+db.Columns("t", "n", "gone")+" FROM t ORDER BY id")
	var sizes []int
	var large, none int
	for rows.Next() {
		if rows.Oversized(0) {
			large++
		}
		if !rows.Null(2) {
			t.Error("a column that is not there has a value")
		}
		if _, ok := rows.Float(1); !ok {
			none++
		}
		sizes = append(sizes, len(rows.Text(0)))
	}
	if err := rows.Close(); err != nil || rows.Replaced != 1 {
		t.Errorf("%v, %d replaced", err, rows.Replaced)
	}
	if large != 1 || none != 3 || len(sizes) != 5 || sizes[2] != 0 || sizes[3] != 4 {
		t.Errorf("%d too large, %d without a number, sizes %v", large, none, sizes)
	}
	if !db.Has("t", "id", "x") || db.Has("t", "gone") || db.Has("u") {
		t.Error("wrong tables")
	}
}

func TestStopped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	dbtest.Build(t, path, table, "")
	db := open(t, path)
	ctx, cancel := context.WithCancel(context.Background())
	rows := db.Query(ctx, "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c) SELECT count(*) FROM c")
	cancel()
	for rows.Next() {
	}
	if err := rows.Close(); err != context.Canceled {
		t.Error(err)
	}
	if got := values(t, db); got != "a b" {
		t.Errorf("read %q afterwards", got)
	}
}

// TestDamage reads databases of which bytes are not as they were: whatever comes, it is rows or an error.
func TestDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	dbtest.Build(t, path, table+"WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<500) INSERT INTO t(x) SELECT 'row'||i FROM c",
		"INSERT INTO t(x) VALUES('c')")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	old := time.Now().Add(-time.Hour)
	failed := 0
	for range 200 {
		b := append([]byte(nil), data...)
		for range 1 + r.IntN(20) {
			b[r.IntN(len(b))] = byte(r.IntN(256))
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
		db, err := sqlitedb.Open(context.Background(), path)
		if err == nil {
			rows := db.Query(context.Background(), "SELECT * FROM t LIMIT 1000")
			for rows.Next() {
				rows.Text(1)
			}
			err = rows.Close()
			db.Close()
		}
		if err != nil {
			failed++
		}
	}
	if failed == 0 {
		t.Error("no damage was noticed")
	}
}

func TestCopyIsRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	dbtest.Build(t, path, table, "INSERT INTO t(x) VALUES('c')")
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("TMP", temp)
	db, err := sqlitedb.OpenCopy(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	if got := values(t, db); got != "a b c" {
		t.Errorf("the copy holds %q", got)
	}
	copies := names(t, temp)
	info, err := os.Stat(filepath.Join(temp, copies))
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", err, info)
	}
	db.Close()
	if left := names(t, temp); left != "" {
		t.Errorf("left behind: %s", left)
	}
	if got := names(t, filepath.Dir(path)); got != "a.db a.db-wal" {
		t.Errorf("the folder holds %s", got)
	}
}
