// Package render is the end of the path: it writes query results (Write) and reports (WriteDoc) in the
// formats people and programs read. Rows are written as they come; only the table, which must know its
// widths, holds some back.
package render

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/queries/render/page"
)

// Formats are the formats of Write.
var Formats = []string{"table", "json", "jsonl", "csv", "tsv", "markdown", "html", "line"}

// Options say how Write writes. The zero value is a full table without colour, times in UTC.
type Options struct {
	Format string         // one of Formats; empty is "table"
	Zone   *time.Location // of timestamps with a zone; nil is UTC
	Color  bool           // dim NULL and bold headers, in tables and lines

	// Width is the width of the terminal, or 0 when the output is none. Only with a width does a table
	// leave something out, and then Notice is told.
	Width        int
	MaxRowsShown int // rows of a table on a terminal, the first and the last; 0 is all

	NoHeader bool   // leaves the header out of table, csv and tsv
	Null     string // stands for NULL; empty is "NULL", in csv and tsv nothing

	Redact func(string) string // applied to every string before it is written, also inside lists and maps
	Notice func(string)        // receives what the reader must know about the output
}

// Write writes all rows and returns how many there were. It does not close them.
//
// Values look the same in every format. Integers and decimals are exact (decimals without trailing
// zeros), floats the shortest digits that read back as the same number, timestamps ISO 8601, with the
// offset of Zone when their type has one. BLOBs are written as DuckDB does. Lists, structs and maps are
// JSON.
//
//   - json is an array of objects with the keys in the order of the columns, jsonl one object a line. A
//     column name that repeats gets _2, _3, … NULL, NaN and infinite floats are null.
//   - csv follows RFC 4180, with line feeds. NULL is an empty field and the empty string is "" (a row of
//     one column that is NULL is "" too, because an empty line would be no row).
//   - tsv writes tab, line ends and backslash as \t, \n, \r and \\.
//   - table, line and markdown write control and bidirectional characters out, as \x1b or \u202e.
//   - html is one page that needs nothing from elsewhere; its columns can be sorted, its long texts are folded.
//
// A table holds up to 20,000 rows or 16 MB of text to measure its columns. Rows after that are written
// as they come, in those widths; a cell that is wider moves the rest of its line but is never cut.
//
// After an error the output is incomplete, and a JSON array is left open to show it.
func Write(w io.Writer, rows queries.Rows, opt Options) (int64, error) {
	if opt.Format == "" {
		opt.Format = "table"
	}
	if !slices.Contains(Formats, opt.Format) {
		return 0, fmt.Errorf("unknown format %q: want one of %s", opt.Format, strings.Join(Formats, ", "))
	}
	out := &output{
		Writer:  bufio.NewWriterSize(w, 64<<10),
		rows:    rows,
		opt:     opt,
		values:  newValues(opt.Zone, opt.Redact),
		columns: rows.Columns(),
	}
	for _, c := range out.columns {
		out.types = append(out.types, parseType(c.Type))
		name := ""
		if out.values.telling(c.Name) {
			name = c.Name
		}
		out.names = append(out.names, name)
	}
	var err error
	switch opt.Format {
	case "table":
		err = out.table()
	case "json", "jsonl":
		err = out.json(opt.Format == "json")
	case "csv":
		err = out.delimited(',')
	case "tsv":
		err = out.delimited('\t')
	case "markdown":
		err = out.markdown()
	case "html":
		err = out.html()
	case "line":
		err = out.lines()
	}
	if flushErr := out.Flush(); err == nil {
		err = flushErr
	}
	return out.count, err
}

// output is one run of Write.
type output struct {
	*bufio.Writer
	rows    queries.Rows
	opt     Options
	values  *values
	columns []queries.Column
	types   []*typ
	names   []string // of the columns whose name tells of a secret, else ""
	count   int64
}

// each calls write with the values of every row and writes what it appended.
func (o *output) each(write func(buf []byte, vals []any) []byte) error {
	var buf []byte
	for o.rows.Next() {
		vals := o.rows.Values()
		if len(vals) != len(o.columns) {
			return fmt.Errorf("row %d has %d values for %d columns", o.count+1, len(vals), len(o.columns))
		}
		buf = write(buf[:0], vals)
		if _, err := o.Write(buf); err != nil {
			return err
		}
		o.count++
		if cap(buf) > 1<<20 {
			buf = nil // one huge row should not be paid for until the end
		}
	}
	return o.rows.Err()
}

// cell appends the text of the value in column i, and reports NULL instead of appending it.
func (o *output) cell(dst []byte, i int, val any) ([]byte, bool) {
	if isNull(val) {
		return dst, true
	}
	return o.values.text(dst, o.names[i], val, o.types[i]), false
}

// nullMark is what stands for NULL where people look.
func (o *output) nullMark() string {
	if o.opt.Null == "" {
		return "NULL"
	}
	return visible(o.opt.Null)
}

