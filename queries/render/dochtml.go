package render

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/agenttrace/agenttrace/queries/render/page"
)

// html writes a page that needs nothing from elsewhere and follows the light or dark of its reader.
func (w *docWriter) html(d Doc) {
	p := page.Page{Title: visible(d.Title)}
	if p.Title == "" {
		p.Title = "Report"
	}
	titled := 0
	for _, s := range d.Sections {
		p.Charts = p.Charts || s.Chart != nil
		if s.Title != "" {
			titled++
		}
	}
	w.WriteString(p.Head())
	w.element("h1", "", p.Title)
	for _, l := range d.Lead {
		w.folding("p", "", l)
	}
	if titled > 3 {
		w.WriteString("<nav aria-label=\"Sections\"><ul>\n")
		for i, s := range d.Sections {
			if s.Title != "" {
				w.WriteString(`<li><a href="#s` + strconv.Itoa(i+1) + `">` + htmlText(s.Title) + "</a></li>\n")
			}
		}
		w.WriteString("</ul></nav>\n")
	}
	for i, s := range d.Sections {
		w.htmlSection("s"+strconv.Itoa(i+1), s)
	}
	w.WriteString(p.Tail())
}

func (w *docWriter) htmlSection(id string, s Section) {
	name := s.Title
	if name == "" {
		name = "Result"
		w.WriteString("<section>\n")
	} else {
		w.WriteString(`<section aria-labelledby="` + id + `">` + "\n" + `<h2 id="` + id + `">` + htmlText(s.Title) + "</h2>\n")
	}
	if s.Note != "" {
		w.element("p", "q", s.Note)
	}
	if len(s.Facts) > 0 {
		w.htmlFacts(name, s.Facts)
	}
	if s.Chart != nil {
		w.htmlChart(id, s.Title, s.Chart)
	}
	if len(s.Bars) > 0 {
		w.htmlBars(name, s.Bars)
	}
	if s.Table != nil {
		w.htmlTable(name, s.Table)
	}
	if len(s.Lines) > 0 {
		w.WriteString("<ul>\n")
		for _, l := range s.Lines {
			w.folding("li", "", l)
		}
		w.WriteString("</ul>\n")
	}
	w.WriteString("</section>\n")
}

func (w *docWriter) htmlFacts(name string, facts []Fact) {
	w.WriteString(`<table class="f">` + caption(name) + "<tbody>\n")
	for _, f := range facts {
		w.WriteString(`<tr><th scope="row">` + htmlText(f.Label) + "</th><td>" + htmlValue(f.Value) + `</td><td class="q">` + htmlText(f.Hint) + "</td></tr>\n")
	}
	w.WriteString("</tbody></table>\n")
}

// htmlBars draws bars in the cells of a table, which is its own text alternative.
func (w *docWriter) htmlBars(name string, bars []Bar) {
	w.WriteString(`<div class="scroll"><table class="f bars">` + caption(name) + "<tbody>\n")
	for _, b := range bars {
		bar := ""
		if part := share(b, bars); part > 0 {
			width := strconv.FormatFloat(max(part*100, 0.25), 'f', 2, 64)
			bar = `<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect width="` + width + `" height="10"/></svg>`
		}
		w.WriteString(`<tr><th scope="row">` + htmlText(b.Label) + `</th><td class="n">` + htmlValue(b.Text) + `</td><td class="b">` + bar + "</td></tr>\n")
	}
	w.WriteString("</tbody></table></div>\n")
}

func (w *docWriter) htmlChart(id, title string, c *Chart) {
	data, err := c.data()
	if err != nil { // numbers and texts: there is nothing that could not be written
		return
	}
	id += "-chart"
	says := htmlText(c.says())
	class := ""
	if c.Title == title {
		class = ` class="vh"` // it stands above
	}
	w.WriteString(`<figure id="` + id + `"><figcaption` + class + `>` + htmlText(c.Title) + "</figcaption>\n")
	if len(c.Lanes) > 0 {
		w.WriteString(`<ul class="key" aria-label="Colours">`)
		drawn := map[string]bool{}
		for _, l := range c.Lanes {
			for what := range l.sums() {
				drawn[what] = true
			}
		}
		for _, k := range Whats {
			if drawn[k.What] {
				w.WriteString(`<li>` + laneKey(k.What) + k.Name + "</li>")
			}
		}
		w.WriteString(`<li>` + laneKey("error") + "failed or in error</li></ul>\n")
	}
	w.WriteString(`<div class="plot" role="img" aria-label="` + says + `" hidden></div>` + "\n")
	more := c.More
	for _, s := range c.Series {
		if strings.Join(s.Marks, "") != "" {
			more = strings.TrimSpace("A ring marks what the figures have a remark on. " + more)
			break
		}
	}
	if more != "" {
		w.element("p", "q", more)
	}
	w.WriteString("<details open><summary>Figures</summary>\n")
	w.htmlTable(c.Title, c.figures())
	w.WriteString("</details>\n" + `<script type="application/json">`)
	w.Write(data)
	w.WriteString("</script></figure>\n")
}

// laneKey is a sample of how time of a sort is drawn: in its colour, and in its height.
func laneKey(what string) string {
	y, height := 0, 10
	switch what {
	case "error":
		return `<svg viewBox="0 0 12 10" aria-hidden="true"><path class="error" d="M2 0h8l-4 7z"/></svg>`
	case "tool":
		y, height = 2, 8
	case "approval", "user", "retry_wait":
		y, height = 5, 5
	case "idle", "suspended", "unknown":
		y, height = 8, 2
	}
	return `<svg viewBox="0 0 12 10" aria-hidden="true"><rect class="` + what + `" y="` + strconv.Itoa(y) + `" width="12" height="` + strconv.Itoa(height) + `"/></svg>`
}

