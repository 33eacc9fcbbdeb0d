package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/agenttrace/agenttrace/queries/report"
	"github.com/agenttrace/agenttrace/schema/store"
	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// twoScores are two versions of a family: the second forgives the first ten points and drops a column.
func twoScores(t *testing.T) *sqlfiles.Set {
	t.Helper()
	file := func(status, changes, columns, body string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("-- summary: Scores.\n-- grain: session_id\n-- status: " + status + "\n-- since: 0.1.0\n" + changes + "-- columns:\n--   session_id  The session.\n--   score  The score.\n--   band  Its band.\n" + columns + body)}
	}
	set, err := sqlfiles.Load(fstest.MapFS{
		"health/thing_v1.sql": file("superseded", "", "--   old  Something.\n", "SELECT session_id, score, band, 1 AS old FROM (VALUES ('a', 50, 'low'), ('b', 95, 'high'), ('c', NULL, 'high'), ('d', 1, 'low')) AS t (session_id, score, band)\n"),
		"health/thing_v2.sql": file("current", "-- changes: Forgives ten points.\n", "", "SELECT session_id, score, band FROM (VALUES ('a', 60, 'low'), ('b', 95, 'high'), ('c', 90, 'high'), ('e', 2, 'low')) AS t (session_id, score, band)\n"),
		"health/lone_v1.sql":  file("current", "", "", "SELECT 'a' AS session_id, 1 AS score, 'low' AS band\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestVersionSections(t *testing.T) {
	set := twoScores(t)
	from, to, err := twoVersions(set, "thing", "v1", "2")
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{Path: store.Memory})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	conn, err := s.Session(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, d := range []*sqlfiles.Definition{from, to} {
		if err := conn.Exec(ctx, "CREATE TEMP VIEW "+d.Name+" AS "+d.Body); err != nil {
			t.Fatal(err)
		}
	}
	sections, err := versionSections(set, from, to)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := report.Run(ctx, conn, sections, func(string) any { return nil })
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	for _, tab := range tables {
		for _, row := range tab.Rows {
			fmt.Fprintln(&got, append([]any{tab.Key}, row...)...)
		}
	}
	// a moves by ten points, c becomes known, b stays; d and e are of one version each.
	want := "rows 3 1 1\ncolumns score 2 1 0 3\ncolumns band 0 0 0 3\nbands high high 2\nbands low low 1\nmoved a [score 50 → 60] 10 [] [] <nil>\nmoved c [score unknown → 90] <nil> [] [] <nil>\n"
	if got.String() != want {
		t.Errorf("got\n%swant\n%s", got.String(), want)
	}
	if gone := columnsBeyond(from, to); len(gone) != 1 || gone[0] != "old" {
		t.Errorf("gone: %v", gone)
	}
}

func TestTwoVersions(t *testing.T) {
	set := twoScores(t)
	for _, c := range []struct{ family, one, two, want string }{
		{"thin", "v1", "v2", `no view "thin"`},
		{"thing", "v1", "v3", "thing has v1 and v2"},
		{"thing", "v1", "1", "the same version"},
		{"lone", "v1", "v2", "lone has v1"},
	} {
		_, _, err := twoVersions(set, c.family, c.one, c.two)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func TestDeprecated(t *testing.T) {
	set := twoScores(t)
	if got := deprecated(set, "SELECT 'thing_v1' FROM thing_v2 JOIN lone_v1 -- thing_v1"); len(got) != 0 {
		t.Errorf("said %q of current views", got)
	}
	got := deprecated(set, "SELECT * FROM main.THING_V1")
	if len(got) != 1 || got[0] != "thing_v1 is deprecated: thing_v2 has taken its place (agenttrace views diff thing v1 v2 shows what moves)" {
		t.Errorf("said %q", got)
	}
}