func (o *output) json(array bool) error {
	keys := make([][]byte, len(o.columns))
	for i, name := range uniqueNames(o.columns) {
		if i > 0 {
			keys[i] = append(keys[i], ',')
		}
		keys[i] = append(appendString(keys[i], name), ':')
	}
	if array {
		o.WriteByte('[')
	}
	err := o.each(func(buf []byte, vals []any) []byte {
		if array {
			if o.count > 0 {
				buf = append(buf, ',')
			}
			buf = append(buf, '\n')
		}
		buf = append(buf, '{')
		for i, val := range vals {
			buf = append(buf, keys[i]...)
			buf = o.values.json(buf, o.names[i], val, o.types[i])
		}
		buf = append(buf, '}')
		if !array {
			buf = append(buf, '\n')
		}
		return buf
	})
	if err != nil || !array {
		return err
	}
	if o.count > 0 {
		o.WriteByte('\n')
	}
	_, err = o.WriteString("]\n")
	return err
}

// uniqueNames numbers the names that repeat, without taking a name another column has.
func uniqueNames(columns []queries.Column) []string {
	taken := make(map[string]bool, len(columns))
	for _, c := range columns {
		taken[c.Name] = true
	}
	seen := make(map[string]bool, len(columns))
	names := make([]string, len(columns))
	for i, c := range columns {
		name := c.Name
		for n := 2; seen[c.Name] && taken[name]; n++ {
			name = c.Name + "_" + strconv.Itoa(n)
		}
		seen[c.Name], taken[name] = true, true
		names[i] = name
	}
	return names
}

func (o *output) delimited(sep byte) error {
	field := func(buf []byte, s string) []byte {
		if sep == '\t' {
			return appendTSV(buf, s)
		}
		return appendCSV(buf, s, o.opt.Null)
	}
	if !o.opt.NoHeader && len(o.columns) > 0 {
		var buf []byte
		for i, c := range o.columns {
			if i > 0 {
				buf = append(buf, sep)
			}
			buf = field(buf, c.Name)
		}
		o.Write(append(buf, '\n'))
	}
	var text []byte
	return o.each(func(buf []byte, vals []any) []byte {
		for i, val := range vals {
			if i > 0 {
				buf = append(buf, sep)
			}
			var isNull bool
			if text, isNull = o.cell(text[:0], i, val); !isNull {
				buf = field(buf, string(text))
				continue
			}
			if buf = append(buf, o.opt.Null...); len(vals) == 1 && o.opt.Null == "" && sep == ',' {
				buf = append(buf, `""`...)
			}
		}
		return append(buf, '\n')
	})
}

func (o *output) markdown() error {
	if len(o.columns) == 0 {
		return o.each(func(buf []byte, _ []any) []byte { return buf })
	}
	head, rule := []byte("|"), []byte("|")
	for i, c := range o.columns {
		head = append(append(append(head, ' '), markdown(c.Name)...), " |"...)
		if o.types[i].rightAligned() {
			rule = append(rule, " ---: |"...)
		} else {
			rule = append(rule, " --- |"...)
		}
	}
	o.Write(append(head, '\n'))
	o.Write(append(rule, '\n'))
	mark := markdown(o.nullMark())
	var text []byte
	return o.each(func(buf []byte, vals []any) []byte {
		buf = append(buf, '|')
		for i, val := range vals {
			var isNull bool
			text, isNull = o.cell(text[:0], i, val)
			buf = append(buf, ' ')
			if isNull {
				buf = append(buf, mark...)
			} else {
				buf = append(buf, markdown(string(text))...)
			}
			buf = append(buf, " |"...)
		}
		return append(buf, '\n')
	})
}

func (o *output) lines() error {
	width := 0
	names := make([]string, len(o.columns))
	for i, c := range o.columns {
		names[i] = visible(c.Name)
		width = max(width, displayWidth(names[i]))
	}
	for i, name := range names {
		pad := strings.Repeat(" ", width-displayWidth(name))
		if o.opt.Color {
			name = bold(name)
		}
		names[i] = name + pad + " = "
	}
	mark := o.nullMark()
	if o.opt.Color {
		mark = dim(mark)
	}
	var text []byte
	return o.each(func(buf []byte, vals []any) []byte {
		if o.count > 0 {
			buf = append(buf, '\n')
		}
		for i, val := range vals {
			buf = append(buf, names[i]...)
			var isNull bool
			if text, isNull = o.cell(text[:0], i, val); isNull {
				buf = append(buf, mark...)
			} else {
				buf = append(buf, visible(string(text))...)
			}
			buf = append(buf, '\n')
		}
		return buf
	})
}

func (o *output) html() error {
	p := page.Page{Title: "Query result"}
	heads := make([]head, len(o.columns))
	for i, c := range o.columns {
		heads[i] = head{c.Name, o.types[i].rightAligned()}
	}
	o.WriteString(p.Head() + "<h1>Query result</h1>\n" + tableHead("Query result", heads, true) + "<tbody>\n")
	mark := `<span class="q">` + htmlText(o.nullMark()) + `</span>`
	var text []byte
	err := o.each(func(buf []byte, vals []any) []byte {
		buf = append(buf, "<tr>"...)
		for i, val := range vals {
			var isNull bool
			cell, markup := "", mark
			if text, isNull = o.cell(text[:0], i, val); !isNull {
				cell = string(text)
				markup = htmlText(cell)
			}
			buf = append(buf, htmlCell(cell, markup, heads[i].number, i == 0 && !isNull, "")...)
		}
		return append(buf, "</tr>\n"...)
	})
	if err != nil {
		return err
	}
	o.WriteString(tableTail + "<footer>" + Int(o.count) + " rows.</footer>\n")
	_, err = o.WriteString(p.Tail())
	return err
}
