package render

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// What a table holds back to measure its columns.
const (
	maxHeldRows  = 20_000
	maxHeldBytes = 16 << 20
)

// minTextWidth is how narrow a column of text gets on a terminal before columns are left out.
const minTextWidth = 8

// A tableCell is the text of one cell, already safe to show.
type tableCell struct {
	s     string
	width int
	null  bool
}

// tableLayout says which columns a table shows and how wide. Index -1 is the gap that stands for the
// columns left out.
type tableLayout struct {
	show   []int
	widths []int // of the shown columns
	hidden int
}

// table writes the rows as a box. On a terminal it fits the box to the width and tells Notice what it
// left out; elsewhere the box is as wide as it must be.
func (o *output) table() error {
	if len(o.columns) == 0 {
		return o.each(func(buf []byte, _ []any) []byte { return buf })
	}
	t := &tableWriter{output: o}
	for _, c := range o.columns {
		t.head = append(t.head, newCell(visible(c.Name)))
	}
	if o.opt.Width > 0 && o.opt.MaxRowsShown > 0 {
		t.first = (o.opt.MaxRowsShown + 1) / 2
		t.last = o.opt.MaxRowsShown - t.first
	}
	err := o.each(func(buf []byte, vals []any) []byte {
		return t.add(buf, t.cells(vals))
	})
	if err != nil {
		t.finish(false)
		return err
	}
	return t.finish(true)
}

// A tableWriter collects rows, draws them when it knows the widths, and streams what comes after.
type tableWriter struct {
	*output
	head   []tableCell
	held   [][]tableCell
	bytes  int
	layout tableLayout

	first, last int           // rows shown at the top and at the bottom, when the rows are capped
	tail        [][]tableCell // ring of the last rows
	streaming   bool
	bottom      string // the closing border, once streaming
	cut         bool
}

func newCell(s string) tableCell { return tableCell{s: s, width: displayWidth(s)} }

// cells makes the texts of one row. On a terminal nothing wider than the screen is kept, so that a huge
// cell costs no more than a line.
func (t *tableWriter) cells(vals []any) []tableCell {
	row := make([]tableCell, len(vals))
	var buf []byte
	for i, val := range vals {
		var isNull bool
		if buf, isNull = t.cell(buf[:0], i, val); isNull {
			row[i] = newCell(t.nullMark())
			row[i].null = true
			continue
		}
		s := string(buf)
		limit := t.opt.Width
		// Cutting before the escaping keeps the work bounded: escaping never makes a text narrower.
		if limit > 0 && t.types[i].cuttable() && len(s) > 8*limit {
			s = strings.ToValidUTF8(cutWidth(s, 2*limit), "\ufffd")
		}
		row[i] = newCell(visible(s))
	}
	return row
}

func (t *tableWriter) capped() bool { return t.first > 0 }

func (t *tableWriter) add(buf []byte, row []tableCell) []byte {
	switch {
	case t.streaming:
		return t.appendRow(buf, row)
	case t.capped() && len(t.held) >= t.first:
		if t.last > 0 {
			if len(t.tail) < t.last {
				t.tail = append(t.tail, row)
			} else {
				t.tail[(int(t.count)-t.first)%t.last] = row
			}
		}
		return buf
	}
	t.held = append(t.held, row)
	for _, c := range row {
		t.bytes += len(c.s) + 32
	}
	if !t.capped() && (len(t.held) >= maxHeldRows || t.bytes >= maxHeldBytes) {
		box := t.draw(t.held)
		t.held = nil
		cut := strings.LastIndexByte(strings.TrimSuffix(box, "\n"), '\n') + 1
		t.bottom = box[cut:]
		t.streaming = true
		return append(buf, box[:cut]...)
	}
	return buf
}

