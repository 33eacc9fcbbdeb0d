package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/queries/render"
	"github.com/agenttrace/agenttrace/queries/report"
)

type trendOptions struct {
	reportOptions
	by       string
	group    string
	metrics  []string
	sessions bool
	chart    string

	chartAsked bool
}

// trendCharts are what text draws a trend with.
var trendCharts = []string{"bars", "line", "none"}

// trendMetrics are shown when none is named.
var trendMetrics = []string{"cost_usd", "session_count", "output_tokens", "cache_hit_ratio", "tool_failure_ratio", "health", "verification_share"}

var trendGroups = []string{"agent", "model", "project", "tool", "branch", "machine"}

// trendSpan is how far a trend looks back where --since does not say.
var trendSpan = map[string]struct {
	months, days int
	text         string
}{"day": {0, -42, "six weeks"}, "week": {0, -182, "26 weeks"}, "month": {-24, 0, "24 months"}}

func newTrendCommand(e *env) *cobra.Command {
	var o trendOptions
	cmd := &cobra.Command{
		Use:   "trend",
		Short: "Series by day, week or month: where they changed, and where the month will end",
		Long: `Series of cost, tokens, sessions, failures, health and more by day, ISO week or month. Each complete period
is held against the median of the eight before it: a spike or a drop is one that stands out, a shift is two
running. The running period is marked and never judged. What lies before the first import and holds nothing
is not recorded, rather than zero. The projection for the end of the month adds to what is spent what as
many days cost before.`,
		Example: `  agenttrace trend
  agenttrace trend --by week --group model --metric cost_usd
  agenttrace trend --by week --metric cost_usd --chart line
  agenttrace trend --by month --metric cost_usd --sessions -f json

` + exitHelp,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.chartAsked = cmd.Flags().Changed("chart")
			return runTrend(e, o)
		},
	}
	f := cmd.Flags()
	o.addStore(f)
	o.addDemo(f)
	o.addOutput(f, "text, markdown, json, html or csv")
	o.addScope(f)
	f.StringVar(&o.by, "by", "day", "day, week or month")
	f.StringVar(&o.group, "group", "", "one series for each "+strings.Join(trendGroups, ", "))
	f.StringArrayVar(&o.metrics, "metric", nil, "metric, repeatable or separated by commas (default "+strings.Join(trendMetrics, ", ")+")")
	f.StringVar(&o.chart, "chart", "bars", "how text and markdown draw: bars (a single series), line (every series, as high as its values) or none")
	f.BoolVar(&o.sessions, "sessions", false, "list the sessions behind the periods, to be opened with agenttrace show")
	return cmd
}

func runTrend(e *env, o trendOptions) error {
	if _, ok := trendSpan[o.by]; !ok {
		return usagef("--by %s: want day, week or month", o.by)
	}
	if o.group != "" && !contains(trendGroups, o.group) {
		return &usageError{text: "--group " + o.group + ": want " + strings.Join(trendGroups, ", "), hint: hintNearest(o.group, trendGroups)}
	}
	if !contains(trendCharts, o.chart) {
		return &usageError{text: "--chart " + o.chart + ": want bars, line or none", hint: hintNearest(o.chart, trendCharts)}
	}
	format, err := o.outputFormat("text", "text", "markdown", "json", "html", "csv")
	if err != nil {
		return err
	}
	if o.chartAsked && format != "text" && format != "markdown" {
		return usagef("--chart has no effect on %s", format)
	}
	if format == "csv" {
		o.format = "text" // rows, of the same report
	}
	r, err := newReporter(e, &o.reportOptions, o.inputs())
	if err != nil {
		return err
	}
	defer r.close()
	t := trend{reporter: r, o: o, dim: o.group, asOf: e.now(), from: r.since}
	if t.dim == "" {
		t.dim = "all"
	}
	if r.until.Valid && r.until.V.Before(t.asOf) {
		t.asOf = r.until.V.Add(-time.Microsecond) // until is the first moment after it
	}
	if err := t.chooseMetrics(); err != nil {
		return err
	}
	rep, err := t.report()
	if err != nil {
		return err
	}
	if format != "csv" {
		return r.write(rep)
	}
	return o.writeTo(e, func(b *bytes.Buffer) error {
		columns, rows := rep.Find("periods").ForJSON()
		_, err := render.Write(b, queries.NewRows(columns, rows...), render.Options{Format: "csv", Zone: r.zone, Redact: r.redact()})
		return err
	})
}

