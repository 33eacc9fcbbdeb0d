package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/agents"
	"github.com/agenttrace/agenttrace/queries/render"
	"github.com/agenttrace/agenttrace/queries/report"
)

// The lead of a report: what happened in one sentence, what the figures cover, and what is missing.

// count is a whole number of a section's first row; 0 where there is none.
func count(rep *report.Report, section, column string) int64 {
	n, _ := rep.Find(section).Value(column).(int64)
	return n
}

func (r *reporter) overviewLead(rep *report.Report) []string {
	if count(rep, "coverage", "session_count") == 0 {
		return r.nothingLead(rep)
	}
	lead := []string{r.headline(rep), r.coverageLine(rep)}
	if f := r.filterText(); f != "" {
		lead = append(lead, "Only "+f+".")
	}
	return append(lead, r.notices()...)
}

// nothingLead says that there is nothing to report, and why.
func (r *reporter) nothingLead(rep *report.Report) []string {
	text := "No session logs were found on this machine: agenttrace doctor lists the places that were looked into, agenttrace demo shows what a report looks like."
	switch {
	case r.filtered():
		text = "No session matches: " + r.filterText() + "."
	case r.data.apart:
		text = "No session was found there. agenttrace doctor -d FOLDER lists every file and the reason."
	case r.data.summary == nil:
		text = "The store holds no session yet: without --no-refresh, logs are looked for."
	}
	return append([]string{text}, r.notices()...)
}

func (r *reporter) headline(rep *report.Report) string {
	c := rep.Find("coverage")
	text := plural(count(rep, "coverage", "session_count"), "session")
	if n := count(rep, "coverage", "agent_count"); n > 1 {
		text += " of " + plural(n, "agent")
	}
	if first, ok := c.Value("first_at").(time.Time); ok {
		if last, ok := c.Value("last_at").(time.Time); ok {
			from, to := first.In(r.zone).Format("2006-01-02"), last.In(r.zone).Format("2006-01-02")
			if text += ", " + from; from != to {
				text += " to " + to
			}
		}
	}
	parts := []string{text}
	if calls := count(rep, "coverage", "model_call_count"); calls > 0 {
		parts = append(parts, cost(rep, "totals")+" for "+plural(calls, "model call"))
	}
	if ratio := rep.Find("totals").Value("tool_failure_ratio"); ratio != nil {
		parts = append(parts, render.Percent(ratio)+" of tool calls failed")
	}
	if mean, ok := rep.Find("health").Value("mean_score").(float64); ok {
		parts = append(parts, fmt.Sprintf("mean health %.1f", mean))
		for _, band := range []string{"critical", "warning"} {
			if n := count(rep, "health", band+"_session_count"); n > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", n, band))
			}
		}
	}
	return strings.Join(parts, " · ") + "."
}

// cost is the money of a totals section: a lower bound where calls are missing in it.
func cost(rep *report.Report, section string) string {
	usd := rep.Find(section).Value("cost_usd")
	if usd == nil {
		return "unknown cost"
	}
	if count(rep, "coverage", "unpriced_call_count")+count(rep, "coverage", "lower_bound_call_count") > 0 {
		return "at least " + render.USD(usd)
	}
	return render.USD(usd)
}

// coverageLine says what was read, and what of it could not be understood.
func (r *reporter) coverageLine(rep *report.Report) string {
	n := func(column string) int64 { return count(rep, "coverage", column) }
	text := fmt.Sprintf("Covers %s (%s) with %s", plural(n("source_count"), "log file"), render.Bytes(n("source_bytes")), plural(n("record_count"), "record"))
	var gaps []string
	for _, p := range []struct{ column, one string }{
		{"unknown_record_count", "record of unknown type"}, {"problem_count", "line that could not be understood"}, {"unreadable_source_count", "file that could not be read"},
		{"refused_source_count", "file that is no session"}, {"missing_source_count", "file gone since it was read"},
	} {
		if v := n(p.column); v > 0 {
			gaps = append(gaps, plural(v, p.one))
		}
	}
	if len(gaps) == 0 {
		text += ", all understood"
	} else {
		text += "; " + strings.Join(gaps, "; ") + " (agenttrace doctor has the details)"
	}
	return text + ". Days in " + report.ZoneName(r.zone, r.e.now()) + "."
}

