// Package sqlitedb reads SQLite databases that running agents write to, without disturbing them. It is
// the only package that knows the SQLite library.
//
// SQLite itself never touches the user's files. It reads through a view of the pages that this package
// makes: those of the file, with the committed pages of the write-ahead log laid over them. So no lock is
// taken, none can be waited for, and no -shm or -wal comes into being or is written back; a folder that
// is read-only and a database that is locked read like any other. The index of the log (-shm) is not
// needed: the log is read anew.
//
// Nothing keeps the agent from writing meanwhile. What it appends to the log is not seen; when it writes
// to the file itself, or begins its log again, Changed says so, and what was read must be thrown away and
// read once more. A database that changes every time, or that stands in the middle of a transaction with
// a rollback journal, is copied with its log and its journal into a folder of our own, and read there.
//
// A database is one file of many sessions, and may have many GiB. So each session is a source of its own,
// named "path#session", with a mark that changes when anything of the session does: a count and the
// newest of its rows, as far as indexes give them cheaply. A database whose file and log have their size
// and time of before is not opened; of one that changed, the marks are compared, and only the sessions
// with another mark are read. A session that is gone from the database stays in the store as missing.
package sqlitedb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs/readervfs"
)

const (
	// magic begins every database that is not encrypted.
	magic = "SQLite format 3\x00"
	// MaxCell is the largest value that is read.
	MaxCell = 64 << 20
	// maxMemory bounds what SQLite holds for one database, values included.
	maxMemory = 320 << 20
	// maxCopy is the largest database that is copied.
	maxCopy = 4 << 30
	// maxSchema is how many tables a database may have to be looked at.
	maxSchema = 1000
)

// Is reports whether a file with these first bytes is a SQLite database.
func Is(head []byte) bool { return strings.HasPrefix(string(head[:min(len(head), 16)]), magic) }

// Named reports whether a file has a name as agents give it to databases.
func Named(path string) bool {
	switch filepath.Ext(strings.TrimSuffix(path, ".backup")) {
	case ".db", ".vscdb", ".sqlite", ".sqlite3", ".db3":
		return true
	}
	return false
}

// Beside reports whether a file is named as one that SQLite keeps beside a database, and of which.
func Beside(path string) (database string, ok bool) {
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if database, ok := strings.CutSuffix(path, suffix); ok && Named(database) {
			return database, true
		}
	}
	return "", false
}

// Stat adds the write-ahead log beside a database to its size and time: only together do they tell
// whether anything changed.
func Stat(path string, size int64, modified time.Time) (int64, time.Time) {
	if info, err := os.Stat(path + "-wal"); err == nil && info.Mode().IsRegular() {
		size += info.Size()
		if info.ModTime().After(modified) {
			modified = info.ModTime()
		}
	}
	return size, modified
}

// A DB is a database as it was at one moment. It is used by one goroutine at a time.
type DB struct {
	path    string
	conn    *sqlite3.Conn
	pages   *pages // nil for a copy
	name    string
	temp    string
	tables  map[string]map[string]bool
	queries map[string]*sqlite3.Stmt
	read    int64
	memos   map[string]any
}

var opened atomic.Int64

// errBusy says that the file was being written when it was opened.
var errBusy = errors.New("the database is being written to")

// Open opens the database as it is now.
func Open(ctx context.Context, path string) (*DB, error) {
	for range 3 {
		db, err := openPages(ctx, path)
		if !errors.Is(err, errBusy) {
			return db, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(30 * time.Millisecond):
		}
	}
	return OpenCopy(ctx, path)
}

// openPages opens the view of the pages.
func openPages(ctx context.Context, path string) (*DB, error) {
	p, err := readPages(path)
	if err != nil {
		return nil, err
	}
	db := &DB{path: path, pages: p, name: fmt.Sprintf("agenttrace-%d", opened.Add(1))}
	readervfs.Create(db.name, p)
	if err := db.connect(ctx, "file:"+db.name+"?vfs=reader&mode=ro&immutable=1"); err != nil {
		changed := p.changed()
		db.Close()
		if changed {
			return nil, errBusy
		}
		return nil, err
	}
	return db, nil
}

// OpenCopy copies the database with its log and its journal into a folder that only this user can read,
// and opens the copy. Close removes it.
func OpenCopy(ctx context.Context, path string) (_ *DB, err error) {
	dir, err := os.MkdirTemp("", "agenttrace-sqlite-*") // 0700
	if err != nil {
		return nil, err
	}
	db := &DB{path: path, temp: dir}
	defer func() {
		if err != nil {
			db.Close()
		}
	}()
	copied := filepath.Join(dir, "copy.db")
	for try := 0; ; try++ {
		same, err := copyAll(ctx, path, copied)
		if err != nil {
			return nil, err
		}
		if same {
			break
		}
		if try == 4 {
			return nil, errBusy
		}
	}
	uri := "file:" + strings.ReplaceAll(filepath.ToSlash(copied), "%", "%25")
	if filepath.VolumeName(copied) != "" {
		uri = "file:///" + strings.TrimPrefix(uri, "file:")
	}
	// SQLite itself undoes the open transaction, or applies the log, in the copy.
	if err := db.connect(ctx, uri+"?mode=rw"); err != nil {
		return nil, err
	}
	return db, nil
}

