package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/agenttrace/agenttrace/ingest/agents"
	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/queries/redact"
	"github.com/agenttrace/agenttrace/queries/render"
	"github.com/agenttrace/agenttrace/queries/report"
	"github.com/agenttrace/agenttrace/schema/store"
	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// reportOptions are those of the commands that print a report.
type reportOptions struct {
	common
	args     []string
	timeline bool
}

// inputs are the paths that were named, if any: to be read instead of the user's own logs.
func (o *reportOptions) inputs() inputs {
	return inputs{paths: append(append([]string(nil), o.dirs...), o.args...)}
}

const reportFormats = "text, markdown, json or html"

func (o *reportOptions) addFlags(f *pflag.FlagSet) {
	o.addStore(f)
	o.addDemo(f)
	o.addOutput(f, reportFormats)
	o.addScope(f)
	o.addGates(f)
}

// noteGates remembers which gates were asked for: a limit of 0 is a gate too.
func (o *reportOptions) noteGates(cmd *cobra.Command) {
	o.gates = nil
	for _, name := range []string{"fail-under-health", "fail-on-critical", "max-tool-fail-rate"} {
		if cmd.Flags().Changed(name) {
			o.gates = append(o.gates, name)
		}
	}
}

// A reporter holds what every report needs.
type reporter struct {
	hasHealth bool // scoped_health is there
	e         *env
	o         *reportOptions
	data      *data
	conn      *store.Session
	format    string
	zone      *time.Location
	color     bool
	since     sql.Null[time.Time]
	until     sql.Null[time.Time]
	part      bool // the scope is a part of what the store holds

	madeInScope map[string]bool // what scopeMacros need not make
	inTables    bool            // few sessions are in scope: scopeMacros copies their rows
}

// newReporter checks the flags and opens the store.
func newReporter(e *env, o *reportOptions, in inputs) (*reporter, error) {
	r := &reporter{e: e, o: o, madeInScope: map[string]bool{}}
	var err error
	if r.format, err = o.outputFormat("text", "text", "markdown", "json", "html"); err != nil {
		return nil, err
	}
	if r.zone, err = o.zone(); err != nil {
		return nil, err
	}
	if r.color, err = o.useColor(e); err != nil {
		return nil, err
	}
	switch o.health {
	case "":
		o.health = "v2"
	case "v1", "v2":
	default:
		return nil, usagef("--health %s: want v1 or v2", o.health)
	}
	if r.since, err = r.instant("since", o.since); err != nil {
		return nil, err
	}
	if r.until, err = r.instant("until", o.until); err != nil {
		return nil, err
	}
	if r.data, err = o.open(e, in, trusted); err != nil {
		return nil, err
	}
	if r.conn, err = r.data.Session(e.ctx); err != nil {
		r.data.Close()
		return nil, err
	}
	return r, nil
}

func (r *reporter) instant(flag, text string) (sql.Null[time.Time], error) {
	t, err := instant(flag, text, r.zone, r.e.now())
	return sql.Null[time.Time]{V: t, Valid: !t.IsZero()}, err
}

func (r *reporter) close() {
	r.conn.Close()
	r.data.leave(r.e)
}

// scope makes the temporary table of the sessions that the filters leave, with their ids as text and as
// numbers.
func (r *reporter) scope(only string) error {
	var where []string
	var args []any
	anyOf := func(expr string, values []string) {
		if len(values) == 0 {
			return
		}
		var parts []string
		for _, v := range values {
			parts = append(parts, fmt.Sprintf(expr, store.Quote(v)))
		}
		where = append(where, "("+strings.Join(parts, " OR ")+")")
	}
	anyOf("s.agent = %s", r.o.agents)
	anyOf("(lower(hex(s.project_id)) = %[1]s OR p.name = %[1]s OR p.remote_norm = %[1]s OR p.root_path = %[1]s OR s.workspace = %[1]s)", r.o.projects)
	anyOf("s.git_branch = %s", r.o.branches)
	anyOf("s.session_id IN (SELECT session_id FROM core.model_calls_v1 WHERE %[1]s IN (model, response_model, price_model))", r.o.models)
	if r.since.Valid {
		where = append(where, "coalesce(s.ended_at, s.started_at) >= $since")
		args = append(args, sql.Named("since", r.since.V))
	}
	if r.until.Valid {
		where = append(where, "s.started_at < $until")
		args = append(args, sql.Named("until", r.until.V))
	}
	if only != "" {
		where = append(where, "lower(hex(s.session_id)) = "+store.Quote(only))
	}
	r.part = len(where) > 0
	q := "CREATE OR REPLACE TEMP TABLE scope AS SELECT lower(hex(s.session_id)) AS session_id, s.session_id AS session_key FROM "
	if len(where) > 0 {
		q += "core.sessions_v1 AS s LEFT JOIN core.projects_v1 AS p ON p.project_id = s.project_id WHERE " + strings.Join(where, " AND ")
	} else {
		q += "core.session_facts_v1 AS s" // what sessions_v1 has a row for
	}
	return r.conn.Exec(r.e.ctx, q, args...)
}