// A trend builds the report of series.
type trend struct {
	*reporter
	o       trendOptions
	dim     string
	metrics []string
	asOf    time.Time
	from    sql.Null[time.Time] // first period that is shown
}

// chooseMetrics checks the metrics that were named.
func (t *trend) chooseMetrics() error {
	known, err := column(t.e, t.conn, "SELECT metric FROM trend_metrics_v1 WHERE source IN "+t.sources())
	if err != nil {
		return err
	}
	for _, list := range t.o.metrics {
		for _, m := range strings.Split(list, ",") {
			m = strings.TrimSpace(m)
			if !contains(known, m) {
				return &usageError{text: fmt.Sprintf("--metric %s: a trend by %s has %s", m, t.dim, strings.Join(known, ", ")), hint: hintNearest(m, known)}
			}
			if !contains(t.metrics, m) {
				t.metrics = append(t.metrics, m)
			}
		}
	}
	if len(t.metrics) > 0 {
		return nil
	}
	for _, m := range append(append([]string(nil), trendMetrics...), "tool_call_count") {
		if contains(known, m) && (m != "tool_call_count" || t.dim == "tool") {
			t.metrics = append(t.metrics, m)
		}
	}
	return nil
}

// sources are what the dimension can tell apart: a tool calls no model.
func (t *trend) sources() string {
	switch t.dim {
	case "tool":
		return "('tools')"
	case "model":
		return "('calls', 'sessions')"
	}
	return "('calls', 'tools', 'sessions')"
}

func (t *trend) report() (*report.Report, error) {
	// Time limits what is shown, not what it is held against.
	r := t.reporter
	since, until := r.since, r.until
	r.since, r.until = sql.Null[time.Time]{}, sql.Null[time.Time]{}
	err := r.scope("")
	r.since, r.until = since, until
	if err != nil {
		return nil, err
	}
	if r.part {
		if err := r.scopeMacros("metric_trends_v1", "trend_sessions_v1", "month_forecast_v1"); err != nil {
			return nil, err
		}
	}
	calls := "CREATE OR REPLACE TEMP VIEW scoped_calls AS SELECT " + callCountsSQL + " FROM core.call_costs_v1"
	if r.part {
		calls += " WHERE session_id IN (SELECT session_key FROM scope)"
	}
	if err := r.conn.Exec(r.e.ctx, calls); err != nil {
		return nil, err
	}
	coverage, err := r.run("overview", "", "coverage")
	if err != nil {
		return nil, err
	}
	if !t.from.Valid {
		span := trendSpan[t.o.by]
		t.from = sql.Null[time.Time]{V: t.asOf.AddDate(0, span.months, span.days), Valid: true}
	}
	if err := t.compute(); err != nil {
		return nil, err
	}
	sections, err := report.Sections("trend")
	if err != nil {
		return nil, err
	}
	tables, err := report.Run(r.e.ctx, r.conn, sections, t.arg)
	if err != nil {
		return nil, err
	}
	rep := &report.Report{Name: "trend", Title: "agenttrace trend by " + t.o.by, GeneratedAt: r.e.now(), Zone: r.zone}
	if t.dim != "all" {
		rep.Title += " and " + t.dim
	}
	rep.Tables = append(coverage, tables...)
	rep.Head = []report.Field{
		{Name: "versions", Value: versions()},
		{Name: "notices", Value: r.notices()},
		{Name: "by", Value: t.o.by},
		{Name: "group", Value: t.dim},
		{Name: "metrics", Value: t.metrics},
		{Name: "as_of", Value: t.asOf.In(r.zone).Format(time.RFC3339)},
		{Name: "from", Value: t.from.V.In(r.zone).Format(time.RFC3339)},
	}
	t.explain(rep)
	return rep, nil
}

