package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/queries/report"
)

func newOverviewCommand(e *env) *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "overview",
		Short: "Fleet report: riskiest sessions, totals, anomalies, by agent, model, project, tool and day",
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
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	if len(names) > 0 {
		return &usageError{text: fmt.Sprintf("%s has no command %q", cmd.CommandPath(), args[0]), hint: hintNearest(args[0], names)}
	}
	return &usageError{text: fmt.Sprintf("%s takes no arguments, but was given %q", cmd.CommandPath(), args[0]), hint: cmd.CommandPath() + " --help"}
}

func runOverview(e *env, o reportOptions) error {
	r, err := newReporter(e, &o, o.inputs())
	if err != nil {
		return err
	}
	defer r.close()
	if err := r.scope(""); err != nil {
		return err
	}
	title := "agenttrace overview"
	switch {
	case o.demo:
		title += ": built-in sample sessions"
	case len(o.inputs().paths) > 0:
		title += " of " + strings.Join(o.inputs().paths, ", ")
	}
	return r.overview(title)
}

// overview prints the report over the sessions in scope.
func (r *reporter) overview(title string) error {
	if err := r.narrow(); err != nil {
		return err
	}
	sections, err := report.Sections("overview")
	if err != nil {
		return err
	}
	tables, err := r.overviewTables(sections)
	if err != nil {
		return err
	}
	rep := r.report("overview", title, tables)
	rep.Head = append(rep.Head, report.Field{Name: "scope", Value: r.scopeValue()}, report.Field{Name: "notices", Value: r.notices()})
	rep.Lead = r.overviewLead(rep)
	rep.Short = count(rep, "coverage", "session_count") == 0
	if t := rep.Find("totals"); t != nil {
		t.Note = totalsNote(rep)
	}
	if t := rep.Find("by_day"); t != nil {
		addTrend(t)
	}
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

// overviewTables runs the sections: those about health on one connection, the others on a second beside it.
// Each is a small query that one processor answers best, see narrow.
func (r *reporter) overviewTables(sections []report.Section) ([]report.Table, error) {
	onHealth := func(s report.Section) bool {
		return strings.Contains(s.SQL, "scoped_health") || strings.Contains(s.SQL, "health_reasons")
	}
	var others, ours []report.Section
	for _, s := range sections {
		if onHealth(s) {
			ours = append(ours, s)
		} else {
			others = append(others, s)
		}
	}
	beside := make(chan error, 1)
	var theirTables []report.Table
	go func() {
		var err error
		theirTables, err = r.runBeside(others)
		beside <- err
	}()
	ourTables, err := r.runOnHealth(ours)
	if err := errors.Join(err, <-beside); err != nil {
		return nil, err
	}
	out := make([]report.Table, 0, len(sections))
	for _, s := range sections {
		from := &theirTables
		if onHealth(s) {
			from = &ourTables
		}
		out = append(out, (*from)[0])
		*from = (*from)[1:]
	}
	return out, nil
}

func (r *reporter) runOnHealth(sections []report.Section) ([]report.Table, error) {
	if err := r.health(""); err != nil {
		return nil, err
	}
	return report.Run(r.e.ctx, r.conn, sections, r.arg(""))
}

// runBeside runs sections on a connection of their own, with the same scope.
func (r *reporter) runBeside(sections []report.Section) ([]report.Table, error) {
	conn, err := r.data.Session(r.e.ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	other := *r
	other.conn, other.madeInScope = conn, map[string]bool{}
	if err := other.scope(""); err != nil {
		return nil, err
	}
	if err := other.narrow(); err != nil {
		return nil, err
	}
	return report.Run(r.e.ctx, conn, sections, r.arg(""))
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
		Inputs   []string `json:"inputs"`
	}{
		at(r.since.V, r.since.Valid), at(r.until.V, r.until.Valid), list(r.o.agents), list(r.o.projects), list(r.o.models), list(r.o.branches),
		list(r.o.inputs().paths),
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

// runPaths audits the named files: one session in full, several as an overview.
func runPaths(e *env, o reportOptions) error {
	r, err := newReporter(e, &o, o.inputs())
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
	if o.timeline {
		return usagef("--timeline has no effect on an overview, and here are several sessions")
	}
	return r.overview("agenttrace overview of " + strings.Join(o.inputs().paths, ", "))
}

// sessionIDs lists up to limit sessions in scope.
func (r *reporter) sessionIDs(limit int) ([]string, error) {
	return column(r.e, r.conn, fmt.Sprintf(`SELECT session_id FROM scope LIMIT %d`, limit))
}
