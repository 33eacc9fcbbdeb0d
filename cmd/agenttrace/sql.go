package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/queries/redact"
	"github.com/agenttrace/agenttrace/queries/render"
	"github.com/agenttrace/agenttrace/schema/store"
)

type sqlOptions struct {
	common
	query      string
	given      bool
	files      []string
	params     []string
	allowFiles bool
	timeout    time.Duration
	maxRows    int64
	noHeader   bool
	null       string
}

func newSQLCommand(e *env) *cobra.Command {
	var o sqlOptions
	var command string
	cmd := &cobra.Command{
		Use:   "sql [QUERY]",
		Short: "Run SQL over the sessions",
		Long: `Runs SQL (DuckDB's dialect) over the relations that agenttrace schema lists. The query comes from the
argument, from files, or from standard input. Several statements run in order and stop at the first
error. The connection is read-only and cut off from files and network; temporary tables are allowed.`,
		Example: `  agenttrace sql "select agent, count(*) from sessions group by all"
  agenttrace sql -p since=2026-01-01 "select count(*) from model_calls where occurred_at >= \$since::timestamptz" -f csv

` + exitHelp,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &usageError{text: "sql wants one query; put it in quotes", hint: `agenttrace sql "select 1"`}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 1 && command != "":
				return usagef("a query as argument and -c cannot go together")
			case len(args) == 1:
				o.query, o.given = args[0], true
			case cmd.Flags().Changed("command"):
				o.query, o.given = command, true
			}
			return runSQL(e, o)
		},
	}
	o.addStore(cmd.Flags())
	o.addDemo(cmd.Flags())
	o.addOutput(cmd.Flags(), strings.Join(render.Formats, ", "))
	f := cmd.Flags()
	f.StringArrayVarP(&o.dirs, "dir", "d", nil, "ask the logs of this folder instead of the store (repeatable)")
	o.addLake(f)
	f.StringVarP(&command, "command", "c", "", "the query, as an option")
	f.StringArrayVar(&o.files, "file", nil, "read SQL from this file (repeatable)")
	f.StringArrayVarP(&o.params, "param", "p", nil, "name=value, bound to $name (repeatable)")
	f.BoolVar(&o.allowFiles, "allow-files", false, "let the query read and write files")
	f.Var((*seconds)(&o.timeout), "timeout", "stop a query after this long, exit 4 (default 60s on a terminal, 5m otherwise)")
	f.Int64Var(&o.maxRows, "max-rows", 1_000_000, "stop after this many rows, exit 4; 0 = no limit")
	f.BoolVar(&o.noHeader, "no-header", false, "leave out the header of table, csv and tsv")
	f.StringVar(&o.null, "null", "", "text for NULL in csv and tsv (default empty)")
	return cmd
}