func caption(name string) string { return `<caption class="vh">` + htmlText(name) + "</caption>" }

func (w *docWriter) htmlTable(name string, t *Table) {
	if t.Closed != "" {
		w.WriteString("<details><summary>" + htmlText(t.Closed) + "</summary>\n")
		defer w.WriteString("</details>\n")
	}
	w.WriteString(tableHead(name, t.heads(), len(t.Rows) > 1 && !t.Ordered) + "<tbody>\n")
	next := 0
	for _, f := range t.Folds {
		w.htmlRows(t, next, f.From)
		w.WriteString(`</tbody><tbody class="fold"><tr><td colspan="` + strconv.Itoa(len(t.Columns)) + `"><button type="button" aria-expanded="true" data-more="Show ` +
			htmlText(f.Label) + `" data-less="Hide ` + htmlText(f.Label) + `">` + htmlText(f.Label) + "</button></td></tr></tbody><tbody>\n")
		w.htmlRows(t, f.From, f.To)
		w.WriteString("</tbody><tbody>\n")
		next = f.To
	}
	w.htmlRows(t, next, len(t.Rows))
	w.WriteString(tableTail)
}

func (w *docWriter) htmlRows(t *Table, from, to int) {
	for n := from; n < to; n++ {
		row := "<tr"
		if t.Name != "" {
			row += ` id="` + t.Name + "-" + strconv.Itoa(n+1) + `"`
		}
		if n < len(t.Tones) && t.Tones[n] != "" {
			row += ` class="` + t.Tones[n] + `"`
		}
		w.WriteString(row + ">")
		for i, cell := range t.Rows[n] {
			key := ""
			if n < len(t.Keys) && i < len(t.Keys[n]) && t.Columns[i].number() {
				key = ` data-v="` + htmlText(t.Keys[n][i]) + `"`
			}
			w.WriteString(htmlCell(cell, htmlValue(cell), t.Columns[i].number(), i == 0, key))
		}
		w.WriteString("</tr>\n")
	}
}

func (t *Table) heads() []head {
	out := make([]head, len(t.Columns))
	for i, c := range t.Columns {
		out[i] = head{c.Name, c.number()}
	}
	return out
}

// A head is that of a column.
type head struct {
	name   string
	number bool
}

// tableHead opens a table, which scrolls by itself where the screen is too narrow.
func tableHead(name string, heads []head, sortable bool) string {
	var b strings.Builder
	b.WriteString(`<div class="scroll" role="region" tabindex="0" aria-label="` + htmlText(name) + `"><table>` + caption(name) + "\n<thead><tr>")
	for _, h := range heads {
		b.WriteString(`<th scope="col"`)
		if h.number {
			b.WriteString(` class="n"`)
		}
		text := htmlText(h.name)
		switch {
		case strings.TrimSpace(h.name) == "":
			text = `<span class="vh">remarks</span>`
		case sortable:
			b.WriteString(` aria-sort="none"`)
			text = `<button type="button" class="sort">` + text + "</button>"
		}
		b.WriteString(">" + text + "</th>")
	}
	b.WriteString("</tr></thead>\n")
	return b.String()
}

const tableTail = "</tbody>\n</table></div>\n"

// htmlCell writes a cell, of which markup is the text in HTML. The first cell of a row names it.
func htmlCell(text, markup string, number, first bool, more string) string {
	name, class := "td", ""
	if first && !number {
		name, more = "th", ` scope="row"`+more
	}
	switch {
	case number:
		class = "n"
	case len(text) > 24:
		if class = "m"; utf8.RuneCountInString(text) > 48 {
			class, markup = "l", fold(text, markup)
		}
	default:
		class = tones[text]
	}
	if class != "" {
		more = ` class="` + class + `"` + more
	}
	return "<" + name + more + ">" + markup + "</" + name + ">"
}

// tones are words that are coloured, beside saying what they say.
var tones = map[string]string{
	"critical": "bad", "high": "bad", "failed": "bad", "error": "bad", "fail": "bad", "missing": "bad", "final": "bad",
	"warning": "warn", "medium": "warn", "interrupted": "warn", "denied": "warn", "retried": "warn", "abandoned": "warn", "spike": "warn", "drop": "warn", "shift": "warn",
	"healthy": "good", "completed": "good", "pass": "good",
}

// Texts longer than this are folded: their begin is seen, all of them a click away.
const foldOver, foldTo = 280, 200

// fold folds a long text.
func fold(text, markup string) string {
	if len(text) <= foldOver || utf8.RuneCountInString(text) <= foldOver {
		return markup
	}
	cut := 0
	for n := range text {
		if cut++; cut > foldTo {
			text = text[:n]
			break
		}
	}
	return `<details class="text"><summary><span>` + htmlText(strings.TrimRight(text, " \n")) + `…</span></summary><div class="full">` + markup + "</div></details>"
}

// folding writes an element whose text folds where it is long.
func (w *docWriter) folding(name, class, s string) {
	if name == "p" && len(s) > foldOver {
		name = "div" // a paragraph cannot hold what folds
	}
	if class != "" {
		class = ` class="` + class + `"`
	}
	w.WriteString("<" + name + class + ">" + fold(s, htmlText(s)) + "</" + name + ">\n")
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
