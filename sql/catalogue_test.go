package sqlfiles_test

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"

	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// TestCatalogue: README.md says what the headers say. Run with -update to write it anew.
func TestCatalogue(t *testing.T) {
	want := catalogue(definitions(t))
	if *update {
		if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("README.md is not what the headers say: go test ./sql -run TestCatalogue -update")
	}
}

func catalogue(set *sqlfiles.Set) string {
	var b strings.Builder
	b.WriteString(`# Relations

Written from the headers of the definitions by ` + "`go test ./sql -update`" + `; do not edit.

Each relation is one file, ` + "`views/<layer>/<name>_v<N>.sql`" + `, with its cases beside it. The alias
` + "`<name>`" + ` is the current version, for people; packs, reports and gates name a version. Ids are shown as
text in the schema main and are numbers in the schema core. A kept relation is computed per session and
stored; the others are computed when they are read.

Units stand in brackets. NULL means that the log does not say; 0 means that it says zero.
`)
	for _, layer := range sqlfiles.Layers {
		var first = true
		for _, d := range set.Definitions {
			if d.Layer != layer {
				continue
			}
			if first {
				fmt.Fprintf(&b, "\n## %s\n", layer)
				first = false
			}
			describe(&b, d)
		}
	}
	return b.String()
}

func describe(b *strings.Builder, d *sqlfiles.Definition) {
	name := d.Name
	if d.Params != nil {
		name += "(" + strings.Join(d.Params, ", ") + ")"
	}
	fmt.Fprintf(b, "\n### %s\n\n%s\n\n", name, d.Summary)
	facts := []string{d.Status, "since " + d.Since}
	if len(d.Grain) > 0 {
		facts = append(facts, "one row per "+strings.Join(d.Grain, ", "))
	} else {
		facts = append(facts, "rows have no key")
	}
	if d.Kept != "" {
		facts = append(facts, "kept")
	}
	if len(d.Reads) > 0 {
		facts = append(facts, "reads "+strings.Join(d.Reads, ", "))
	}
	fmt.Fprintf(b, "%s.\n", strings.Join(facts, "; "))
	if d.Changes != "" {
		fmt.Fprintf(b, "\nChanges: %s\n", d.Changes)
	}
	b.WriteString("\n| column | meaning |\n| --- | --- |\n")
	for _, c := range d.Columns {
		meaning := strings.ReplaceAll(c.Meaning, "|", `\|`)
		if c.Unit != "" {
			meaning += " [" + c.Unit + "]"
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", c.Name, meaning)
	}
}

// TestReleased: what a release has shown does not change. released.sum holds a line "name checksum" per
// definition that was current at a release; a fix that moves a number is a new version.
func TestReleased(t *testing.T) {
	sums := readSums(t)
	set := definitions(t)
	for name, sum := range sums {
		switch d := set.Get(name); {
		case d == nil:
			t.Errorf("%s was released and is gone", name)
		case d.Sum != sum:
			t.Errorf("%s was released and has changed: make a new version (checksum %s, was %s)", name, d.Sum, sum)
		case d.Status == sqlfiles.Draft:
			t.Errorf("%s was released and is a draft", name)
		}
	}
	for _, d := range set.Definitions {
		if d.Status == sqlfiles.Superseded && sums[d.Name] == "" {
			t.Errorf("%s is superseded and was never released: delete it", d.Name)
		}
	}
}

func readSums(t *testing.T) map[string]string {
	t.Helper()
	f, err := os.Open("released.sum")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]string{}
	for s := bufio.NewScanner(f); s.Scan(); {
		line := strings.TrimSpace(s.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, sum, ok := strings.Cut(line, " ")
		if !ok || out[name] != "" {
			t.Fatalf("released.sum: %q: want a name and a checksum, once", line)
		}
		out[name] = sum
	}
	return out
}

// TestReleasedNotices: a released definition that changed is noticed, one that only moved its blanks is not.
func TestReleasedNotices(t *testing.T) {
	header := "-- summary: S.\n-- grain: none\n-- status: current\n-- since: 0.1.0\n-- columns:\n--   a  An a.\n"
	sum := func(body string) string {
		d, err := sqlfiles.Parse("core/a_v1.sql", header+body)
		if err != nil {
			t.Fatal(err)
		}
		return d.Sum
	}
	same, moved := sum("SELECT 1 AS a"), sum("SELECT\n    1 AS a -- one\n")
	if same != moved {
		t.Error("spacing and comments change the checksum")
	}
	if same == sum("SELECT 2 AS a") {
		t.Error("another number has the same checksum")
	}
	if sum("SELECT '  x' AS a") == sum("SELECT ' x' AS a") {
		t.Error("blanks inside a text do not count")
	}
}
