package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/schema/store"
)

// A sqlFailure is what the engine refused, with the place in the text.
type sqlFailure struct {
	*store.QueryError
	file         string
	line, column int
}

func (f *sqlFailure) Unwrap() error { return f.QueryError }

// failure adds to DuckDB's words what helps: which statement, and the nearest name of the catalogue.
func (r *sqlRun) failure(e *env, st queries.Statement, several bool, i int, err error) error {
	var qe *store.QueryError
	if !errors.As(err, &qe) {
		return err
	}
	msg := strings.TrimSpace(qe.Message)
	out := &sqlFailure{QueryError: &store.QueryError{Kind: qe.Kind, Message: msg}}
	out.file, out.line = r.text.place(st.Offset)
	if several || out.file != "" {
		out.Message = fmt.Sprintf("%s: %s", statementName(i, out.file, out.line), msg)
	}
	line, column := errorPosition(msg)
	out.line, out.column = out.line+line, column
	if hint := nameHint(e, r.conn, qe.Message); hint != "" {
		return withHint(out, "%s", hint)
	}
	switch {
	case strings.Contains(qe.Message, "read-only mode"):
		return withHint(out, "only agenttrace ingest writes to the store; create temp table is allowed")
	case strings.Contains(qe.Message, "disabled by configuration"), strings.Contains(qe.Message, "disabled through configuration"):
		return withHint(out, "queries are cut off from files, network and extensions; --allow-files opens the files")
	case strings.Contains(qe.Message, "has been locked"):
		return withHint(out, "settings are locked; --tz, --memory and --timeout are flags")
	}
	return out
}

func statementName(i int, file string, line int) string {
	if file == "" {
		return fmt.Sprintf("statement %d (line %d)", i+1, line)
	}
	return fmt.Sprintf("%s:%d", file, line)
}

var errorLine = regexp.MustCompile(`(?m)^LINE (\d+): (.*)\n( *)\^`)

// errorPosition reads where DuckDB's caret points to: lines below that of the statement, and the column,
// from 1. Without a caret both are 0.
func errorPosition(msg string) (line, column int) {
	m := errorLine.FindStringSubmatch(msg)
	if m == nil {
		return 0, 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0, 0
	}
	return n - 1, len(m[3]) - len("LINE : ") - len(m[1]) + 1
}

// nameHint looks up what a table or column that does not exist may have been meant to be.
func nameHint(e *env, conn *store.Session, msg string) string {
	var word string
	for _, mark := range []string{"Table with name ", "Referenced column \"", "does not have a column named \"", "Table Function with name "} {
		if i := strings.Index(msg, mark); i >= 0 {
			word = strings.FieldsFunc(msg[i+len(mark):], func(r rune) bool { return r == '"' || r == ' ' || r == '!' })[0]
			break
		}
	}
	if word == "" || strings.Contains(msg, "Did you mean") {
		return ""
	}
	rows, err := conn.Query(e.ctx, `SELECT DISTINCT name FROM (
		SELECT view_name AS name FROM duckdb_views() WHERE schema_name = 'main' AND NOT internal
		UNION ALL SELECT column_name FROM duckdb_columns() WHERE schema_name = 'main' AND NOT internal)`)
	if err != nil {
		return ""
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		names = append(names, fmt.Sprint(rows.Values()[0]))
	}
	near := nearest(word, names)
	if strings.EqualFold(near, word) {
		return fmt.Sprintf("%s is a column of other relations; agenttrace schema lists every relation with its columns", near)
	}
	if near != "" {
		return fmt.Sprintf("did you mean %q? agenttrace schema lists every relation", near)
	}
	if strings.Contains(msg, "Candidate bindings") {
		return ""
	}
	return "agenttrace schema lists every relation and column"
}
