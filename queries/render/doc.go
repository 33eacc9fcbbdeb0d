package render

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// A Doc is a report ready to be written: every number is already text. The same Doc becomes a terminal
// report, Markdown or a web page.
type Doc struct {
	Title    string
	Lead     []string // what the reader must know first, one paragraph each
	Sections []Section
}

// A Section is one part of a report. What is empty is left out; the order is that of the fields.
type Section struct {
	Title, Note string
	Facts       []Fact
	Bars        []Bar
	Chart       *Chart
	Table       *Table
	Lines       []string

	Only string // "html": pages alone have it; "text": all but pages

	// What is said of rows that are left out: where those that Table.Folds folds away are, and in pages.
	Cut, PageCut string
}

// A Fact is a labelled value. A value that is empty is unknown, and written so.
type Fact struct {
	Label, Value, Hint string
}

// A Bar is one bar of a chart; those of a section share a scale. Text stands beside it. A Value that is
// NaN is unknown: it gets no bar, and "unknown" when Text is empty.
type Bar struct {
	Label string
	Value float64
	Text  string
}

// A Table of a report is small and whole. An empty cell of a column aligned to the right is unknown, and
// written so.
type Table struct {
	Columns []TableColumn
	Rows    [][]string

	// The rest is for pages.
	Name    string     // gives each row an id, NAME-1 and so on
	Keys    [][]string // numbers to sort by, for the cells whose text is none; "" is unknown
	Tones   []string   // of rows: "" or one of those of the style sheet, such as bad, same, changed
	Ordered bool       // the order says something: no sorting
	Closed  string     // folded away as a whole, under this title
	Folds   []Fold     // in order, without overlaps
}

// A Fold is a run of rows, From up to before To, that people look at only when they want to. A page folds
// it away; elsewhere Row takes its place, or nothing.
type Fold struct {
	From, To int
	Row      []string
	Label    string // such as "37 that are the same"
}

// A TableColumn is the head of a column.
type TableColumn struct {
	Name  string
	Align Align
	// Below puts the cells of a text column under their rows where the line would be too long.
	Below bool
	// Spare columns are left out, and named, where a terminal is too narrow; the highest goes first.
	Spare int
	// Page columns are those that pages alone have.
	Page bool
	// Number columns are numbers to a page, though text keeps them to the left.
	Number bool
}

func (c TableColumn) number() bool { return c.Align == Right || c.Number }

// Align is the side a column keeps to.
type Align uint8

// Text keeps to the left, numbers to the right.
const (
	Left Align = iota
	Right
)

// Unknown is written for what is not known. It is never 0 and never nothing.
const Unknown = "unknown"

// DocFormats are the formats of WriteDoc.
var DocFormats = []string{"text", "markdown", "html"}

// DocOptions say how WriteDoc writes.
type DocOptions struct {
	Format string              // one of DocFormats; empty is "text"
	Width  int                 // of the terminal, for text; 0 is no limit. Text is wrapped, never cut
	Color  bool                // for text
	Redact func(string) string // applied to every string
}

// WriteDoc writes a report.
func WriteDoc(w io.Writer, d Doc, opt DocOptions) error {
	if opt.Format == "" {
		opt.Format = "text"
	}
	if !slices.Contains(DocFormats, opt.Format) {
		return fmt.Errorf("unknown format %q: want one of %s", opt.Format, strings.Join(DocFormats, ", "))
	}
	d = d.prepared(opt.Redact, opt.Format == "html")
	out := &docWriter{Writer: bufio.NewWriter(w), opt: opt}
	switch opt.Format {
	case "text":
		out.text(d)
	case "markdown":
		out.markdown(d)
	case "html":
		out.html(d)
	}
	return out.Flush()
}

type docWriter struct {
	*bufio.Writer
	opt DocOptions
}

