package recording

import (
	"testing"

	"github.com/agenttrace/agenttrace/schema"
)

func TestReadReport(t *testing.T) {
	n := func(v int64) schema.Int { return schema.Known(v) }
	for _, c := range []struct {
		text string
		ok   bool
		body string
		exit schema.Int
	}{
		{"Output: 0\nExit Code: 1", true, "0", n(1)},
		{"Output: a\nb\nProcess Group PGID: 7", true, "a\nb", n(0)},
		{"Output: (empty)\nBackground PIDs: 77\nProcess Group PGID: 70", true, "", schema.Int{}},
		{"Output: x\nError: no such thing\nExit Code: 2\nProcess Group PGID: 7", true, "x\nError: no such thing", n(2)},
		{"Output: x", false, "x", schema.Int{}},
		{"Command: ls\nDirectory: (root)\nOutput: a\nError: (none)\nExit Code: 0\nSignal: (none)\nBackground PIDs: (none)\nProcess Group PGID: 9", true, "a", n(0)},
		{"Command: ls\nDirectory: (root)\nOutput: a\nError: (none)\nExit Code: (none)\nSignal: 9\nProcess Group PGID: 9", true, "a", schema.Int{}},
		{"Command: ls\nDirectory: (root)", true, "Command: ls\nDirectory: (root)", schema.Int{}},
		{"plain text\nExit Code: 3", true, "plain text\nExit Code: 3", schema.Int{}},
		{"", true, "", schema.Int{}},
	} {
		got := ReadReport([]byte(c.text), c.ok)
		if string(got.Body) != c.body || got.Exit != c.exit {
			t.Errorf("%q: got %q %+v, want %q %+v", c.text, got.Body, got.Exit, c.body, c.exit)
		}
	}
}

func TestVoice(t *testing.T) {
	for text, want := range map[string]string{
		"fix it":                     "prompt",
		"/help":                      "command",
		"/chat save x":               "command",
		"/usr/bin/env is missing":    "prompt",
		"/etc/hosts":                 "prompt",
		"?help":                      "command",
		"? what is this":             "prompt",
		"/ alone":                    "prompt",
		"Please continue.":           "injected",
		"Please continue. With B.":   "prompt",
		"<session_context>x":         "injected",
		"<state_snapshot>x</state…>": "summary",
	} {
		if got := voice([]byte(text)); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	before, after := numbers([]byte("limit of gemini-2.5-pro reached (compressed from: 120,000 to 9000 tokens)."))
	if before != schema.Known(int64(120000)) || after != schema.Known(int64(9000)) {
		t.Errorf("got %+v %+v", before, after)
	}
	if before, after := numbers([]byte("compressed from 12 tokens")); before.Valid || after.Valid {
		t.Errorf("one number alone: got %+v %+v", before, after)
	}
}

func TestAPIStatus(t *testing.T) {
	for text, want := range map[string]string{
		"[API Error: overloaded (Status: UNAVAILABLE)]":                 "overloaded",
		"[API Error: try later (Status: UNAVAILABLE)]":                  "server",
		"[API Error: Quota exceeded (Status: RESOURCE_EXHAUSTED)]":      "rate_limit",
		"[API Error: x (Status: 503)]":                                  "server",
		"[API Error: x (Status: 429)]":                                  "rate_limit",
		"[API Error: bad field (Status: INVALID_ARGUMENT)]":             "invalid_request",
		"[API Error: The input token count exceeds the context window]": "context_length",
		"[API Error: x]": "unknown",
	} {
		if _, got := apiStatus([]byte(text)); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestServer(t *testing.T) {
	for name, want := range map[string]string{
		"mcp_jira_get_issue": "jira", "mcp__jira__getIssue": "jira", "jira__get": "jira", "read_file": "", "mcp_x": "", "__x": "",
	} {
		if got := Server(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestUsage checks where thoughts and tool tokens go.
func TestUsage(t *testing.T) {
	n := func(v int64) schema.Int { return schema.Known(v) }
	for _, c := range []struct {
		in                      tokens
		uncached, read, out, th int64
	}{
		{tokens{n(8200), n(40), n(6000), n(110), n(0), n(8350)}, 2200, 6000, 150, 110},
		{tokens{n(5000), n(40), n(1000), n(30), n(0), n(5040)}, 4000, 1000, 40, 30},
		{tokens{n(100), n(10), n(0), n(5), n(3), n(118)}, 100, 0, 18, 5},
		{tokens{n(10), n(1), n(20), n(0), n(0), n(11)}, 0, 20, 1, 0},
	} {
		u := c.in.usage()
		if u.UncachedInput.V != c.uncached || u.CacheRead.V != c.read || u.Output.V != c.out || u.Reasoning.V != c.th {
			t.Errorf("%+v: got %+v", c.in, u)
		}
	}
	if u := (tokens{total: n(900)}).usage(); u.UncachedInput.Valid || u.Output.Valid || u.CacheRead.Valid {
		t.Errorf("a total alone: got %+v", u)
	}
}
