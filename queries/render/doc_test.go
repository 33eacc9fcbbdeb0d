package render

import (
	"bytes"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"
)

var report = Doc{
	Title: "Overview",
	Lead:  []string{"Three sessions of <one> agent, in the zone Europe/Berlin."},
	Sections: []Section{
		{
			Title: "Spend", Note: "List prices, not a bill.",
			Facts: []Fact{{"Total", "$12.34", "2 models"}, {"Unpriced", "", "no price known"}, {"Tokens", "12.3M", ""}},
			Bars:  []Bar{{"opus", 8, "$8.00"}, {"haiku", 0.001, "<$0.01"}, {"none", 0, "$0.00"}, {"new", math.NaN(), ""}},
		},
		{
			Title: "Sessions",
			Table: &Table{
				Columns: []TableColumn{{Name: "session"}, {Name: "about"}, {Name: "cost", Align: Right}},
				Rows:    [][]string{{"a1", "fix the |pipe| that drips on the floor", "$1.00"}, {"b2", "", ""}, {"c3"}},
			},
			Lines: []string{"  kept \x1b[31mindent"},
		},
	},
}

func doc(t *testing.T, d Doc, opt DocOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteDoc(&b, d, opt); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestDocText(t *testing.T) {
	want := `
Overview
────────
Three sessions of <one> agent, in the
zone Europe/Berlin.

Spend
  List prices, not a bill.
  Total     $12.34   2 models
  Unpriced  unknown  no price known
  Tokens    12.3M

  opus   ██████████████████████    $8.00
  haiku  ▏                        <$0.01
  none                             $0.00
  new                            unknown

Sessions
  session  about                   cost
 ───────────────────────────────────────
  a1       fix the |pipe| that    $1.00
           drips on the floor
  b2                            unknown
  c3                            unknown

    kept \x1b[31mindent
`
	if got := doc(t, report, DocOptions{Width: 40}); got != want[1:] {
		t.Errorf("got\n%s\nwant\n%s", got, want[1:])
	}
	wide := doc(t, report, DocOptions{})
	if !strings.Contains(wide, "fix the |pipe| that drips on the floor    $1.00") || !strings.Contains(wide, "in the zone Europe/Berlin.\n") {
		t.Errorf("without a width:\n%s", wide)
	}
	plain, colored := doc(t, report, DocOptions{}), doc(t, report, DocOptions{Color: true})
	if strings.Contains(plain, "\x1b") || !strings.Contains(colored, "\x1b[1mOverview\x1b[0m") {
		t.Errorf("colour:\n%q\n%q", plain, colored)
	}
	for _, code := range []string{"\x1b[1m", "\x1b[2m", "\x1b[36m", "\x1b[0m"} {
		colored = strings.ReplaceAll(colored, code, "")
	}
	if colored != plain {
		t.Errorf("colour moves text:\n%s\n%s", colored, plain)
	}
}

func TestDocMarkdown(t *testing.T) {
	want := `
# Overview

Three sessions of \<one\> agent, in the zone Europe/Berlin.

## Spend

List prices, not a bill.

- **Total:** $12.34 (2 models)
- **Unpriced:** unknown (no price known)
- **Tokens:** 12.3M

| | | |
| --- | ---: | --- |
| opus | $8.00 | ████████████████████ |
| haiku | \<$0.01 | ▏ |
| none | $0.00 |  |
| new | unknown |  |

## Sessions

| session | about | cost |
| --- | --- | ---: |
| a1 | fix the \|pipe\| that drips on the floor | $1.00 |
| b2 |  | unknown |
| c3 |  | unknown |

- kept \x1b\[31mindent
`
	if got := doc(t, report, DocOptions{Format: "markdown"}); got != want[1:] {
		t.Errorf("got\n%s\nwant\n%s", got, want[1:])
	}
}

func TestDocRedactsAll(t *testing.T) {
	d := Doc{Title: "SECRET", Lead: []string{"SECRET"}, Sections: []Section{{Title: "SECRET", Note: "SECRET", Facts: []Fact{{"SECRET", "SECRET", "SECRET"}},
		Bars: []Bar{{"SECRET", 1, "SECRET"}}, Table: &Table{Columns: []TableColumn{{Name: "SECRET"}}, Rows: [][]string{{"SECRET", "SECRET"}}}, Lines: []string{"SECRET"}}}}
	for _, format := range DocFormats {
		got := doc(t, d, DocOptions{Format: format, Redact: func(s string) string { return strings.ReplaceAll(s, "SECRET", "[x]") }})
		if strings.Contains(got, "SECRET") || strings.Count(strings.ReplaceAll(got, `\`, ""), "[x]") < 13 {
			t.Errorf("%s:\n%s", format, got)
		}
	}
	if d.Title != "SECRET" || d.Sections[0].Table.Rows[0][0] != "SECRET" {
		t.Error("the document itself was changed")
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  string
	}{
		{"", 5, ""},
		{"one two three", 0, "one two three"},
		{"one two three", 7, "one two/three"},
		{"one two three", 8, "one two/three"},
		{"one two", 3, "one/two"},
		{"abcdefgh", 3, "abc/def/gh"},
		{"a abcdefgh", 3, "a/abc/def/gh"},
		{"日本語", 4, "日本/語"},
		{"日本語", 1, "日/本/語"},
		{"a  b", 3, "a/b"},
		{"trailing   ", 8, "trailing"},
	} {
		if got := strings.Join(wrap(c.in, c.width), "/"); got != c.want {
			t.Errorf("%q at %d: got %q, want %q", c.in, c.width, got, c.want)
		}
	}
}

func TestCutWidth(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"日本語", 6, "日本語"}, {"日本語", 5, "日本…"}, {"日本語", 4, "日…"},
		{"abc", 1, "…"}, {"abc", 0, ""}, {"a\u0301bc", 2, "a\u0301…"}, {"\xff\xff\xff", 2, "\xff…"},
	} {
		if got := cutWidth(c.in, c.width); got != c.want {
			t.Errorf("%q at %d: got %q, want %q", c.in, c.width, got, c.want)
		}
	}
}

func TestForPeople(t *testing.T) {
	var nothing *int64
	five := int64(5)
	for _, c := range []struct {
		name  string
		write func(any) string
		in    any
		want  string
	}{
		{"Int", Int, nil, "unknown"}, {"Int", Int, nothing, "unknown"}, {"Int", Int, &five, "5"}, {"Int", Int, "5", "unknown"},
		{"Int", Int, int64(0), "0"}, {"Int", Int, uint8(7), "7"}, {"Int", Int, int64(-1234567), "-1,234,567"}, {"Int", Int, 999.5, "1,000"},
		{"Int", Int, -0.2, "0"}, {"Int", Int, math.NaN(), "unknown"}, {"Int", Int, big.NewInt(1e15), "1,000,000,000,000,000"},
		{"Int", Int, true, "unknown"},
		{"Tokens", Tokens, nil, "unknown"}, {"Tokens", Tokens, 0, "0"}, {"Tokens", Tokens, 999, "999"}, {"Tokens", Tokens, 1000, "1.0k"},
		{"Tokens", Tokens, 12345678, "12.3M"}, {"Tokens", Tokens, 999_949, "999.9k"}, {"Tokens", Tokens, 999_950, "1.0M"},
		{"Tokens", Tokens, int64(4_560_000_000), "4.6B"}, {"Tokens", Tokens, -1500, "-1.5k"}, {"Tokens", Tokens, 2e15, "2,000.0T"},
		{"USD", USD, nil, "unknown"}, {"USD", USD, 0, "$0.00"}, {"USD", USD, decimal("0", 12), "$0.00"}, {"USD", USD, 0.009, "<$0.01"},
		{"USD", USD, decimal("1", 12), "<$0.01"}, {"USD", USD, -0.001, ">-$0.01"}, {"USD", USD, 0.01, "$0.01"}, {"USD", USD, 1.005, "$1.01"},
		{"USD", USD, decimal("1234567890", 3), "$1,234,567.89"}, {"USD", USD, -12.5, "-$12.50"}, {"USD", USD, math.NaN(), "unknown"},
		{"USD", USD, driverDecimal{"2.675"}, "$2.68"},
		{"Percent", Percent, nil, "unknown"}, {"Percent", Percent, 0.0, "0%"}, {"Percent", Percent, 1.0, "100%"}, {"Percent", Percent, 0.1234, "12.3%"},
		{"Percent", Percent, 0.0001, "<0.1%"}, {"Percent", Percent, 0.9999, ">99.9%"}, {"Percent", Percent, 2.5, "250.0%"}, {"Percent", Percent, -0.1, "-10.0%"},
		{"Duration", Duration, nil, "unknown"}, {"Duration", Duration, 0, "0ms"}, {"Duration", Duration, 0.4, "<1ms"}, {"Duration", Duration, 850, "850ms"},
		{"Duration", Duration, 999.6, "1.0s"}, {"Duration", Duration, 59_949, "59.9s"}, {"Duration", Duration, 59_950, "1m 00s"},
		{"Duration", Duration, 184_000, "3m 04s"}, {"Duration", Duration, 3_599_600, "1h 00m"}, {"Duration", Duration, 3_720_000, "1h 02m"},
		{"Duration", Duration, 47 * time.Hour, "47h 00m"}, {"Duration", Duration, 76 * time.Hour, "3d 04h"}, {"Duration", Duration, -2000, "-2.0s"},
		{"Bytes", Bytes, nil, "unknown"}, {"Bytes", Bytes, 950, "950 B"}, {"Bytes", Bytes, 12_300, "12.3 kB"}, {"Bytes", Bytes, int64(1e9), "1.0 GB"},
	} {
		if got := c.write(c.in); got != c.want {
			t.Errorf("%s(%v): got %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func TestAgo(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{time.Time{}, "unknown"}, {now, "just now"}, {now.Add(-90 * time.Second), "1m ago"}, {now.Add(-5 * time.Hour), "5h ago"},
		{now.Add(-72 * time.Hour), "3d ago"}, {now.Add(time.Hour), "in 1h"}, {now.AddDate(-1, 0, 0), "2025-07-01"},
	} {
		if got := Ago(c.at, now); got != c.want {
			t.Errorf("%v: got %q, want %q", c.at, got, c.want)
		}
	}
}

func TestSpark(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want string
	}{
		{nil, ""}, {[]float64{0, 0}, "▁▁"}, {[]float64{0, 0.001, 4, 8}, "▁▂▅█"}, {[]float64{5, 5}, "██"}, {[]float64{1, math.NaN(), 1}, "█·█"},
	} {
		if got := Spark(c.in); got != c.want {
			t.Errorf("%v: got %q, want %q", c.in, got, c.want)
		}
	}
}
