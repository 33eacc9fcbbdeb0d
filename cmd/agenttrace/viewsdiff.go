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
	sections, err := versionSections(set, from, to)
	if err != nil {
		return err
	}
	tables, err := report.Run(e.ctx, r.conn, sections, r.arg(""))
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
func versionSections(set *sqlfiles.Set, from, to *sqlfiles.Definition) ([]report.Section, error) {
	var on, keys []string
	for _, g := range from.Grain {
		on = append(on, fmt.Sprintf("x.%[1]s = y.%[1]s", g))
		keys = append(keys, "x."+g)
	}
	first := from.Grain[0]
	both := fmt.Sprintf("FROM %s AS x JOIN %s AS y ON %s", from.Name, to.Name, strings.Join(on, " AND "))
	rows := fmt.Sprintf("FROM %s AS x FULL JOIN %s AS y ON %s", from.Name, to.Name, strings.Join(on, " AND "))
	texts := []struct{ key, sql string }{{"rows", fmt.Sprintf(`-- title: Rows
-- kind: facts
-- label: in_both_count = in both
-- label: only_in_v%[2]d_count = only in v%[2]d
-- label: only_in_v%[3]d_count = only in v%[3]d
SELECT count(*) FILTER (WHERE x.%[1]s IS NOT NULL AND y.%[1]s IS NOT NULL) AS in_both_count,
	count(*) FILTER (WHERE y.%[1]s IS NULL) AS only_in_v%[2]d_count, count(*) FILTER (WHERE x.%[1]s IS NULL) AS only_in_v%[3]d_count %[4]s`, first, from.Version, to.Version, rows)}}

	var moves, columns []string
	has := map[string]bool{}
	for _, c := range from.Columns {
		if slices.Contains(from.Grain, c.Name) || slices.Contains(columnsBeyond(from, to), c.Name) {
			continue
		}
		has[c.Name] = true
		differs := fmt.Sprintf("x.%[1]s::VARCHAR IS DISTINCT FROM y.%[1]s::VARCHAR", c.Name)
		moves = append(moves, fmt.Sprintf("CASE WHEN %s THEN '%s ' || coalesce(x.%[2]s::VARCHAR, 'unknown') || ' → ' || coalesce(y.%[2]s::VARCHAR, 'unknown') END", differs, c.Name))
		columns = append(columns, fmt.Sprintf(`SELECT '%[1]s' AS "column", count(*) FILTER (WHERE %[2]s) AS differ_count, count(*) FILTER (WHERE x.%[1]s IS NULL AND y.%[1]s IS NOT NULL) AS now_known_count,
	count(*) FILTER (WHERE x.%[1]s IS NOT NULL AND y.%[1]s IS NULL) AS now_unknown_count, count(*) AS compared_count %[3]s`, c.Name, differs, both))
	}
	if len(columns) > 0 {
		texts = append(texts, struct{ key, sql string }{"columns", `-- title: Columns that both have
-- kind: table
-- label: differ_count = differ
-- label: now_known_count = known now
-- label: now_unknown_count = not known any more
-- label: compared_count = of
` + strings.Join(columns, "\nUNION ALL\n") + "\nORDER BY differ_count DESC"})
		if has["band"] {
			band := "coalesce(%s.band, 'none')"
			if has["unscored_reason"] {
				band = "CASE WHEN %[1]s.unscored_reason IS NULL THEN %[1]s.band ELSE 'unscored' END"
			}
			texts = append(texts, struct{ key, sql string }{"bands", fmt.Sprintf(`-- title: From band to band
-- kind: table
-- label: band_from = v%d
-- label: band_to = v%d
-- label: row_count = rows
SELECT band_from, band_to, count(*) AS row_count FROM (SELECT %s AS band_from, %s AS band_to %s) AS b
GROUP BY band_from, band_to ORDER BY band_from = band_to, row_count DESC, band_from, band_to`,
				from.Version, to.Version, fmt.Sprintf(band, "x"), fmt.Sprintf(band, "y"), both)})
		}
		texts = append(texts, struct{ key, sql string }{"moved", movedSQL(set, from, to, keys, moves, has["score"], both)})
	}
	var out []report.Section
	for _, t := range texts {
		s, err := report.Parse(t.key, t.sql)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// movedSQL lists the rows that differ, those whose score moves furthest first, and why if the versions say so.
func movedSQL(set *sqlfiles.Set, from, to *sqlfiles.Definition, keys, moves []string, hasScore bool, both string) string {
	moved, order := "NULL::DOUBLE", "len(moves) DESC"
	if hasScore {
		moved, order = "abs(y.score::DOUBLE - x.score::DOUBLE)", "moved DESC NULLS LAST, len(moves) DESC"
	}
	was, now, why := "[]::VARCHAR[]", "[]::VARCHAR[]", ""
	if slices.ContainsFunc(from.Columns, func(c sqlfiles.Column) bool { return c.Name == "deductions" }) {
		was = "list_transform(x.deductions, lambda d: regexp_replace(d, '^(\\S+) (\\S+): (.*)$', '\\1 (−\\3)'))"
	}
	if ex := set.Get(fmt.Sprintf("health_explanations_v%d", to.Version)); ex != nil && to.Family == "session_health" {
		why = fmt.Sprintf(` LEFT JOIN (SELECT session_id, list(reason || ' (−' || round(points, 1) || ')' ORDER BY points DESC, signal) AS reasons FROM %s WHERE points >= 0.05 GROUP BY session_id) AS e ON e.session_id = x.session_id`, ex.Name)
		now = "coalesce(e.reasons, [])"
	}
	var sessions, about string
	if len(from.Grain) == 1 && from.Grain[0] == "session_id" && set.Get("sessions_v1") != nil {
		about = "s.agent, s.started_at, "
		sessions = " LEFT JOIN sessions_v1 AS s ON s.session_id = x.session_id"
	}
	return fmt.Sprintf(`-- title: What moves
-- kind: table
-- show: 30
-- empty: Nothing: no row differs in the columns that both have.
-- label: session_id = session
-- label: moves = from v%[1]d to v%[2]d
-- below: why
-- spare: started_at, agent
-- json only: moved, reasons_before, reasons
-- text only: why
-- optional: agent, started_at, why
WITH compared AS (
	SELECT %[3]s, %[4]slist_filter([%[5]s], lambda m: m IS NOT NULL) AS moves, %[6]s AS moved, %[7]s AS reasons_before, %[8]s AS reasons %[9]s
)

SELECT *, nullif(concat_ws('; ',
	CASE WHEN len(reasons_before) > 0 THEN 'before: ' || array_to_string(reasons_before[1:4], ', ') END,
	CASE WHEN len(reasons) > 0 THEN 'now: ' || array_to_string(reasons[1:4], ', ') || CASE WHEN len(reasons) > 4 THEN ' and ' || (len(reasons) - 4) || ' more' ELSE '' END END), '') AS why
FROM compared
WHERE len(moves) > 0
ORDER BY %[10]s, 1`, from.Version, to.Version, strings.Join(keys, ", "), about, strings.Join(moves, ", "), moved, was, now, both+why+sessions, order)
}
