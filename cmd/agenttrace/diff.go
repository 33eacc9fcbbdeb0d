package main

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/queries/align"
	"github.com/agenttrace/agenttrace/queries/render"
	"github.com/agenttrace/agenttrace/queries/report"
	"github.com/agenttrace/agenttrace/schema/store"
)

func newDiffCommand(e *env) *cobra.Command {
	var o reportOptions
	var a, b string
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Two sessions: steps side by side, files, commands, checks, and why the price differs",
		Long: `Holds a session B against a session A that is taken as the reference: did it leave the task, skip a check, go in
circles, and is its lower price a saving or an omission? A and B are session ids, unambiguous beginnings of
ids, or paths of session files.

With --a and --b it holds two groups of sessions against each other, such as before and after a change of model or
prompt: medians and shares with the sessions they rest on, a rank test, how often each finding occurs, and why a
session costs more or less. A group is asked for by agent, project, model, branch, since and until, as key=value.`,
		Example: `  agenttrace diff 3f2a9c 81bb07
  agenttrace diff path/to/session.jsonl path/to/other.jsonl -f markdown
  agenttrace diff --a "project=api until=2026-10-31" --b "project=api since=2026-11-01"

` + exitHelp,
		Args: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("a") || cmd.Flags().Changed("b") {
				switch {
				case !cmd.Flags().Changed("a") || !cmd.Flags().Changed("b"):
					return usagef("diff of groups wants both --a and --b")
				case len(args) > 0:
					return usagef("diff takes two sessions or two groups, not both")
				}
				return nil
			}
			if len(args) != 2 {
				return &usageError{text: "diff wants two sessions", hint: "agenttrace sessions lists them"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return runDiffGroups(e, o, a, b)
			}
			return runDiff(e, o, args[0], args[1])
		},
	}
	o.addStore(cmd.Flags())
	o.addDemo(cmd.Flags())
	o.addOutput(cmd.Flags(), reportFormats)
	cmd.Flags().StringArrayVarP(&o.dirs, "dir", "d", nil, "look in this folder instead of the store (repeatable)")
	cmd.Flags().StringVar(&a, "a", "", `the first group, such as "project=api until=2026-10-31"`)
	cmd.Flags().StringVar(&b, "b", "", "the second group")
	return cmd
}

func runDiff(e *env, o reportOptions, a, b string) error {
	words := []string{a, b}
	in := inputs{paths: o.dirs}
	var paths []string
	for _, w := range words {
		if isPath(w) {
			paths = append(paths, w)
		}
	}
	switch {
	case len(paths) == 1 && len(o.dirs) == 0:
		return withHint(usagef("%s is a path and the other is none", paths[0]), "name both by id, or both by path: agenttrace show SESSION says which file it was read from")
	case len(paths) > 0:
		in.paths = append(append([]string(nil), o.dirs...), paths...)
	}
	r, err := newReporter(e, &o, in)
	if err != nil {
		return err
	}
	defer r.close()
	ids := make([]string, 2)
	for i, w := range words {
		if isPath(w) {
			ids[i], err = r.sessionOf(w)
		} else {
			ids[i], err = resolve(e.ctx, r.conn, w)
		}
		if err != nil {
			return err
		}
	}
	if ids[0] == ids[1] {
		return usagef("both are the session %s", ids[0])
	}
	d := diff{reporter: r, a: ids[0], b: ids[1]}
	rep, err := d.report()
	if err != nil {
		return err
	}
	return r.write(rep)
}

