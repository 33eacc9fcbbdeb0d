package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

func TestFormulaOf(t *testing.T) {
	body := `WITH calls AS (
    SELECT session_id, count(*) FILTER (WHERE status = 'error') AS failed, sum(a + b) AS total FROM x GROUP BY session_id
)
SELECT s.session_id, CASE WHEN s.known THEN coalesce(c.failed, 0) END AS failed_count, c.total FROM calls AS c`
	for column, want := range map[string][]string{
		"failed_count": {"failed_count = CASE WHEN s.known THEN coalesce(c.failed, 0) END", "failed = count(*) FILTER (WHERE status = 'error')"},
		"total":        {"total = sum(a + b)"},
		"session_id":   nil,
	} {
		if got := formulaOf(body, column); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", column, got, want)
		}
	}
}

// What the log lines behind a figure add is the figure.
func TestEvidenceAddsUp(t *testing.T) {
	_, db := sampleStore(t)
	set, err := sqlfiles.Views()
	if err != nil {
		t.Fatal(err)
	}
	for _, session := range ask(t, db, "SELECT session_id FROM sessions_v1") {
		var queries []string
		for _, view := range []string{"session_metrics_v1", "session_time_v1"} {
			for _, c := range set.Get(view).Columns {
				if !slices.Contains([]string{"USD", "tokens", "ms", "count"}, c.Unit) || c.Name == "max_depth" {
					continue
				}
				queries = append(queries, fmt.Sprintf("SELECT '%[1]s' AS metric, %[1]s::DOUBLE AS value FROM %[2]s WHERE session_id = '%[3]s'", c.Name, view, session))
			}
		}
		if len(queries) < 40 {
			t.Fatalf("only %d figures", len(queries))
		}
		q := fmt.Sprintf(`SELECT v.metric || ' ' || v.value || ' ' || coalesce(e.value, 0)
			FROM (%s) AS v LEFT JOIN (SELECT metric, sum(contribution) AS value FROM metric_evidence_v1('%s') GROUP BY metric) AS e USING (metric)
			WHERE v.value IS NOT NULL AND abs(v.value - coalesce(e.value, 0)) > 1e-9`, strings.Join(queries, " UNION ALL "), session)
		if wrong := strings.Join(ask(t, db, q), "; "); wrong != "" {
			t.Errorf("%s: %s", session, wrong)
		}
	}
}
