package lake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/schema/store"
	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// Options say what to export.
type Options struct {
	Relations []string  // none = the usual ones
	Since     time.Time // whole months, from that of this instant
	Content   string    // none or preview
	Anonymize bool
	Salt      Salt
	Redact    func(string) string
	Version   string
}

// An Export reads the relations of one machine out of a store.
type Export struct {
	o       Options
	store   *store.Store
	conn    *store.Session
	machine string
	calls   bool // some table needs the instants of tool calls
	restore func()
}

// ErrNothing says that a store has no rows of its own machine.
var ErrNothing = errors.New("the store holds no session of this machine")

// Begin prepares a store to be read. The store must not be confined.
func Begin(ctx context.Context, s *store.Store, o Options) (*Export, error) {
	machine, err := s.Info(ctx, "machine_id")
	if err != nil {
		return nil, err
	}
	if machine == "" {
		return nil, ErrNothing
	}
	x := &Export{o: o, store: s, machine: machine}
	if x.restore, err = s.InOrder(ctx); err != nil {
		return nil, err
	}
	if x.conn, err = s.Session(ctx); err != nil {
		x.restore()
		return nil, err
	}
	if err := x.prepare(ctx); err != nil {
		x.Close()
		return nil, err
	}
	return x, nil
}

// Close ends the reading.
func (x *Export) Close() error {
	x.conn.Exec(context.Background(), "DROP TABLE IF EXISTS temp.lake_rows; DROP TABLE IF EXISTS temp.lake_calls; DROP TABLE IF EXISTS temp.lake_sessions; DROP TABLE IF EXISTS temp.lake_sources")
	err := x.conn.Close()
	x.restore()
	return err
}

func (x *Export) prepare(ctx context.Context) error {
	for _, f := range []struct {
		name   string
		params int
		f      func([]string) string
	}{
		{"lake_redact", 1, func(a []string) string { return x.o.Redact(a[0]) }},
		{"lake_hash", 1, func(a []string) string { return x.o.Salt.Hash(a[0]) }},
		{"lake_folder", 1, func(a []string) string { return x.o.Salt.Folder(a[0]) }},
		{"lake_path", 2, func(a []string) string { return x.o.Salt.Path(a[0], a[1]) }},
	} {
		if err := x.conn.AddTextFunction(f.name, f.params, f.f); err != nil {
			return err
		}
	}
	// Refused and forgotten files have no rows, and are no business of others.
	err := x.conn.Exec(ctx, `CREATE OR REPLACE TEMP TABLE lake_sources AS
		SELECT o.source_id, coalesce(strftime(coalesce(max(r.occurred_at), any_value(o.modified_at)) AT TIME ZONE 'UTC', '%Y-%m'), ?) AS month
		FROM raw.sources AS o
		LEFT JOIN raw.records AS r USING (source_id)
		WHERE o.machine_id = ? AND o.source_state NOT IN ('refused', 'forgotten') AND o.parser <> 'none'
		GROUP BY o.source_id`, unknownMonth, x.machine)
	if err != nil {
		return err
	}
	return x.conn.Exec(ctx, `CREATE OR REPLACE TEMP TABLE lake_sessions AS
		SELECT session_id AS session_key, lower(hex(session_id)) AS session_id, lower(hex(project_id)) AS project_id, started_at, workspace
		FROM core.sessions_v1
		WHERE session_id IN (SELECT session_id FROM raw.sessions WHERE source_id IN (SELECT source_id FROM temp.lake_sources))`)
}

func (x *Export) columnsOf(ctx context.Context, relation string) ([]Column, error) {
	rows, err := x.conn.Query(ctx, "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM "+relation+")")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Column
	for rows.Next() {
		v := rows.Values()
		out = append(out, Column{Name: v[0].(string), Type: v[1].(string)})
	}
	return out, rows.Err()
}

