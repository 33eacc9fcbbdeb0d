package render

import "strings"

// markdown writes a report for a forge or a wiki.
func (w *docWriter) markdown(d Doc) {
	blank := false
	block := func() {
		if blank {
			w.WriteByte('\n')
		}
		blank = true
	}
	if d.Title != "" {
		block()
		w.line("# ", markdownHeading(d.Title))
	}
	for _, p := range d.Lead {
		block()
		w.line(markdownLine(p))
	}
	for _, s := range d.Sections {
		if s.Title != "" {
			block()
			w.line("## ", markdownHeading(s.Title))
		}
		if s.Note != "" {
			block()
			w.line(markdownLine(s.Note))
		}
		if len(s.Facts) > 0 {
			block()
			for _, f := range s.Facts {
				w.line("- **", strings.TrimSpace(markdown(f.Label)), ":** ", markdown(f.Value), hintIn(markdown(f.Hint)))
			}
		}
		if s.Chart != nil {
			s.Table = s.Chart.figures()
		}
		if len(s.Bars) > 0 {
			block()
			w.line("| | | |")
			w.line("| --- | ---: | --- |")
			for _, b := range s.Bars {
				w.line("| ", markdown(b.Label), " | ", markdown(b.Text), " | ", blocks(share(b, s.Bars), 20), " |")
			}
		}
		if s.Table != nil {
			block()
			head, rule := "|", "|"
			for _, c := range s.Table.Columns {
				head += " " + markdown(c.Name) + " |"
				if c.Align == Right {
					rule += " ---: |"
				} else {
					rule += " --- |"
				}
			}
			w.line(head)
			w.line(rule)
			for _, row := range s.Table.Rows {
				line := "|"
				for _, c := range row {
					line += " " + markdown(c) + " |"
				}
				w.line(line)
			}
		}
		if len(s.Lines) > 0 {
			block()
			for _, l := range s.Lines {
				w.line("- ", markdownLine(strings.TrimLeft(l, " ")))
			}
		}
	}
}

// markdownHeading is text on the line of a heading, which must stay one line.
func markdownHeading(s string) string { return markdown(strings.ReplaceAll(s, "\n", " ")) }

func hintIn(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}
