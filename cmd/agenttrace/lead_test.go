package main

import "testing"

func TestPlural(t *testing.T) {
	cases := []struct {
		n    int64
		one  string
		want string
	}{
		{0, "session", "0 sessions"},
		{1, "session", "1 session"},
		{12345, "model call", "12,345 model calls"},
		{2, "file that is no session", "2 files that are no session"},
		{2, "file that was not read", "2 files that were not read"},
		{2, "file gone since it was read", "2 files gone since they were read"},
		{3, "record of unknown type", "3 records of unknown type"},
		{3, "kind of record that is unknown", "3 kinds of record that are unknown"},
		{2, "model without a price", "2 models without a price"},
		{1, "line that could not be understood", "1 line that could not be understood"},
	}
	for _, c := range cases {
		if got := plural(c.n, c.one); got != c.want {
			t.Errorf("plural(%d, %q) = %q, want %q", c.n, c.one, got, c.want)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"overview", "sessions", "sql", "schema", "show"}
	cases := []struct{ word, want string }{
		{"overveiw", "overview"}, {"Sessions", "sessions"}, {"sesions", "sessions"}, {"sqk", "sql"}, {"foo", ""}, {"", ""},
	}
	for _, c := range cases {
		if got := nearest(c.word, names); got != c.want {
			t.Errorf("nearest(%q) = %q, want %q", c.word, got, c.want)
		}
	}
}
