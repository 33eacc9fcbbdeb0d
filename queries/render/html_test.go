package render

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/agenttrace/agenttrace/queries/render/pagetest"
)

func checked(t *testing.T, text string) pagetest.Found {
	t.Helper()
	f := pagetest.Check(text)
	for _, fault := range f.Faults {
		t.Error(fault)
	}
	return f
}

func (f *Fact) all(s string) { f.Label, f.Value, f.Hint = s, s, s }

// filled is a report in which a text stands everywhere.
func filled(s string) Doc {
	var fact Fact
	fact.all(s)
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	return Doc{Title: s, Lead: []string{s}, Sections: []Section{
		{Title: s, Note: s, Facts: []Fact{fact}, Bars: []Bar{{s, 1, s}}, Lines: []string{s}, PageCut: s,
			Table: &Table{Columns: []TableColumn{{Name: s}, {Name: s, Align: Right}}, Rows: [][]string{{s, s}, {s, s}, {s, s}}, Closed: s, Folds: []Fold{{From: 1, To: 2, Row: []string{s}, Label: s}}}},
		{Chart: &Chart{Title: s, Unit: "USD", More: s, Times: []time.Time{day}, Labels: []string{s}, Series: []Series{{Name: s, Values: []float64{1}, Texts: []string{s}, Marks: []string{s}}}}},
		{Chart: &Chart{Title: s, More: s, Lanes: []Lane{{Name: s, Spans: []Span{{day, day.Add(time.Minute), "model"}}, Steps: []Step{{day, 1, true}}}}}},
	}}
}

func TestPage(t *testing.T) {
	text := doc(t, report, DocOptions{Format: "html"})
	f := checked(t, text)
	for _, want := range []string{"Overview", "<one>", "|pipe|", `\x1b[31mindent`} {
		if !strings.Contains(f.Text, want) {
			t.Errorf("no %q in\n%s", want, f.Text)
		}
	}
	for _, want := range []string{
		`<span class="q">unknown</span>`, `<rect width="100.00" height="10"/>`, `<rect width="0.25" height="10"/>`,
		`<th scope="col" aria-sort="none" class="n"><button type="button" class="sort">cost</button></th>`, "prefers-color-scheme: dark", "@media print",
	} {
		if !strings.Contains(strings.ReplaceAll(text, ` class="n" aria-sort="none"`, ` aria-sort="none" class="n"`), want) {
			t.Errorf("no %q", want)
		}
	}
	if f.Count["svg"] != 2 {
		t.Errorf("%d bars, want 2: nothing and unknown have none", f.Count["svg"])
	}
	if strings.Contains(text, "uPlot") {
		t.Error("a page without charts carries what draws them")
	}
}

// TestPageIsHarmless holds that what stands in a log is text on the page, whatever it is.
func TestPageIsHarmless(t *testing.T) {
	for _, s := range []string{
		`</title></script></style><script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `'"-->]]><svg onload=alert(1)>`, "\x1b[2J\x00\u202e\u2028\xff", `javascript:alert(1)`,
		`<!--`, `<script type="application/json">`, strings.Repeat("<b>", 200), "http://example.com/x.js",
	} {
		f := checked(t, doc(t, filled(s), DocOptions{Format: "html"}))
		if f.Count["script"] != 3 || f.Count["img"]+f.Count["b"] > 0 || f.Count["table"] != 5 {
			t.Errorf("%q became elements: %v", s, f.Count)
		}
		if n := strings.Count(f.Text, visibleLines(s)); n < 20 {
			t.Errorf("%q is seen %d times", s, n)
		}
	}
}

