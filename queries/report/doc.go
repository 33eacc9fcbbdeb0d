package report

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/queries/render"
)

// Doc is the report for people.
func (r *Report) Doc() render.Doc {
	d := render.Doc{Title: r.Title, Lead: r.Lead}
	if r.Short {
		d.Sections = r.TailDoc
		return d
	}
	for i := range r.Tables {
		t := &r.Tables[i]
		if len(t.Rows) == 0 && t.Empty == "" || t.Title == "" {
			continue
		}
		if t.Kind == "line" || t.Kind == "timeline" {
			d.Sections = append(d.Sections, r.charts(t)...)
			continue
		}
		if s, ok := t.section(r.Zone); ok {
			d.Sections = append(d.Sections, s)
		}
	}
	d.Sections = append(d.Sections, r.TailDoc...)
	return d
}

// section is a result for people; false if nothing is left to show.
func (t *Table) section(zone *time.Location) (render.Section, bool) {
	s := render.Section{Title: t.Title, Note: t.Note}
	if t.Hidden {
		s.Only = "html"
	}
	if len(t.Rows) == 0 {
		s.Lines = []string{t.Empty}
		return s, true
	}
	switch t.Kind {
	case "facts":
		s.Facts, s.Lines = t.facts(zone)
		return s, len(s.Facts)+len(s.Lines) > 0
	case "bars":
		for _, row := range t.Rows {
			s.Bars = append(s.Bars, render.Bar{Label: Cell(t.Columns[0], row[0], zone), Value: Number(row[1]), Text: Cell(t.Columns[1], row[1], zone)})
		}
	case "table":
		s.Table = t.People(zone)
		shown := len(t.Rows)
		if len(s.Table.Folds) > 0 {
			shown = s.Table.Folds[0].From
		}
		if t.More != "" && shown < len(t.Rows) {
			s.Lines = append(s.Lines, t.More)
		} else if shown < len(t.Rows) {
			s.Cut = render.Int(len(t.Rows)-shown) + " more; -f json has all of them."
		}
		if more := len(t.Rows) - len(s.Table.Rows); more > 0 {
			s.PageCut = render.Int(more) + " more; -f json has all of them."
		}
	}
	return s, true
}

// facts are the columns of the one row. What the log does not say is no fact: numbers that are unknown
// are named in one line, texts that are absent are left out.
func (t *Table) facts(zone *time.Location) ([]render.Fact, []string) {
	var facts []render.Fact
	var unknown []string
	for i, c := range t.Columns {
		v := t.Rows[0][i]
		switch {
		case t.jsonOnly[c.Name], t.optional[c.Name] && empty(v):
		case v == nil && isNumeric(c.Type):
			unknown = append(unknown, strings.TrimSpace(t.label(c.Name)))
		case v == nil:
		default:
			facts = append(facts, render.Fact{Label: t.label(c.Name), Value: Cell(c, v, zone)})
		}
	}
	if len(unknown) == 0 {
		return facts, nil
	}
	return facts, []string{"Not known: " + strings.Join(unknown, ", ") + "."}
}

// pageRows is how many rows of a table a web page holds; readers of more are better off with JSON.
const pageRows = 10000

// People is the result as a table for people.
func (t *Table) People(zone *time.Location) *render.Table {
	table := &render.Table{Closed: t.Closed}
	if t.tone[0] != "" {
		table.Name = t.Key
	}
	var shown []int
	for i, c := range t.Columns {
		if t.jsonOnly[c.Name] || t.optional[c.Name] && t.allEmpty(i) {
			continue
		}
		align := render.Left
		if isNumeric(c.Type) {
			align = render.Right
		}
		shown = append(shown, i)
		table.Columns = append(table.Columns, render.TableColumn{Name: t.label(c.Name), Align: align, Below: t.below[c.Name], Spare: t.spare[c.Name], Page: t.pageOnly[c.Name], Number: isQuantity(c.Type)})
	}
	rows := t.Rows
	if len(rows) > pageRows && t.Show > 0 {
		rows = rows[:pageRows]
	}
	if t.Show > 0 && t.Show < len(rows) {
		table.Folds = []render.Fold{{From: t.Show, To: len(rows), Label: render.Int(len(rows)-t.Show) + " more"}}
	}
	for _, row := range rows {
		cells, keys := make([]string, len(shown)), make([]string, len(shown))
		for at, i := range shown {
			cells[at] = Cell(t.Columns[i], row[i], zone)
			value := row[i]
			if q, ok := value.(map[string]any); ok && isQuantity(t.Columns[i].Type) {
				value = q["value"]
			}
			if x := Number(value); !math.IsNaN(x) {
				keys[at] = strconv.FormatFloat(x, 'g', 12, 64)
			}
		}
		table.Rows, table.Keys = append(table.Rows, cells), append(table.Keys, keys)
		if t.tone[0] != "" {
			tone := ""
			if is, _ := t.at(row, t.tone[0]).(bool); is {
				tone = t.tone[1]
			}
			table.Tones = append(table.Tones, tone)
		}
	}
	return table
}

func (t *Table) label(column string) string {
	if l, ok := t.labels[column]; ok {
		return l
	}
	return Label(column)
}

func (t *Table) allEmpty(column int) bool {
	for _, row := range t.Rows {
		if !empty(row[column]) {
			return false
		}
	}
	return true
}

// empty reports that a value says nothing worth a place: unknown, zero, no, or no text.
func empty(v any) bool {
	switch x := v.(type) {
	case nil:
		return true
	case string:
		return x == ""
	case bool:
		return !x
	case []any:
		return len(x) == 0
	case queries.Decimal:
		return x.Value == nil || x.Value.Sign() == 0
	}
	return Number(v) == 0
}
