package main

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// judged is what a session's logs were made to hold, and what was found in them.
type judged struct {
	loops, hangs, stalls int
}

// injectedTruth reads what the generator put into each session.
func injectedTruth(t *testing.T, dir string) (all map[string]judged, polls int) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "truth.sessions.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all = map[string]judged{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var row struct {
			Session       string
			Hangs, Stalls int
			Loops         []struct{ Kind string }
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		j := all[row.Session]
		j.hangs += row.Hangs
		j.stalls += row.Stalls
		for _, l := range row.Loops {
			if l.Kind == "failing_loop" {
				j.loops++
			} else {
				polls++
			}
		}
		all[row.Session] = j
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all, polls
}

// TestJudgement holds loops, hangs and stalls to what was injected into generated logs: precision and
// recall of at least 0.98 each, and no poll and no pause of the user among them.
func TestJudgement(t *testing.T) {
	size := setting("AGENTTRACE_JUDGE_BYTES", "25M")
	totals := map[string]*tally{}
	for _, seed := range strings.Fields(setting("AGENTTRACE_JUDGE_SEEDS", "1")) {
		t.Run("seed "+seed, func(t *testing.T) {
			dir := t.TempDir()
			corpus(t, dir, "--bytes", size, "--seed", seed)
			db := filepath.Join(t.TempDir(), "judge.duckdb")
			load(t, db, "--home", filepath.Join(dir, "home"))
			judge(t, db, dir, totals)
		})
	}
	// Over all seeds: the generator's own failing commands meet by chance now and then, which is a loop as well.
	for name, n := range totals {
		if n.truth == 0 || n.found == 0 {
			t.Errorf("%s: %d injected, %d found: the test shows nothing", name, n.truth, n.found)
			continue
		}
		precision, recall := float64(n.hit)/float64(n.found), float64(n.hit)/float64(n.truth)
		t.Logf("%s: %d injected, %d found, precision %.3f, recall %.3f", name, n.truth, n.found, precision, recall)
		if precision < 0.98 || recall < 0.98 {
			t.Errorf("%s: precision %.3f, recall %.3f, want 0.98 of both", name, precision, recall)
		}
	}
}

// A tally counts what was injected, what was found, and what was both.
type tally struct{ truth, found, hit int }

func judge(t *testing.T, db, dir string, totals map[string]*tally) {
	want, polls := injectedTruth(t, dir)
	count := func(query string) map[string]int {
		t.Helper()
		out := map[string]int{}
		for _, row := range ask(t, db, query) {
			session, n, ok := strings.Cut(row, ",")
			if !ok {
				continue
			}
			v, err := strconv.Atoi(n)
			if err != nil {
				t.Fatal(err)
			}
			out[session] += v
		}
		return out
	}
	one := func(query string) int {
		t.Helper()
		n, err := strconv.Atoi(ask(t, db, query)[0])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	// Sessions count by what their findings rest on; a call whose duration is only derived counts as well.
	const long = `FROM (SELECT session_id, unnest(call_ids) FROM anomalies_v1 WHERE anomaly IN ('time.tool_hang', 'time.tool_wait'))
		JOIN sessions_v1 AS s USING (session_id)`
	// The generator jumps over midnight between answers, which its truth does not count.
	const midnight = "(g.occurred_at AT TIME ZONE 'UTC')::DATE <> (g.next_at AT TIME ZONE 'UTC')::DATE"
	const stalls = `FROM timeline_gaps_v1 AS g JOIN sessions_v1 AS s USING (session_id)
		WHERE g.owner = 'model' AND g.gap_ms > 300000 AND g.gap_ms <= 3600000`
	kinds := []struct {
		name string
		of   func(judged) int
		got  map[string]int
	}{
		{"failing loops", func(j judged) int { return j.loops },
			count(`SELECT s.native_session_id, count(*) FROM retry_chains_v1 AS r JOIN sessions_v1 AS s USING (session_id) WHERE r.failure_count >= 3 GROUP BY ALL`)},
		{"tool hangs", func(j judged) int { return j.hangs }, count(`SELECT s.native_session_id, count(*) ` + long + ` GROUP BY ALL`)},
		{"model stalls", func(j judged) int { return j.stalls }, count(`SELECT s.native_session_id, count(*) ` + stalls + ` AND NOT ` + midnight + ` GROUP BY ALL`)},
	}
	for _, k := range kinds {
		truth, found, hit := 0, 0, 0
		for _, j := range want {
			truth += k.of(j)
		}
		for session, n := range k.got {
			found += n
			hit += min(n, k.of(want[session]))
		}
		if totals[k.name] == nil {
			totals[k.name] = &tally{}
		}
		n := totals[k.name]
		n.truth, n.found, n.hit = n.truth+truth, n.found+found, n.hit+hit
		t.Logf("%s: %d injected, %d found, %d both", k.name, truth, found, hit)
	}
	// The findings say the same as what they rest on, session by session.
	for rule, query := range map[string]string{
		"'tool.retry_loop'":  `SELECT DISTINCT session_id FROM retry_chains_v1 WHERE failure_count >= 3`,
		"'time.model_stall'": `SELECT DISTINCT g.session_id ` + strings.Replace(stalls, "300000", "120000", 1),
	} {
		if n := one(`SELECT count(*) FROM ((SELECT DISTINCT session_id FROM anomalies_v1 WHERE anomaly IN (` + rule + `)) EXCEPT (` + query + `))`); n > 0 {
			t.Errorf("%s: %d sessions without a reason", rule, n)
		}
		if n := one(`SELECT count(*) FROM ((` + query + `) EXCEPT (SELECT session_id FROM anomalies_v1 WHERE anomaly IN (` + rule + `)))`); n > 0 {
			t.Errorf("%s: %d sessions without the finding", rule, n)
		}
	}
	t.Logf("left out: %d gaps over midnight; %d polling loops injected", one(`SELECT count(*) `+stalls+` AND `+midnight), polls)
	if n := one(`SELECT count(*) FROM (SELECT unnest(call_ids) AS tool_call_id FROM anomalies_v1
		WHERE anomaly IN ('tool.retry_loop', 'tool.exact_repeat', 'time.tool_hang', 'time.tool_wait')) JOIN tool_calls_v1 USING (tool_call_id) WHERE is_polling`); n > 0 {
		t.Errorf("%d polls are called a loop or a hang", n)
	}
	if n := one(`SELECT count(*) FROM tool_calls_v1 WHERE is_polling`); polls > 0 && n < 3*polls {
		t.Errorf("%d polling calls are known as such, of %d polling loops", n, polls)
	}
	// A rejection is the user's, a timeout the command's, and a call without a result neither.
	raw, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var facts truth
	if err := json.Unmarshal(raw, &facts); err != nil {
		t.Fatal(err)
	}
	for name, query := range map[string]string{
		"tool_rejections":   `SELECT count(*) FROM tool_calls_v1 WHERE status = 'denied'`,
		"tool_timeouts":     `SELECT count(*) FROM tool_calls_v1 WHERE error_type = 'timeout'`,
		"interrupted_calls": `SELECT count(*) FROM tool_calls_v1 WHERE status IN ('interrupted', 'no_result')`,
	} {
		if got := one(query); int64(got) != facts.Injected[name] {
			t.Errorf("%s: %d, want %d", name, got, facts.Injected[name])
		}
	}
}