// Tables lists what will be exported.
func (x *Export) tables(ctx context.Context, names []string) ([]*table, error) {
	var out []*table
	for _, n := range names {
		t, err := x.describe(ctx, n)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n, err)
		}
		out = append(out, t)
	}
	if x.calls {
		err := x.conn.Exec(ctx, `CREATE OR REPLACE TEMP TABLE lake_calls AS
			SELECT lower(hex(tool_call_id)) AS tool_call_id, coalesce(requested_at, started_at) AS at
			FROM core.tool_calls_v1 WHERE session_id IN (SELECT session_key FROM temp.lake_sessions)`)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// fill computes a table, in the order in which it is written, month by month.
func (x *Export) fill(ctx context.Context, t *table) error {
	var list, order []string
	for _, c := range t.columns {
		list = append(list, c.expr+" AS "+c.Name)
		if !strings.HasSuffix(c.Type, "[]") {
			order = append(order, c.Name)
		}
	}
	// What names the place of a row tells rows apart sooner than the rest.
	slices.SortStableFunc(order, func(a, b string) int { return rank(a) - rank(b) })
	where := ""
	if !x.o.Since.IsZero() {
		where = "WHERE lake_month >= " + store.Quote(x.o.Since.UTC().Format("2006-01")) // unknown comes after all numbers
	}
	return x.conn.Exec(ctx, fmt.Sprintf(`CREATE OR REPLACE TEMP TABLE lake_rows AS
		SELECT *, row_number() OVER (PARTITION BY lake_month ORDER BY lake_at NULLS LAST, %s) AS lake_row
		FROM (SELECT %s, %s AS lake_at, %s AS lake_month %s) %s`,
		strings.Join(order, ", "), strings.Join(list, ", "), t.at, t.month, t.from, where))
}

func rank(column string) int {
	switch column {
	case "session_id":
		return 0
	case "source_id":
		return 1
	case "line", "seq":
		return 2
	}
	return 3
}

// months counts the rows of the filled table, newest month first.
func (x *Export) months(ctx context.Context) ([]ManifestMonth, error) {
	rows, err := x.conn.Query(ctx, `SELECT lake_month, count(*), min(lake_at), max(lake_at) FROM temp.lake_rows GROUP BY lake_month ORDER BY lake_month DESC`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []ManifestMonth
	for rows.Next() {
		v := rows.Values()
		m := ManifestMonth{Month: v[0].(string), Rows: v[1].(int64), Parts: []ManifestPart{}}
		m.MinTime, m.MaxTime = instant(v[2]), instant(v[3])
		out = append(out, m)
	}
	return out, rows.Err()
}

func instant(v any) *time.Time {
	t, ok := v.(time.Time)
	if !ok {
		return nil
	}
	t = t.UTC()
	return &t
}

// A Count is how much a table would hold.
type Count struct {
	Table   string
	Rows    int64
	Months  int
	Columns []Column
}

// Counts computes every table and writes none.
func (x *Export) Counts(ctx context.Context, names []string) ([]Count, error) {
	tables, err := x.tables(ctx, names)
	if err != nil {
		return nil, err
	}
	var out []Count
	for _, t := range tables {
		if err := x.fill(ctx, t); err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
		months, err := x.months(ctx)
		if err != nil {
			return nil, err
		}
		c := Count{Table: t.name, Months: len(months), Columns: t.list()}
		for _, m := range months {
			c.Rows += m.Rows
		}
		out = append(out, c)
	}
	return out, nil
}

func (t *table) list() []Column {
	out := make([]Column, len(t.columns))
	for i, c := range t.columns {
		out[i] = c.Column
	}
	return out
}

// Rows hands on the rows of each relation, one relation after the other: for text formats.
func (x *Export) Rows(ctx context.Context, names []string, take func(name string, rows queries.Rows) error) error {
	tables, err := x.tables(ctx, names)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := x.fill(ctx, t); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		rows, err := x.conn.Query(ctx, "SELECT * EXCLUDE (lake_at, lake_month, lake_row) FROM temp.lake_rows ORDER BY lake_month, lake_row")
		if err != nil {
			return err
		}
		err = errors.Join(take(t.name, rows), rows.Close())
		if err != nil {
			return err
		}
	}
	return nil
}

// Names resolves the names of relations; without any, the usual ones, the raw tables only for Parquet.
func Names(relations []string, withRaw bool) ([]string, error) {
	names, err := choose(relations)
	if err != nil || len(relations) > 0 || withRaw {
		return names, err
	}
	return slices.DeleteFunc(names, func(n string) bool { return strings.HasPrefix(n, rawPrefix) }), nil
}

// manifest begins the manifest of what is written now.
func (x *Export) manifest(ctx context.Context) (*Manifest, error) {
	sum, err := sqlfiles.ViewsSum()
	if err != nil {
		return nil, err
	}
	m := &Manifest{
		Name: layoutName, SchemaVersion: Layout, Machine: x.machine, ToolVersion: x.o.Version, ViewsSum: sum, PriceBook: sqlfiles.PriceBook(),
		Parsers: map[string]int32{}, Content: x.o.Content, Anonymized: x.o.Anonymize,
	}
	rows, err := x.conn.Query(ctx, `SELECT parser, max(parser_version)::INTEGER, (SELECT max(number) FROM raw.migrations)::BIGINT
		FROM raw.sources WHERE source_id IN (SELECT source_id FROM temp.lake_sources) GROUP BY parser`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		v := rows.Values()
		m.Parsers[v[0].(string)] = v[1].(int32)
		m.TablesVersion = int(v[2].(int64))
	}
	return m, rows.Err()
}