// compute makes temporary tables of the series and of the names of their keys.
func (t *trend) compute() error {
	for _, q := range []string{
		`CREATE OR REPLACE TEMP TABLE all_trends AS
		SELECT * FROM metric_trends_v1($bucket, $tz, $dim, $as_of::TIMESTAMPTZ, string_split($metrics, ','))`,
		`CREATE OR REPLACE TEMP TABLE shown_trends AS
		SELECT * FROM all_trends WHERE period >= date_trunc($bucket, $from::TIMESTAMPTZ AT TIME ZONE $tz)`,
		// Nobody looks for the sessions behind periods that are as usual.
		`CREATE OR REPLACE TEMP TABLE trend_behind AS
		SELECT * FROM trend_sessions_v1($bucket, $tz, $dim)
		WHERE $with_sessions::BOOLEAN OR (SELECT count(change) FROM shown_trends) > 0`,
	} {
		if err := t.exec(q); err != nil {
			return err
		}
	}
	if err := t.putInScope("metric_trends_v1", "all_trends"); err != nil {
		return err
	}
	if err := t.scopeMacros("metric_slopes_v1"); err != nil {
		return err
	}
	label := "key"
	switch t.dim {
	case "all":
		label = "NULL::VARCHAR"
	case "project":
		label = "coalesce((SELECT any_value(name) FROM projects_v1 WHERE project_id = key), key)"
	}
	return t.conn.Exec(t.e.ctx, "CREATE OR REPLACE TEMP TABLE trend_labels AS SELECT key, "+label+" AS label FROM (SELECT DISTINCT key FROM shown_trends)")
}

// exec runs a statement with the parameters that it names.
func (t *trend) exec(text string) error {
	var args []any
	for _, st := range queries.Split(text) {
		for _, p := range st.Params {
			args = append(args, t.arg(p.Name))
		}
	}
	return t.conn.Exec(t.e.ctx, text, args...)
}

func (t *trend) arg(name string) any {
	switch name {
	case "bucket":
		return sql.Named(name, t.o.by)
	case "dim":
		return sql.Named(name, t.dim)
	case "as_of":
		return sql.Named(name, t.asOf)
	case "from":
		return sql.Named(name, t.from.V)
	case "metrics":
		return sql.Named(name, strings.Join(t.metrics, ","))
	case "with_sessions":
		return sql.Named(name, t.o.sessions)
	}
	return t.reporter.arg("")(name)
}