// finish draws what is held, closes the box and tells what is missing from it. The closing border is
// left away after an error.
func (t *tableWriter) finish(complete bool) error {
	shown := t.count
	if t.streaming {
		if complete {
			t.WriteString(t.bottom)
		}
	} else {
		rows := t.held
		if t.capped() {
			shown = int64(len(t.held) + len(t.tail))
			if shown < t.count {
				rows = append(rows, nil) // the gap
			}
			at := 0
			if len(t.tail) == t.last && t.last > 0 {
				at = int(t.count-int64(t.first)) % t.last
			}
			rows = append(rows, t.tail[at:]...)
			rows = append(rows, t.tail[:at]...)
		}
		box := t.draw(rows)
		if !complete {
			box = box[:strings.LastIndexByte(strings.TrimSuffix(box, "\n"), '\n')+1]
		}
		t.WriteString(box)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	var missing []string
	if shown < t.count {
		missing = append(missing, fmt.Sprintf("%s of %s rows shown", thousands(shown), thousands(t.count)))
	}
	if t.layout.hidden > 0 {
		n := len(t.columns)
		missing = append(missing, fmt.Sprintf("%d of %d columns shown", n-t.layout.hidden, n))
	}
	if t.cut {
		missing = append(missing, fmt.Sprintf("cells cut to fit %d columns", t.opt.Width))
	}
	if len(missing) > 0 && t.opt.Notice != nil {
		t.opt.Notice(strings.Join(missing, ", ") + "; --format line or -o FILE shows all")
	}
	return nil
}

// measure lays the table out for the rows it is given.
func (t *tableWriter) measure(rows [][]tableCell) {
	natural := make([]int, len(t.head))
	floor := make([]int, len(t.head))
	for i := range t.head {
		data := 0
		for _, row := range rows {
			if row != nil {
				data = max(data, row[i].width)
			}
		}
		head := 0
		if !t.opt.NoHeader {
			head = t.head[i].width
		}
		natural[i] = max(data, head, 1)
		if t.types[i].cuttable() {
			floor[i] = min(natural[i], minTextWidth)
		} else {
			floor[i] = max(data, min(head, minTextWidth), 1)
		}
	}
	t.layout = fit(natural, floor, t.opt.Width)
}

// fit gives each column its natural width if the box then fits into width, and narrows the widest ones
// otherwise, none below its floor. When that is not enough, columns in the middle go.
func fit(natural, floor []int, width int) tableLayout {
	show := make([]int, len(natural))
	for i := range show {
		show[i] = i
	}
	whole := tableLayout{show: show, widths: slices.Clone(natural)}
	const frame = 3 // padding and border of a column
	if width <= 0 || sum(natural)+frame*len(natural)+1 <= width {
		return whole
	}
	total := func(show []int, level int) int {
		n := 1
		for _, i := range show {
			if i < 0 {
				n += 1 + frame
			} else {
				n += max(floor[i], min(natural[i], level)) + frame
			}
		}
		return n
	}
	// Columns go from the middle, the first one stays.
	for total(show, 0) > width && len(natural)-count(show) < len(natural)-1 {
		gap := slices.Index(show, -1)
		if gap < 0 {
			gap = (len(show) + 1) / 2
			show[min(gap, len(show)-1)] = -1
			continue
		}
		if before, after := gap, len(show)-gap-1; after >= before {
			show = slices.Delete(show, gap+1, gap+2)
		} else {
			show = slices.Delete(show, gap-1, gap)
		}
	}
	level := 0
	for step := 1 << 20; step > 0; step /= 2 {
		if total(show, level+step) <= width {
			level += step
		}
	}
	l := tableLayout{show: show, hidden: len(natural) - count(show)}
	for _, i := range show {
		if i < 0 {
			l.widths = append(l.widths, 1)
		} else {
			l.widths = append(l.widths, max(floor[i], min(natural[i], level)))
		}
	}
	// What the level left over goes to the first columns that can use it.
	for at, i := range show {
		if spare := width - sum(l.widths) - frame*len(show) - 1; i >= 0 && spare > 0 && l.widths[at] < natural[i] {
			l.widths[at] += min(spare, natural[i]-l.widths[at])
		}
	}
	return l
}

func count(show []int) int {
	n := 0
	for _, i := range show {
		if i >= 0 {
			n++
		}
	}
	return n
}

func sum(list []int) int {
	n := 0
	for _, v := range list {
		n += v
	}
	return n
}

// fitted is the text of a cell in the width of its column, with colour.
func (t *tableWriter) fitted(c tableCell, i, width int, header bool) string {
	s := c.s
	if t.opt.Width > 0 && c.width > width && (header || t.types[i].cuttable() || c.null) {
		s = cutWidth(s, width)
		t.cut = true
	}
	if t.opt.Color {
		switch {
		case header:
			return bold(s)
		case c.null:
			return dim(s)
		}
	}
	return s
}

// texts are the shown cells of a row. A nil row is the gap between first and last rows.
func (t *tableWriter) texts(row []tableCell, header bool) []string {
	out := make([]string, len(t.layout.show))
	for at, i := range t.layout.show {
		switch {
		case row == nil:
			out[at] = "⋮"
		case i < 0:
			out[at] = "…"
		default:
			out[at] = t.fitted(row[i], i, t.layout.widths[at], header)
		}
	}
	return out
}

// draw lays out and draws a whole box, its line ends included.
func (t *tableWriter) draw(rows [][]tableCell) string {
	fixWidths()
	t.measure(rows)
	tw := table.NewWriter()
	style := table.StyleLight
	style.Format.Header = text.FormatDefault
	tw.SetStyle(style)
	configs := make([]table.ColumnConfig, len(t.layout.show))
	for at, i := range t.layout.show {
		align := text.AlignLeft
		if i >= 0 && t.types[i].rightAligned() {
			align = text.AlignRight
		}
		configs[at] = table.ColumnConfig{Number: at + 1, Align: align, AlignHeader: align, WidthMin: t.layout.widths[at]}
	}
	tw.SetColumnConfigs(configs)
	if !t.opt.NoHeader {
		tw.AppendHeader(tableRow(t.texts(t.head, true)))
	}
	for _, row := range rows {
		tw.AppendRow(tableRow(t.texts(row, false)))
	}
	return tw.Render() + "\n"
}

func tableRow(cells []string) table.Row {
	row := make(table.Row, len(cells))
	for i, c := range cells {
		row[i] = c
	}
	return row
}

// appendRow draws one row below a box already written.
func (t *tableWriter) appendRow(buf []byte, row []tableCell) []byte {
	for at, s := range t.texts(row, false) {
		pad := max(t.layout.widths[at]-text.StringWidthWithoutEscSequences(s), 0)
		i := t.layout.show[at]
		right := i >= 0 && t.types[i].rightAligned()
		buf = append(buf, "│ "...)
		if right {
			buf = appendSpaces(buf, pad)
		}
		buf = append(buf, s...)
		if !right {
			buf = appendSpaces(buf, pad)
		}
		buf = append(buf, ' ')
	}
	return append(buf, "│\n"...)
}

func appendSpaces(buf []byte, n int) []byte {
	for ; n > 0; n-- {
		buf = append(buf, ' ')
	}
	return buf
}

// fixWidths makes the measure of text the same under every locale. Characters that East Asian terminals
// may draw wide, such as the ellipsis, count as narrow; Chinese, Japanese and Korean ones stay wide.
var fixWidths = sync.OnceFunc(func() { text.OverrideRuneWidthEastAsianWidth(false) })

// displayWidth is the number of terminal columns that s takes.
func displayWidth(s string) int {
	if plain(s) {
		return len(s)
	}
	fixWidths()
	return text.StringWidthWithoutEscSequences(s)
}

// cutWidth shortens s to at most width columns, the last of them an ellipsis.
func cutWidth(s string, width int) string {
	if width < 1 {
		return ""
	}
	fixWidths()
	used, keep := 0, 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		used += text.RuneWidth(r)
		if used > width {
			return s[:keep] + "…"
		}
		i += size
		if used < width {
			keep = i
		}
	}
	return s
}

func bold(s string) string { return "\x1b[1m" + s + "\x1b[0m" }
func dim(s string) string  { return "\x1b[2m" + s + "\x1b[0m" }
