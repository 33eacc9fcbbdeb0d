package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestForgottenAsNeverSeen: what stays after a session was forgotten is what a store holds that never saw its
// log, though another session repeats its history.
func TestForgottenAsNeverSeen(t *testing.T) {
	long(t)
	t.Parallel()
	home, db := sampleStore(t)
	// The session that another one resumes.
	rows := ask(t, db, "SELECT s.session_id, x.path FROM sessions_v1 AS s JOIN raw.sources AS x ON x.source_id = s.main_source_id WHERE s.session_id IN (SELECT parent_session_id FROM sessions_v1)")
	if len(rows) != 1 {
		t.Fatalf("the samples have %d sessions that are resumed", len(rows))
	}
	id, path, _ := strings.Cut(rows[0], ",")
	if out, errs, code := agenttrace(t, home, "forget", "--db", db, "--home", home, "--yes", id); code != 0 {
		t.Fatal(out, errs)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other.duckdb")
	if _, errs, code := agenttrace(t, home, "overview", "--db", other, "--home", home); code != 0 {
		t.Fatal(errs)
	}
	// Sources are numbered as they come, and each store has a name of its own for the machine.
	var parts []string
	for _, name := range []string{"sessions_v1", "model_call_costs_v1", "tool_calls_v1", "session_metrics_v1", "anomalies_v1", "session_health_v2", "commands_v1",
		"raw.texts", "raw.command_texts", "raw.tool_names", "raw.model_names", "raw.usage_observations", "raw.problems"} {
		parts = append(parts, "SELECT '"+name+" ' || to_json(r)::VARCHAR FROM (SELECT COLUMNS(c -> c NOT IN ('source_id', 'main_source_id', 'machine_id')) FROM "+name+") AS r")
	}
	query := strings.Join(parts, " UNION ALL ")
	same(t, "what stays", ask(t, db, query), ask(t, other, query))
}