// Most sections of the overview are sums over the model calls and tool calls in scope. They read the
// schema core, where ids are numbers: to write them as text, call by call, took most of the time.
//
// Without a limit in time the store has the sums already, by the quarter of an hour, of which the days of
// every time zone are made.
const (
	scopedSums = `
CREATE OR REPLACE TEMP VIEW scoped_calls AS
SELECT *, date_trunc('day', quarter_at AT TIME ZONE %s)::DATE AS day
FROM core.call_sums_v1
WHERE NOT %t OR session_id IN (SELECT session_key FROM scope)`

	scopedToolSums = `
CREATE OR REPLACE TEMP VIEW scoped_tools AS
FROM core.tool_sums_v1
WHERE NOT %t OR session_id IN (SELECT session_key FROM scope)`

	scopedCalls = `
CREATE OR REPLACE TEMP TABLE scoped_calls AS
SELECT
	session_id, agent, project_id, coalesce(model, response_model) AS model,
	date_trunc('day', occurred_at AT TIME ZONE $tz)::DATE AS day,
	count(*) AS call_count,
	count(*) FILTER (status IN ('ok', 'interrupted')) AS model_call_count,
	count(cost_usd) AS priced_call_count,
	count(*) FILTER (is_lower_bound) AS lower_bound_call_count,
	count(*) FILTER (is_estimated) AS estimated_call_count,
	sum(cost_usd) AS cost_usd,
	sum(input_tokens)::BIGINT AS input_tokens,
	sum(input_tokens) FILTER (cache_read_input_tokens IS NOT NULL)::BIGINT AS cacheable_input_tokens,
	sum(uncached_input_tokens)::BIGINT AS uncached_input_tokens,
	sum(cache_read_input_tokens)::BIGINT AS cache_read_input_tokens,
	sum(cache_creation_5m_input_tokens)::BIGINT AS cache_creation_5m_input_tokens,
	sum(cache_creation_1h_input_tokens)::BIGINT AS cache_creation_1h_input_tokens,
	sum(output_tokens)::BIGINT AS output_tokens,
	sum(reasoning_output_tokens)::BIGINT AS reasoning_output_tokens
FROM core.model_call_costs_v1
WHERE ($since::TIMESTAMPTZ IS NULL OR occurred_at >= $since::TIMESTAMPTZ)
	AND ($until::TIMESTAMPTZ IS NULL OR occurred_at < $until::TIMESTAMPTZ)
	AND (NOT $filtered::BOOLEAN OR session_id IN (SELECT session_key FROM scope))
GROUP BY ALL`

	scopedTools = `
CREATE OR REPLACE TEMP TABLE scoped_tools AS
SELECT
	session_id, tool_name, tool_kind, status, error_type,
	min(tool_name_raw) AS tool_name_raw, count(*) AS call_count, sum(result_bytes)::BIGINT AS result_bytes
FROM core.tool_calls_v1
WHERE ($since::TIMESTAMPTZ IS NULL OR requested_at >= $since::TIMESTAMPTZ)
	AND ($until::TIMESTAMPTZ IS NULL OR requested_at < $until::TIMESTAMPTZ)
	AND (NOT $filtered::BOOLEAN OR session_id IN (SELECT session_key FROM scope))
GROUP BY ALL`
)

// callCountsSQL are the columns of scoped_calls that say how sure a sum is, for relations with a row per
// call.
const callCountsSQL = `session_id, 1 AS call_count, (cost_usd IS NOT NULL)::BIGINT AS priced_call_count, is_lower_bound::BIGINT AS lower_bound_call_count,
	is_estimated::BIGINT AS estimated_call_count`

// narrow makes the temporary relations scoped_calls and scoped_tools, after scope.
func (r *reporter) narrow() error {
	exec := func(q string, args ...any) error { return r.conn.Exec(r.e.ctx, q, args...) }
	zone := zoneForSQL(r.zone, r.e.now())
	if !r.since.Valid && !r.until.Valid {
		// Of sums there is so little that to hand work from thread to thread takes longer than to do it
		// (measured: a third of an overview's time).
		return errors.Join(exec("SET threads=1"), exec(fmt.Sprintf(scopedSums, store.Quote(zone), r.part)), exec(fmt.Sprintf(scopedToolSums, r.part)))
	}
	window := []any{sql.Named("since", nullable(r.since)), sql.Named("until", nullable(r.until)), sql.Named("filtered", r.part)}
	return errors.Join(exec(scopedCalls, append(slices.Clone(window), sql.Named("tz", zone))...), exec(scopedTools, window...))
}

