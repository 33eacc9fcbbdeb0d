package render

import (
	"encoding/json"
	"fmt"
	"math"
	"sort"
	"strings"
	"time"
)

// A Chart is a picture of figures: lines over time, or lanes in which things happen. A page draws it and
// gives its figures as a table; on a terminal lines are drawn in characters.
type Chart struct {
	Title string
	Unit  string // of the values: USD, tokens, ratio, ms, bytes, or a word
	Zone  *time.Location

	// Lines: one value of each series at each time.
	Times  []time.Time
	Labels []string // the times as people read them
	Series []Series
	More   string // what of the data is not drawn

	// Lanes, one below the other on one time axis.
	Lanes []Lane
	Rows  string // Table.Name of the rows that marks point to
}

// A Series is one line. A value that is NaN is unknown, and leaves a gap.
type Series struct {
	Name   string
	Values []float64
	Texts  []string // the values as people read them
	Marks  []string // what is special about them, if anything
}

// A Lane is what went on in one thread of a session.
type Lane struct {
	Name  string
	Spans []Span // in order
	Steps []Step // in order
}

// A Span is a time that belongs to what: one of the Whats.
type Span struct {
	From, To time.Time
	What     string
}

// A Step is an instant with a row of a table that tells of it.
type Step struct {
	At  time.Time
	Row int // from 1
	Bad bool
}

// Whats are the owners of time that lanes know, with their names for people.
var Whats = []struct{ What, Name string }{
	{"model", "model at work"}, {"tool", "tools at work"}, {"approval", "waiting for approval"}, {"user", "waiting for the user"}, {"retry_wait", "waiting for the provider"},
	{"compaction", "compaction"}, {"idle", "idle"}, {"suspended", "asleep"}, {"unknown", "cannot be told"},
}

func (c *Chart) prepared(clean func(string) string) *Chart {
	p := *c
	p.Title, p.More = clean(c.Title), clean(c.More)
	p.Labels, p.Series, p.Lanes = nil, nil, nil
	for _, l := range c.Labels {
		p.Labels = append(p.Labels, clean(l))
	}
	for _, s := range c.Series {
		q := Series{Name: clean(s.Name), Values: s.Values}
		for i := range s.Values {
			q.Texts, q.Marks = append(q.Texts, orUnknown(clean(at(s.Texts, i)))), append(q.Marks, clean(at(s.Marks, i)))
		}
		p.Series = append(p.Series, q)
	}
	for _, l := range c.Lanes {
		p.Lanes = append(p.Lanes, Lane{Name: clean(l.Name), Spans: l.Spans, Steps: l.Steps})
	}
	return &p
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// says is the chart in words, for who cannot see it.
func (c *Chart) says() string {
	if len(c.Lanes) > 0 {
		var parts []string
		for _, l := range c.Lanes {
			took, bad := l.sums(), l.bad()
			var what []string
			for _, w := range Whats {
				if took[w.What] > 0 {
					what = append(what, w.Name+" "+Duration(took[w.What]))
				}
			}
			if bad > 0 {
				what = append(what, fmt.Sprintf("%d failed or in error", bad))
			}
			parts = append(parts, l.Name+": "+strings.Join(what, ", "))
			if len(parts) == 8 && len(c.Lanes) > 8 {
				parts = append(parts, fmt.Sprintf("%d more lanes", len(c.Lanes)-8))
				break
			}
		}
		return "Time lanes. " + strings.Join(parts, ". ") + "."
	}
	var parts []string
	for _, s := range c.Series {
		low, high, last := -1, -1, -1
		for i, v := range s.Values {
			if math.IsNaN(v) {
				continue
			}
			if low < 0 || v < s.Values[low] {
				low = i
			}
			if high < 0 || v > s.Values[high] {
				high = i
			}
			last = i
		}
		text := Unknown
		if last >= 0 {
			text = fmt.Sprintf("lowest %s (%s), highest %s (%s), last %s (%s)", s.Texts[low], at(c.Labels, low), s.Texts[high], at(c.Labels, high), s.Texts[last], at(c.Labels, last))
		}
		if s.Name != "" {
			text = s.Name + " " + text
		}
		parts = append(parts, text)
	}
	return "Line chart of " + c.Title + ": " + strings.Join(parts, "; ") + "."
}

// sums adds up a lane by what its time went to.
func (l *Lane) sums() map[string]time.Duration {
	sums := map[string]time.Duration{}
	for _, s := range l.Spans {
		sums[s.What] += s.To.Sub(s.From)
	}
	return sums
}

func (l *Lane) bad() int {
	n := 0
	for _, s := range l.Steps {
		if s.Bad {
			n++
		}
	}
	return n
}

// clock gives instants as milliseconds on the clock of the report's zone, the offset being that of the
// first: a page knows no zones, and an axis should not jump.
func (c *Chart) clock() func(time.Time) int64 {
	offset := 0
	for _, l := range c.Lanes {
		if len(l.Spans) > 0 && c.Zone != nil {
			_, offset = l.Spans[0].From.In(c.Zone).Zone()
			break
		}
	}
	return func(t time.Time) int64 { return t.UnixMilli() + int64(offset)*1000 }
}

// data is what the page's script draws the chart from. Instants of lanes are told from each other, which
// takes fewer digits.
func (c *Chart) data() ([]byte, error) {
	if len(c.Lanes) == 0 {
		type series struct {
			Name   string     `json:"name"`
			Values []*float64 `json:"values"`
			Texts  []string   `json:"texts"`
			Marks  []string   `json:"marks"`
		}
		out := struct {
			Kind   string   `json:"kind"`
			Unit   string   `json:"unit"`
			Times  []int64  `json:"times"`
			Labels []string `json:"labels"`
			Series []series `json:"series"`
		}{Kind: "line", Unit: c.Unit, Labels: allVisible(c.Labels)}
		for _, t := range c.Times {
			out.Times = append(out.Times, t.Unix())
		}
		for _, s := range c.Series {
			q := series{Name: visible(s.Name), Texts: allVisible(s.Texts), Marks: allVisible(s.Marks)}
			for _, v := range s.Values {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					q.Values = append(q.Values, nil)
				} else {
					q.Values = append(q.Values, &v)
				}
			}
			out.Series = append(out.Series, q)
		}
		return json.Marshal(out)
	}
	type lane struct {
		Name  string     `json:"name"`
		Spans [][3]int64 `json:"spans"` // from, length, what
		Steps [][3]int64 `json:"steps"` // at, row, 1 where it is bad
	}
	var names []string
	number := map[string]int64{}
	for i, w := range Whats {
		names, number[w.What] = append(names, w.What), int64(i)
	}
	out := struct {
		Kind  string   `json:"kind"`
		Start int64    `json:"start"`
		Whats []string `json:"whats"`
		Rows  string   `json:"rows"`
		Lanes []lane   `json:"lanes"`
	}{Kind: "lanes", Whats: names, Rows: c.Rows}
	clock, first := c.clock(), true
	start := func(t time.Time) {
		if ms := clock(t); first || ms < out.Start {
			out.Start, first = ms, false
		}
	}
	for _, l := range c.Lanes {
		if len(l.Spans) > 0 {
			start(l.Spans[0].From)
		}
		for _, s := range l.Steps {
			start(s.At)
		}
	}
	for _, l := range c.Lanes {
		q := lane{Name: visible(l.Name), Spans: [][3]int64{}, Steps: [][3]int64{}}
		for _, s := range l.Spans {
			n, ok := number[s.What]
			if !ok {
				n = number["unknown"]
			}
			q.Spans = append(q.Spans, [3]int64{clock(s.From) - out.Start, s.To.UnixMilli() - s.From.UnixMilli(), n})
		}
		for _, s := range l.Steps {
			bad := int64(0)
			if s.Bad {
				bad = 1
			}
			q.Steps = append(q.Steps, [3]int64{clock(s.At) - out.Start, int64(s.Row), bad})
		}
		sort.SliceStable(q.Steps, func(i, j int) bool { return q.Steps[i][0] < q.Steps[j][0] })
		out.Lanes = append(out.Lanes, q)
	}
	return json.Marshal(out)
}

