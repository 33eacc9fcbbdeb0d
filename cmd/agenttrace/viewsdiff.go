package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/queries/report"
	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

func newViewsDiffCommand(e *env) *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "diff FAMILY V1 V2",
		Short: "Two versions of a view on your own data: which rows move, and why",
		Long: `Holds two versions of a view against each other on your own data: which columns came and went, how many rows
differ in which columns, and the rows that move most, each with what it was and what it becomes.`,
		Example: `  agenttrace views diff health v1 v2
  agenttrace views diff session_health 1 2 -f json

` + exitHelp,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 3 {
				return &usageError{text: "views diff wants a family and two versions", hint: "agenttrace views lists them"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := sqlfiles.Views()
			if err != nil {
				return err
			}
			from, to, err := twoVersions(set, args[0], args[1], args[2])
			if err != nil {
				return err
			}
			return runViewsDiff(e, o, set, from, to)
		},
	}
	o.addStore(cmd.Flags())
	o.addDemo(cmd.Flags())
	o.addOutput(cmd.Flags(), reportFormats)
	cmd.Flags().StringArrayVarP(&o.dirs, "dir", "d", nil, "ask the logs of this folder instead of the store (repeatable)")
	return cmd
}

// twoVersions finds two versions of a family; health stands for session_health.
func twoVersions(set *sqlfiles.Set, family, one, two string) (from, to *sqlfiles.Definition, err error) {
	versions := map[string][]*sqlfiles.Definition{}
	var families []string
	for _, d := range set.Definitions {
		if versions[d.Family] == nil {
			families = append(families, d.Family)
		}
		versions[d.Family] = append(versions[d.Family], d)
	}
	list := versions[family]
	if list == nil {
		list = versions["session_"+family]
	}
	if list == nil {
		return nil, nil, &usageError{text: fmt.Sprintf("no view %q", family), hint: hintNearest(family, families)}
	}
	var have []string
	for _, d := range list {
		have = append(have, fmt.Sprintf("v%d", d.Version))
		switch fmt.Sprint(d.Version) {
		case strings.TrimPrefix(one, "v"):
			from = d
		case strings.TrimPrefix(two, "v"):
			to = d
		}
	}
	switch {
	case from != nil && to != nil:
	case strings.TrimPrefix(one, "v") == strings.TrimPrefix(two, "v"):
		return nil, nil, usagef("%s and %s are the same version", one, two)
	default:
		return nil, nil, usagef("%s has %s", list[0].Family, strings.Join(have, " and "))
	}
	if from.Params != nil || to.Params != nil {
		return nil, nil, usagef("%s takes arguments: its versions can be compared by agenttrace sql", list[0].Family)
	}
	for _, g := range from.Grain {
		if !slices.Contains(to.Grain, g) {
			return nil, nil, usagef("the rows of %s and %s are not the same things: one has one row per %s, the other per %s",
				from.Name, to.Name, strings.Join(from.Grain, ", "), strings.Join(to.Grain, ", "))
		}
	}
	if len(from.Grain) == 0 || len(to.Grain) != len(from.Grain) {
		return nil, nil, usagef("rows of %s have no common key", list[0].Family)
	}
	return from, to, nil
}

func runViewsDiff(e *env, o reportOptions, set *sqlfiles.Set, from, to *sqlfiles.Definition) error {
	r, err := newReporter(e, &o, o.inputs())
	if err != nil {
		return err
	}
	defer r.close()
	tables, err := report.Run(e.ctx, r.conn, versionSections(set, from, to), r.arg(""))
	if err != nil {
		return err
	}
	rep := &report.Report{Name: "views_diff", Title: "agenttrace views diff " + from.Name + " " + to.Name, GeneratedAt: e.now(), Zone: r.zone, Tables: tables}
	rep.Head = []report.Field{{Name: "versions", Value: versions()}, {Name: "notices", Value: r.notices()}, {Name: "from", Value: from.Name}, {Name: "to", Value: to.Name},
		{Name: "changes", Value: to.Changes}, {Name: "columns_gone", Value: columnsBeyond(from, to)}, {Name: "columns_new", Value: columnsBeyond(to, from)}}
	if to.Changes != "" {
		rep.Lead = append(rep.Lead, to.Name+": "+to.Changes)
	}
	if gone := columnsBeyond(from, to); len(gone) > 0 {
		rep.Lead = append(rep.Lead, "Columns that are gone: "+strings.Join(gone, ", ")+".")
	}
	if added := columnsBeyond(to, from); len(added) > 0 {
		rep.Lead = append(rep.Lead, "Columns that are new: "+strings.Join(added, ", ")+".")
	}
	rep.Lead = append(rep.Lead, r.notices()...)
	return r.write(rep)
}

