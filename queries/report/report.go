// Package report builds reports out of queries: each section is one SQL file, run over the sessions in
// scope, and printed as a table, as facts or as bars. Text, Markdown and JSON are renderings of the same
// results.
package report

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/queries/render"
)

// A Table is a result held in memory.
type Table struct {
	Section
	Columns []queries.Column
	Rows    [][]any
}

// A Report is what was found, ready to be printed.
type Report struct {
	Name        string
	Title       string
	GeneratedAt time.Time
	Zone        *time.Location
	Lead        []string // what the reader must know first
	Head        []Field  // further members of the JSON object, before the sections
	Tables      []Table
	Tail        []Field // and behind them
	TailDoc     []render.Section
	Short       bool // people see the lead and the tail alone: there is nothing else to say
}

// A Field is a member of the JSON object.
type Field struct {
	Name  string
	Value any
}

// SchemaVersion is the version of the JSON form of reports. Fields may be added within a version.
const SchemaVersion = 1

// Run runs the sections in order. Arguments are bound by name to the sections that use them.
func Run(ctx context.Context, q queries.Querier, sections []Section, arg func(name string) any) ([]Table, error) {
	var out []Table
	for _, s := range sections {
		t, err := runSection(ctx, q, s, arg)
		if err != nil {
			return nil, fmt.Errorf("section %s: %w", s.Key, err)
		}
		out = append(out, t)
	}
	return out, nil
}

func runSection(ctx context.Context, q queries.Querier, s Section, arg func(name string) any) (Table, error) {
	t := Table{Section: s}
	var args []any
	for _, st := range queries.Split(s.SQL) {
		for _, p := range st.Params {
			args = append(args, arg(p.Name))
		}
	}
	rows, err := q.Query(ctx, s.SQL, args...)
	if err != nil {
		return t, err
	}
	defer rows.Close()
	t.Columns = rows.Columns()
	for rows.Next() {
		t.Rows = append(t.Rows, append([]any(nil), rows.Values()...))
	}
	return t, rows.Err()
}

// Find returns a section's result.
func (r *Report) Find(key string) *Table {
	for i := range r.Tables {
		if r.Tables[i].Key == key {
			return &r.Tables[i]
		}
	}
	return nil
}

// Value returns a cell of the first row; nil where there is none.
func (t *Table) Value(column string) any {
	if t == nil || len(t.Rows) == 0 {
		return nil
	}
	for i, c := range t.Columns {
		if c.Name == column {
			return t.Rows[0][i]
		}
	}
	return nil
}

// WriteJSON writes the report as one object.
func (r *Report) WriteJSON(w io.Writer, redact func(string) string) error {
	var b bytes.Buffer
	b.WriteString("{\n")
	member := func(name string, value any) error {
		raw, err := marshal(value)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if b.Len() > 2 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, "  %q: %s", name, raw)
		return nil
	}
	head := append([]Field{
		{"schema_version", SchemaVersion}, {"report", r.Name}, {"generated_at", r.GeneratedAt.In(r.Zone).Format(time.RFC3339)}, {"tz", ZoneName(r.Zone, r.GeneratedAt)},
	}, r.Head...)
	for _, f := range head {
		if err := member(f.Name, f.Value); err != nil {
			return err
		}
	}
	for i := range r.Tables {
		t := &r.Tables[i]
		raw, err := t.json(r.Zone, redact)
		if err != nil {
			return err
		}
		if err := member(t.Key, raw); err != nil {
			return err
		}
	}
	for _, f := range r.Tail {
		if err := member(f.Name, f.Value); err != nil {
			return err
		}
	}
	b.WriteString("\n}\n")
	_, err := w.Write(b.Bytes())
	return err
}

func marshal(v any) (json.RawMessage, error) {
	if raw, ok := v.(json.RawMessage); ok {
		return raw, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// json is an array of objects, or for facts the single object (null without a row).
func (t *Table) json(zone *time.Location, redact func(string) string) (json.RawMessage, error) {
	var b bytes.Buffer
	columns, rows := t.ForJSON()
	if _, err := render.Write(&b, queries.NewRows(columns, rows...), render.Options{Format: "json", Zone: zone, Redact: redact}); err != nil {
		return nil, err
	}
	raw := bytes.TrimSpace(b.Bytes())
	if t.Kind != "facts" {
		return raw, nil
	}
	if len(t.Rows) == 0 {
		return json.RawMessage("null"), nil
	}
	return bytes.TrimSpace(raw[1 : len(raw)-1]), nil
}

// ValueJSON is a cell of the first row as JSON; null where there is none.
func (t *Table) ValueJSON(column string, zone *time.Location, redact func(string) string) (json.RawMessage, error) {
	one := *t
	one.Kind = "facts"
	raw, err := one.json(zone, redact)
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, err
	}
	if members[column] == nil {
		return json.RawMessage("null"), nil
	}
	return members[column], nil
}

// ForJSON is the result without the columns that are there for people alone.
func (t *Table) ForJSON() ([]queries.Column, [][]any) {
	if len(t.textOnly)+len(t.pageOnly) == 0 {
		return t.Columns, t.Rows
	}
	var columns []queries.Column
	var kept []int
	for i, c := range t.Columns {
		if !t.textOnly[c.Name] && !t.pageOnly[c.Name] {
			columns, kept = append(columns, c), append(kept, i)
		}
	}
	rows := make([][]any, len(t.Rows))
	for n, row := range t.Rows {
		for _, i := range kept {
			rows[n] = append(rows[n], row[i])
		}
	}
	return columns, rows
}

// ZoneName is the name of a zone as reports state it.
func ZoneName(zone *time.Location, at time.Time) string {
	if zone == time.Local || zone.String() == "Local" {
		name, offset := at.In(zone).Zone()
		if offset == 0 {
			return "UTC"
		}
		return fmt.Sprintf("%s (%s)", name, at.In(zone).Format("-07:00"))
	}
	return zone.String()
}
