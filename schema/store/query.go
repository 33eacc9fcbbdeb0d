package store

import (
	"context"
	"database/sql"
	"errors"
	"math/big"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/agenttrace/agenttrace/queries"
)

// A Session is one connection, so that temporary tables made by one query are there for the next.
type Session struct {
	conn *sql.Conn
}

// Session opens a session.
func (s *Store) Session(ctx context.Context) (*Session, error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, s.classify(err)
	}
	return &Session{conn}, nil
}

// Close ends the session.
func (s *Session) Close() error { return s.conn.Close() }

// Exec runs statements that return no rows.
func (s *Session) Exec(ctx context.Context, text string, args ...any) error {
	_, err := s.conn.ExecContext(ctx, text, args...)
	return queryError(err)
}

// Query runs one statement. Arguments are positional values or sql.Named ones.
func (s *Session) Query(ctx context.Context, text string, args ...any) (queries.Rows, error) {
	r, err := s.conn.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, queryError(err)
	}
	types, err := r.ColumnTypes()
	if err != nil {
		r.Close()
		return nil, err
	}
	out := &rows{r: r, values: make([]any, len(types)), targets: make([]any, len(types))}
	for i, t := range types {
		out.columns = append(out.columns, queries.Column{Name: t.Name(), Type: t.DatabaseTypeName()})
		out.targets[i] = &out.values[i]
	}
	return out, nil
}

// A QueryError is DuckDB's own refusal of a statement.
type QueryError struct {
	Kind    string // Parser, Binder, Catalog, …: as DuckDB says it
	Message string
	err     error
}

func (e *QueryError) Error() string { return e.Message }
func (e *QueryError) Unwrap() error { return e.err }

func queryError(err error) error {
	var de *duckdb.Error
	if errors.As(err, &de) {
		return &QueryError{Kind: kindOf(de.Msg), Message: de.Msg, err: err}
	}
	return err
}

// kindOf is the word before "Error:" in DuckDB's messages.
func kindOf(msg string) string {
	for i := 0; i+7 < len(msg) && i < 60; i++ {
		if msg[i:i+7] == " Error:" {
			return msg[:i]
		}
	}
	return ""
}

type rows struct {
	r       *sql.Rows
	columns []queries.Column
	values  []any
	targets []any
	err     error
}

func (r *rows) Columns() []queries.Column { return r.columns }
func (r *rows) Values() []any             { return r.values }
func (r *rows) Close() error              { return r.r.Close() }

func (r *rows) Err() error {
	if r.err != nil {
		return queryError(r.err)
	}
	return queryError(r.r.Err())
}

func (r *rows) Next() bool {
	if r.err != nil || !r.r.Next() {
		return false
	}
	if r.err = r.r.Scan(r.targets...); r.err != nil {
		return false
	}
	for i, v := range r.values {
		r.values[i] = plain(v)
	}
	return true
}

// plain replaces the driver's own types, so that nothing else needs to know the driver.
func plain(v any) any {
	switch x := v.(type) {
	case duckdb.Decimal:
		return queries.Decimal{Value: x.Value, Scale: x.Scale}
	case duckdb.Interval:
		return queries.Interval{Months: x.Months, Days: x.Days, Micros: x.Micros}
	case duckdb.UUID:
		return x.String()
	case duckdb.Map:
		out := make(map[any]any, len(x))
		for k, e := range x {
			out[plain(k)] = plain(e)
		}
		return out
	case duckdb.Union:
		return plain(x.Value)
	case []any:
		for i, e := range x {
			x[i] = plain(e)
		}
		return x
	case map[string]any:
		for k, e := range x {
			x[k] = plain(e)
		}
		return x
	case *big.Int:
		return x
	}
	return v
}

// OnlySelects refuses a text that is anything but one SELECT, by the engine's own reading of it.
func (s *Session) OnlySelects(ctx context.Context, text string) error {
	return s.conn.Raw(func(raw any) error {
		c, ok := raw.(*duckdb.Conn)
		if !ok {
			return errors.New("not the engine's connection")
		}
		st, err := c.PrepareContext(ctx, text)
		if err != nil {
			return queryError(err)
		}
		defer st.Close()
		kind, err := st.(*duckdb.Stmt).StatementType()
		if err == nil && kind != duckdb.STATEMENT_TYPE_SELECT {
			err = &QueryError{Kind: "Permission", Message: "a saved query is one SELECT, and nothing else"}
		}
		return err
	})
}
