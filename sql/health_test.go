package sqlfiles_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// healthSignals are the columns of session_signals that health v2 looks at.
var healthSignals = strings.Fields(`end_state_loss pushback_ratio tool_failure_ratio api_errors_per_100 failure_streak no_result_ratio repeat_ratio
	redundant_read_ratio stalled_cycle_count revert_count rework_ratio waste_ratio verify_loss unread_ratio peak_context_ratio compaction_count
	mid_task_compaction_count cache_miss_ratio stall_ratio model_gap_p95_s`)

// healthOf fills a case with sessions and their signals, and makes the views of health over them.
func healthOf(t *testing.T, signals string) *fixture {
	t.Helper()
	set := definitions(t)
	f := newFixture(t)
	f.exec("BEGIN; USE agenttrace.core")
	t.Cleanup(func() { f.exec("ROLLBACK; USE agenttrace") })
	sessions := "session_id\n"
	for i, line := range strings.Split(strings.TrimSpace(signals), "\n") {
		if i > 0 {
			sessions += strings.SplitN(line, ",", 2)[0] + "\n"
		}
	}
	f.fill("sessions_v1", sessions)
	f.fill("session_signals_v1", signals)
	f.fill("session_findings_v1", "session_id,anomaly\n")
	d := set.Get("health_explanations_v2")
	for _, name := range d.Reads {
		f.provide(name, d)
	}
	f.exec("CREATE TEMP TABLE health_explanations_v2 AS " + d.Body)
	return f
}

// TestHealthVectorsV2 computes the sessions of health-vectors.csv from their signals, to the last digit.
func TestHealthVectorsV2(t *testing.T) {
	vectors := readCSV(t, "health-vectors.csv")
	if len(vectors) != 8 {
		t.Fatalf("%d vectors, want 8", len(vectors))
	}
	signals := "session_id,is_ended_in_error,is_ended_in_loop,verification_state," + strings.Join(healthSignals, ",") + "\n"
	for _, v := range vectors {
		row := []string{v["id"], strconv.FormatBool(v["caps"] == "ended_in_error"), strconv.FormatBool(v["caps"] == "ended_in_loop"), "passed"}
		if v["caps"] == "failed_verification" {
			row[3] = "failed"
		}
		for _, s := range healthSignals {
			row = append(row, v[s])
		}
		signals += strings.Join(row, ",") + "\n"
	}
	f := healthOf(t, signals)
	columns := strings.Fields("outcome reliability efficiency verification context responsiveness coverage base cap_id score score_min score_max band")
	for _, v := range vectors {
		t.Run(v["id"], func(t *testing.T) {
			_, rows := f.query("SELECT " + strings.Join(columns, "::VARCHAR, ") + " FROM session_health_v2 WHERE session_id = " + f.IDs[v["id"]])
			if len(rows) != 1 {
				t.Fatalf("%d rows", len(rows))
			}
			for i, c := range columns {
				got, want := rows[0][i], v[c]
				if c == "cap_id" {
					want = v["cap_applied"]
				}
				if got == "NULL" {
					got = ""
				}
				if n, err := strconv.ParseFloat(got, 64); err == nil {
					got = strconv.FormatFloat(n, 'f', -1, 64)
				}
				if got != want {
					t.Errorf("%s is %q, want %q", c, got, want)
				}
			}
		})
	}
	// The points that the worked examples name.
	for _, want := range [][3]string{
		{"H2", "tool_failure_ratio", "6.09"}, {"H2", "failure_streak", "3.0"}, {"H6", "waste_ratio", "3.6"}, {"H6", "rework_ratio", "1.2"}, {"H6", "redundant_read_ratio", "1.49"},
		{"H7", "failed_verification", "11.8"}, {"H7", "verify_loss", "10.0"}, {"H7", "stalled_cycle_count", "3.2"}, {"H8", "end_state_loss", "12.0"},
		{"H8", "api_errors_per_100", "6.29"}, {"H8", "stall_ratio", "3.73"}, {"H8", "model_gap_p95_s", "1.33"}, {"H8", "ended_in_error", "8.65"},
	} {
		_, rows := f.query(fmt.Sprintf("SELECT points::VARCHAR FROM health_explanations_v2 WHERE session_id = %s AND signal = '%s'", f.IDs[want[0]], want[1]))
		if len(rows) != 1 || rows[0][0] != want[2] {
			t.Errorf("%s: %s took %v, want %s", want[0], want[1], rows, want[2])
		}
	}
}

