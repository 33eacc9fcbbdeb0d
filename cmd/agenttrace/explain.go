package main

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/queries/render"
	"github.com/agenttrace/agenttrace/queries/report"
	"github.com/agenttrace/agenttrace/schema/store"
	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// explained are the families whose columns can be explained, in the order in which a name is looked for.
var explained = []string{"session_metrics", "session_time", "session_health", "session_context", "session_exploration", "session_verification"}

func newExplainCommand(e *env) *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "explain SESSION METRIC",
		Short: "One figure of a session: value, formula, SQL, and the log lines behind it",
		Long: `Shows where a figure of a session comes from: its value, the formula, the SQL that gives it, and the log lines
(file and line, never their content) that it is made of, with what each adds. METRIC is a column of session_metrics,
session_time, session_health, session_context, session_exploration or session_verification; health is the score.`,
		Example: `  agenttrace explain 3f2a9c cost_usd
  agenttrace explain 3f2a9c session_time.model_ms -f json

` + exitHelp,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return &usageError{text: "explain wants a session and a metric", hint: "agenttrace schema session_metrics lists metrics"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runExplain(e, o, args[0], args[1]) },
	}
	o.addStore(cmd.Flags())
	o.addDemo(cmd.Flags())
	o.addOutput(cmd.Flags(), reportFormats)
	cmd.Flags().StringArrayVarP(&o.dirs, "dir", "d", nil, "look in this folder instead of the store (repeatable)")
	return cmd
}

// metricOf finds the definition and the column that a name means.
func metricOf(set *sqlfiles.Set, name string) (*sqlfiles.Definition, sqlfiles.Column, error) {
	family, column, ok := strings.Cut(name, ".")
	if !ok {
		family, column = "", name
	}
	if column == "health" {
		column = "score"
	}
	var names []string
	for _, f := range explained {
		for _, d := range set.Definitions {
			if d.Family != f || d.Status != sqlfiles.Current && d.Name != family {
				continue
			}
			for _, c := range d.Columns {
				if c.Name == "session_id" {
					continue
				}
				names = append(names, c.Name)
				if c.Name == column && (family == "" || family == d.Family || family == d.Name) {
					return d, c, nil
				}
			}
		}
	}
	return nil, sqlfiles.Column{}, &usageError{text: fmt.Sprintf("no metric %q", name), hint: hintNearest(column, names)}
}

// formula is formulaOf of a column of a definition, and of what that takes from relations beside it: of the same
// layer and grain, which are there to keep a part of the work.
func formula(set *sqlfiles.Set, d *sqlfiles.Definition, column string) []string {
	out := formulaOf(d.Body, column)
	named, given := map[string]bool{}, map[string]bool{}
	for _, line := range out {
		name, expr, _ := strings.Cut(line, " = ")
		given[name] = true
		for _, t := range sqlfiles.Tokens(expr) {
			named[t.Text] = true
		}
	}
	for _, name := range d.Reads {
		r := set.Get(name)
		if r.Layer != d.Layer || !slices.Equal(r.Grain, d.Grain) {
			continue
		}
		for _, c := range r.Columns {
			if named[c.Name] && !given[c.Name] {
				out = append(out, formulaOf(r.Body, c.Name)...)
			}
		}
	}
	return out
}

// formulaOf gives what a column is in a statement, and what the names in that are, as far as the statement says
// so: "tool_failed_count = coalesce(t.failed_count, 0)", then "failed_count = count(*) FILTER (...)".
func formulaOf(body, column string) []string {
	tokens := sqlfiles.Tokens(body)
	var out []string
	seen := map[string]bool{}
	for queue := []string{column}; len(queue) > 0; queue = queue[1:] {
		name := queue[0]
		for i := len(tokens) - 1; i > 1; i-- {
			if tokens[i].Text != name || !strings.EqualFold(tokens[i-1].Text, "AS") || i+1 < len(tokens) && tokens[i+1].Text == "(" {
				continue
			}
			from, ok := exprStart(tokens, i-2)
			if !ok {
				continue
			}
			expr := strings.Join(strings.Fields(body[tokens[from].Pos:tokens[i-2].Pos+len(tokens[i-2].Text)]), " ")
			line := name + " = " + expr
			if seen[line] || sameName(expr, name) {
				continue
			}
			seen[line] = true
			out = append(out, line)
			for n, t := range tokens[from : i-1] {
				// A qualifier, a function and a word of the language are no columns.
				if next := tokens[from+n+1].Text; t.Kind == sqlfiles.Word && next != "." && next != "(" && !slices.Contains(queue, t.Text) {
					queue = append(queue, t.Text)
				}
			}
		}
	}
	return out
}

