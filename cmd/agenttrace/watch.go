package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/queries/redact"
	"github.com/agenttrace/agenttrace/schema/store"
)

type watchOptions struct {
	common
	interval time.Duration
	rounds   int
}

func newWatchCommand(e *env) *cobra.Command {
	o := watchOptions{interval: 5 * time.Second}
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Follow live sessions: new ones, and new findings as they appear",
		Long: `Looks for new logs again and again and prints a line for each session that begins and each finding that is new
since the last look. While nothing happens it looks less often, up to a minute. Between two looks the store is
closed, so other commands work meanwhile. Ctrl-C ends it.`,
		Example: `  agenttrace watch
  agenttrace watch --interval 2s --project api -f jsonl

` + exitHelp,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runWatch(e, o) },
	}
	f := cmd.Flags()
	o.addStore(f)
	f.MarkHidden("no-refresh")
	f.VarP((*seconds)(&o.interval), "interval", "n", "time between two looks while something happens (default 5s)")
	f.IntVar(&o.rounds, "rounds", 0, "end after this many looks; 0 = never")
	f.StringVarP(&o.format, "format", "f", "", "text or jsonl")
	f.StringVar(&o.tz, "tz", "", "time zone for display (default the system's)")
	f.StringArrayVar(&o.agents, "agent", nil, "only this agent (repeatable)")
	f.StringArrayVar(&o.projects, "project", nil, "only this project: name or folder (repeatable)")
	f.BoolVar(&o.secrets, "show-secrets", false, "print what redaction would hide")
	return cmd
}

// longestPause bounds how seldom an idle watch looks.
const longestPause = time.Minute

func runWatch(e *env, o watchOptions) error {
	format, err := o.outputFormat("text", "text", "jsonl")
	if err != nil {
		return err
	}
	if o.noRefresh {
		return usagef("--no-refresh has no effect on watch")
	}
	if o.interval < 100*time.Millisecond {
		return usagef("--interval %s: want at least 100ms", o.interval)
	}
	if o.rounds < 0 {
		return usagef("--rounds cannot be negative")
	}
	if err := knownAgents(o.agents); err != nil {
		return err
	}
	zone, err := o.zone()
	if err != nil {
		return err
	}
	path, err := o.dbPath(e)
	if err != nil {
		return err
	}
	if path == store.Memory {
		return usagef("watch needs a store that outlives a look: --db :memory: does not")
	}
	w := &watcher{e: e, o: &o, zone: zone, format: format, sessions: map[string]bool{}, findings: map[string]string{}}
	pause := o.interval
	for round := 1; ; round++ {
		news, err := w.look()
		switch {
		case errors.Is(err, store.ErrBusy):
			// Whoever holds the store gives it back some time: what is new then is told then.
			o.notice(e, "%v; looking again in %s", err, pause)
		case err != nil:
			return err
		}
		if pause = min(pause*3/2, max(longestPause, o.interval)); news {
			pause = o.interval
		}
		if o.rounds > 0 && round >= o.rounds {
			return nil
		}
		select {
		case <-e.ctx.Done():
			return context.Canceled
		case <-time.After(pause):
		}
	}
}

// A watcher remembers what was told.
type watcher struct {
	e        *env
	o        *watchOptions
	zone     *time.Location
	format   string
	first    bool // the first look was taken
	sessions map[string]bool
	findings map[string]string // severity by session and rule
}

// A watchEvent is one line.
type watchEvent struct {
	At       *string  `json:"at"`
	Event    string   `json:"event"` // session, finding
	Session  string   `json:"session_id"`
	Agent    string   `json:"agent"`
	Project  *string  `json:"project"`
	Anomaly  string   `json:"anomaly,omitempty"`
	Severity string   `json:"severity,omitempty"`
	Sentence string   `json:"sentence,omitempty"`
	CostUSD  *float64 `json:"cost_usd,omitempty"`
}

