package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/queries/packs"
)

type queryOptions struct {
	sqlOptions
	limit int64
}

func newQueryCommand(e *env) *cobra.Command {
	var o queryOptions
	cmd := &cobra.Command{
		Use:   "query [NAME]",
		Short: "Saved queries in packs: the list, or the answer of one",
		Long: `Runs a saved query. Without a name it lists the packs with their questions. A query is a .sql file with
a header: those in .agenttrace/packs of the project, or in packs of the configuration folder, stand before
the built-in ones of the same name. They run as sql does: read-only, cut off from files and network.`,
		Example: `  agenttrace query cost.by_model --since 30d
  agenttrace query cost.waste -p min_usd=1 -f csv

` + exitHelp,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("query wants one name, but was given %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: queryNames(e),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				for _, name := range []string{"param", "since", "until", "agent", "project", "model", "limit", "timeout", "max-rows"} {
					if cmd.Flags().Changed(name) {
						return usagef("--%s has no effect without the name of a query", name)
					}
				}
				return runQueryList(e, o)
			}
			given, err := o.given(e.now())
			if err != nil {
				return err
			}
			return runQuery(e, o, args[0], given)
		},
	}
	o.addStore(cmd.Flags())
	o.addDemo(cmd.Flags())
	o.addOutput(cmd.Flags(), strings.Join(sqlFormats, ", ")+" (parquet with -o)")
	f := cmd.Flags()
	f.StringArrayVarP(&o.dirs, "dir", "d", nil, "ask the logs of this folder instead of the store (repeatable)")
	f.StringArrayVarP(&o.params, "param", "p", nil, "name=value of a parameter (repeatable)")
	f.StringVar(&o.since, "since", "", "from this date, timestamp, or age: 2026-01-31, 7d, 24h, 2w, 3mo")
	f.StringVar(&o.until, "until", "", "until this date (the day included), timestamp, or age")
	f.StringArrayVar(&o.agents, "agent", nil, "only this agent (repeatable)")
	f.StringArrayVar(&o.projects, "project", nil, "only this project: name, folder or id (repeatable)")
	f.StringArrayVar(&o.models, "model", nil, "only this model (repeatable)")
	f.Int64Var(&o.limit, "limit", 0, "at most this many rows (default all)")
	f.Var((*seconds)(&o.timeout), "timeout", "stop a query after this long, exit 4 (default 60s on a terminal, 5m otherwise)")
	f.Int64Var(&o.maxRows, "max-rows", 1_000_000, "stop after this many rows, exit 4; 0 = no limit")
	f.BoolVar(&o.noHeader, "no-header", false, "leave out the header of table, csv and tsv")
	f.StringVar(&o.null, "null", "", "text for NULL in csv and tsv (default empty)")
	for _, sub := range []*cobra.Command{newQueryShowCommand(e), newQueryLintCommand(e), newQueryTestCommand(e), newQueryExportCommand(e)} {
		sub.SetFlagErrorFunc(flagError)
		cmd.AddCommand(sub)
	}
	return cmd
}

// library reads the packs that can be named from where the command runs.
func (e *env) library() (*packs.Library, error) {
	var user, project string
	if dir := e.configDir(); dir != "" {
		user = dir + string(os.PathSeparator) + "packs"
	}
	if wd, err := os.Getwd(); err == nil {
		project = packs.FindProject(wd)
	}
	return packs.Open(user, project)
}