func allVisible(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = visible(s)
	}
	return out
}

// figures is the chart as a table.
func (c *Chart) figures() *Table {
	if len(c.Lanes) == 0 {
		t := &Table{Columns: []TableColumn{{Name: "period"}}, Ordered: true}
		for _, s := range c.Series {
			name := s.Name
			if name == "" {
				name = c.Title
			}
			t.Columns = append(t.Columns, TableColumn{Name: name, Align: Right}, TableColumn{Name: ""})
		}
		for i, label := range c.Labels {
			row := []string{label}
			for _, s := range c.Series {
				row = append(row, s.Texts[i], s.Marks[i])
			}
			t.Rows = append(t.Rows, row)
		}
		return t.withoutEmpty()
	}
	t := &Table{Columns: []TableColumn{{Name: "run"}}, Ordered: true}
	total := map[string]time.Duration{}
	for _, l := range c.Lanes {
		for what, took := range l.sums() {
			total[what] += took
		}
	}
	for _, w := range Whats {
		if total[w.What] > 0 {
			t.Columns = append(t.Columns, TableColumn{Name: w.Name, Align: Right})
		}
	}
	t.Columns = append(t.Columns, TableColumn{Name: "failed or in error", Align: Right})
	for _, l := range c.Lanes {
		row, took := []string{l.Name}, l.sums()
		for _, w := range Whats {
			if total[w.What] > 0 {
				row = append(row, Duration(took[w.What]))
			}
		}
		t.Rows = append(t.Rows, append(row, Int(l.bad())))
	}
	return t
}

// withoutEmpty leaves out columns that say nothing.
func (t *Table) withoutEmpty() *Table {
	return t.keep(func(i int) bool {
		for _, row := range t.Rows {
			if row[i] != "" {
				return true
			}
		}
		return t.Columns[i].Name != ""
	})
}
