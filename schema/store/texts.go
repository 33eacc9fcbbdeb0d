package store

import (
	"context"
	"database/sql/driver"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// AddTextFunction makes a function of Go callable in SQL. It takes texts and gives one; NULL for NULL.
func (s *Session) AddTextFunction(name string, params int, f func(args []string) string) error {
	text, err := duckdb.NewTypeInfo(duckdb.TYPE_VARCHAR)
	if err != nil {
		return err
	}
	t := textFunction{f: f, config: duckdb.ScalarFuncConfig{ResultTypeInfo: text}}
	for range params {
		t.config.InputTypeInfos = append(t.config.InputTypeInfos, text)
	}
	return duckdb.RegisterScalarUDF(s.conn, name, t)
}

type textFunction struct {
	f      func([]string) string
	config duckdb.ScalarFuncConfig
}

func (t textFunction) Config() duckdb.ScalarFuncConfig { return t.config }

func (t textFunction) Executor() duckdb.ScalarFuncExecutor {
	return duckdb.ScalarFuncExecutor{RowExecutor: func(values []driver.Value) (any, error) {
		args := make([]string, len(values))
		for i, v := range values {
			args[i], _ = v.(string)
		}
		return t.f(args), nil
	}}
}

// InOrder has the engine do one thing after the other, so that what it writes is the same each time, until
// the returned function is called.
func (s *Store) InOrder(ctx context.Context) (restore func(), err error) {
	if _, err := s.db.ExecContext(ctx, "SET threads=1; SET preserve_insertion_order=true"); err != nil {
		return nil, err
	}
	return func() {
		s.db.ExecContext(context.WithoutCancel(ctx), "SET preserve_insertion_order=false")
		s.writing = true
		s.alone(context.WithoutCancel(ctx), false)
	}, nil
}

// QuoteFiles writes a list of files for the engine's readers, in which no name is taken for a pattern.
func QuoteFiles(paths []string) string {
	plain := strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]")
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = Quote(plain.Replace(p))
	}
	return "[" + strings.Join(out, ", ") + "]"
}