// isPath tells a path from an id.
func isPath(word string) bool {
	_, err := os.Stat(word)
	return err == nil || strings.ContainsAny(word, `/\`) && !errors.Is(err, fs.ErrInvalid)
}

// sessionOf is the one session that was read from a path.
func (r *reporter) sessionOf(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	ids, err := column(r.e, r.conn, fmt.Sprintf(`SELECT DISTINCT lower(hex(s.session_id))
		FROM raw.sessions AS s JOIN raw.sources AS x USING (source_id)
		WHERE s.session_id IS NOT NULL AND (x.path = %[1]s OR starts_with(x.path, %[1]s || '/') OR starts_with(x.path, %[1]s || '\'))
		ORDER BY 1 LIMIT 6`, store.Quote(abs)))
	switch {
	case err != nil:
		return "", err
	case len(ids) == 0:
		return "", fmt.Errorf("%s holds no session", path)
	case len(ids) > 1:
		return "", withHint(usagef("%s holds several sessions: %s", path, strings.Join(ids, ", ")), "agenttrace diff -d FOLDER A B takes ids")
	}
	return ids[0], nil
}

// A diff builds the report of two sessions.
type diff struct {
	*reporter
	a, b string
}

func (d *diff) arg(name string) any {
	switch name {
	case "a":
		return sql.Named(name, d.a)
	case "b":
		return sql.Named(name, d.b)
	}
	return d.reporter.arg("")(name)
}

func (d *diff) report() (*report.Report, error) {
	r := d.reporter
	q := fmt.Sprintf("CREATE OR REPLACE TEMP TABLE scope AS SELECT session_id, ('0x' || session_id)::UBIGINT AS session_key FROM sessions_v1 WHERE session_id IN (%s, %s)", store.Quote(d.a), store.Quote(d.b))
	if err := r.conn.Exec(r.e.ctx, q); err != nil {
		return nil, err
	}
	r.part, r.inTables = true, true
	if err := r.scopeMacros("steps_v1", "phase_costs_v1", "diff_files_v1", "diff_commands_v1", "diff_verification_v1", "diff_measures_v1", "diff_prices_v1", "diff_findings_v1"); err != nil {
		return nil, err
	}
	if err := r.conn.Exec(r.e.ctx, "CREATE OR REPLACE TEMP VIEW scoped_calls AS SELECT "+callCountsSQL+" FROM core.call_costs_v1 WHERE session_id IN (SELECT session_key FROM scope)"); err != nil {
		return nil, err
	}
	coverage, err := r.run("overview", "", "coverage")
	if err != nil {
		return nil, err
	}
	rows, like, err := d.align()
	if err != nil {
		return nil, err
	}
	sections, err := report.Sections("diff")
	if err != nil {
		return nil, err
	}
	tables, err := report.Run(r.e.ctx, r.conn, sections, d.arg)
	if err != nil {
		return nil, err
	}
	rep := &report.Report{Name: "diff", Title: "agenttrace diff " + d.a + " " + d.b, GeneratedAt: r.e.now(), Zone: r.zone}
	rep.Tables = append(coverage, tables...)
	rep.Head = []report.Field{
		{Name: "versions", Value: versions()}, {Name: "notices", Value: r.notices()}, {Name: "a", Value: d.a}, {Name: "b", Value: d.b},
		{Name: "similarity", Value: likeness(like)},
	}
	rep.Lead = append(append(d.lead(rep, like), r.coverageLine(rep)), r.notices()...)
	rep.TailDoc = []render.Section{d.steps(rep, rows)}
	return rep, nil
}

// align makes the table diff_steps.
func (d *diff) align() (int, align.Likeness, error) {
	var sides [2][]align.Step
	for i, id := range []string{d.a, d.b} {
		rows, err := d.conn.Query(d.e.ctx, "SELECT step_key, activity, target FROM steps_v1 WHERE session_id = $session ORDER BY step_no", sql.Named("session", id))
		if err != nil {
			return 0, align.Likeness{}, err
		}
		for rows.Next() {
			v := rows.Values()
			key, _ := v[0].(string)
			activity, _ := v[1].(string)
			target, _ := v[2].(string)
			sides[i] = append(sides[i], align.Step{Key: key, Activity: activity, Target: target})
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return 0, align.Likeness{}, err
		}
	}
	found := align.Align(sides[0], sides[1])
	const head = "CREATE OR REPLACE TEMP TABLE diff_steps (diff_id VARCHAR, pos INTEGER, op VARCHAR, step_a INTEGER, step_b INTEGER, key_a VARCHAR, key_b VARCHAR, similarity DOUBLE)"
	if err := d.conn.Exec(d.e.ctx, head); err != nil {
		return 0, align.Likeness{}, err
	}
	var values []string
	for pos, f := range found {
		side := func(steps []align.Step, i int) (string, string) {
			if i < 0 {
				return "NULL", "NULL"
			}
			return fmt.Sprint(i + 1), store.Quote(steps[i].Key)
		}
		na, ka := side(sides[0], f.A)
		nb, kb := side(sides[1], f.B)
		similarity := "NULL"
		if f.A >= 0 && f.B >= 0 {
			similarity = fmt.Sprint(f.Similarity)
		}
		values = append(values, fmt.Sprintf("(%s, %d, %s, %s, %s, %s, %s, %s)", store.Quote(d.a+"-"+d.b), pos+1, store.Quote(f.Op), na, nb, ka, kb, similarity))
	}
	for len(values) > 0 {
		n := min(len(values), 1000)
		if err := d.conn.Exec(d.e.ctx, "INSERT INTO diff_steps VALUES "+strings.Join(values[:n], ", ")); err != nil {
			return 0, align.Likeness{}, err
		}
		values = values[n:]
	}
	return len(found), align.Compare(sides[0], sides[1], found), nil
}

// likeness is the similarity for JSON: null where there are no steps.
func likeness(l align.Likeness) any {
	if !l.Known {
		return nil
	}
	return struct {
		Sequence float64 `json:"sequence"`
		Multiset float64 `json:"multiset"`
	}{l.Sequence, l.Multiset}
}

// lead says how like the two are, and what must be borne in mind.
func (d *diff) lead(rep *report.Report, like align.Likeness) []string {
	lead := []string{"A is the reference, B is held against it."}
	if like.Known {
		lead = append(lead, fmt.Sprintf("The paths are alike by %s in order, by %s whatever the order.", render.Percent(like.Sequence), render.Percent(like.Multiset)))
	} else {
		lead = append(lead, "Neither has a step that could be held against the other's.")
	}
	s := rep.Find("sessions")
	if len(s.Rows) == 2 {
		for i, c := range s.Columns {
			what := map[string]string{"agent": "agents", "models": "models", "fidelity": "what the logs hold"}[c.Name]
			if what != "" && s.Rows[0][i] != s.Rows[1][i] {
				lead = append(lead, fmt.Sprintf("Mind that %s differ: %s and %s.", what, orUnknownText(s.Rows[0][i]), orUnknownText(s.Rows[1][i])))
			}
		}
	}
	return lead
}

func orUnknownText(v any) string {
	if t, ok := v.(string); ok && t != "" {
		return t
	}
	return render.Unknown
}

// steps are the two paths side by side; of long stretches that are the same, the ends are shown.
func (d *diff) steps(rep *report.Report, rows int) render.Section {
	t := rep.Find("steps")
	at := map[string]int{}
	for i, c := range t.Columns {
		at[c.Name] = i
	}
	s := render.Section{Title: "Steps side by side", Note: "= the same, ~ changed, < only in A, > only in B.",
		Table: &render.Table{Ordered: true, Columns: []render.TableColumn{{Name: "step of A", Page: true}, {Name: "A"}, {Name: ""}, {Name: "B"}, {Name: "step of B", Page: true}}}}
	if len(t.Rows) == 0 {
		return render.Section{Title: s.Title, Lines: []string{"Neither session has steps."}}
	}
	step := func(row []any, side string) string {
		key, ok := row[at["key_"+side]].(string)
		if !ok {
			return ""
		}
		if n, _ := row[at["calls_"+side]].(int64); n > 1 {
			key += fmt.Sprintf(" ×%d", n)
		}
		if n, _ := row[at["failed_"+side]].(int64); n > 0 {
			key += " (failed)"
		}
		return key
	}
	place := func(row []any, side string) string {
		if row[at["step_"+side]] == nil {
			return ""
		}
		text := fmt.Sprint(row[at["step_"+side]])
		if line := row[at["line_"+side]]; line != nil {
			text += fmt.Sprintf(", line %v", line)
		}
		return text
	}
	tones := map[string]string{align.Same: "same", align.Changed: "changed", align.OnlyA: "only-a", align.OnlyB: "only-b"}
	marks := map[string]string{align.Same: "=", align.Changed: "~", align.OnlyA: "<", align.OnlyB: ">"}
	const keep = 2 // steps shown at each end of a stretch that is the same
	for i := 0; i < len(t.Rows); {
		op, _ := t.Rows[i][at["op"]].(string)
		end := i
		for end < len(t.Rows) && t.Rows[end][at["op"]] == op {
			end++
		}
		for n := i; n < end; n++ {
			if op == align.Same && end-i > 2*keep+1 && n == i+keep {
				skipped, from := end-i-2*keep, len(s.Table.Rows)
				s.Table.Folds = append(s.Table.Folds, render.Fold{From: from, To: from + skipped, Row: []string{"", fmt.Sprintf("… %d the same", skipped), "=", "", ""},
					Label: fmt.Sprintf("%d the same", skipped)})
			}
			row := t.Rows[n]
			s.Table.Rows = append(s.Table.Rows, []string{place(row, "a"), step(row, "a"), marks[op], step(row, "b"), place(row, "b")})
			s.Table.Tones = append(s.Table.Tones, tones[op])
		}
		i = end
	}
	return s
}