// look brings the store up to date, prints what is new and lets go of the store.
func (w *watcher) look() (news bool, err error) {
	o := w.o.common
	o.agents, o.projects = nil, nil
	o.quiet = true // what a refresh has to say is said once, by other commands
	d, err := o.open(w.e, inputs{}, trusted)
	if err != nil {
		return false, err
	}
	defer d.Close()
	events, err := w.read(d)
	if err != nil {
		return false, err
	}
	if err := d.Close(); err != nil { // before a slow reader of our lines
		return false, err
	}
	if !w.first {
		w.first = true
		w.o.notice(w.e, "watching, %s known; Ctrl-C ends it", plural(int64(len(w.sessions)), "session"))
		return false, nil
	}
	for _, ev := range events {
		if err := w.print(ev); err != nil {
			return false, err
		}
	}
	return d.summary != nil && d.summary.Changed || len(events) > 0, nil
}

// read compares the store with what was told before.
func (w *watcher) read(d *data) ([]watchEvent, error) {
	where, args := w.where()
	rows, err := d.DB().QueryContext(w.e.ctx, `
		SELECT s.session_id, s.agent, p.name, s.started_at, m.cost_usd::DOUBLE, a.anomaly, a.severity, a.sentence, s.ended_at
		FROM main.sessions AS s
		LEFT JOIN main.projects AS p USING (project_id)
		LEFT JOIN main.session_metrics AS m USING (session_id)
		LEFT JOIN main.anomalies AS a USING (session_id)
		WHERE `+where+`
		ORDER BY s.started_at NULLS FIRST, s.session_id, a.anomaly`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []watchEvent
	for rows.Next() {
		var ev watchEvent
		var project, anomaly, severity, sentence sql.NullString
		var started, ended sql.NullTime
		var cost sql.NullFloat64
		if err := rows.Scan(&ev.Session, &ev.Agent, &project, &started, &cost, &anomaly, &severity, &sentence, &ended); err != nil {
			return nil, err
		}
		if project.Valid {
			ev.Project = &project.String
		}
		if cost.Valid {
			ev.CostUSD = &cost.Float64
		}
		if !w.sessions[ev.Session] {
			w.sessions[ev.Session] = true
			begun := ev
			begun.Event, begun.At = "session", w.at(started)
			out = append(out, begun)
		}
		key := ev.Session + " " + anomaly.String
		if anomaly.Valid && w.findings[key] != severity.String {
			w.findings[key] = severity.String
			ev.Event, ev.At, ev.Anomaly, ev.Severity, ev.Sentence = "finding", w.at(ended), anomaly.String, severity.String, sentence.String
			out = append(out, ev)
		}
	}
	return out, rows.Err()
}

func (w *watcher) at(t sql.NullTime) *string {
	if !t.Valid {
		return nil
	}
	text := t.Time.In(w.zone).Format(time.RFC3339)
	return &text
}

// where is the condition of the filters.
func (w *watcher) where() (string, []any) {
	var args []any
	parts := []string{"true"}
	list := func(column string, values []string) string {
		marks := make([]string, len(values))
		for i, v := range values {
			marks[i] = "?"
			args = append(args, v)
		}
		return column + " IN (" + strings.Join(marks, ", ") + ")"
	}
	if len(w.o.agents) > 0 {
		parts = append(parts, list("s.agent", w.o.agents))
	}
	if len(w.o.projects) > 0 {
		parts = append(parts, "("+list("p.name", w.o.projects)+" OR "+list("s.workspace", w.o.projects)+" OR "+list("s.project_id", w.o.projects)+")")
	}
	return strings.Join(parts, " AND "), args
}

func (w *watcher) print(ev watchEvent) error {
	hide := redact.Text
	if w.o.secrets {
		hide = func(s string) string { return s }
	}
	if w.format == "jsonl" {
		if ev.Project != nil {
			name := hide(*ev.Project)
			ev.Project = &name
		}
		ev.Sentence = hide(ev.Sentence)
		text, err := json.Marshal(ev)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w.e.stdout, "%s\n", text)
		return err
	}
	at, project := "no time", "no project"
	if ev.At != nil {
		at = *ev.At
	}
	if ev.Project != nil {
		project = *ev.Project
	}
	line := fmt.Sprintf("%s  %s  %s, %s", at, ev.Session, ev.Agent, project)
	switch ev.Event {
	case "session":
		line += ": new session"
	default:
		line += fmt.Sprintf(": %s (%s): %s", ev.Anomaly, ev.Severity, ev.Sentence)
		if ev.CostUSD != nil {
			line += fmt.Sprintf("; $%.2f so far", *ev.CostUSD)
		}
	}
	_, err := fmt.Fprintln(w.e.stdout, clean(hide(line)))
	return err
}
