package store

import (
	"context"
	"database/sql/driver"
	"errors"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// Prepared is what the engine knows of a statement before it runs.
type Prepared struct {
	// Columns are the names of the result as the statement gives them, also where one repeats.
	Columns []string
	// Params are the types of the named parameters, as far as the engine can tell them.
	Params map[string]string
	// Selects: the statement only asks.
	Selects bool
}

// Prepare plans a statement without running it.
func (s *Session) Prepare(ctx context.Context, text string) (Prepared, error) {
	out := Prepared{Params: map[string]string{}}
	err := s.conn.Raw(func(dc any) error {
		conn, ok := dc.(driver.ConnPrepareContext)
		if !ok {
			return errors.New("the driver cannot prepare statements")
		}
		prepared, err := conn.PrepareContext(ctx, text)
		if err != nil {
			return err
		}
		defer prepared.Close()
		st, ok := prepared.(*duckdb.Stmt)
		if !ok {
			return errors.New("the driver prepares something else")
		}
		return out.fill(st)
	})
	return out, queryError(err)
}

func (p *Prepared) fill(st *duckdb.Stmt) error {
	kind, err := st.StatementType()
	if err != nil {
		return err
	}
	p.Selects = kind == duckdb.STATEMENT_TYPE_SELECT
	n, err := st.ColumnCount()
	if err != nil {
		return err
	}
	for i := range n {
		name, err := st.ColumnName(i)
		if err != nil {
			return err
		}
		p.Columns = append(p.Columns, name)
	}
	for i := 1; i <= st.NumInput(); i++ {
		name, err := st.ParamName(i)
		if err != nil {
			return err
		}
		typ, err := st.ParamType(i)
		if err != nil {
			return err
		}
		if typ != duckdb.TYPE_INVALID && typ != duckdb.TYPE_ANY && typ != duckdb.TYPE_SQLNULL {
			p.Params[name] = typeName(typ)
		}
	}
	return nil
}

// typeName is the name of the types that a parameter commonly has; "" for the others.
func typeName(t duckdb.Type) string {
	return map[duckdb.Type]string{
		duckdb.TYPE_BOOLEAN: "BOOLEAN", duckdb.TYPE_TINYINT: "TINYINT", duckdb.TYPE_SMALLINT: "SMALLINT",
		duckdb.TYPE_INTEGER: "INTEGER", duckdb.TYPE_BIGINT: "BIGINT", duckdb.TYPE_UBIGINT: "UBIGINT",
		duckdb.TYPE_HUGEINT: "HUGEINT", duckdb.TYPE_FLOAT: "FLOAT", duckdb.TYPE_DOUBLE: "DOUBLE",
		duckdb.TYPE_DECIMAL: "DECIMAL", duckdb.TYPE_VARCHAR: "VARCHAR", duckdb.TYPE_DATE: "DATE",
		duckdb.TYPE_TIMESTAMP: "TIMESTAMP", duckdb.TYPE_TIMESTAMP_TZ: "TIMESTAMPTZ", duckdb.TYPE_INTERVAL: "INTERVAL",
		duckdb.TYPE_UUID: "UUID",
	}[t]
}