func runSQL(e *env, o sqlOptions) error {
	format, err := o.outputFormat("table", render.Formats...)
	if err != nil {
		return err
	}
	if o.noHeader && format != "table" && format != "csv" && format != "tsv" {
		return usagef("--no-header has no effect on %s", format)
	}
	if o.null != "" && format != "csv" && format != "tsv" {
		return usagef("--null has no effect on %s", format)
	}
	if o.timeout < 0 || o.maxRows < 0 {
		return usagef("--timeout and --max-rows cannot be negative")
	}
	zone, err := o.zone()
	if err != nil {
		return err
	}
	color, err := o.useColor(e)
	if err != nil {
		return err
	}
	text, err := o.text(e)
	if err != nil {
		return err
	}
	statements := queries.Split(text)
	if len(statements) == 0 {
		return usagef("no SQL was given")
	}
	args, err := o.bind(statements)
	if err == nil {
		err = o.warnDeprecated(e, text)
	}
	if err != nil {
		return err
	}
	a := confined
	if o.allowFiles {
		a = withFiles
	}
	d, err := o.open(e, inputs{paths: o.dirs}, a)
	if err != nil {
		return err
	}
	defer d.leave(e)
	conn, err := d.Session(e.ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if o.timeout == 0 {
		o.timeout = 5 * time.Minute
		if e.stdoutTTY {
			o.timeout = time.Minute
		}
	}
	opt := render.Options{
		Format: format, Zone: zone, Color: color, NoHeader: o.noHeader, Null: o.null, Redact: redact.Text,
		Notice: func(s string) { o.notice(e, "%s", s) },
	}
	if o.secrets {
		opt.Redact = nil
	}
	if e.stdoutTTY && o.output == "" {
		opt.Width, opt.MaxRowsShown = e.width, 200
	}
	out, err := o.target(e)
	if err != nil {
		return err
	}
	for i, st := range statements {
		if err := o.runStatement(e, conn, st, args, out, opt); err != nil {
			out.discard()
			return sqlError(e, conn, text, st, len(statements) > 1, i, err)
		}
	}
	return out.commit()
}

// text collects the SQL.
func (o *sqlOptions) text(e *env) (string, error) {
	var parts []string
	if o.given {
		if o.query == "-" {
			b, err := io.ReadAll(e.stdin)
			if err != nil {
				return "", err
			}
			o.query = string(b)
		}
		parts = append(parts, o.query)
	}
	for _, f := range o.files {
		b, err := os.ReadFile(f)
		if err != nil {
			return "", err
		}
		parts = append(parts, string(b))
	}
	if len(parts) == 0 {
		if e.stdinTTY {
			return "", &usageError{text: "no SQL was given", hint: `agenttrace sql "select * from sessions limit 5", --file FILE, or standard input`}
		}
		b, err := io.ReadAll(e.stdin)
		if err != nil {
			return "", err
		}
		parts = append(parts, string(b))
	}
	return strings.Join(parts, ";\n"), nil
}

// bind checks the parameters against those that the statements use.
func (o *sqlOptions) bind(statements []queries.Statement) (map[string]string, error) {
	given := map[string]string{}
	for _, p := range o.params {
		name, value, ok := strings.Cut(p, "=")
		if !ok || name == "" {
			return nil, usagef("-p %s: want name=value", p)
		}
		if rest, ok := strings.CutPrefix(value, "@"); ok {
			b, err := os.ReadFile(rest)
			if err != nil {
				return nil, err
			}
			value = string(b)
		}
		given[strings.TrimPrefix(name, "$")] = value
	}
	used := map[string]string{}
	var missing []string
	for _, st := range statements {
		for _, p := range st.Params {
			if _, ok := used[p.Name]; !ok {
				if _, ok := given[p.Name]; !ok {
					typ := p.Type
					if typ == "" {
						typ = "VARCHAR unless cast"
					}
					missing = append(missing, fmt.Sprintf("$%s (%s)", p.Name, typ))
				}
			}
			used[p.Name] = p.Type
		}
	}
	if len(missing) > 0 {
		return nil, &usageError{text: "unbound parameters: " + strings.Join(missing, ", "), hint: "-p name=value binds one"}
	}
	var idle []string
	for name := range given {
		if _, ok := used[name]; !ok {
			idle = append(idle, name)
		}
	}
	if len(idle) > 0 {
		sort.Strings(idle)
		return nil, usagef("the query uses no parameter %s", strings.Join(idle, ", "))
	}
	return given, nil
}

func (o *sqlOptions) runStatement(e *env, conn *store.Session, st queries.Statement, given map[string]string, out io.Writer, opt render.Options) error {
	ctx, cancel := context.WithTimeoutCause(e.ctx, o.timeout, &limitError{fmt.Sprintf("the query ran longer than %s (--timeout)", o.timeout)})
	defer cancel()
	var args []any
	for _, p := range st.Params {
		args = append(args, sql.Named(p.Name, given[p.Name]))
	}
	rows, err := conn.Query(ctx, st.Text, args...)
	if err != nil {
		return limited(ctx, err)
	}
	defer rows.Close()
	if !returnsRows(st.Text) {
		return nil
	}
	capped := &cappedRows{Rows: rows, max: o.maxRows}
	if _, err := render.Write(out, capped, opt); err != nil {
		return limited(ctx, err)
	}
	if capped.cut {
		return &limitError{fmt.Sprintf("stopped after %d rows (--max-rows): this is not the whole result", o.maxRows)}
	}
	return nil
}

// limited gives the reason why a query was stopped, if it was.
func limited(ctx context.Context, err error) error {
	var limit *limitError
	if errors.As(context.Cause(ctx), &limit) {
		return limit
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

// sqlError adds to DuckDB's words what helps: which statement, and the nearest name of the catalogue.
func sqlError(e *env, conn *store.Session, text string, st queries.Statement, several bool, i int, err error) error {
	var qe *store.QueryError
	if !errors.As(err, &qe) {
		return err
	}
	msg := strings.TrimSpace(qe.Message)
	if several {
		line := 1 + strings.Count(text[:st.Offset], "\n")
		msg = fmt.Sprintf("statement %d (line %d): %s", i+1, line, msg)
	}
	out := &store.QueryError{Kind: qe.Kind, Message: msg}
	if hint := nameHint(e, conn, qe.Message); hint != "" {
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