func queryNames(e *env) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(_ *cobra.Command, args []string, begin string) ([]string, cobra.ShellCompDirective) {
		l, err := e.library()
		if err != nil || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var out []string
		for _, q := range l.Queries {
			if strings.HasPrefix(q.Name, begin) {
				out = append(out, q.Name+"\t"+q.Title)
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

// named finds a query; one of the user's own is announced where it stands before another.
func (c *common) named(e *env, name string) (*packs.Query, error) {
	l, err := e.library()
	if err != nil {
		return nil, err
	}
	q, err := l.Get(name)
	if errors.Is(err, fs.ErrNotExist) {
		var names []string
		for _, q := range l.Queries {
			names = append(names, q.Name)
		}
		near := closest(name, names, 1000)
		// People name the query and leave out its pack.
		for _, n := range names {
			if strings.HasSuffix(n, "."+name) {
				near = n
			}
		}
		return nil, &usageError{text: fmt.Sprintf("no query %q", name), hint: fmt.Sprintf("the nearest is %s; agenttrace query lists them", near)}
	}
	if err != nil {
		return nil, &usageError{text: err.Error()}
	}
	if q.Overrides != "" {
		c.notice(e, "%s is that of the %s (%s), in place of the %s one", q.Name, q.Origin, q.Path, q.Overrides)
	}
	return q, nil
}

// given collects the parameters: those of -p, and the common flags.
func (o *queryOptions) given(now time.Time) (map[string][]string, error) {
	given := map[string][]string{}
	zone, err := o.zone()
	if err != nil {
		return nil, err
	}
	for _, p := range o.params {
		name, value, ok := strings.Cut(p, "=")
		name = strings.TrimPrefix(name, "$")
		if !ok || name == "" {
			return nil, usagef("-p %s: want name=value", p)
		}
		switch name {
		case "since", "until": // as the flags take them
			t, err := instant(name, value, zone, now)
			if err != nil {
				return nil, err
			}
			value = t.Format(time.RFC3339Nano)
		case "tz":
			o.tz = value
			if zone, err = o.zone(); err != nil {
				return nil, err
			}
			continue
		}
		given[name] = append(given[name], value)
	}
	for name, text := range map[string]string{"since": o.since, "until": o.until} {
		t, err := instant(name, text, zone, now)
		if err != nil {
			return nil, err
		}
		if !t.IsZero() {
			given[name] = append(given[name], t.Format(time.RFC3339Nano))
		}
	}
	for name, values := range map[string][]string{"agent": o.agents, "project": o.projects, "model": o.models} {
		if len(values) > 0 {
			given[name] = append(given[name], values...)
		}
	}
	if o.limit > 0 {
		given["limit"] = append(given["limit"], fmt.Sprint(o.limit))
	}
	return given, nil
}

func runQuery(e *env, o queryOptions, name string, given map[string][]string) error {
	q, err := o.named(e, name)
	if err != nil {
		return err
	}
	args, err := o.bound(e, q, given)
	if err != nil {
		return err
	}
	format, err := o.check()
	if err != nil {
		return err
	}
	run, err := o.newRun(e, format)
	if err != nil {
		return err
	}
	run.text.add(q.Path, q.Body)
	run.params.given = args
	if err := o.warnDeprecated(e, q.Body); err != nil {
		return err
	}
	d, err := o.open(e, inputs{paths: o.dirs}, confined)
	if err != nil {
		return err
	}
	defer d.leave(e)
	if run.conn, err = d.Session(e.ctx); err != nil {
		return err
	}
	defer run.conn.Close()
	st := queries.Statement{Text: q.Body, Params: q.Uses}
	if err := run.conn.OnlySelects(e.ctx, q.Body); err != nil {
		return run.failure(e, st, false, 0, err)
	}
	out, err := o.target(e)
	if err != nil {
		return err
	}
	if _, err := run.statement(e.ctx, st, out, out.path); err != nil {
		out.discard()
		return run.failure(e, st, false, 0, err)
	}
	return out.commit()
}

// bound gives the parameters their values.
func (c *common) bound(e *env, q *packs.Query, given map[string][]string) (map[string]any, error) {
	zone, err := c.zone()
	if err != nil {
		return nil, err
	}
	if q.Takes("tz") {
		given["tz"] = []string{zoneForSQL(zone, e.now())}
	}
	args, err := q.Bind(given)
	var be *packs.BindError
	if errors.As(err, &be) {
		u := &usageError{text: be.Text, hint: "agenttrace query show " + q.Name + " lists its parameters"}
		if len(be.Near) > 0 {
			u.hint = fmt.Sprintf("the nearest is %s; %s", closest(be.Name, be.Near, 1000), u.hint)
		}
		return nil, u
	}
	return args, err
}

func runQueryList(e *env, o queryOptions) error {
	l, err := e.library()
	if err != nil {
		return err
	}
	for _, err := range l.Broken {
		o.notice(e, "%v", err)
	}
	var rows [][]any
	for _, q := range l.Queries {
		var own []string
		for _, p := range q.Params {
			switch {
			case p.Required:
				own = append(own, p.Name)
			case p.Default != nil:
				own = append(own, p.Name+"="+*p.Default)
			default:
				own = append(own, p.Name+"=NULL")
			}
		}
		origin := q.Origin
		if q.Overrides != "" {
			origin += ", in place of " + q.Overrides
		}
		rows = append(rows, []any{q.Name, q.Title, q.Kind, strings.Join(own, " "), origin})
	}
	format, err := o.check()
	if err != nil {
		return err
	}
	run, err := o.newRun(e, format)
	if err != nil {
		return err
	}
	columns := []queries.Column{{Name: "query", Type: "VARCHAR"}, {Name: "question", Type: "VARCHAR"}, {Name: "kind", Type: "VARCHAR"}, {Name: "parameters", Type: "VARCHAR"}, {Name: "origin", Type: "VARCHAR"}}
	if run.opt.Format == "table" {
		// What is the same in every line says nothing.
		if !slices.ContainsFunc(l.Queries, func(q *packs.Query) bool { return q.Origin != packs.OriginBuiltin }) {
			columns = columns[:4]
			for i := range rows {
				rows[i] = rows[i][:4]
			}
		}
	}
	out, err := o.target(e)
	if err != nil {
		return err
	}
	if _, err := run.write(e.ctx, out, out.path, queries.NewRows(columns, rows...)); err != nil {
		out.discard()
		return err
	}
	return out.commit()
}
