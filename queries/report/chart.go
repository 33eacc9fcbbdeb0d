package report

import (
	"math"
	"sort"
	"time"

	"github.com/agenttrace/agenttrace/queries/render"
)

// at is a cell of a row, by the name of its column; nil where there is no such column.
func (t *Table) at(row []any, column string) any {
	for i, c := range t.Columns {
		if c.Name == column && i < len(row) {
			return row[i]
		}
	}
	return nil
}

func (t *Table) text(row []any, column string) string {
	s, _ := t.at(row, column).(string)
	return s
}

// charts are the pictures of a section.
func (r *Report) charts(t *Table) []render.Section {
	if len(t.Rows) == 0 {
		return []render.Section{{Title: t.Title, Lines: []string{t.Empty}}}
	}
	only := ""
	if t.Hidden {
		only = "html"
	}
	if t.Kind == "timeline" {
		return []render.Section{{Title: t.Title, Note: t.Note, Only: only, Chart: t.lanes(r.Find(t.steps), r.Zone)}}
	}
	var out []render.Section
	for i, c := range t.lines() {
		s := render.Section{Only: only, Chart: c}
		if i == 0 {
			s.Title, s.Note = t.Title, t.Note
		}
		out = append(out, s)
	}
	return out
}

// lanes draws the segments of each run, with the steps that another section lists.
func (t *Table) lanes(steps *Table, zone *time.Location) *render.Chart {
	c := &render.Chart{Title: t.Title, Zone: zone}
	number := map[string]int{}
	names := map[string]int{}
	for _, row := range t.Rows {
		from, ok1 := t.at(row, "started_at").(time.Time)
		to, ok2 := t.at(row, "ended_at").(time.Time)
		if !ok1 || !ok2 {
			continue
		}
		run := t.text(row, "run_id")
		n, ok := number[run]
		if !ok {
			n = len(c.Lanes)
			name := t.text(row, "run")
			if names[name]++; names[name] > 1 {
				name += " " + render.Int(names[name])
			}
			number[run], c.Lanes = n, append(c.Lanes, render.Lane{Name: name})
		}
		c.Lanes[n].Spans = append(c.Lanes[n].Spans, render.Span{From: from, To: to, What: t.text(row, "owner")})
	}
	if steps == nil {
		return c
	}
	c.Rows = steps.Key
	for i, row := range steps.Rows {
		n, ok := number[steps.text(row, "run_id")]
		at, known := steps.at(row, "at").(time.Time)
		if !ok || !known {
			continue
		}
		bad, _ := steps.at(row, "is_error").(bool)
		c.Lanes[n].Steps = append(c.Lanes[n].Steps, render.Step{At: at, Row: i + 1, Bad: bad})
	}
	return c
}

// maxLines is how many lines of a chart can be told from each other.
const maxLines = 8

// lines draws a chart for each metric, with a line for each name: those with the greatest sums.
func (t *Table) lines() []*render.Chart {
	var metrics []string
	rows := map[string][][]any{}
	for _, row := range t.Rows {
		m := t.text(row, "metric")
		if rows[m] == nil {
			metrics = append(metrics, m)
		}
		rows[m] = append(rows[m], row)
	}
	var out []*render.Chart
	for _, m := range metrics {
		out = append(out, t.line(m, rows[m]))
	}
	return out
}

func (t *Table) line(metric string, rows [][]any) *render.Chart {
	c := &render.Chart{Title: Label(metric), Unit: t.text(rows[0], "unit")}
	place := map[time.Time]int{}
	var periods []time.Time
	var names []string
	sums := map[string]float64{}
	for _, row := range rows {
		period, _ := t.at(row, "period").(time.Time)
		if _, ok := place[period]; !ok {
			place[period], periods = 0, append(periods, period)
		}
		name := t.text(row, "name")
		if _, ok := sums[name]; !ok {
			sums[name], names = 0, append(names, name)
		}
		if v := Number(t.at(row, "value")); !math.IsNaN(v) {
			sums[name] += v
		}
	}
	sort.Slice(periods, func(i, j int) bool { return periods[i].Before(periods[j]) })
	for i, p := range periods {
		place[p] = i
		c.Times, c.Labels = append(c.Times, p), append(c.Labels, p.Format("2006-01-02"))
	}
	sort.SliceStable(names, func(i, j int) bool { return sums[names[i]] > sums[names[j]] })
	if more := len(names) - maxLines; more > 0 {
		names = names[:maxLines]
		c.More = "The " + render.Int(maxLines) + " largest of " + render.Int(maxLines+more) + "; -f json and -f csv have all of them."
	}
	at := map[string]int{}
	for _, n := range names {
		at[n] = len(c.Series)
		s := render.Series{Name: n, Values: make([]float64, len(periods)), Texts: make([]string, len(periods)), Marks: make([]string, len(periods))}
		for i := range s.Values {
			s.Values[i] = math.NaN()
		}
		c.Series = append(c.Series, s)
	}
	for _, row := range rows {
		n, ok := at[t.text(row, "name")]
		if !ok {
			continue
		}
		period, _ := t.at(row, "period").(time.Time)
		s, i := &c.Series[n], place[period]
		if s.Values[i] = Number(t.at(row, "value")); !math.IsNaN(s.Values[i]) {
			s.Texts[i] = Quantity(t.at(row, "value"), c.Unit)
		}
		s.Marks[i] = t.text(row, "mark")
	}
	return c
}
