package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/queries/render"
	"github.com/agenttrace/agenttrace/queries/report"
	"github.com/agenttrace/agenttrace/schema/store"
)

func newShowCommand(e *env) *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "show SESSION",
		Short: "Audit of one session, by id or the beginning of one",
		Long:  "Audit of one session. SESSION is a session id, the agent's own id, or an unambiguous beginning of either.",
		Example: `  agenttrace show 3f2a9c
  agenttrace show 3f2a9c --timeline -f json

` + exitHelp,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{text: "show wants one session", hint: "agenttrace sessions lists them"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runShow(e, o, args[0]) },
	}
	o.addStore(cmd.Flags())
	o.addDemo(cmd.Flags())
	o.addOutput(cmd.Flags(), reportFormats)
	cmd.Flags().StringArrayVarP(&o.dirs, "dir", "d", nil, "look in this folder instead of the store (repeatable)")
	cmd.Flags().BoolVar(&o.timeline, "timeline", false, "list the steps of the session")
	return cmd
}

func runShow(e *env, o reportOptions, word string) error {
	r, err := newReporter(e, &o, o.inputs())
	if err != nil {
		return err
	}
	defer r.close()
	id, err := resolve(e.ctx, r.conn, word)
	if err != nil {
		return err
	}
	return r.session(id)
}

func newLatestCommand(e *env) *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "latest",
		Short: "Audit of the newest session",
		Example: `  agenttrace latest
  agenttrace latest --agent codex -f json

` + exitHelp,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.noteGates(cmd)
			return runLatest(e, o)
		},
	}
	o.addFlags(cmd.Flags())
	cmd.Flags().BoolVar(&o.timeline, "timeline", false, "list the steps of the session")
	return cmd
}

func runLatest(e *env, o reportOptions) error {
	r, err := newReporter(e, &o, o.inputs())
	if err != nil {
		return err
	}
	defer r.close()
	if err := r.scope(""); err != nil {
		return err
	}
	id, err := r.newest()
	if errors.Is(err, errNoSession) && len(o.gates) > 0 {
		// A gate over nothing has its own answer.
		gates, err := r.judge()
		if err != nil {
			return err
		}
		o.notice(e, "%v", errNoSession)
		return verdict(gates)
	}
	if errors.Is(err, errNoSession) {
		hint := "agenttrace doctor lists the places that were looked into, agenttrace demo shows what a report looks like"
		if r.filtered() {
			hint = "asked for: " + r.filterText()
		}
		return withHint(err, "%s", hint)
	}
	if err != nil {
		return err
	}
	return r.session(id)
}

// session prints the report of one session.
func (r *reporter) session(id string) error {
	if err := r.scope(id); err != nil {
		return err
	}
	if err := r.own(id); err != nil {
		return err
	}
	if err := r.health(id); err != nil {
		return err
	}
	rep, err := r.build("session", "agenttrace session "+id, id)
	if err != nil {
		return err
	}
	coverage, err := r.run("overview", id, "coverage")
	if err != nil {
		return err
	}
	rep.Tables = append(coverage, rep.Tables...)
	if r.o.timeline || r.format == "html" {
		if err := r.addTimeline(rep, id); err != nil {
			return err
		}
	}
	rep.Head = append(rep.Head, report.Field{Name: "notices", Value: r.notices()})
	rep.Lead = r.sessionLead(rep)
	rep.Find("totals").Note = strings.TrimSpace("The session with its sub-agents. " + totalsNote(rep))
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

// addTimeline adds the steps at the end, and whose time it was at the top. Without --timeline a
// page has the steps too, as that is where its chart leads, but folded away.
func (r *reporter) addTimeline(rep *report.Report, id string) error {
	steps, err := r.run("timeline", id, "timeline")
	if err != nil {
		return err
	}
	if !r.o.timeline && len(steps[0].Rows) > 0 {
		steps[0].Closed = plural(int64(len(steps[0].Rows)), "step")
	}
	segments, err := r.run("timeline", id, "segments")
	if err != nil {
		return err
	}
	segments[0].Hidden = true
	rep.Tables = append(append(segments, rep.Tables...), steps...)
	return nil
}

// own makes temporary tables of what belongs to one session: its report asks for each of them several
// times, and planning the views anew would take most of the time.
func (r *reporter) own(id string) error {
	for _, t := range [][2]string{
		{"own_session", "sessions_v1"}, {"own_runs", "runs_v1"}, {"own_calls", "model_call_costs_v1"}, {"own_tools", "tool_calls_v1"},
		{"own_messages", "messages_v1"}, {"own_anomalies", "anomalies_v1"},
	} {
		q := fmt.Sprintf("CREATE OR REPLACE TEMP TABLE %s AS SELECT * FROM %s WHERE session_id = %s", t[0], t[1], store.Quote(id))
		if err := r.conn.Exec(r.e.ctx, q); err != nil {
			return err
		}
	}
	return r.conn.Exec(r.e.ctx, "CREATE OR REPLACE TEMP VIEW scoped_calls AS SELECT "+callCountsSQL+" FROM own_calls")
}

// run runs one section of a report.
func (r *reporter) run(name, session, key string) ([]report.Table, error) {
	sections, err := report.Sections(name)
	if err != nil {
		return nil, err
	}
	for _, s := range sections {
		if s.Key == key {
			return report.Run(r.e.ctx, r.conn, []report.Section{s}, r.arg(session))
		}
	}
	return nil, fmt.Errorf("the report %s has no section %s", name, key)
}

// sessionLead is the session in a sentence, and how sure its figures are.
func (r *reporter) sessionLead(rep *report.Report) []string {
	s := rep.Find("session")
	word := func(column string) string { v, _ := s.Value(column).(string); return v }
	var lead []string
	if title := word("title"); title != "" {
		lead = append(lead, title)
	} else if prompt, ok := rep.Find("turns").Value("prompt").(string); ok {
		lead = append(lead, prompt)
	}
	text := word("agent")
	if v := word("project"); v != "" {
		text += " on " + v
	}
	if at, ok := s.Value("started_at").(time.Time); ok {
		text += ", " + at.In(r.zone).Format("2006-01-02 15:04")
	}
	parts := []string{text}
	if ms := s.Value("span_ms"); ms != nil {
		parts = append(parts, render.Duration(ms))
	}
	if calls := count(rep, "coverage", "model_call_count"); calls > 0 {
		parts = append(parts, cost(rep, "totals")+" for "+plural(calls, "model call"))
	}
	if v := word("end_state"); v != "" && v != "unknown" {
		parts = append(parts, "ended "+strings.ReplaceAll(v, "_", " "))
	}
	if score := rep.Find("health").Value("score"); score != nil {
		band, _ := rep.Find("health").Value("band").(string)
		parts = append(parts, fmt.Sprintf("health %v, %s", score, band))
	} else {
		parts = append(parts, "health cannot be scored")
	}
	lead = append(lead, strings.Join(parts, " · ")+".", r.coverageLine(rep))
	return append(lead, r.notices()...)
}
