// Package dbtest builds SQLite databases for tests out of SQL texts.
package dbtest

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// Build writes a database. What log says is committed to its write-ahead log only, which stays beside
// it as a running agent leaves it; empty = no log.
func Build(t testing.TB, path, sql, log string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	work := filepath.Join(t.TempDir(), "work.db")
	Exec(t, work, "PRAGMA page_size=1024;"+sql)
	if log == "" {
		copyTo(t, work, path)
		return
	}
	db, err := sqlite3.Open("file:" + filepath.ToSlash(work))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Exec("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;" + log); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	copyTo(t, work, path)
	copyTo(t, work+"-wal", path+"-wal")
}

// Exec changes a database in its place.
func Exec(t testing.TB, path, sql string) {
	t.Helper()
	db, err := sqlite3.Open("file:" + filepath.ToSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Exec(sql); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// A Conn is an agent that holds a database open.
type Conn struct {
	t  testing.TB
	db *sqlite3.Conn
}

// Hold opens a database as an agent does. The test closes it.
func Hold(t testing.TB, path string) *Conn {
	t.Helper()
	db, err := sqlite3.Open("file:" + filepath.ToSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &Conn{t, db}
}

// Exec runs statements on the connection.
func (c *Conn) Exec(sql string) {
	c.t.Helper()
	if err := c.db.Exec(sql); err != nil {
		c.t.Fatal(err)
	}
}

// Close closes the connection, as an agent that ends.
func (c *Conn) Close() { c.db.Close() }

func copyTo(t testing.TB, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
