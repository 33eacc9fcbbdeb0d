package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/queries/render"
	"github.com/agenttrace/agenttrace/schema/store"
)

// A sqlResult says what a statement gave.
type sqlResult struct {
	rows     int64
	answered bool // it was one that returns rows
}

// statement runs one statement and writes its rows to out; Parquet goes to the file at path.
func (r *sqlRun) statement(ctx context.Context, st queries.Statement, out io.Writer, path string) (sqlResult, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.timeout, &limitError{fmt.Sprintf("the query ran longer than %s (--timeout)", r.timeout)})
	defer cancel()
	var args []any
	for _, p := range st.Params {
		v, _ := r.params.value(p.Name)
		args = append(args, sql.Named(p.Name, v))
	}
	answers := returnsRows(st.Text)
	query := r.conn.Query
	if answers && r.spool {
		query = r.conn.Spool
	}
	rows, err := query(ctx, st.Text, args...)
	if err != nil {
		return sqlResult{}, limited(ctx, err)
	}
	defer rows.Close()
	if !answers {
		return sqlResult{}, rows.Err()
	}
	if r.tap != nil {
		rows = r.tap(rows)
	}
	capped := &cappedRows{Rows: rows, max: r.maxRows}
	n, err := r.write(ctx, out, path, capped)
	if err != nil {
		return sqlResult{}, limited(ctx, err)
	}
	if capped.cut {
		return sqlResult{}, &limitError{fmt.Sprintf("stopped after %d rows (--max-rows): this is not the whole result", r.maxRows)}
	}
	return sqlResult{rows: n, answered: true}, nil
}

func (r *sqlRun) write(ctx context.Context, out io.Writer, path string, rows queries.Rows) (int64, error) {
	if r.opt.Format != "parquet" {
		return render.Write(out, rows, r.opt)
	}
	if r.wrote++; r.wrote > 1 {
		return 0, usagef("a parquet file holds one result: the text has several statements that answer")
	}
	if path == "" {
		return 0, usagef("parquet is written to a regular file")
	}
	return store.WriteParquet(ctx, path, render.Redacted(rows, r.opt.Redact))
}

// limited gives the reason why a query was stopped, if it was.
func limited(ctx context.Context, err error) error {
	var limit *limitError
	if errors.As(context.Cause(ctx), &limit) {
		return limit
	}
	if ctx.Err() != nil && !errors.Is(err, context.Canceled) {
		return errors.Join(context.Cause(ctx), err)
	}
	return err
}

// returnsRows tells statements that answer from those that only do.
func returnsRows(text string) bool {
	for {
		text = strings.TrimSpace(text)
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
	word := strings.ToLower(text)
	for _, w := range []string{"create", "drop", "insert", "update", "delete", "set", "reset", "begin", "commit", "rollback", "use", "attach", "detach", "alter", "load", "install", "copy", "export", "import", "checkpoint", "prepare", "deallocate"} {
		if strings.HasPrefix(word, w) && (len(word) == len(w) || word[len(w)] <= ' ') {
			return false
		}
	}
	return true
}

// cappedRows ends after max rows and remembers whether more were there.
type cappedRows struct {
	queries.Rows
	max, n int64
	cut    bool
}

func (r *cappedRows) Next() bool {
	if !r.Rows.Next() {
		return false
	}
	if r.max > 0 && r.n >= r.max {
		r.cut = true
		return false
	}
	r.n++
	return true
}
