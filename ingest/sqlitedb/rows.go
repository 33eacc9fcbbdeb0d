package sqlitedb

import (
	"bytes"
	"context"
	"unicode/utf8"

	"github.com/ncruces/go-sqlite3"
)

// maxQueries is how many prepared queries are kept.
const maxQueries = 64

// Rows are the rows of a query, one at a time. Every Rows has to be closed before the same query is asked
// again.
type Rows struct {
	db   *DB
	stmt *sqlite3.Stmt
	err  error
	// Replaced counts texts that were not UTF-8.
	Replaced int
}

// Query asks. Arguments are int64, string or []byte. An error comes with Close.
func (db *DB) Query(ctx context.Context, sql string, args ...any) (r *Rows) {
	r = &Rows{db: db}
	defer guard(&r.err)
	if r.err = ctx.Err(); r.err != nil {
		return r
	}
	if db.conn == nil {
		r.err = errBusy
		return r
	}
	db.conn.SetInterrupt(ctx)
	stmt := db.queries[sql]
	if stmt == nil {
		var err error
		if stmt, _, err = db.conn.PrepareFlags(sql, sqlite3.PREPARE_PERSISTENT); err != nil {
			r.err = reason(err)
			return r
		}
		if db.queries == nil || len(db.queries) >= maxQueries {
			for _, old := range db.queries {
				old.Close()
			}
			db.queries = map[string]*sqlite3.Stmt{}
		}
		db.queries[sql] = stmt
	}
	for i, a := range args {
		var err error
		switch a := a.(type) {
		case int64:
			err = stmt.BindInt64(i+1, a)
		case string:
			err = stmt.BindText(i+1, a)
		case []byte:
			err = stmt.BindBlob(i+1, a)
		}
		if err != nil {
			r.err = reason(err)
			return r
		}
	}
	r.stmt = stmt
	return r
}

// Next goes to the next row, if there is one.
func (r *Rows) Next() (ok bool) {
	if r.err != nil || r.stmt == nil {
		return false
	}
	defer guard(&r.err)
	if !r.stmt.Step() {
		r.err = reason(r.stmt.Err())
		return false
	}
	return true
}

// Close ends the query and returns what went wrong.
func (r *Rows) Close() error {
	if r.stmt != nil {
		stmt := r.stmt
		r.stmt = nil
		func() {
			defer guard(&r.err)
			if err := stmt.Reset(); err != nil && r.err == nil {
				r.err = reason(err)
			}
			stmt.ClearBindings()
		}()
	}
	return r.err
}

// Bytes is a text or a BLOB of the row, valid until the next one; nil where there is none.
func (r *Rows) Bytes(col int) (b []byte) {
	defer guard(&r.err)
	if r.stmt.ColumnType(col) == sqlite3.BLOB {
		b = r.stmt.ColumnRawBlob(col)
	} else {
		b = r.stmt.ColumnRawText(col)
	}
	r.db.read += int64(len(b))
	return b
}

// Text is a text that may be kept, as valid UTF-8.
func (r *Rows) Text(col int) []byte {
	b := r.Bytes(col)
	if b == nil {
		return nil
	}
	if !utf8.Valid(b) {
		r.Replaced++
		return bytes.ToValidUTF8(b, []byte("\uFFFD"))
	}
	return bytes.Clone(b)
}

// Str is a short text.
func (r *Rows) Str(col int) string { return string(r.Text(col)) }

// Oversized reports whether a value selected by Cell was too large to be read.
func (r *Rows) Oversized(col int) (yes bool) {
	defer guard(&r.err)
	return r.stmt.ColumnType(col) == sqlite3.BLOB && len(r.stmt.ColumnRawBlob(col)) == 0
}

// Null reports whether there is no value.
func (r *Rows) Null(col int) (yes bool) {
	defer guard(&r.err)
	return r.stmt.ColumnType(col) == sqlite3.NULL
}

// Int is a number; ok is false where there is none.
func (r *Rows) Int(col int) (n int64, ok bool) {
	defer guard(&r.err)
	switch r.stmt.ColumnType(col) {
	case sqlite3.INTEGER, sqlite3.FLOAT:
		return r.stmt.ColumnInt64(col), true
	}
	return 0, false
}

// Float is a number; ok is false where there is none.
func (r *Rows) Float(col int) (x float64, ok bool) {
	defer guard(&r.err)
	switch r.stmt.ColumnType(col) {
	case sqlite3.INTEGER, sqlite3.FLOAT:
		return r.stmt.ColumnFloat(col), true
	}
	return 0, false
}