func TestPageFolds(t *testing.T) {
	d := Doc{Title: "Long", Sections: []Section{{Title: "Rows", Cut: "2 more", Table: &Table{
		Name: "row", Columns: []TableColumn{{Name: "what"}, {Name: "n", Align: Right}}, Rows: [][]string{{"a", "1k"}, {"b", "2"}, {strings.Repeat("long ", 100), ""}},
		Keys: [][]string{{"", "1000"}, {"", "2"}, {"", ""}}, Tones: []string{"", "bad", ""}, Folds: []Fold{{From: 1, To: 3, Label: "2 more"}}}}}}
	text := doc(t, d, DocOptions{Format: "html"})
	f := checked(t, text)
	for _, want := range []string{
		`data-v="1000"`, `<tr id="row-2" class="bad">`, `data-more="Show 2 more"`, `<details class="text">`, `<td class="n" data-v=""><span class="q">unknown</span></td>`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text[strings.Index(text, "<main"):])
		}
	}
	if !slices.ContainsFunc(f.Rows, func(row []string) bool { return strings.Contains(row[0], strings.Repeat("long ", 100)) }) {
		t.Error("what is folded is not there")
	}
	if got := doc(t, d, DocOptions{}); strings.Contains(got, "long") || !strings.Contains(got, "  2 more\n") {
		t.Errorf("text:\n%s", got)
	}
}

func TestPageCharts(t *testing.T) {
	at := func(min int) time.Time { return time.Date(2026, 3, 1, 10, min, 0, 0, time.UTC) }
	d := Doc{Title: "Charts", Sections: []Section{
		{Title: "Line", Chart: &Chart{Title: "cost", Unit: "USD", Times: []time.Time{at(0), at(1), at(2)}, Labels: []string{"x", "y", "z"},
			Series: []Series{{Name: "api", Values: []float64{1, math.NaN(), 3}, Texts: []string{"$1.00", "", "$3.00"}, Marks: []string{"", "not recorded", "spike"}}}}},
		{Title: "Lanes", Chart: &Chart{Title: "time", Zone: time.FixedZone("", 3600), Rows: "row", Lanes: []Lane{
			{Name: "main", Spans: []Span{{at(0), at(2), "model"}, {at(2), at(5), "tool"}}, Steps: []Step{{at(2), 2, true}, {at(1), 1, false}}},
			{Name: "sub", Spans: []Span{{at(3), at(4), "model"}}},
		}}},
	}}
	text := doc(t, d, DocOptions{Format: "html"})
	f := checked(t, text)
	for _, want := range []string{
		"Line chart of cost: api lowest $1.00 (x), highest $3.00 (z), last $3.00 (z).",
		"main: model at work 2m 00s, tools at work 3m 00s, 1 failed or in error. sub: model at work 1m 00s.",
		`{"name":"api","values":[1,null,3],"texts":["$1.00","unknown","$3.00"],"marks":["","not recorded","spike"]}`,
		`"start":1772362800000,`, // on the clock of the zone
		`{"name":"main","spans":[[0,120000,0],[120000,180000,1]],"steps":[[60000,1,0],[120000,2,1]]}`,
		"Copyright (c) 2022 Leon Sorokin",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
	for _, want := range [][]string{{"y", "unknown", "not recorded"}, {"main", "2m 00s", "3m 00s", "1"}, {"sub", "1m 00s", "0ms", "0"}} {
		if !slices.ContainsFunc(f.Rows, func(row []string) bool { return slices.Equal(row, want) }) {
			t.Errorf("no row %q in %q", want, f.Rows)
		}
	}
}

func TestRowsPage(t *testing.T) {
	got := render(t, Options{Format: "html"}, abc, rows...)
	f := checked(t, got)
	for _, want := range []string{
		`<td class="n">1</td><td>x</td>`, `<td class="n"><span class="q">NULL</span></td>`, "two\nlines | \t\\ &#34;q&#34;, &lt;b&gt;&amp;\\x1b[31m\\u202e\\xff</td>",
		`class="sort">b|c</button></th>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got[strings.Index(got, "<main"):])
		}
	}
	if f.Count["b"] > 0 || f.Count["table"] != 1 {
		t.Errorf("%v", f.Count)
	}
}