// explain adds what people need to read the tables: the lead, notes and charts.
func (t *trend) explain(rep *report.Report) {
	if count(rep, "coverage", "session_count") == 0 {
		rep.Lead = t.nothingLead(rep)
		rep.Short = true
		return
	}
	span := "The last " + trendSpan[t.o.by].text + "; --since shows more."
	if t.since.Valid {
		span = "Since " + t.from.V.In(t.zone).Format("2006-01-02") + "."
	}
	if t.until.Valid {
		span = strings.TrimSuffix(span, ".") + ", as of " + t.asOf.In(t.zone).Format("2006-01-02 15:04") + "."
	}
	rep.Lead = append(rep.Lead, span, t.coverageLine(rep))
	r := *t.reporter
	r.since, r.until = sql.Null[time.Time]{}, sql.Null[time.Time]{}
	if f := r.filterText(); f != "" {
		rep.Lead = append(rep.Lead, "Only "+f+".")
	}
	rep.Lead = append(rep.Lead, t.notices()...)
	f := rep.Find("forecast")
	if !contains(t.metrics, "cost_usd") {
		f.Title = "" // asked for something else
	}
	note := "A projection, no bill: what is spent, plus what as many days cost in the last 84 complete days. It knows neither holidays nor new projects."
	if f.Value("forecast_usd") == nil {
		note = "Too few days are known for a projection: seven complete ones are needed, most of them recorded."
	} else if method, _ := f.Value("method").(string); method == "mean" {
		note = "A projection, no bill: what is spent, plus the mean day times the days left, as too few days are known for more."
	}
	if count(rep, "forecast", "unpriced_call_count") > 0 {
		note += " Calls without a price make it a lower bound."
	}
	f.Note = note
	if changes := rep.Find("changes"); len(changes.Rows) == 0 && t.collecting(rep) {
		changes.Empty = "None can be told yet: four of the eight periods before must have use."
	}
	rep.Find("periods").Hidden = t.o.chart != "line"
	if t.o.chart == "bars" {
		for _, s := range t.charts(rep) {
			s.Only = "text"
			rep.TailDoc = append(rep.TailDoc, s)
		}
	}
	if changes := rep.Find("changes"); !t.o.sessions && len(changes.Rows) > 0 {
		changes.Note = "Add --sessions for the sessions behind each period, and agenttrace show SESSION for one of them."
	}
}

// collecting reports that no complete period could be judged.
func (t *trend) collecting(rep *report.Report) bool {
	p := rep.Find("periods")
	for i, c := range p.Columns {
		if c.Name != "robust_z" {
			continue
		}
		for _, row := range p.Rows {
			if row[i] != nil {
				return false
			}
		}
	}
	return true
}

// charts draws each metric period by period, where there is one series of it.
func (t *trend) charts(rep *report.Report) []render.Section {
	p := rep.Find("periods")
	at := map[string]int{}
	for i, c := range p.Columns {
		at[c.Name] = i
	}
	keys := map[any]bool{}
	for _, row := range p.Rows {
		keys[row[at["key"]]] = true
	}
	if len(keys) > 1 {
		return nil
	}
	var out []render.Section
	gap := 0 // periods in a row that are not recorded
	for _, row := range p.Rows {
		metric, _ := row[at["metric"]].(string)
		if len(t.metrics) > 2 && metric != t.metrics[0] {
			continue // the sparklines say enough of the others
		}
		if len(out) == 0 || out[len(out)-1].Title != report.Label(metric) {
			out, gap = append(out, render.Section{Title: report.Label(metric)}), 0
		}
		s := &out[len(out)-1]
		unit, _ := row[at["unit"]].(string)
		bar := render.Bar{Label: report.Cell(p.Columns[at["period"]], row[at["period"]], t.zone), Value: report.Number(row[at["value"]])}
		var marks []string
		if recorded, _ := row[at["is_recorded"]].(bool); !recorded {
			if gap++; gap > 1 {
				s.Bars[len(s.Bars)-1].Text = plural(int64(gap), t.o.by) + " not recorded"
				continue
			}
			marks = append(marks, "not recorded")
		} else if gap = 0; math.IsNaN(bar.Value) {
			marks = append(marks, render.Unknown)
		} else {
			marks = append(marks, report.Quantity(row[at["value"]], unit))
		}
		if change, ok := row[at["change"]].(string); ok {
			marks = append(marks, strings.ReplaceAll(change, "_", " "))
		}
		if partial, _ := row[at["is_partial"]].(bool); partial {
			marks = append(marks, "so far")
		}
		if missing, _ := row[at["missing_count"]].(int64); missing > 0 {
			marks = append(marks, "without "+render.Int(missing)+" that are not known")
		}
		bar.Text = strings.Join(marks, ", ")
		s.Bars = append(s.Bars, bar)
	}
	return out
}
