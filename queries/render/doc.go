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
	Table       *Table
	Lines       []string
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
}

// A TableColumn is the head of a column.
type TableColumn struct {
	Name  string
	Align Align
	// Below puts the cells of a text column under their rows where the line would be too long.
	Below bool
	// Spare columns are left out, and named, where a terminal is too narrow; the highest goes first.
	Spare int
}

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
	d = d.prepared(opt.Redact)
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
func (d Doc) prepared(redact func(string) string) Doc {
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
		q := Section{Title: clean(s.Title), Note: clean(s.Note), Lines: list(s.Lines)}
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
			q.Table = s.Table.prepared(v)
		}
		p.Sections = append(p.Sections, q)
	}
	return p
}

// prepared makes all rows as long as the head: cells that are missing are empty, and cells beyond the
// head get a column without a name rather than being lost.
func (t *Table) prepared(v *values) *Table {
	n := len(t.Columns)
	for _, row := range t.Rows {
		n = max(n, len(row))
	}
	p := &Table{Columns: make([]TableColumn, n)}
	telling := make([]string, n)
	for i, c := range t.Columns {
		p.Columns[i] = TableColumn{v.clean("", c.Name), c.Align, c.Below, c.Spare}
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
