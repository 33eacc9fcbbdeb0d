// Package report builds reports out of queries: each section is one SQL file, run over the sessions in
// scope, and printed as a table, as facts or as bars. Text, Markdown and JSON are renderings of the same
// results.
package report

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"sort"
	"strings"
	"time"

	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/queries/render"
)

//go:embed overview session
var files embed.FS

// A Section is one query of a report.
type Section struct {
	Key   string // name in JSON: the file name without its number
	Title string
	Kind  string // facts (one row), table, bars (label, value, text)
	Note  string // printed below the title
	Empty string // printed when there are no rows; without it the section is left out
	SQL   string
}

// Sections reads the sections of a report: overview or session.
func Sections(name string) ([]Section, error) {
	names, err := fs.Glob(files, name+"/*.sql")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("there is no report %q", name)
	}
	sort.Strings(names)
	var out []Section
	for _, file := range names {
		text, err := files.ReadFile(file)
		if err != nil {
			return nil, err
		}
		s, err := parseSection(file, string(text))
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// parseSection reads the comment header of a section's file.
func parseSection(file, text string) (Section, error) {
	base := strings.TrimSuffix(file[strings.LastIndexByte(file, '/')+1:], ".sql")
	_, key, ok := strings.Cut(base, "_")
	if !ok {
		return Section{}, fmt.Errorf("%s: want NN_name.sql", file)
	}
	s := Section{Key: key, SQL: text}
	for _, line := range strings.Split(text, "\n") {
		field, value, ok := strings.Cut(strings.TrimPrefix(line, "-- "), ": ")
		if !strings.HasPrefix(line, "-- ") || !ok {
			break
		}
		switch field {
		case "title":
			s.Title = value
		case "kind":
			s.Kind = value
		case "note":
			s.Note = value
		case "empty":
			s.Empty = value
		default:
			return s, fmt.Errorf("%s: unknown header %q", file, field)
		}
	}
	switch s.Kind {
	case "facts", "table", "bars":
	default:
		return s, fmt.Errorf("%s: kind %q: want facts, table or bars", file, s.Kind)
	}
	return s, nil
}

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
	if _, err := render.Write(&b, queries.NewRows(t.Columns, t.Rows...), render.Options{Format: "json", Zone: zone, Redact: redact}); err != nil {
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

// Doc is the report for people.
func (r *Report) Doc() render.Doc {
	d := render.Doc{Title: r.Title, Lead: r.Lead}
	for i := range r.Tables {
		t := &r.Tables[i]
		if len(t.Rows) == 0 && t.Empty == "" || t.Title == "" {
			continue
		}
		d.Sections = append(d.Sections, t.section(r.Zone))
	}
	d.Sections = append(d.Sections, r.TailDoc...)
	return d
}

func (t *Table) section(zone *time.Location) render.Section {
	s := render.Section{Title: t.Title, Note: t.Note}
	if len(t.Rows) == 0 {
		s.Lines = []string{t.Empty}
		return s
	}
	switch t.Kind {
	case "facts":
		for i, c := range t.Columns {
			s.Facts = append(s.Facts, render.Fact{Label: Label(c.Name), Value: Cell(c, t.Rows[0][i], zone)})
		}
	case "bars":
		for _, row := range t.Rows {
			s.Bars = append(s.Bars, render.Bar{Label: Cell(t.Columns[0], row[0], zone), Value: number(row[1]), Text: Cell(t.Columns[1], row[1], zone)})
		}
	case "table":
		table := &render.Table{}
		for _, c := range t.Columns {
			align := render.Left
			if isNumeric(c.Type) {
				align = render.Right
			}
			table.Columns = append(table.Columns, render.TableColumn{Name: Label(c.Name), Align: align})
		}
		for _, row := range t.Rows {
			cells := make([]string, len(row))
			for i, v := range row {
				cells[i] = Cell(t.Columns[i], v, zone)
			}
			table.Rows = append(table.Rows, cells)
		}
		s.Table = table
	}
	return s
}