// columnsBeyond lists the columns of one definition that another lacks.
func columnsBeyond(d, other *sqlfiles.Definition) []string {
	out := []string{}
	for _, c := range d.Columns {
		if !slices.ContainsFunc(other.Columns, func(o sqlfiles.Column) bool { return o.Name == c.Name }) {
			out = append(out, c.Name)
		}
	}
	return out
}

// versionSections are the queries that compare two versions: they are written from their columns.
func versionSections(set *sqlfiles.Set, from, to *sqlfiles.Definition) []report.Section {
	var on, keys []string
	for _, g := range from.Grain {
		on = append(on, fmt.Sprintf("x.%[1]s = y.%[1]s", g))
		keys = append(keys, fmt.Sprintf("coalesce(x.%[1]s, y.%[1]s) AS %[1]s", g))
	}
	first := from.Grain[0]
	var moves, columns []string
	hasScore := false
	for _, c := range from.Columns {
		if slices.Contains(from.Grain, c.Name) || slices.Contains(columnsBeyond(from, to), c.Name) {
			continue
		}
		hasScore = hasScore || c.Name == "score"
		differs := fmt.Sprintf("x.%[1]s::VARCHAR IS DISTINCT FROM y.%[1]s::VARCHAR", c.Name)
		moves = append(moves, fmt.Sprintf("CASE WHEN %s THEN '%s ' || coalesce(x.%[2]s::VARCHAR, 'unknown') || ' → ' || coalesce(y.%[2]s::VARCHAR, 'unknown') END", differs, c.Name))
		columns = append(columns, fmt.Sprintf(`SELECT '%[1]s' AS "column", count(*) FILTER (WHERE %[2]s) AS differ_count, count(*) FILTER (WHERE x.%[1]s IS NULL AND y.%[1]s IS NOT NULL) AS now_known_count,
			count(*) FILTER (WHERE x.%[1]s IS NOT NULL AND y.%[1]s IS NULL) AS now_unknown_count, count(*) AS compared_count FROM %[3]s AS x JOIN %[4]s AS y ON %[5]s`,
			c.Name, differs, from.Name, to.Name, strings.Join(on, " AND ")))
	}
	join := fmt.Sprintf("FROM %s AS x FULL JOIN %s AS y ON %s", from.Name, to.Name, strings.Join(on, " AND "))
	order := "len(moves) DESC"
	if hasScore {
		order = "moved DESC NULLS LAST, len(moves) DESC"
	}
	score := "NULL::DOUBLE"
	if hasScore {
		score = "abs(y.score::DOUBLE - x.score::DOUBLE)"
	}
	why, reasons := "NULL::VARCHAR[]", ""
	if ex := set.Get(fmt.Sprintf("health_explanations_v%d", to.Version)); ex != nil && to.Family == "session_health" {
		reasons = fmt.Sprintf(`LEFT JOIN (SELECT session_id, list(sub || '.' || signal || ' −' || round(points, 1) ORDER BY points DESC)[1:3] AS reasons FROM %s WHERE points > 0 GROUP BY session_id) AS e ON e.session_id = coalesce(x.session_id, y.session_id)`, ex.Name)
		why = "e.reasons"
	}
	out := []report.Section{{Key: "rows", Title: "Rows", Kind: "facts", SQL: fmt.Sprintf(`SELECT count(*) FILTER (WHERE x.%[1]s IS NOT NULL AND y.%[1]s IS NOT NULL) AS in_both_count,
		count(*) FILTER (WHERE y.%[1]s IS NULL) AS only_in_v%[2]d_count, count(*) FILTER (WHERE x.%[1]s IS NULL) AS only_in_v%[3]d_count %[4]s`, first, from.Version, to.Version, join)}}
	if len(columns) == 0 {
		return out
	}
	return append(out,
		report.Section{Key: "columns", Title: "Columns that both have", Kind: "table", SQL: strings.Join(columns, "\nUNION ALL\n") + "\nORDER BY differ_count DESC"},
		report.Section{Key: "moved", Title: "What moves", Kind: "table", Show: 30, Empty: "Nothing: no row differs in the columns that both have.",
			SQL: fmt.Sprintf(`SELECT %s, list_filter([%s], lambda m: m IS NOT NULL) AS moves, %s AS moved, coalesce(%s, []) AS reasons %s
				WHERE x.%[6]s IS NOT NULL AND y.%[6]s IS NOT NULL AND len(list_filter([%[2]s], lambda m: m IS NOT NULL)) > 0 ORDER BY %[7]s, 1`,
				strings.Join(keys, ", "), strings.Join(moves, ", "), score, why, join+" "+reasons, first, order)})
}
