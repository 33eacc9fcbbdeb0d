package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/queries/render"
	"github.com/agenttrace/agenttrace/queries/report"
)

func newOverviewCommand(e *env) *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "overview",
		Short: "Fleet report: totals, riskiest sessions, anomalies, by agent, model, project, tool and day",
		Example: `  agenttrace overview
  agenttrace overview --since 7d -f markdown -o agenttrace-overview.md
  agenttrace overview --fail-under-health 80 --fail-on-critical --max-tool-fail-rate 15

` + exitHelp,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.noteGates(cmd)
			return runOverview(e, o)
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

// noArgs refuses arguments as wrong usage.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{text: fmt.Sprintf("%s takes no arguments, but was given %q", cmd.CommandPath(), args[0]), hint: cmd.CommandPath() + " --help"}
	}
	return nil
}

func runOverview(e *env, o reportOptions) error {
	r, err := newReporter(e, &o, inputs{paths: append(append([]string(nil), o.dirs...), o.args...)})
	if err != nil {
		return err
	}
	defer r.close()
	return r.overview("agenttrace overview")
}

func (r *reporter) overview(title string) error {
	if err := r.scope(""); err != nil {
		return err
	}
	rep, err := r.build("overview", title, "")
	if err != nil {
		return err
	}
	rep.Head = append(rep.Head, report.Field{Name: "scope", Value: r.scopeValue()}, report.Field{Name: "notices", Value: r.notices()})
	rep.Lead = r.lead(rep)
	gates, err := r.judge()
	if err != nil {
		return err
	}
	attach(rep, gates)
	if err := r.write(rep); err != nil {
		return err
	}
	return verdict(gates)
}

// scopeValue states the filters in JSON.
func (r *reporter) scopeValue() any {
	at := func(t time.Time, ok bool) *string {
		if !ok {
			return nil
		}
		s := t.In(r.zone).Format(time.RFC3339)
		return &s
	}
	list := func(l []string) []string {
		if l == nil {
			return []string{}
		}
		return l
	}
	return struct {
		Since    *string  `json:"since"`
		Until    *string  `json:"until"`
		Agents   []string `json:"agents"`
		Projects []string `json:"projects"`
		Models   []string `json:"models"`
		Branches []string `json:"branches"`
		Dirs     []string `json:"dirs"`
		Paths    []string `json:"paths"`
	}{
		at(r.since.V, r.since.Valid), at(r.until.V, r.until.Valid), list(r.o.agents), list(r.o.projects), list(r.o.models), list(r.o.branches),
		list(r.o.dirs), list(r.o.args),
	}
}

// notices are what a reader of the figures must know beside the coverage.
func (r *reporter) notices() []string {
	out := []string{}
	if r.data.stale != "" {
		out = append(out, r.data.stale)
	}
	if s := r.data.summary; s != nil {
		for i, err := range s.Errors {
			if i == 5 {
				out = append(out, fmt.Sprintf("and %d more files that could not be read", len(s.Errors)-5))
				break
			}
			out = append(out, "not read: "+err.Error())
		}
	}
	return out
}

// lead is the coverage line: what the totals cover, and what is missing in them.
func (r *reporter) lead(rep *report.Report) []string {
	c := rep.Find("coverage")
	n := func(name string) int64 {
		v, _ := c.Value(name).(int64)
		return v
	}
	var lead []string
	if n("session_count") == 0 {
		if r.filtered() {
			lead = append(lead, "No session matches the filters.")
		} else {
			lead = append(lead, "No session was found. agenttrace doctor lists the places that were looked into; agenttrace demo shows what a report looks like.")
		}
	}
	var parts []string
	parts = append(parts, plural(n("session_count"), "session"))
	if first, ok := c.Value("first_at").(time.Time); ok {
		if last, ok := c.Value("last_at").(time.Time); ok {
			parts[0] += fmt.Sprintf(", %s to %s", first.In(r.zone).Format("2006-01-02"), last.In(r.zone).Format("2006-01-02"))
		}
	}
	parts = append(parts, fmt.Sprintf("%s (%s)", plural(n("source_count"), "log file"), render.Bytes(c.Value("source_bytes"))))
	for _, p := range []struct{ column, one string }{
		{"unknown_record_count", "unknown record"}, {"problem_count", "unreadable line"}, {"unreadable_source_count", "unreadable file"},
		{"refused_source_count", "file that is no session"}, {"missing_source_count", "file gone since it was read"},
	} {
		if v := n(p.column); v > 0 {
			parts = append(parts, plural(v, p.one))
		}
	}
	lead = append(lead, "Covers "+strings.Join(parts, " · ")+". Days in "+report.ZoneName(r.zone, r.e.now())+".")
	if m := money(n); m != "" {
		lead = append(lead, m)
	}
	if v := n("session_without_usage_count"); v > 0 {
		lead = append(lead, fmt.Sprintf("The logs of %s hold no token counts: their tokens and cost are unknown, not zero.", plural(v, "session")))
	}
	if v := n("session_without_times_count"); v > 0 {
		lead = append(lead, fmt.Sprintf("The logs of %s hold no times.", plural(v, "session")))
	}
	if f := r.filterText(); f != "" {
		lead = append(lead, "Only "+f+".")
	}
	return append(lead, r.notices()...)
}

