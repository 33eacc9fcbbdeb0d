package packs

import (
	"slices"
	"strings"
	"testing"
)

// TestBuiltin: every built-in query parses, has cases, and carries the calls without a price beside money.
func TestBuiltin(t *testing.T) {
	l, err := Open("", "")
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Queries) != 51 || len(l.Broken) > 0 {
		t.Errorf("%d queries, want 51; broken: %v", len(l.Queries), l.Broken)
	}
	for _, q := range l.Queries {
		if q.Cases == nil {
			t.Errorf("%s has no cases", q.Name)
		}
		has := func(f func(Column) bool) bool { return slices.ContainsFunc(q.Columns, f) }
		money := has(func(c Column) bool { return strings.HasSuffix(c.Name, "_usd") || c.Name == "usd" })
		if money && !has(func(c Column) bool { return c.Name == "unpriced_call_count" }) {
			t.Errorf("%s has money and no unpriced_call_count", q.Name)
		}
	}
}

const good = "-- title: A?\n-- params:\n--   n bigint = 3  N.\n-- columns:\n--   a bigint  A.\nSELECT $n::BIGINT AS a"

// TestParse: what is wrong in a header is named with its line.
func TestParse(t *testing.T) {
	q, err := Parse("p/q.sql", good)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := q.Bind(nil); err != nil || got["n"] != int64(3) {
		t.Errorf("the default is %v, %v", got, err)
	}
	for change, want := range map[string]string{
		"bigint = 3|bigint = three":       "p/q.sql:3: parameter n: its default",
		"n bigint|n int":                  `p/q.sql:3: parameter n: "int" is no type`,
		"a bigint|a hugeint":              `p/q.sql:5: column a: "hugeint" is no type`,
		"-- title: A?\n|":                 "p/q.sql:4: the header lacks title",
		"SELECT|-- kind: control\nSELECT": "p/q.sql:6: a control begins with the columns",
		"$n|$m":                           "p/q.sql:6: the query uses $m",
		"-- columns|--columns":            "p/q.sql:4: want",
	} {
		from, to, _ := strings.Cut(change, "|")
		if _, err := Parse("p/q.sql", strings.Replace(good, from, to, 1)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %q", change, err, want)
		}
	}
}

// FuzzParse: whatever a file holds, it is a query or an error that names its place.
func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add("-- title: A\n-- params:\n--   x varchar = 'it''s'\n-- columns:\n--   a varchar\nSELECT $x AS a; SELECT 2")
	f.Add("--\n")
	f.Fuzz(func(t *testing.T, text string) {
		q, err := Parse("p/q.sql", text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "p/q.sql:") {
				t.Errorf("the error does not name the place: %v", err)
			}
			return
		}
		if q.Body == "" || q.Title == "" || len(q.Columns) == 0 {
			t.Errorf("not a whole query: %+v", q)
		}
		for _, name := range q.Names() {
			if _, ok := q.Param(name); !ok {
				t.Errorf("no parameter %s", name)
			}
		}
		q.Sample()
	})
}