// totalsNote says what the totals cover.
func totalsNote(rep *report.Report) string {
	n := func(column string) int64 { return count(rep, "coverage", column) }
	var notes []string
	if calls := n("model_call_count"); calls > 0 {
		text := fmt.Sprintf("Cost is the list price of the tokens, no invoice; it covers %s of %s", render.Int(n("priced_call_count")), plural(calls, "model call"))
		if v := n("unpriced_call_count"); v > 0 {
			text += fmt.Sprintf(", the other %s without a price", render.Int(v))
		}
		if v := n("lower_bound_call_count"); v > 0 {
			text += fmt.Sprintf(", %s with incomplete counters", render.Int(v))
		}
		if v := n("estimated_call_count"); v > 0 {
			text += fmt.Sprintf(", %s of them by an estimate", render.Int(v))
		}
		notes = append(notes, text+".")
	}
	if calls := count(rep, "totals", "tool_call_count"); calls > 0 {
		if unknown := count(rep, "totals", "tool_unknown_count"); unknown > 0 {
			notes = append(notes, fmt.Sprintf("The outcome is known of %s of %s.", render.Int(calls-unknown), plural(calls, "tool call")))
		}
	}
	notes = append(notes, gaps(rep)...)
	return strings.Join(notes, " ")
}

// gaps says by agent what is unknown because the logs do not tell it.
func gaps(rep *report.Report) []string {
	list, _ := rep.Find("coverage").Value("gaps").([]any)
	var notes []string
	for _, v := range list {
		gap, _ := v.(map[string]any)
		what, ok := map[any]string{
			"usage": "hold no token counts: their tokens and cost are unknown, not zero", "times": "hold no times",
		}[gap["field"]]
		n, _ := gap["session_count"].(int64)
		if !ok || n == 0 {
			continue
		}
		agent := fmt.Sprint(gap["agent"])
		for _, p := range agents.All() {
			if f := p.Format(); f.Agent == agent {
				agent = f.Title
			}
		}
		text := fmt.Sprintf("The logs of %s %s.", plural(n, agent+" session"), what)
		if gap["available"] == ingest.No {
			text = fmt.Sprintf("%s logs %s.", agent, what)
		} else if note, _ := gap["note"].(string); gap["available"] == ingest.Partial && note != "" {
			text += " " + agent + " gives them in part: " + note + "."
		}
		notes = append(notes, text)
	}
	return notes
}

// addTrend draws the cost of every day between the first and the last as one line.
func addTrend(t *report.Table) {
	if len(t.Rows) < 2 {
		return
	}
	byDay := map[time.Time]float64{}
	for _, row := range t.Rows {
		if day, ok := row[0].(time.Time); ok {
			byDay[day] = report.Number(row[1])
		}
	}
	first, ok1 := t.Rows[0][0].(time.Time)
	last, ok2 := t.Rows[len(t.Rows)-1][0].(time.Time)
	if !ok1 || !ok2 {
		return
	}
	var values []float64
	for day := first; !day.After(last) && len(values) < 120; day = day.AddDate(0, 0, 1) {
		v, ok := byDay[day]
		if ok && math.IsNaN(v) {
			v = math.NaN()
		}
		values = append(values, v)
	}
	if len(values) < 120 {
		t.Note += " Day by day: " + render.Spark(values)
	}
}

func (r *reporter) filtered() bool {
	return r.since.Valid || r.until.Valid || len(r.o.agents)+len(r.o.projects)+len(r.o.models)+len(r.o.branches) > 0
}

func (r *reporter) filterText() string {
	var parts []string
	add := func(name string, values []string) {
		if len(values) > 0 {
			parts = append(parts, name+" "+strings.Join(values, " or "))
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
	return strings.Join(parts, ", ")
}

// plural counts things. In a phrase the head is what takes the plural: files that are no session.
func plural(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	head, rest := one, ""
	for _, mark := range []string{" that ", " gone ", " of ", " without "} {
		if h, _, ok := strings.Cut(one, mark); ok && len(h) < len(head) {
			head, rest = h, one[len(h):]
		}
	}
	for _, verb := range [][2]string{{" that is ", " that are "}, {" that was ", " that were "}, {"since it was", "since they were"}} {
		rest = strings.Replace(rest, verb[0], verb[1], 1)
	}
	return render.Int(n) + " " + head + "s" + rest
}