// arg gives the value of a parameter of a section.
func (r *reporter) arg(session string) func(string) any {
	return func(name string) any {
		switch name {
		case "since":
			return sql.Named(name, nullable(r.since))
		case "until":
			return sql.Named(name, nullable(r.until))
		case "tz":
			return sql.Named(name, zoneForSQL(r.zone, r.e.now()))
		case "session":
			return sql.Named(name, session)
		case "filtered":
			return sql.Named(name, r.part)
		}
		return sql.Named(name, nil)
	}
}

func nullable(t sql.Null[time.Time]) any {
	if !t.Valid {
		return nil
	}
	return t.V
}

// zoneForSQL names the zone for the engine, which knows no "Local".
func zoneForSQL(zone *time.Location, now time.Time) string {
	name := zone.String()
	if name != "Local" {
		return name
	}
	if tz := localZoneName(); tz != "" {
		return tz
	}
	_, offset := now.In(zone).Zone()
	// The engine's fixed zones count westward, as POSIX does.
	if offset%3600 == 0 && offset != 0 {
		return fmt.Sprintf("Etc/GMT%+d", -offset/3600)
	}
	return "UTC"
}

// build runs a report's sections.
func (r *reporter) build(name, title, session string) (*report.Report, error) {
	sections, err := report.Sections(name)
	if err != nil {
		return nil, err
	}
	tables, err := report.Run(r.e.ctx, r.conn, sections, r.arg(session))
	if err != nil {
		return nil, err
	}
	return r.report(name, title, tables), nil
}

// report is one of these tables.
func (r *reporter) report(name, title string, tables []report.Table) *report.Report {
	out := &report.Report{Name: name, Title: title, GeneratedAt: r.e.now(), Zone: r.zone, Tables: tables}
	out.Head = append(out.Head, report.Field{Name: "versions", Value: versions()})
	return out
}

// versions says what the figures rest on.
func versions() any {
	type parser struct {
		Agent   string `json:"agent"`
		Version int    `json:"version"`
	}
	var parsers []parser
	for _, p := range agents.All() {
		f := p.Format()
		// One agent may have several formats, with a parser each.
		if x := (parser{f.Agent, f.Version}); !slices.Contains(parsers, x) {
			parsers = append(parsers, x)
		}
	}
	set, err := sqlfiles.Views()
	views := map[string]int{}
	if err == nil {
		for _, d := range set.Definitions {
			if d.Status == sqlfiles.Current {
				views[d.Family] = d.Version
			}
		}
	}
	return struct {
		Agenttrace string         `json:"agenttrace"`
		PriceBook  string         `json:"price_book"`
		Parsers    []parser       `json:"parsers"`
		Views      map[string]int `json:"views"`
	}{version, sqlfiles.PriceBook(), parsers, views}
}

func (r *reporter) redact() func(string) string {
	if r.o.secrets {
		return nil
	}
	return redact.Text
}

// write prints the report in the format asked for.
func (r *reporter) write(rep *report.Report) error {
	return r.o.writeTo(r.e, func(w *bytes.Buffer) error {
		if r.format == "json" {
			return rep.WriteJSON(w, r.redact())
		}
		width := r.e.width
		if r.o.output != "" {
			width = 0
		}
		return render.WriteDoc(w, rep.Doc(), render.DocOptions{Format: r.format, Width: width, Color: r.color, Redact: r.redact()})
	})
}

// resolve finds the session that a word names: an id, a native id, or an unambiguous beginning of one.
func resolve(ctx context.Context, q queries.Querier, word string) (string, error) {
	rows, err := q.Query(ctx, `SELECT session_id, native_session_id, agent FROM sessions_v1
		WHERE starts_with(session_id, lower($word)) OR starts_with(lower(native_session_id), lower($word))
		ORDER BY session_id = lower($word) DESC, lower(native_session_id) = lower($word) DESC, session_id LIMIT 6`, sql.Named("word", word))
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		v := rows.Values()
		id, native := fmt.Sprint(v[0]), fmt.Sprint(v[1])
		if strings.EqualFold(id, word) || strings.EqualFold(native, word) {
			return id, nil
		}
		found = append(found, fmt.Sprintf("%s (%s %s)", id, v[2], native))
	}
	if err := rows.Err(); err != nil {
		return "", err
	}
	switch len(found) {
	case 0:
		return "", withHint(usagef("no session %q", word), "agenttrace sessions lists them")
	case 1:
		return strings.Fields(found[0])[0], nil
	}
	return "", usagef("%q could be %s", word, strings.Join(found, ", "))
}

// newest is the session that changed last within scope.
func (r *reporter) newest() (string, error) {
	ids, err := column(r.e, r.conn, `SELECT session_id FROM sessions_v1 SEMI JOIN scope USING (session_id)
		ORDER BY ended_at DESC NULLS LAST, session_id LIMIT 1`)
	if err != nil {
		return "", err
	}
	if len(ids) == 0 {
		return "", errNoSession
	}
	return ids[0], nil
}

var errNoSession = errors.New("no session matches")
