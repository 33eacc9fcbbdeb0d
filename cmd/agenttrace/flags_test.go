package main

import (
	"testing"
	"time"
)

func TestInstant(t *testing.T) {
	zone := time.FixedZone("", 2*3600)
	now := time.Date(2026, 3, 31, 12, 30, 0, 0, zone)
	cases := []struct{ flag, text, want string }{
		{"since", "2026-01-31", "2026-01-31T00:00:00+02:00"},
		{"since", "20260131", "2026-01-31T00:00:00+02:00"},
		{"until", "2026-01-31", "2026-02-01T00:00:00+02:00"}, // the day is inside
		{"until", "2026-01-31 10:00", "2026-01-31T10:00:00+02:00"},
		{"since", "2026-01-31T10:00:00Z", "2026-01-31T12:00:00+02:00"},
		{"since", "24h", "2026-03-30T12:30:00+02:00"},
		{"since", "7d", "2026-03-24T12:30:00+02:00"},
		{"since", "2w", "2026-03-17T12:30:00+02:00"},
		{"since", "3mo", "2025-12-31T12:30:00+02:00"},
		{"since", "today", "2026-03-31T00:00:00+02:00"},
		{"until", "yesterday", "2026-03-31T00:00:00+02:00"},
		{"since", "", ""},
		{"since", "soon", "refused"},
		{"since", "2026-13-01", "refused"},
		{"since", "-7d", "refused"},
		{"since", "999999999999d", "refused"},
	}
	for _, c := range cases {
		at, err := instant(c.flag, c.text, zone, now)
		got := at.In(zone).Format(time.RFC3339)
		if at.IsZero() {
			got = ""
		}
		if err != nil {
			got = "refused"
		}
		if got != c.want {
			t.Errorf("--%s %q = %s, want %s", c.flag, c.text, got, c.want)
		}
	}
}

func TestMemoryLimit(t *testing.T) {
	cases := []struct {
		text string
		want int64
	}{{"", 0}, {"200MB", 200_000_000}, {"1 GiB", 1 << 30}, {"1.5gb", 1_500_000_000}, {"64", 64 << 20}, {"lots", -1}, {"-1MB", -1}}
	for _, c := range cases {
		o := common{memory: c.text}
		got, err := o.memoryLimit()
		if err != nil {
			got = -1
		}
		if got != c.want {
			t.Errorf("--memory %q = %d, want %d", c.text, got, c.want)
		}
	}
}