// sameName reports that an expression is but the column of that name of another relation, or that rounded.
func sameName(expr, name string) bool {
	expr, _, _ = strings.Cut(strings.TrimPrefix(expr, "round("), ", ")
	_, column, ok := strings.Cut(expr, ".")
	return ok && column == name
}

// exprStart finds where the expression of a select list begins that ends at a token; false for a relation.
func exprStart(tokens []sqlfiles.Token, end int) (int, bool) {
	depth := 0
	for from := end; from >= 0; from-- {
		switch t := tokens[from].Text; {
		case t == ")" || t == "]" || strings.EqualFold(t, "END"):
			depth++
		case t == "(" || t == "[" || strings.EqualFold(t, "CASE"):
			if depth--; depth < 0 {
				return from + 1, true
			}
		case depth > 0:
		case t == "," || strings.EqualFold(t, "SELECT"):
			return from + 1, true
		case strings.EqualFold(t, "FROM"), strings.EqualFold(t, "JOIN"):
			return 0, false
		}
	}
	return 0, true
}

func runExplain(e *env, o reportOptions, word, name string) error {
	set, err := sqlfiles.Views()
	if err != nil {
		return err
	}
	def, col, err := metricOf(set, name)
	if err != nil {
		return err
	}
	r, err := newReporter(e, &o, o.inputs())
	if err != nil {
		return err
	}
	defer r.close()
	id, err := resolve(e.ctx, r.conn, word)
	if err != nil {
		return err
	}
	if err := r.conn.Exec(e.ctx, "CREATE OR REPLACE TEMP TABLE scope AS SELECT "+store.Quote(id)+" AS session_id, ('0x' || session_id)::UBIGINT AS session_key"); err != nil {
		return err
	}
	r.part, r.inTables = true, true
	if err := r.scopeMacros("metric_evidence_v1"); err != nil {
		return err
	}
	query := fmt.Sprintf("SELECT %s FROM %s WHERE session_id = %s", col.Name, def.Name, store.Quote(id))
	metric := col.Name
	sections, err := report.Sections("explain")
	if err != nil {
		return err
	}
	tables, err := report.Run(e.ctx, r.conn, append([]report.Section{{Key: "value", Kind: "facts", SQL: query}}, sections...), func(p string) any {
		switch p {
		case "session":
			return sql.Named(p, id)
		case "metric":
			return sql.Named(p, metric)
		case "view":
			return sql.Named(p, def.Name)
		}
		return r.arg(id)(p)
	})
	if err != nil {
		return err
	}
	lines := formula(set, def, col.Name)
	if len(lines) == 0 {
		lines = []string{col.Name + ", as it is in " + strings.Join(def.Reads, ", ")}
	}
	value, err := tables[0].ValueJSON(col.Name, r.zone, r.redact())
	if err != nil {
		return err
	}
	rep := &report.Report{Name: "explain", Title: "agenttrace explain " + id + " " + col.Name, GeneratedAt: e.now(), Zone: r.zone, Tables: tables[1:]}
	rep.Head = []report.Field{{Name: "versions", Value: versions()}, {Name: "notices", Value: r.notices()}, {Name: "session_id", Value: id}, {Name: "metric", Value: col.Name},
		{Name: "view", Value: def.Name}, {Name: "unit", Value: orNull(col.Unit)}, {Name: "meaning", Value: col.Meaning}, {Name: "value", Value: value},
		{Name: "formula", Value: lines}, {Name: "sql", Value: query}, {Name: "definition", Value: def.Body}}
	shown := render.Unknown
	if v := tables[0].Value(col.Name); v != nil {
		shown = report.Cell(tables[0].Columns[0], v, r.zone)
		if exact := strings.Trim(string(value), `"`); col.Unit != "" && exact != shown {
			shown += " (" + exact + " " + col.Unit + ")"
		}
	}
	rep.Lead = append([]string{fmt.Sprintf("%s = %s", col.Name, shown), col.Meaning}, r.notices()...)
	rep.TailDoc = []render.Section{
		{Title: "Formula", Lines: append(slices.Clone(lines), "agenttrace views show "+def.Name+" prints the whole definition.")},
		{Title: "SQL", Lines: []string{query, fmt.Sprintf("SELECT * FROM metric_evidence_v1(%s) WHERE metric = %s", store.Quote(id), store.Quote(metric))}},
	}
	return r.write(rep)
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
