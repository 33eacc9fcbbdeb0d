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

// textTable draws a table without a box. Where the terminal is too narrow the text columns are wrapped,
// widest first, so that nothing is lost.
func (w *docWriter) textTable(t *Table) {
	n := len(t.Columns)
	natural, floor := make([]int, n), make([]int, n)
	for i, c := range t.Columns {
		head := displayWidth(visible(c.Name))
		data := 0
		for _, row := range t.Rows {
			data = max(data, displayWidth(visible(row[i])))
		}
		natural[i] = max(head, data)
		if floor[i] = min(natural[i], minTextWidth); c.Align == Right {
			floor[i] = max(data, floor[i])
		}
	}
	widths := natural
	if w.opt.Width > 0 {
		// Two spaces part the columns, two stand before the first; go-pretty pads both sides by one.
		if room := w.opt.Width - 2*n; sum(natural) > room {
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
			widths = make([]int, n)
			for i := range natural {
				widths[i] = max(floor[i], min(natural[i], level))
			}
		}
	}
	fixWidths()
	tw := table.NewWriter()
	style := table.StyleLight
	style.Format.Header = text.FormatDefault
	style.Options.DrawBorder = false
	style.Options.SeparateColumns = false
	style.Box.MiddleHorizontal = "─"
	tw.SetStyle(style)
	configs := make([]table.ColumnConfig, n)
	head := make(table.Row, n)
	fold := func(s string, i int) string { return strings.Join(wrap(visible(s), widths[i]), "\n") }
	for i, c := range t.Columns {
		align := text.AlignLeft
		if c.Align == Right {
			align = text.AlignRight
		}
		configs[i] = table.ColumnConfig{Number: i + 1, Align: align, AlignHeader: align, WidthMin: widths[i]}
		var lines []string
		for _, l := range strings.Split(fold(c.Name, i), "\n") {
			lines = append(lines, w.bold(l))
		}
		head[i] = strings.Join(lines, "\n")
	}
	tw.SetColumnConfigs(configs)
	tw.AppendHeader(head)
	for _, cells := range t.Rows {
		row := make(table.Row, n)
		for i, c := range cells {
			row[i] = fold(c, i)
		}
		tw.AppendRow(row)
	}
	for _, l := range strings.Split(tw.Render(), "\n") {
		w.line(indent[1:], l)
	}
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
