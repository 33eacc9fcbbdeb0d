package main

import (
	"io"
	"os"
	"slices"
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
	maxRowsSet bool
	noHeader   bool
	null       string
	jsonErrors bool
	noHistory  bool
	shorthand  map[string]*bool // --json for -f json
}

// sqlFormats are the formats of results: those of rows, and Parquet files.
var sqlFormats = append(slices.Clone(render.Formats), "parquet")

func newSQLCommand(e *env) *cobra.Command {
	var o sqlOptions
	var command string
	cmd := &cobra.Command{
		Use:   "sql [QUERY]",
		Short: "Run SQL over the sessions; on a terminal without a query: a shell",
		Long: `Runs SQL (DuckDB's dialect) over the relations that agenttrace schema lists. The query comes from the
argument, from files, or from standard input; on a terminal without any of these, a shell opens (.help
tells what it knows). Several statements run in order and stop at the first error. The connection is
read-only and cut off from files and network; temporary tables are allowed.

A parameter $name is bound by -p name=value, or -p name=@file. --since, --until, --agent, --project,
--model and --branch bind $since, $until, $agent, $project, $model and $branch; $tz is always there.`,
		Example: `  agenttrace sql "select agent, count(*) from sessions group by all"
  agenttrace sql --since 7d "select count(*) from model_calls where occurred_at >= \$since" -f csv
  agenttrace sql "select * from model_call_costs" -o costs.parquet

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
			e.jsonErrors = o.jsonErrors
			o.maxRowsSet = cmd.Flags().Changed("max-rows")
			return runSQL(e, o)
		},
	}
	o.addStore(cmd.Flags())
	o.addDemo(cmd.Flags())
	o.addOutput(cmd.Flags(), strings.Join(sqlFormats, ", ")+" (parquet with -o)")
	f := cmd.Flags()
	f.StringArrayVarP(&o.dirs, "dir", "d", nil, "ask the logs of this folder instead of the store (repeatable)")
	o.addLake(f)
	f.StringVarP(&command, "command", "c", "", "the query, as an option")
	f.StringArrayVar(&o.files, "file", nil, "read SQL from this file (repeatable; - is standard input)")
	f.StringArrayVarP(&o.params, "param", "p", nil, "name=value, bound to $name; name=@file for the text of a file (repeatable)")
	f.StringVar(&o.since, "since", "", "binds $since: a date, timestamp, or age such as 7d, 24h, 2w, 3mo")
	f.StringVar(&o.until, "until", "", "binds $until: a date (the day included), timestamp, or age")
	f.StringArrayVar(&o.agents, "agent", nil, "binds $agent")
	f.StringArrayVar(&o.projects, "project", nil, "binds $project")
	f.StringArrayVar(&o.models, "model", nil, "binds $model")
	f.StringArrayVar(&o.branches, "branch", nil, "binds $branch")
	f.BoolVar(&o.allowFiles, "allow-files", false, "let the query read and write files")
	f.Var((*seconds)(&o.timeout), "timeout", "stop a query after this long, exit 4 (default 60s on a terminal, 5m otherwise)")
	f.Int64Var(&o.maxRows, "max-rows", 1_000_000, "stop after this many rows, exit 4; 0 = no limit")
	f.BoolVar(&o.noHeader, "no-header", false, "leave out the header of table, csv and tsv")
	f.StringVar(&o.null, "null", "", "text for NULL in csv and tsv (default empty)")
	f.BoolVar(&o.jsonErrors, "json-errors", false, "write an error as one JSON object: code, kind, message, hint, position")
	f.BoolVar(&o.noHistory, "no-history", false, "the shell keeps no history file")
	o.shorthand = map[string]*bool{}
	for _, name := range []string{"json", "jsonl", "csv"} {
		o.shorthand[name] = f.Bool(name, false, "same as -f "+name)
	}
	return cmd
}

// check looks at the options that need no store.
func (o *sqlOptions) check() (format string, err error) {
	for name, on := range o.shorthand {
		if *on && o.format != "" && o.format != name {
			return "", usagef("--%s and another format cannot go together", name)
		} else if *on {
			o.format = name
		}
	}
	if format, err = o.outputFormat("table", sqlFormats...); err != nil {
		return "", err
	}
	switch {
	case format == "parquet" && (o.output == "" || o.output == "-"):
		return "", usagef("parquet is a format of files: name one with -o FILE")
	case o.noHeader && format != "table" && format != "csv" && format != "tsv":
		return "", usagef("--no-header has no effect on %s", format)
	case o.null != "" && format != "csv" && format != "tsv":
		return "", usagef("--null has no effect on %s", format)
	case o.timeout < 0 || o.maxRows < 0:
		return "", usagef("--timeout and --max-rows cannot be negative")
	}
	return format, nil
}

func runSQL(e *env, o sqlOptions) error {
	format, err := o.check()
	if err != nil {
		return err
	}
	if !o.given && len(o.files) == 0 && e.stdinTTY {
		return runShell(e, o, format)
	}
	if o.noHistory {
		return usagef("--no-history has no effect here: only the shell keeps a history")
	}
	run, err := o.newRun(e, format)
	if err != nil {
		return err
	}
	text, err := o.text(e)
	if err != nil {
		return err
	}
	run.text = text
	statements := queries.Split(text.all)
	if len(statements) == 0 {
		return usagef("no SQL was given")
	}
	if run.params, err = o.parameters(e, run.opt.Zone); err != nil {
		return err
	}
	if err := run.params.checkUsed(statements); err != nil {
		return err
	}
	if err := o.warnDeprecated(e, text.all); err != nil {
		return err
	}
	missing := run.params.missing(statements)
	if len(missing) > 0 && typed(missing) {
		return unbound(missing)
	}
	d, err := o.open(e, inputs{paths: o.dirs}, o.access())
	if err != nil {
		return err
	}
	defer d.leave(e)
	if run.conn, err = d.Session(e.ctx); err != nil {
		return err
	}
	defer run.conn.Close()
	if len(missing) > 0 {
		return unbound(run.typeOf(e.ctx, missing, statements))
	}
	out, err := o.target(e)
	if err != nil {
		return err
	}
	for i, st := range statements {
		if _, err := run.statement(e.ctx, st, out, out.path); err != nil {
			out.discard()
			return run.failure(e, st, len(statements) > 1, i, err)
		}
	}
	return out.commit()
}

// access is what the query may touch.
func (o *sqlOptions) access() access {
	if o.allowFiles {
		return withFiles
	}
	return confined
}

// newRun prepares what does not change between statements.
func (o *sqlOptions) newRun(e *env, format string) (*sqlRun, error) {
	zone, err := o.zone()
	if err != nil {
		return nil, err
	}
	color, err := o.useColor(e)
	if err != nil {
		return nil, err
	}
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
	return &sqlRun{opt: opt, timeout: o.timeout, maxRows: o.maxRows, spool: o.maxRowsSet && (o.maxRows == 0 || o.maxRows > 1_000_000) || o.output != ""}, nil
}

// sqlText is the SQL of a command line, and which part of it came from where.
type sqlText struct {
	all   string
	parts []sqlPart
}

type sqlPart struct {
	name       string // of the file; "" for what was typed
	start, end int
}

func (t *sqlText) add(name, text string) {
	if len(t.parts) > 0 {
		t.all += "\n;\n"
	}
	start := len(t.all)
	t.all += text
	t.parts = append(t.parts, sqlPart{name, start, len(t.all)})
}

// place is the file and the line of an offset.
func (t *sqlText) place(offset int) (file string, line int) {
	for _, p := range t.parts {
		if offset >= p.start && offset <= p.end {
			return p.name, 1 + strings.Count(t.all[p.start:offset], "\n")
		}
	}
	return "", 1
}

// text collects the SQL.
func (o *sqlOptions) text(e *env) (sqlText, error) {
	var out sqlText
	stdin := func(name string) error {
		b, err := io.ReadAll(e.stdin)
		out.add(name, string(b))
		return err
	}
	if o.given && o.query == "-" {
		if err := stdin(""); err != nil {
			return out, err
		}
	} else if o.given {
		out.add("", o.query)
	}
	for _, f := range o.files {
		if f == "-" {
			if err := stdin("standard input"); err != nil {
				return out, err
			}
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			return out, err
		}
		out.add(f, strings.TrimPrefix(string(b), "\ufeff"))
	}
	if len(out.parts) == 0 {
		return out, stdin("")
	}
	return out, nil
}

// A sqlRun runs statements and writes what they answer.
type sqlRun struct {
	conn    *store.Session
	opt     render.Options
	text    sqlText
	params  sqlParams
	timeout time.Duration
	maxRows int64
	tap     func(queries.Rows) queries.Rows // sees the rows as they pass
	wrote   int                             // results, into a file that holds one
	spool   bool                            // the result may be large: not all of it goes through memory
}
