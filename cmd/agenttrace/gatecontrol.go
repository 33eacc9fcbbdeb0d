package main

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/queries/packs"
)

// judgeControls runs the control queries, confined as every saved query is.
func (o *gateOptions) judgeControls(e *env) ([]gate, error) {
	if len(o.controls) == 0 {
		if len(o.params) > 0 {
			return nil, usagef("-p has no effect without --control")
		}
		return nil, nil
	}
	if len(o.branches) > 0 {
		return nil, usagef("--branch has no effect on --control")
	}
	var found []*packs.Query
	for _, name := range o.controls {
		q, err := o.named(e, name)
		if err != nil {
			return nil, err
		}
		if q.Kind != "control" {
			return nil, usagef("--control %s: is a query, not a control", name)
		}
		found = append(found, q)
	}
	for _, p := range o.params {
		name, _, ok := strings.Cut(p, "=")
		if !ok || !slices.ContainsFunc(found, func(q *packs.Query) bool { return q.Takes(name) }) {
			return nil, withHint(usagef("-p %s: no control that was named takes it", p), "agenttrace query show NAME lists the parameters")
		}
	}
	d, err := o.open(e, o.inputs(), confined)
	if err != nil {
		return nil, err
	}
	defer d.leave(e)
	conn, err := d.Session(e.ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var out []gate
	for _, q := range found {
		args, err := o.controlArgs(e, q)
		if err != nil {
			return nil, err
		}
		g := gate{Name: q.Name, Control: true, Over: q.Title, Query: o.asQuery(q)}
		if err := conn.OnlySelects(e.ctx, q.Body); err != nil {
			return nil, fmt.Errorf("%s: %w", q.Name, err)
		}
		rows, err := conn.Query(e.ctx, q.Body, args...)
		if err == nil {
			err = g.take(rows)
		}
		if err != nil {
			// A control that cannot be run says nothing about the sessions.
			g.Status, g.Reason = "error", clean(err.Error())
		}
		out = append(out, g)
	}
	return out, nil
}

// controlArgs binds what the control takes: its own parameters of -p, and the scope.
func (o *gateOptions) controlArgs(e *env, q *packs.Query) ([]any, error) {
	var own queryOptions
	own.common = o.common
	for _, p := range o.params {
		if name, _, _ := strings.Cut(p, "="); q.Takes(name) {
			own.params = append(own.params, p)
		}
	}
	given, err := own.given(e.now())
	if err != nil {
		return nil, err
	}
	bound, err := o.bound(e, q, given)
	if err != nil {
		return nil, err
	}
	var args []any
	for _, p := range q.Uses {
		args = append(args, sql.Named(p.Name, bound[p.Name]))
	}
	return args, nil
}

// asQuery is the command that shows all rows of a control.
func (o *gateOptions) asQuery(q *packs.Query) string {
	text := "agenttrace query " + q.Name
	for _, p := range o.params {
		if name, _, _ := strings.Cut(p, "="); q.Takes(name) {
			text += " -p " + shellWord(p)
		}
	}
	for _, f := range []struct {
		name   string
		values []string
	}{{"since", []string{o.since}}, {"until", []string{o.until}}, {"agent", o.agents}, {"project", o.projects}, {"model", o.models}} {
		for _, v := range f.values {
			if v != "" {
				text += " --" + f.name + " " + shellWord(v)
			}
		}
	}
	return text
}

// shellWord quotes a word for the shell where it needs it.
func shellWord(s string) string {
	if strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./=:,@+", r))
	}) < 0 && s != "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// take makes a verdict of the rows of a control: the worst of them decides, and the first of the worst is
// the reason.
func (g *gate) take(rows queries.Rows) error {
	defer rows.Close()
	at := map[string]int{}
	for i, c := range rows.Columns() {
		at[c.Name] = i
	}
	for _, name := range []string{"status", "reason", "resource"} {
		if _, ok := at[name]; !ok {
			return fmt.Errorf("has no column %s, which a control must have", name)
		}
	}
	g.Status, g.Reason = "skip", "no row: it does not apply"
	n := 0
	for rows.Next() {
		v := rows.Values()
		status := fmt.Sprint(v[at["status"]])
		if status == "ok" {
			status = "pass"
		}
		if !slices.Contains(statuses, status) {
			return fmt.Errorf("gives the status %q", status)
		}
		if n++; n > 1 && slices.Index(statuses, status) <= slices.Index(statuses, g.Status) {
			g.addWorst(v, at, status)
			continue
		}
		if status != g.Status {
			g.Worst = nil
		}
		g.Status, g.Reason, g.Value, g.Limit = status, fmt.Sprintf("%v: %v", v[at["resource"]], v[at["reason"]]), nil, nil
		if x, ok := value(v, at, "value").(float64); ok {
			g.Value = &x
		}
		if x, ok := value(v, at, "threshold").(float64); ok {
			g.Limit = &x
		}
		g.addWorst(v, at, status)
	}
	return rows.Err()
}

// addWorst keeps the first three sessions behind rows of the status that decides.
func (g *gate) addWorst(v []any, at map[string]int, status string) {
	ids, _ := value(v, at, "evidence_session_ids").([]any)
	for _, id := range ids {
		if s := fmt.Sprint(id); status == g.Status && status != "pass" && len(g.Worst) < 3 && !slices.Contains(g.Worst, s) {
			g.Worst = append(g.Worst, s)
		}
	}
}

func value(v []any, at map[string]int, name string) any {
	i, ok := at[name]
	if !ok {
		return nil
	}
	return v[i]
}
