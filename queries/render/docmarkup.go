package render

import (
	"html"
	"strconv"
	"strings"
)

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

// html writes a page that needs nothing from elsewhere and follows the light or dark of its reader.
func (w *docWriter) html(d Doc) {
	title := d.Title
	if title == "" {
		title = "Report"
	}
	w.WriteString(htmlHead(title))
	if d.Title != "" {
		w.element("h1", "", d.Title)
	}
	for _, p := range d.Lead {
		w.element("p", "", p)
	}
	for _, s := range d.Sections {
		w.WriteString("<section>\n")
		if s.Title != "" {
			w.element("h2", "", s.Title)
		}
		if s.Note != "" {
			w.element("p", "q", s.Note)
		}
		if len(s.Facts) > 0 {
			w.WriteString("<table class=\"f\">\n")
			for _, f := range s.Facts {
				w.WriteString("<tr><th scope=\"row\">" + htmlText(f.Label) + "</th><td>" + htmlValue(f.Value) + "</td><td class=\"q\">" + htmlText(f.Hint) + "</td></tr>\n")
			}
			w.WriteString("</table>\n")
		}
		if len(s.Bars) > 0 {
			w.WriteString("<table class=\"f\">\n")
			for _, b := range s.Bars {
				bar := ""
				if part := share(b, s.Bars); part > 0 {
					bar = `<i style="width:` + strconv.FormatFloat(100*part, 'f', 2, 64) + `%"></i>`
				}
				w.WriteString("<tr><th scope=\"row\">" + htmlText(b.Label) + "</th><td class=\"b\">" + bar + "</td><td class=\"n\">" + htmlValue(b.Text) + "</td></tr>\n")
			}
			w.WriteString("</table>\n")
		}
		if s.Table != nil {
			w.htmlTable(s.Table)
		}
		if len(s.Lines) > 0 {
			w.WriteString("<ul>\n")
			for _, l := range s.Lines {
				w.element("li", "", l)
			}
			w.WriteString("</ul>\n")
		}
		w.WriteString("</section>\n")
	}
	w.WriteString(htmlTail)
}

func (w *docWriter) htmlTable(t *Table) {
	class := make([]string, len(t.Columns))
	w.WriteString("<table>\n<thead><tr>")
	for i, c := range t.Columns {
		if c.Align == Right {
			class[i] = ` class="n"`
		}
		w.WriteString("<th" + class[i] + ">" + htmlText(c.Name) + "</th>")
	}
	w.WriteString("</tr></thead>\n<tbody>\n")
	for _, row := range t.Rows {
		w.WriteString("<tr>")
		for i, c := range row {
			w.WriteString("<td" + class[i] + ">" + htmlValue(c) + "</td>")
		}
		w.WriteString("</tr>\n")
	}
	w.WriteString("</tbody>\n</table>\n")
}

func (w *docWriter) element(name, class, s string) {
	if class != "" {
		class = ` class="` + class + `"`
	}
	w.WriteString("<" + name + class + ">" + htmlText(s) + "</" + name + ">\n")
}

// htmlValue greys out what is unknown.
func htmlValue(s string) string {
	if s == Unknown {
		return `<span class="q">` + Unknown + `</span>`
	}
	return htmlText(s)
}

// htmlHead opens a page. Its policy forbids every request and script, whatever the data may smuggle in.
func htmlHead(title string) string {
	return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>` + html.EscapeString(visible(title)) + `</title>
<style>
:root { --fg: #1f2328; --bg: #fff; --soft: #656d76; --line: #d8dee4; --bar: #4a7fb5 }
@media (prefers-color-scheme: dark) { :root { --fg: #d7dde3; --bg: #14181d; --soft: #8d97a1; --line: #30373f; --bar: #6aa1d8 } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--fg); background: var(--bg); margin: 2rem auto; max-width: 75rem; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
h1, h2, p, li, td, th { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate }
table { border-collapse: collapse; margin: .75rem 0 }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem; border-bottom: 1px solid var(--line) }
.f th { font-weight: normal; color: var(--soft) } .f th, .f td { border: 0; padding: .1rem .75rem .1rem 0 }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap } .q { color: var(--soft) }
.b { width: 20rem; vertical-align: middle } .b i { display: block; height: .7rem; min-width: 1px; background: var(--bar); border-radius: 2px }
</style>
</head>
<body>
`
}

const htmlTail = "</body>\n</html>\n"
