package report

import (
	"bytes"
	"context"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/queries/render"
)

func TestSectionsAreReadable(t *testing.T) {
	for _, name := range []string{"overview", "session", "sessions", "timeline", "doctor"} {
		sections, err := Sections(name)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, s := range sections {
			if seen[s.Key] {
				t.Errorf("%s: two sections %s", name, s.Key)
			}
			seen[s.Key] = true
			if strings.HasPrefix(s.SQL, "-- ") && strings.Contains(s.SQL[:strings.IndexByte(s.SQL, '\n')], ": ") {
				t.Errorf("%s/%s: a header behind a comment is not read", name, s.Key)
			}
			for column := range s.labels {
				if !strings.Contains(s.SQL, column) {
					t.Errorf("%s/%s: a label for %s, which the query does not return", name, s.Key, column)
				}
			}
			for _, set := range []map[string]bool{s.jsonOnly, s.textOnly, s.optional, s.below} {
				for column := range set {
					if !strings.Contains(s.SQL, column) {
						t.Errorf("%s/%s: names %s, which the query does not return", name, s.Key, column)
					}
				}
			}
			for column := range s.spare {
				if !strings.Contains(s.SQL, column) {
					t.Errorf("%s/%s: can spare %s, which the query does not return", name, s.Key, column)
				}
			}
		}
	}
	if _, err := Sections("nothing"); err == nil {
		t.Error("a report without sections")
	}
}

