package store

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/agenttrace/agenttrace/queries"
)

// spoolRows is how many rows of a spooled result are in memory at once.
const spoolRows = 50_000

var spools atomic.Int64

// Spool runs a query whose result may be larger than memory. The driver hands out a result only when all
// of it is there, on the heap; so it goes to a temporary table first, which the engine keeps within its
// limit of memory and spills beside the store, and is read from there piece by piece, in its order.
// What is no plain query, Spool runs as Query does.
func (s *Session) Spool(ctx context.Context, text string, args ...any) (queries.Rows, error) {
	p, err := s.Prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	if !p.Selects || !asks(text) || len(p.Columns) == 0 {
		return s.Query(ctx, text, args...)
	}
	names := make([]string, len(p.Columns))
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i+1) // the query's own may repeat
	}
	table := fmt.Sprintf("temp.spooled_%d", spools.Add(1))
	if err := s.Exec(ctx, fmt.Sprintf("CREATE TEMP TABLE %s (%s) AS\n%s", strings.TrimPrefix(table, "temp."), strings.Join(names, ", "), text), args...); err != nil {
		return nil, err
	}
	out := &spooled{ctx: ctx, session: s, table: table}
	if err := out.fetch(); err != nil {
		out.Close()
		return nil, err
	}
	for i, c := range out.part.Columns() {
		out.columns = append(out.columns, queries.Column{Name: p.Columns[i], Type: c.Type})
	}
	return out, nil
}

// asks reports whether a statement begins as a query that can stand in CREATE TABLE AS.
func asks(text string) bool {
	for {
		text = strings.TrimLeft(text, " \t\r\n(")
		switch {
		case strings.HasPrefix(text, "--"):
			_, text, _ = strings.Cut(text, "\n")
			continue
		case strings.HasPrefix(text, "/*"):
			_, text, _ = strings.Cut(text, "*/")
			continue
		}
		break
	}
	word := text
	if i := strings.IndexAny(text, " \t\r\n(*'\""); i >= 0 {
		word = text[:i]
	}
	switch strings.ToLower(word) {
	case "select", "with", "from", "values":
		return true
	}
	return false
}

// spooled reads a temporary table piece by piece.
type spooled struct {
	ctx     context.Context
	session *Session
	table   string
	columns []queries.Column
	part    queries.Rows
	n       int64 // rows read
	err     error
}

func (r *spooled) fetch() (err error) {
	r.part, err = r.session.Query(r.ctx, fmt.Sprintf("SELECT * FROM %s WHERE rowid >= %d AND rowid < %d ORDER BY rowid", r.table, r.n, r.n+spoolRows))
	return err
}

func (r *spooled) Columns() []queries.Column { return r.columns }
func (r *spooled) Values() []any             { return r.part.Values() }
func (r *spooled) Err() error                { return r.err }

func (r *spooled) Next() bool {
	for r.err == nil && r.part != nil {
		if r.part.Next() {
			r.n++
			return true
		}
		r.err = r.part.Err()
		r.part.Close()
		r.part = nil
		if r.err == nil && r.n > 0 && r.n%spoolRows == 0 {
			r.err = r.fetch()
		}
	}
	return false
}

func (r *spooled) Close() error {
	if r.part != nil {
		r.part.Close()
		r.part = nil
	}
	if r.table == "" {
		return nil
	}
	table := r.table
	r.table = ""
	return r.session.Exec(context.WithoutCancel(r.ctx), "DROP TABLE IF EXISTS "+table)
}
