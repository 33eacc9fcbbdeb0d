package store

import (
	"context"
	"maps"
	"strings"
	"testing"
)

func TestParseThresholds(t *testing.T) {
	cases := []struct {
		name, text string
		want       Thresholds
		err        string
	}{
		{"empty", "# nothing\n\n", Thresholds{}, ""},
		{"dotted and tables", "time.tool_hang.high = 600 # ten minutes\n[ tool.failure_rate ]\nlow=0.2\nmin_results = 1_0\n",
			Thresholds{"time.tool_hang.high": 600, "tool.failure_rate.low": 0.2, "tool.failure_rate.min_results": 10}, ""},
		{"unknown", "\n\ntime.tool_hang.hgih = 1\n", nil, "limits.toml:3: there is no threshold time.tool_hang.hgih; the nearest is time.tool_hang.high"},
		{"unknown in a table", "[tool.failure_rat]\nlow = 1\n", nil, "limits.toml:2: there is no threshold tool.failure_rat.low"},
		{"no number", "time.tool_hang.high = 10min", nil, "limits.toml:1: time.tool_hang.high: want a number, not 10min"},
		{"not a number", "time.tool_hang.high = nan", nil, "limits.toml:1: time.tool_hang.high: want a number"},
		{"twice", "cost.waste.low = 1\ncost.waste.low = 2", nil, "limits.toml:2: cost.waste.low is given twice"},
		{"no value", "cost.waste.low =", nil, "limits.toml:1: want key = number"},
		{"broken table", "[cost.waste\nlow = 1", nil, "limits.toml:1: want [rule]"},
	}
	for _, c := range cases {
		got, err := ParseThresholds("limits.toml", []byte(c.text))
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, want %s", c.name, err, c.err)
			}
			continue
		}
		if err != nil || !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, %v, want %v", c.name, got, err, c.want)
		}
	}
}

// TestSetThresholds: own limits decide what is found, and taken away again the program's do.
func TestSetThresholds(t *testing.T) {
	ctx := context.Background()
	s, conn := openTest(t, Memory)
	fillRaw(t, conn, 2)
	markStale(t, conn, "true")
	deriveAll(t, conn, 2)
	streaks := func() (n int) {
		t.Helper()
		if err := conn.QueryRowContext(ctx, "SELECT count(*) FROM core.session_findings_v1 WHERE anomaly = 'tool.failure_streak'").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	set := func(own Thresholds, waiting bool) {
		t.Helper()
		if err := s.SetThresholds(ctx, own); err != nil {
			t.Fatal(err)
		}
		if current, err := s.ThresholdsCurrent(ctx, own); !current || err != nil {
			t.Errorf("%v are not current: %v", own, err)
		}
		n, err := Derive(ctx, conn, "findings")
		if (n > 0) != waiting || err != nil {
			t.Errorf("%v: %d sessions were derived anew: %v", own, n, err)
		}
	}
	if n := streaks(); n != 0 {
		t.Fatalf("%d streaks at the usual limit", n)
	}
	set(Thresholds{}, false)
	low := Thresholds{"tool.failure_streak.low": 2}
	if current, _ := s.ThresholdsCurrent(ctx, low); current {
		t.Error("others are current")
	}
	set(low, true)
	if n := streaks(); n != 2 {
		t.Errorf("%d streaks at a limit of 2, want 2", n)
	}
	set(low, false)
	set(nil, true)
	if n := streaks(); n != 0 {
		t.Errorf("%d streaks at the usual limit again", n)
	}
}