func (db *DB) connect(ctx context.Context, uri string) (err error) {
	defer guard(&err)
	db.conn, err = sqlite3.OpenContext(sqlite3.WithMaxMemory(context.WithoutCancel(ctx), maxMemory), uri)
	if err != nil {
		return reason(err)
	}
	db.conn.Limit(sqlite3.LIMIT_LENGTH, MaxCell+MaxCell/2)
	if err := db.conn.Exec("PRAGMA trusted_schema=0; PRAGMA cell_size_check=1; PRAGMA temp_store=MEMORY"); err != nil {
		return reason(err)
	}
	return db.schema(ctx)
}

// Close forgets the database.
func (db *DB) Close() {
	var err error
	func() {
		defer guard(&err) // a connection that broke inside may not close in order
		for _, s := range db.queries {
			s.Close()
		}
		if db.conn != nil {
			db.conn.Close()
		}
	}()
	db.conn, db.queries = nil, nil
	if db.pages != nil {
		readervfs.Delete(db.name)
		db.pages.close()
	}
	if db.temp != "" {
		os.RemoveAll(db.temp)
	}
}

// Path is where the database lies.
func (db *DB) Path() string { return db.path }

// Changed reports whether what was read may not fit together, because the file was written to since it
// was opened.
func (db *DB) Changed() bool { return db.pages != nil && db.pages.changed() }

// Read is how many bytes of values were read so far.
func (db *DB) Read() int64 { return db.read }

// Memo keeps what a parser worked out of the database, for the next session of it, until it is closed.
func (db *DB) Memo(key string, find func() (any, error)) (any, error) {
	if v, ok := db.memos[key]; ok {
		return v, nil
	}
	v, err := find()
	if err != nil {
		return nil, err
	}
	if db.memos == nil {
		db.memos = map[string]any{}
	}
	db.memos[key] = v
	return v, nil
}

// schema notes the tables and their columns.
func (db *DB) schema(ctx context.Context) error {
	db.tables = map[string]map[string]bool{}
	var names []string
	rows := db.Query(ctx, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")
	for rows.Next() {
		if names = append(names, rows.Str(0)); len(names) > maxSchema {
			break
		}
	}
	if err := rows.Close(); err != nil {
		return err
	}
	for _, name := range names {
		columns := map[string]bool{}
		rows := db.Query(ctx, "SELECT name FROM pragma_table_info(?)", name)
		for rows.Next() {
			columns[rows.Str(0)] = true
		}
		if rows.Close() == nil { // a virtual table of a module that is not there has no columns for us
			db.tables[name] = columns
		}
	}
	return nil
}

// Has reports whether there is a table with all of these columns.
func (db *DB) Has(table string, columns ...string) bool {
	have, ok := db.tables[table]
	for _, c := range columns {
		if !have[c] {
			return false
		}
	}
	return ok
}

// Column is the name of a column for a query, or NULL in its place where this version has none.
func (db *DB) Column(table, column string) string {
	if !db.Has(table, column) {
		return "NULL"
	}
	return `"` + table + `"."` + column + `"`
}

// Columns is a list of columns for a query, each as by Column.
func (db *DB) Columns(table string, columns ...string) string {
	var b strings.Builder
	for i, c := range columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(db.Column(table, c))
	}
	return b.String()
}

// Cell is an expression for a value that may be large: above MaxCell it comes as an empty BLOB, which
// Rows.Oversized tells.
func (db *DB) Cell(table, column string) string {
	c := db.Column(table, column)
	if c == "NULL" {
		return c
	}
	return fmt.Sprintf("CASE WHEN octet_length(%s) > %d THEN x'' ELSE %s END", c, MaxCell, c)
}

// reason puts the errors of SQLite into words that say what can be done.
func reason(err error) error {
	if err == nil {
		return nil
	}
	var pe *fs.PathError
	switch {
	case errors.As(err, &pe), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, sqlite3.INTERRUPT):
		return context.Canceled
	case errors.Is(err, sqlite3.NOTADB):
		return errors.New("not a SQLite database, or an encrypted one")
	case errors.Is(err, sqlite3.CORRUPT):
		return errors.New("the database is damaged")
	case errors.Is(err, sqlite3.TOOBIG):
		return errors.New("a value of the database is too large")
	case errors.Is(err, sqlite3.NOMEM):
		return errors.New("the database needs too much memory")
	}
	return err
}

// guard turns a panic of the library into an error.
func guard(err *error) {
	if x := recover(); x != nil {
		*err = fmt.Errorf("the database cannot be read: %v", x)
	}
}