func TestBadSections(t *testing.T) {
	cases := []struct{ file, text, want string }{
		{"x/tools.sql", "-- kind: table\nSELECT 1", "want NN_name.sql"},
		{"x/10_tools.sql", "-- kind: pie\nSELECT 1", `kind "pie"`},
		{"x/10_tools.sql", "-- kind: table\n-- colour: red\nSELECT 1", `unknown header "colour"`},
		{"x/10_tools.sql", "-- kind: table\n-- label: a\nSELECT 1", "want column = heading"},
		{"x/10_tools.sql", "-- kind: table\n-- show: all\nSELECT 1", "show:"},
	}
	for _, c := range cases {
		if _, err := parseSection(c.file, c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
}

// fixed answers every query with the same rows.
type fixed struct {
	columns []queries.Column
	rows    [][]any
}

func (f fixed) Query(context.Context, string, ...any) (queries.Rows, error) {
	return queries.NewRows(f.columns, f.rows...), nil
}

func build(t *testing.T, head string, f fixed) *Report {
	t.Helper()
	s, err := parseSection("x/10_part.sql", head+"SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := Run(context.Background(), f, []Section{s}, func(string) any { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return &Report{Name: "test", Title: "Test", GeneratedAt: time.Unix(0, 0), Zone: time.UTC, Tables: tables}
}

func text(t *testing.T, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := render.WriteDoc(&b, r.Doc(), render.DocOptions{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFacts(t *testing.T) {
	r := build(t, "-- title: Totals\n-- kind: facts\n-- optional: denied_count, note\n-- label: cost_usd = spent\n-- json only: secret_count\n", fixed{
		columns: []queries.Column{
			{Name: "cost_usd", Type: "DECIMAL(24,12)"}, {Name: "denied_count", Type: "BIGINT"}, {Name: "reasoning_tokens", Type: "BIGINT"}, {Name: "title", Type: "VARCHAR"},
			{Name: "secret_count", Type: "BIGINT"}, {Name: "failed_count", Type: "BIGINT"},
		},
		rows: [][]any{{queries.Decimal{Value: big.NewInt(1234), Scale: 3}, int64(0), nil, nil, int64(7), int64(0)}},
	})
	want := `Test
────

Totals
  spent    $1.23
  faileds  0

  Not known: reasoning tokens.
`
	if got := text(t, r); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	var b bytes.Buffer
	if err := r.WriteJSON(&b, nil); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Version int `json:"schema_version"`
		Part    map[string]any
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, b.String())
	}
	// In JSON nothing is left out: unknown is null, zero is zero.
	if v, ok := got.Part["reasoning_tokens"]; got.Version != 1 || !ok || v != nil || got.Part["denied_count"] != 0.0 || got.Part["secret_count"] != 7.0 {
		t.Errorf("got %v", got)
	}
}

func TestTable(t *testing.T) {
	f := fixed{columns: []queries.Column{{Name: "tool", Type: "VARCHAR"}, {Name: "cost_usd", Type: "DOUBLE"}, {Name: "exit_code", Type: "INTEGER"}, {Name: "denied_count", Type: "BIGINT"}, {Name: "finding", Type: "STRUCT"}}}
	for _, name := range []string{"Bash", "Read", "Edit"} {
		f.rows = append(f.rows, []any{name, nil, nil, int64(0), map[string]any{"anomaly": "legacy.hanging", "value": 413.0, "unit": "s", "points": int64(30)}})
	}
	r := build(t, "-- title: Tools\n-- kind: table\n-- show: 2\n-- optional: denied_count\n-- text only: finding\n", f)
	want := `Test
────

Tools
  tool     cost  exit code  finding
 ─────────────────────────────────────────────────────────────
  Bash  unknown          -  nothing happened for 6m 53s (−30)
  Read  unknown          -  nothing happened for 6m 53s (−30)

  1 more; -f json has all of them.
`
	if got := text(t, r); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	var b bytes.Buffer
	if err := r.WriteJSON(&b, nil); err != nil {
		t.Fatal(err)
	}
	if s := b.String(); strings.Count(s, `"tool"`) != 3 || strings.Contains(s, "finding") || !strings.Contains(s, `"denied_count":0`) {
		t.Errorf("got %s", s)
	}
}

func TestEmptySections(t *testing.T) {
	silent := build(t, "-- title: Tools\n-- kind: table\n", fixed{columns: []queries.Column{{Name: "tool", Type: "VARCHAR"}}})
	if got := text(t, silent); got != "Test\n────\n" {
		t.Errorf("got %q", got)
	}
	said := build(t, "-- title: Tools\n-- kind: table\n-- empty: No tool was used.\n", fixed{columns: []queries.Column{{Name: "tool", Type: "VARCHAR"}}})
	if got := text(t, said); !strings.Contains(got, "No tool was used.") {
		t.Errorf("got %q", got)
	}
}

func TestFindings(t *testing.T) {
	cases := []struct {
		finding map[string]any
		want    string
	}{
		{map[string]any{"anomaly": "legacy.tool_failures", "value": 0.917, "unit": "share", "points": int64(30)}, "91.7% of the tool results are errors (−30)"},
		{map[string]any{"anomaly": "legacy.redaction", "value": 1.0, "unit": "messages"}, "reasoning hidden in 1 message"},
		{map[string]any{"anomaly": "legacy.redaction", "value": 12.0, "unit": "messages"}, "reasoning hidden in 12 messages"},
		{map[string]any{"anomaly": "tool.retry_loop", "value": 5.0, "unit": "calls"}, "tool.retry_loop 5 calls"},
		{map[string]any{"anomaly": "data.gap", "value": nil, "unit": nil}, "data.gap"},
		{map[string]any{"anomaly": "cost.spike", "value": 3.14159, "unit": ""}, "cost.spike 3.14"},
	}
	for _, c := range cases {
		if got := finding(c.finding); got != c.want {
			t.Errorf("%v = %q, want %q", c.finding, got, c.want)
		}
	}
}

func TestLabel(t *testing.T) {
	for name, want := range map[string]string{
		"session_count": "sessions", "cost_usd": "cost", "input_tokens": "input tokens", "cache_hit_ratio": "cache hit", "started_at": "started", "session_id": "session",
		"deleted_within_7_days_count": "deleted within 7 days", "tool": "tool", "end_state": "end state",
	} {
		if got := Label(name); got != want {
			t.Errorf("Label(%q) = %q, want %q", name, got, want)
		}
	}
}