// TestHealthProperties: over sessions of random signals, known or not, the score lies in its range, a worse
// signal never raises it, and its explanation adds up.
func TestHealthProperties(t *testing.T) {
	const pairs = 1500
	rng := rand.New(rand.NewPCG(2, 7))
	most := []float64{60, 1, 0.6, 20, 12, 0.4, 0.5, 0.6, 9, 6, 1, 0.9, 60, 1, 1.1, 8, 4, 0.9, 0.9, 500}
	var b strings.Builder
	b.WriteString("session_id,is_ended_in_error,is_ended_in_loop,verification_state," + strings.Join(healthSignals, ",") + "\n")
	write := func(id string, flags []string, values []float64) {
		row := append([]string{id}, flags...)
		for _, v := range values {
			text := ""
			if !math.IsNaN(v) {
				text = strconv.FormatFloat(v, 'g', -1, 64)
			}
			row = append(row, text)
		}
		b.WriteString(strings.Join(row, ",") + "\n")
	}
	for i := range pairs {
		flags := []string{strconv.FormatBool(rng.IntN(8) == 0), strconv.FormatBool(rng.IntN(8) == 0), []string{"passed", "failed"}[rng.IntN(2)]}
		unknown := rng.Float64()
		var values []float64
		for j := range healthSignals {
			v := rng.Float64() * most[j]
			switch {
			case rng.Float64() < unknown*0.7:
				v = math.NaN()
			case rng.IntN(3) == 0:
				v = 0
			}
			values = append(values, v)
		}
		write(fmt.Sprintf("a%d", i), flags, values)
		j := rng.IntN(len(values))
		values[j] += rng.Float64() * most[j] // NaN stays NaN: the same signals are known
		write(fmt.Sprintf("b%d", i), flags, values)
	}
	f := healthOf(t, b.String())
	_, rows := f.query(`SELECT h.session_id, h.score::DOUBLE, h.score_min::DOUBLE, h.score_max::DOUBLE, h.coverage,
			least(h.base, coalesce(CASE h.cap_id WHEN 'ended_in_loop' THEN 55 WHEN 'ended_in_error' THEN 60 WHEN 'failed_verification' THEN 75 END, 100)),
			(SELECT coalesce(sum(points), 0) FROM health_explanations_v2 AS e WHERE e.session_id = h.session_id),
			(SELECT count(*) FROM health_explanations_v2 AS e WHERE e.session_id = h.session_id AND e.signal = 'unknown')
		FROM session_health_v2 AS h`)
	got := map[string][]string{}
	for _, r := range rows {
		got[f.Words[r[0]]] = r
	}
	num := func(s string) float64 {
		if s == "NULL" {
			return math.NaN()
		}
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	scored, unscored, worse := 0, 0, 0
	for i := range pairs {
		a, b := got[fmt.Sprintf("a%d", i)], got[fmt.Sprintf("b%d", i)]
		if slices.Contains([]bool{a == nil, b == nil}, true) {
			t.Fatal("a session is missing")
		}
		score, lo, hi, coverage := num(a[1]), num(a[2]), num(a[3]), num(a[4])
		if lo < 0 || hi > 100 || lo > hi {
			t.Errorf("a%d: range %g to %g", i, lo, hi)
		}
		if math.IsNaN(score) {
			unscored++
			continue
		}
		scored++
		if coverage < 0.5 {
			t.Errorf("a%d: scored with a coverage of %g", i, coverage)
		}
		if score < lo-1 || score > hi+1 {
			t.Errorf("a%d: score %g outside %g to %g", i, score, lo, hi)
		}
		if after := num(b[1]); after > score {
			t.Errorf("a%d: a worse signal raised the score from %g to %g", i, score, after)
		} else if after < score {
			worse++
		}
		// Twenty rows, each rounded to two digits.
		if lost, want := num(a[6]), 100-num(a[5]); math.Abs(lost-want) > 0.15 {
			t.Errorf("a%d: the explanation takes %.3f, the score lost %.3f", i, lost, want)
		}
	}
	if scored < pairs/2 || unscored < pairs/20 || worse < pairs/10 {
		t.Errorf("%d scored, %d unscored, %d fell: the test shows little", scored, unscored, worse)
	}
}
