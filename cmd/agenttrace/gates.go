package main

import (
	"fmt"

	"github.com/agenttrace/agenttrace/queries/render"
	"github.com/agenttrace/agenttrace/queries/report"
)

// A gate is the verdict of one limit.
type gate struct {
	Name   string   `json:"name"`
	Status string   `json:"status"` // pass or fail; of the command gate also the others of statuses
	Value  *float64 `json:"value"`  // what was found; null where nothing could be judged
	Limit  *float64 `json:"limit"`
	Unit   string   `json:"unit"`
	Over   string   `json:"over"` // what it covers
	Reason string   `json:"reason"`

	Control  bool     `json:"control,omitempty"`        // a control query, not a limit
	Accepted bool     `json:"accepted,omitempty"`       // incomplete, and that is no failure
	Worst    []string `json:"worst_sessions,omitempty"` // at most three
	Query    string   `json:"query,omitempty"`          // the command that shows what is behind it
}

// fails reports whether the gate decides against the sessions.
func (g gate) fails() bool {
	return g.Status == "fail" || g.Status == "error" || g.Status == "incomplete" && !g.Accepted
}

// judge applies the gates that were asked for to the sessions in scope.
func (r *reporter) judge() ([]gate, error) {
	if len(r.o.gates) == 0 {
		return nil, nil
	}
	if err := r.health(""); err != nil {
		return nil, err
	}
	rows, err := r.conn.Query(r.e.ctx, `
		WITH h AS (FROM scoped_health),
		t AS (SELECT count(*) FILTER (status = 'ok') AS ok,
				count(*) FILTER (status = 'error' AND coalesce(error_type, '') NOT IN ('verification_failed', 'empty_search')) AS failed
			FROM tool_calls_v1 SEMI JOIN scope USING (session_id))
		SELECT (SELECT count(*) FROM scope)::BIGINT, (SELECT count(score) FROM h)::BIGINT, (SELECT avg(score) FROM h)::DOUBLE,
			(SELECT count(*) FROM h WHERE score IS NOT NULL AND band = 'critical')::BIGINT, t.ok::BIGINT, t.failed::BIGINT FROM t`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, rows.Err()
	}
	v := append([]any(nil), rows.Values()...)
	sessions, scored, critical, ok, failed := v[0].(int64), v[1].(int64), v[3].(int64), v[4].(int64), v[5].(int64)
	var out []gate
	for _, name := range r.o.gates {
		g := gate{Name: name, Status: "pass"}
		known := scored
		switch name {
		case "fail-under-health":
			g.Unit, g.Limit = "score", &r.o.underHealth
			g.Over = fmt.Sprintf("%d scored of %s, %s", scored, plural(sessions, "session"), r.healthView())
			if mean, is := v[2].(float64); is {
				g.Value = &mean
				g.Reason = fmt.Sprintf("mean health %.1f", mean)
				if mean < r.o.underHealth {
					g.Status = "fail"
					g.Reason = fmt.Sprintf("mean health %.1f is below %g", mean, r.o.underHealth)
				}
			}
		case "fail-on-critical":
			limit, value := 0.0, float64(critical)
			g.Unit, g.Limit, g.Value = "sessions", &limit, &value
			g.Over = fmt.Sprintf("%d scored of %s, %s", scored, plural(sessions, "session"), r.healthView())
			g.Reason = "no critical session"
			if critical > 0 {
				g.Status = "fail"
				g.Reason = plural(critical, "critical session")
			}
		case "max-tool-fail-rate":
			known = ok + failed
			g.Unit, g.Limit = "percent", &r.o.toolFailRate
			g.Over = fmt.Sprintf("%s with a known outcome in %s", plural(known, "tool call"), plural(sessions, "session"))
			if known > 0 {
				rate := 100 * float64(failed) / float64(known)
				g.Value = &rate
				g.Reason = fmt.Sprintf("%.2f %% of tool calls failed", rate)
				if rate > r.o.toolFailRate {
					g.Status = "fail"
					g.Reason = fmt.Sprintf("%.2f %% of tool calls failed, more than %g %%", rate, r.o.toolFailRate)
				}
			}
		}
		if known == 0 {
			g.Status, g.Value = "fail", nil
			g.Reason = "nothing to judge: no session matches, or none could be scored"
			if r.o.allowEmpty {
				g.Status = "pass"
				g.Reason += " (allowed)"
			}
		}
		out = append(out, g)
	}
	return out, nil
}

// attach shows the verdicts in the report.
func attach(rep *report.Report, gates []gate) {
	if len(gates) == 0 {
		return
	}
	rep.Tail = append(rep.Tail, report.Field{Name: "gates", Value: gates})
	s := render.Section{Title: "Gates", Table: &render.Table{Columns: []render.TableColumn{{Name: "gate"}, {Name: "verdict"}, {Name: "reason"}, {Name: "over"}}}}
	for _, g := range gates {
		s.Table.Rows = append(s.Table.Rows, []string{gateLabel(g), g.Status, g.Reason, g.Over})
	}
	rep.TailDoc = append(rep.TailDoc, s)
}

// verdict is the error of the failed gates, if any.
func verdict(gates []gate) error {
	var failed []string
	for _, g := range gates {
		if g.fails() {
			failed = append(failed, fmt.Sprintf("%s: %s (%s)", gateLabel(g), g.Reason, g.Over))
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return &gateError{failed}
}
