package main

import (
	"bytes"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// program gives the path of this test binary under the name of the program, as which it then behaves.
func program(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "agenttrace")
	if err := os.Symlink(exe, path); err != nil {
		t.Skip(err)
	}
	return path
}

// TestKilled kills ingest at moments of chance while the logs grow. Each time the store opens and doctor finds
// it fine, and in the end the totals are those of a run that nobody disturbed.
func TestKilled(t *testing.T) {
	long(t)
	t.Parallel()
	kills, err := strconv.Atoi(setting("AGENTTRACE_KILLS", "8"))
	if err != nil {
		t.Fatal(err)
	}
	exe := program(t)
	source, home, db := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "killed.duckdb")
	if err := unpackDemo(source); err != nil {
		t.Fatal(err)
	}
	source = filepath.Join(source, "demo")
	grow := func(part, of int) {
		t.Helper()
		err := filepath.WalkDir(source, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			lines := bytes.SplitAfter(text, []byte("\n"))
			rel, err := filepath.Rel(source, path)
			if err != nil {
				return err
			}
			to := filepath.Join(home, rel)
			if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
				return err
			}
			return os.WriteFile(to, bytes.Join(lines[:len(lines)*part/of], nil), 0o600)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"--db", db, "--home", home}
	// How long an undisturbed run takes tells between which moments to kill.
	grow(1, kills+1)
	began := time.Now()
	if out, err := exec.Command(exe, append([]string{"overview"}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	took := max(time.Since(began), 20*time.Millisecond)
	killed := 0
	for i := range kills {
		grow(i+1, kills+1)
		command := []string{"ingest", "--full"}
		if i%3 == 2 {
			command = []string{"overview"}
		}
		cmd := exec.Command(exe, append(command, args...)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.Int64N(int64(took))))
		cmd.Process.Kill()
		if cmd.Wait() != nil {
			killed++
		}
		out, errs, code := agenttrace(t, home, append([]string{"doctor", "--no-refresh", "-f", "json"}, args...)...)
		if code != 0 || !strings.Contains(out, `"state": "fine"`) && !strings.Contains(out, `"state":"fine"`) {
			t.Fatalf("after kill %d: doctor ends with %d: %s\n%.400s", i+1, code, errs, out)
		}
	}
	t.Logf("%d of %d runs were killed before they ended", killed, kills)
	grow(1, 1)
	if _, errs, code := agenttrace(t, home, append([]string{"overview"}, args...)...); code != 0 {
		t.Fatal(errs)
	}
	left, _ := filepath.Glob(db + ".tmp-*")
	if len(left) > 0 {
		t.Errorf("%v stayed behind", left)
	}
	undisturbed := filepath.Join(t.TempDir(), "once.duckdb")
	if _, errs, code := agenttrace(t, home, "overview", "--db", undisturbed, "--home", home); code != 0 {
		t.Fatal(errs)
	}
	var parts []string
	for _, name := range []string{"sessions_v1", "model_call_costs_v1", "tool_calls_v1", "session_metrics_v1", "anomalies_v1", "session_health_v2", "raw.problems"} {
		parts = append(parts, "SELECT '"+name+" ' || to_json(r)::VARCHAR FROM (SELECT COLUMNS(c -> c NOT IN ('source_id', 'main_source_id', 'machine_id')) FROM "+name+") AS r")
	}
	query := strings.Join(parts, " UNION ALL ")
	same(t, "totals", ask(t, db, query), ask(t, undisturbed, query))
}
