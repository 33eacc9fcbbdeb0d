package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/queries/render"
	"github.com/agenttrace/agenttrace/queries/report"
)

type sessionsOptions struct {
	common
	sort  string
	limit int
	paths []string
}

// sessionSorts are the orders of the list.
var sessionSorts = map[string]string{
	"started": "started_at DESC NULLS LAST", "cost": "cost_usd DESC NULLS LAST", "health": "health ASC NULLS LAST",
	"duration": "span_ms DESC NULLS LAST", "tokens": "input_tokens + output_tokens DESC NULLS LAST",
	"tools": "tool_call_count DESC NULLS LAST", "failures": "tool_failed_count DESC NULLS LAST",
}

func newSessionsCommand(e *env) *cobra.Command {
	var o sessionsOptions
	cmd := &cobra.Command{
		Use:   "sessions",
		Short: "List sessions, with filters and sort",
		Example: `  agenttrace sessions --since 7d --sort cost
  agenttrace sessions --agent codex -f json

` + exitHelp,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runSessions(e, o) },
	}
	o.addStore(cmd.Flags())
	o.addDemo(cmd.Flags())
	o.addOutput(cmd.Flags(), strings.Join(render.Formats, ", "))
	o.addScope(cmd.Flags())
	cmd.Flags().StringVar(&o.sort, "sort", "started", "started, cost, health, duration, tokens, tools or failures")
	cmd.Flags().IntVar(&o.limit, "limit", 0, "at most this many (default all)")
	return cmd
}

func runSessions(e *env, o sessionsOptions) error {
	if o.limit < 0 {
		return usagef("--limit %d: want a number of sessions", o.limit)
	}
	if o.sort == "" {
		o.sort = "started"
	}
	order, ok := sessionSorts[o.sort]
	if !ok {
		return usagef("--sort %s: want started, cost, health, duration, tokens, tools or failures", o.sort)
	}
	format, err := o.outputFormat("table", render.Formats...)
	if err != nil {
		return err
	}
	ro := reportOptions{common: o.common, args: o.paths}
	// The report's own machinery gives store, zone and scope; the formats are those of rows.
	ro.format = "text"
	r, err := newReporter(e, &ro, ro.inputs())
	if err != nil {
		return err
	}
	defer r.close()
	if err := r.scope(""); err != nil {
		return err
	}
	if err := r.health(""); err != nil {
		return err
	}
	sections, err := report.Sections("sessions")
	if err != nil {
		return err
	}
	section := sections[0]
	section.SQL = fmt.Sprintf("SELECT * FROM (%s) ORDER BY %s, session_id", section.SQL, order)
	if o.limit > 0 {
		section.SQL += fmt.Sprintf(" LIMIT %d", o.limit)
	}
	tables, err := report.Run(e.ctx, r.conn, []report.Section{section}, r.arg(""))
	if err != nil {
		return err
	}
	if format == "html" {
		return r.writeListPage(&tables[0])
	}
	return o.writeTo(e, func(b *bytes.Buffer) error {
		if format == "table" {
			return r.writeList(b, &tables[0])
		}
		opt := render.Options{Format: format, Zone: r.zone, Redact: r.redact(), Notice: func(s string) { o.notice(e, "%s", s) }}
		columns, rows := tables[0].ForJSON()
		_, err := render.Write(b, queries.NewRows(columns, rows...), opt)
		return err
	})
}

// writeList writes a result as a table for people.
func (r *reporter) writeList(b *bytes.Buffer, t *report.Table) error {
	if len(t.Rows) == 0 {
		text := "No session was found."
		if r.filtered() {
			text = "No session matches: " + r.filterText() + "."
		}
		return render.WriteDoc(b, render.Doc{Lead: []string{text}}, render.DocOptions{})
	}
	width := r.e.width
	if r.o.output != "" {
		width = 0
	}
	d := render.Doc{Sections: []render.Section{{Table: t.People(r.zone)}}}
	return render.WriteDoc(b, d, render.DocOptions{Width: width, Color: r.color, Redact: r.redact()})
}

// writeListPage writes a list of sessions as a page, with what it covers above it.
func (r *reporter) writeListPage(t *report.Table) error {
	if err := r.narrow(); err != nil {
		return err
	}
	coverage, err := r.run("overview", "", "coverage")
	if err != nil {
		return err
	}
	t.Empty = "No session was found."
	rep := &report.Report{Name: "sessions", Title: "agenttrace sessions", GeneratedAt: r.e.now(), Zone: r.zone, Tables: append(coverage, *t)}
	rep.Lead = []string{plural(int64(len(t.Rows)), "session") + ".", r.coverageLine(rep)}
	if f := r.filterText(); f != "" {
		rep.Lead = append(rep.Lead, "Only "+f+".")
	}
	rep.Lead = append(rep.Lead, r.notices()...)
	r.format = "html"
	return r.write(rep)
}