// prepared is the document with secrets hidden and unknown values named.
func (d Doc) prepared(redact func(string) string, page bool) Doc {
	v := &values{redact: redact}
	clean := func(s string) string { return v.clean("", s) }
	list := func(in []string) []string {
		var out []string
		for _, s := range in {
			out = append(out, clean(s))
		}
		return out
	}
	p := Doc{Title: clean(d.Title), Lead: list(d.Lead)}
	for _, s := range d.Sections {
		if s.Only != "" && page != (s.Only == "html") {
			continue
		}
		q := Section{Title: clean(s.Title), Note: clean(s.Note)}
		cut := s.Cut
		if page {
			cut = s.PageCut
		}
		if q.Lines = list(s.Lines); cut != "" {
			q.Lines = append(q.Lines, clean(cut))
		}
		if s.Chart != nil {
			q.Chart = s.Chart.prepared(clean)
		}
		for _, f := range s.Facts {
			q.Facts = append(q.Facts, Fact{clean(f.Label), orUnknown(v.clean(f.Label, f.Value)), clean(f.Hint)})
		}
		for _, b := range s.Bars {
			b.Label, b.Text = clean(b.Label), clean(b.Text)
			if math.IsNaN(b.Value) {
				b.Text = orUnknown(b.Text)
			}
			q.Bars = append(q.Bars, b)
		}
		if s.Table != nil && len(s.Table.Columns) > 0 {
			q.Table = s.Table.prepared(v, page)
		}
		p.Sections = append(p.Sections, q)
	}
	return p
}

// prepared makes all rows as long as the head: cells that are missing are empty, and cells beyond the
// head get a column without a name rather than being lost.
func (t *Table) prepared(v *values, page bool) *Table {
	if !page {
		t = t.folded().withoutPageColumns()
	}
	n := len(t.Columns)
	for _, row := range t.Rows {
		n = max(n, len(row))
	}
	p := &Table{Columns: make([]TableColumn, n), Name: t.Name, Keys: t.Keys, Tones: t.Tones, Ordered: t.Ordered, Closed: v.clean("", t.Closed)}
	for _, f := range t.Folds {
		p.Folds = append(p.Folds, Fold{From: f.From, To: f.To, Label: v.clean("", f.Label)})
	}
	telling := make([]string, n)
	for i, c := range t.Columns {
		p.Columns[i] = TableColumn{v.clean("", c.Name), c.Align, c.Below, c.Spare, c.Page, c.Number}
		if v.telling(c.Name) {
			telling[i] = c.Name
		}
	}
	for _, row := range t.Rows {
		cells := make([]string, n)
		for i := range cells {
			if i < len(row) {
				cells[i] = v.clean(telling[i], row[i])
			}
			if p.Columns[i].Align == Right {
				cells[i] = orUnknown(cells[i])
			}
		}
		p.Rows = append(p.Rows, cells)
	}
	return p
}

// folded is the table without the rows that are folded away.
func (t *Table) folded() *Table {
	if len(t.Folds) == 0 {
		return t
	}
	p := &Table{Columns: t.Columns}
	next := 0
	for _, f := range t.Folds {
		p.Rows = append(p.Rows, t.Rows[next:f.From]...)
		if f.Row != nil {
			p.Rows = append(p.Rows, f.Row)
		}
		next = f.To
	}
	p.Rows = append(p.Rows, t.Rows[next:]...)
	return p
}

func (t *Table) withoutPageColumns() *Table {
	return t.keep(func(i int) bool { return !t.Columns[i].Page })
}

// keep is the table with some of its columns: itself with all.
func (t *Table) keep(wanted func(i int) bool) *Table {
	out := &Table{Ordered: t.Ordered}
	var kept []int
	for i, c := range t.Columns {
		if wanted(i) {
			kept, out.Columns = append(kept, i), append(out.Columns, c)
		}
	}
	if len(kept) == len(t.Columns) {
		return t
	}
	for _, row := range t.Rows {
		cells := make([]string, len(kept))
		for n, i := range kept {
			cells[n] = at(row, i)
		}
		out.Rows = append(out.Rows, cells)
	}
	return out
}

func orUnknown(s string) string {
	if s == "" {
		return Unknown
	}
	return s
}

// share is the part of the longest bar that b takes, 0 to 1.
func share(b Bar, bars []Bar) float64 {
	top := 0.0
	for _, o := range bars {
		if o.Value > top && !math.IsInf(o.Value, 0) {
			top = o.Value
		}
	}
	switch {
	case math.IsNaN(b.Value), b.Value <= 0:
		return 0
	case top == 0, b.Value >= top:
		return 1
	}
	return b.Value / top
}