// money says how sure the cost is.
func money(n func(string) int64) string {
	calls := n("model_call_count")
	if calls == 0 {
		return ""
	}
	text := fmt.Sprintf("Cost is what the tokens cost at list price, no invoice: %d of %s priced", n("priced_call_count"), plural(calls, "model call"))
	var gaps []string
	if v := n("unpriced_call_count"); v > 0 {
		gaps = append(gaps, fmt.Sprintf("%d without a price, so the total is a lower bound", v))
	}
	if v := n("lower_bound_call_count"); v > 0 {
		gaps = append(gaps, fmt.Sprintf("%d with incomplete counters, a lower bound", v))
	}
	if v := n("estimated_call_count"); v > 0 {
		gaps = append(gaps, fmt.Sprintf("%d estimated", v))
	}
	if len(gaps) > 0 {
		text += "; " + strings.Join(gaps, "; ")
	}
	return text + "."
}

func (r *reporter) filtered() bool {
	return r.since.Valid || r.until.Valid || len(r.o.agents)+len(r.o.projects)+len(r.o.models)+len(r.o.branches) > 0
}

func (r *reporter) filterText() string {
	var parts []string
	add := func(name string, values []string) {
		if len(values) > 0 {
			parts = append(parts, name+" "+strings.Join(values, ", "))
		}
	}
	add("agent", r.o.agents)
	add("project", r.o.projects)
	add("model", r.o.models)
	add("branch", r.o.branches)
	if r.since.Valid {
		parts = append(parts, "since "+r.since.V.In(r.zone).Format("2006-01-02 15:04"))
	}
	if r.until.Valid {
		parts = append(parts, "until "+r.until.V.In(r.zone).Format("2006-01-02 15:04"))
	}
	return strings.Join(parts, " · ")
}

func plural(n int64, one string) string {
	text := render.Int(n) + " " + one
	if n == 1 {
		return text
	}
	if head, tail, ok := strings.Cut(one, " that is no "); ok {
		return render.Int(n) + " " + head + "s that are no " + tail
	}
	if head, tail, ok := strings.Cut(one, " gone "); ok {
		return render.Int(n) + " " + head + "s gone " + strings.Replace(tail, "it was", "they were", 1)
	}
	return text + "s"
}

// runPaths audits the named files: one session in full, several as an overview.
func runPaths(e *env, o reportOptions) error {
	r, err := newReporter(e, &o, inputs{paths: append(append([]string(nil), o.dirs...), o.args...)})
	if err != nil {
		return err
	}
	defer r.close()
	if err := r.scope(""); err != nil {
		return err
	}
	ids, err := r.sessionIDs(2)
	if err != nil {
		return err
	}
	if len(ids) == 1 {
		return r.session(ids[0])
	}
	return r.overview("agenttrace overview of " + strings.Join(o.args, ", "))
}

// sessionIDs lists up to limit sessions in scope.
func (r *reporter) sessionIDs(limit int) ([]string, error) {
	rows, err := r.conn.Query(r.e.ctx, fmt.Sprintf(`SELECT session_id FROM scope LIMIT %d`, limit))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		out = append(out, fmt.Sprint(rows.Values()[0]))
	}
	return out, rows.Err()
}

// session prints the report of one session.
func (r *reporter) session(id string) error {
	if err := r.scope(id); err != nil {
		return err
	}
	rep, err := r.build("session", "agenttrace session "+id, id)
	if err != nil {
		return err
	}
	if r.o.timeline {
		if err := r.addTimeline(rep, id); err != nil {
			return err
		}
	}
	coverage, err := r.coverage()
	if err != nil {
		return err
	}
	rep.Tables = append([]report.Table{*coverage}, rep.Tables...)
	rep.Head = append(rep.Head, report.Field{Name: "notices", Value: r.notices()})
	rep.Lead = r.sessionLead(rep)
	gates, err := r.judge()
	if err != nil {
		return err
	}
	attach(rep, gates)
	if err := r.write(rep); err != nil {
		return err
	}
	return verdict(gates)
}

// coverage is the overview's coverage section, over the sessions in scope.
func (r *reporter) coverage() (*report.Table, error) {
	sections, err := report.Sections("overview")
	if err != nil {
		return nil, err
	}
	for _, s := range sections {
		if s.Key == "coverage" {
			tables, err := report.Run(r.e.ctx, r.conn, []report.Section{s}, r.arg(""))
			if err != nil {
				return nil, err
			}
			return &tables[0], nil
		}
	}
	return nil, errors.New("the overview has no coverage section")
}

// sessionLead says how sure the figures of one session are.
func (r *reporter) sessionLead(rep *report.Report) []string {
	c := rep.Find("coverage")
	n := func(name string) int64 {
		v, _ := c.Value(name).(int64)
		return v
	}
	var lead []string
	if m := money(n); m != "" {
		lead = append(lead, m)
	}
	if n("session_without_usage_count") > 0 {
		lead = append(lead, "This log holds no token counts: tokens and cost are unknown, not zero.")
	}
	if n("session_without_times_count") > 0 {
		lead = append(lead, "This log holds no times.")
	}
	return append(lead, r.notices()...)
}
