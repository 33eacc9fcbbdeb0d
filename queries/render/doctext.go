package render

import (
	"math"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

const (
	indent      = "  "
	maxBarWidth = 32
	pageWidth   = 100 // of text that goes to no terminal, as far as that can be had without wrapping
	minBarWidth = 8
)

func (w *docWriter) line(parts ...string) {
	w.WriteString(strings.TrimRight(strings.Join(parts, ""), " "))
	w.WriteByte('\n')
}

func (w *docWriter) bold(s string) string { return w.style(s, "\x1b[1m") }
func (w *docWriter) dim(s string) string  { return w.style(s, "\x1b[2m") }
func (w *docWriter) cyan(s string) string { return w.style(s, "\x1b[36m") }

func (w *docWriter) style(s, start string) string {
	if !w.opt.Color || s == "" {
		return s
	}
	return start + s + "\x1b[0m"
}

// text writes a calm page for the terminal: headings, aligned facts, tables without boxes.
func (w *docWriter) text(d Doc) {
	if d.Title != "" {
		title := visible(d.Title)
		for _, l := range wrap(title, w.opt.Width) {
			w.line(w.bold(l))
		}
		rule := displayWidth(title)
		if w.opt.Width > 0 {
			rule = min(rule, w.opt.Width)
		}
		w.line(w.dim(strings.Repeat("─", rule)))
	}
	for _, p := range d.Lead {
		w.paragraph("", p, false)
	}
	for i, s := range d.Sections {
		if i > 0 || d.Title != "" || len(d.Lead) > 0 {
			w.line()
		}
		if s.Title != "" {
			for _, l := range wrap(visible(s.Title), w.opt.Width) {
				w.line(w.bold(l))
			}
		}
		w.textSection(s)
	}
}

func (w *docWriter) textSection(s Section) {
	parts := 0
	between := func() {
		if parts++; parts > 1 {
			w.line()
		}
	}
	if s.Note != "" {
		w.paragraph(indent, s.Note, true)
	}
	if len(s.Facts) > 0 {
		between()
		w.textFacts(s.Facts)
	}
	if s.Chart != nil && len(s.Chart.Series) > 0 {
		between()
		w.textLines(s.Chart)
	}
	if len(s.Bars) > 0 {
		between()
		w.textBars(s.Bars)
	}
	if s.Table != nil {
		between()
		w.textTable(s.Table)
	}
	if len(s.Lines) > 0 {
		between()
		for _, l := range s.Lines {
			w.paragraph(indent, l, false)
		}
	}
}

// paragraph writes text with an indent. Its line ends stay, and lines wrapped keep their own indent.
func (w *docWriter) paragraph(before, s string, faint bool) {
	for _, line := range strings.Split(s, "\n") {
		line = visible(line)
		own := line[:len(line)-len(strings.TrimLeft(line, " "))]
		width := 0
		if w.opt.Width > 0 {
			width = max(w.opt.Width-len(before)-len(own), 1)
		}
		for _, l := range wrap(line[len(own):], width) {
			if faint {
				l = w.dim(l)
			}
			w.line(before, own, l)
		}
	}
}

func (w *docWriter) textFacts(facts []Fact) {
	label, value := 0, 0
	for _, f := range facts {
		label = max(label, displayWidth(visible(f.Label)))
		if f.Hint != "" { // values without a hint need no column
			value = max(value, displayWidth(visible(f.Value)))
		}
	}
	for _, f := range facts {
		name, val, hint := visible(f.Label), visible(f.Value), visible(f.Hint)
		start := indent + padRight(name, label) + "  "
		used := displayWidth(start)
		vals := []string{val}
		if w.opt.Width > 0 {
			vals = wrap(val, max(w.opt.Width-used, minTextWidth))
		}
		for i, v := range vals {
			last := i == len(vals)-1
			switch {
			case !last, hint == "":
				w.line(start, v)
			case w.opt.Width == 0 || used+max(value, displayWidth(v))+2+displayWidth(hint) <= w.opt.Width:
				w.line(start, padRight(v, value), "  ", w.dim(hint))
			default:
				w.line(start, v)
				w.paragraph(strings.Repeat(" ", used), f.Hint, true)
			}
			start = strings.Repeat(" ", used)
		}
	}
}

func (w *docWriter) textBars(bars []Bar) {
	label, txt := 0, 0
	for _, b := range bars {
		label = max(label, displayWidth(visible(b.Label)))
		txt = max(txt, displayWidth(visible(b.Text)))
	}
	width := maxBarWidth
	if w.opt.Width > 0 {
		width = min(width, max(w.opt.Width-len(indent)-label-txt-4, minBarWidth))
	}
	for _, b := range bars {
		bar := blocks(share(b, bars), width)
		pad := strings.Repeat(" ", width-displayWidth(bar))
		w.line(indent, padRight(visible(b.Label), label), "  ", w.cyan(bar), pad, "  ", padLeft(visible(b.Text), txt))
	}
}

// blocks draws a bar in eighths of a character. What is not zero shows at least one eighth.
func blocks(share float64, width int) string {
	if share <= 0 {
		return ""
	}
	eighths := max(int(math.Round(share*float64(width)*8)), 1)
	bar := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		bar += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return bar
}

// textTable draws a table without a box. Where the terminal is too narrow, spare columns go, which is
// said, and then the text columns are wrapped, widest first: of what is shown nothing is lost.
func (w *docWriter) textTable(t *Table) {
	shown, below := w.splitBelow(t)
	shown, left := w.dropSpare(t, shown)
	widths := w.columnWidths(t, shown)
	lines, heights := drawTable(t, shown, widths, w.bold)
	next := len(lines)
	for _, h := range heights {
		next -= h
	}
	for _, l := range lines[:next] {
		w.line(indent[1:], l)
	}
	for n, h := range heights {
		for _, l := range lines[next : next+h] {
			w.line(indent[1:], l)
		}
		next += h
		for _, i := range below {
			if cell := t.Rows[n][i]; cell != "" && cell != "-" {
				w.paragraph(indent+indent+indent, cell, true)
			}
		}
	}
	if len(left) > 0 {
		w.paragraph(indent, "A wider terminal also shows: "+strings.Join(left, ", ")+".", true)
	}
}

// splitBelow says which columns stand side by side and which go under the rows: none if all fit.
func (w *docWriter) splitBelow(t *Table) (shown, below []int) {
	total := 0
	for i := range t.Columns {
		width, _ := t.natural(i)
		total += width + 2
	}
	limit := w.opt.Width
	if limit == 0 {
		limit = pageWidth
	}
	for i, c := range t.Columns {
		if c.Below && total+1 > limit {
			below = append(below, i)
		} else {
			shown = append(shown, i)
		}
	}
	return shown, below
}

// natural is the width that a column takes, and the width of its widest cell.
func (t *Table) natural(i int) (width, cells int) {
	for _, row := range t.Rows {
		cells = max(cells, displayWidth(visible(row[i])))
	}
	return max(cells, displayWidth(visible(t.Columns[i].Name))), cells
}

// dropSpare leaves out spare columns until the table fits, and names them.
func (w *docWriter) dropSpare(t *Table, shown []int) (kept []int, left []string) {
	for w.opt.Width > 0 {
		total, worst := 0, -1
		for n, i := range shown {
			width, _ := t.natural(i)
			total += width
			if s := t.Columns[i].Spare; s > 0 && (worst < 0 || s > t.Columns[shown[worst]].Spare) {
				worst = n
			}
		}
		if worst < 0 || total <= w.room(len(shown)) {
			break
		}
		left = append([]string{strings.TrimSpace(visible(t.Columns[shown[worst]].Name))}, left...)
		shown = append(append([]int(nil), shown[:worst]...), shown[worst+1:]...)
	}
	return shown, left
}

// room is what n columns may take: two spaces part them, two stand before the first and one behind the last.
func (w *docWriter) room(n int) int { return w.opt.Width - 2*n - 1 }

// columnWidths gives each column its width. Words stay whole if all of them fit.
func (w *docWriter) columnWidths(t *Table, shown []int) []int {
	natural, narrow, whole := make([]int, len(shown)), make([]int, len(shown)), make([]int, len(shown))
	for n, i := range shown {
		width, cells := t.natural(i)
		natural[n], narrow[n] = width, min(width, minTextWidth)
		if t.Columns[i].Align == Right {
			narrow[n] = max(cells, narrow[n])
		}
		whole[n] = max(narrow[n], min(width, t.longestWord(i)))
	}
	room := w.room(len(shown))
	if w.opt.Width == 0 || sum(natural) <= room {
		return natural
	}
	floor := whole
	if sum(whole) > room {
		floor = narrow
	}
	level := 0
	for step := 1 << 20; step > 0; step /= 2 {
		total := 0
		for i := range natural {
			total += max(floor[i], min(natural[i], level+step))
		}
		if total <= room {
			level += step
		}
	}
	widths := make([]int, len(shown))
	for i := range natural {
		widths[i] = max(floor[i], min(natural[i], level))
	}
	return widths
}

// longestWord is the width of the longest word of a column, as far as it is worth keeping whole.
func (t *Table) longestWord(i int) int {
	longest := 0
	measure := func(s string) {
		for _, word := range strings.Fields(visible(s)) {
			longest = max(longest, displayWidth(word))
		}
	}
	measure(t.Columns[i].Name)
	for _, row := range t.Rows {
		measure(row[i])
	}
	return min(longest, 4*minTextWidth)
}

// drawTable draws the columns shown; heights counts the lines of each row, which come last.
func drawTable(t *Table, shown, widths []int, bold func(string) string) (lines []string, heights []int) {
	fixWidths()
	tw := table.NewWriter()
	style := table.StyleLight
	style.Format.Header = text.FormatDefault
	style.Options.DrawBorder = false
	style.Options.SeparateColumns = false
	style.Box.MiddleHorizontal = "─"
	tw.SetStyle(style)
	configs := make([]table.ColumnConfig, len(shown))
	head := make(table.Row, len(shown))
	for n, i := range shown {
		align := text.AlignLeft
		if t.Columns[i].Align == Right {
			align = text.AlignRight
		}
		configs[n] = table.ColumnConfig{Number: n + 1, Align: align, AlignHeader: align, WidthMin: widths[n]}
		var names []string
		for _, l := range wrap(visible(t.Columns[i].Name), widths[n]) {
			names = append(names, bold(l))
		}
		head[n] = strings.Join(names, "\n")
	}
	tw.SetColumnConfigs(configs)
	tw.AppendHeader(head)
	for _, cells := range t.Rows {
		row, height := make(table.Row, len(shown)), 1
		for n, i := range shown {
			folded := wrap(visible(cells[i]), widths[n])
			height = max(height, len(folded))
			row[n] = strings.Join(folded, "\n")
		}
		tw.AppendRow(row)
		heights = append(heights, height)
	}
	return strings.Split(tw.Render(), "\n"), heights
}

func padRight(s string, width int) string {
	return s + strings.Repeat(" ", max(width-displayWidth(s), 0))
}

func padLeft(s string, width int) string {
	return strings.Repeat(" ", max(width-displayWidth(s), 0)) + s
}

// wrap breaks text into lines of at most width columns, between words where it can. Only the spaces at
// the breaks go. A width of 0 is no limit.
func wrap(s string, width int) []string {
	if width <= 0 || displayWidth(s) <= width {
		return []string{s}
	}
	var lines []string
	start, used := 0, 0
	space := -1 // the last space of this line
	for i := 0; i < len(s); {
		size := 1
		for i+size < len(s) && s[i+size]&0xc0 == 0x80 {
			size++
		}
		wide := displayWidth(s[i : i+size])
		if used+wide > width && i > start {
			switch {
			case s[i] == ' ':
				lines = append(lines, s[start:i])
				for i < len(s) && s[i] == ' ' {
					i++
				}
				start = i
			case space > start:
				lines = append(lines, strings.TrimRight(s[start:space], " "))
				start = space + 1
			default:
				lines = append(lines, s[start:i])
				start = i
			}
			space, used = -1, displayWidth(s[start:i])
			continue
		}
		if s[i] == ' ' {
			space = i
		}
		used += wide
		i += size
	}
	if start < len(s) || len(lines) == 0 {
		lines = append(lines, s[start:])
	}
	return lines
}
