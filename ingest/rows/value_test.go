package rows

import (
	"testing"

	"github.com/agenttrace/agenttrace/schema"
)

func TestJoin(t *testing.T) {
	for _, c := range []struct{ dir, path, want string }{
		{"/home/ana/shop", "a.go", "/home/ana/shop/a.go"},
		{"/home/ana/shop", "./x/../a.go", "/home/ana/shop/a.go"},
		{"/home/ana/shop", "../b/a.go", "/home/ana/b/a.go"},
		{"/home/ana/shop/", "/etc/hosts", "/etc/hosts"},
		{`c:\work`, `src\a.go`, `c:\work\src\a.go`},
		{`c:\work`, `d:\a.go`, `d:\a.go`},
		{"", "a.go", "a.go"},
		{"/home/ana", "", "/home/ana"},
		{"/home/ana", "~/x", "~/x"},
	} {
		if got := Join(c.dir, c.path); got != c.want {
			t.Errorf("Join(%q, %q) = %q, want %q", c.dir, c.path, got, c.want)
		}
	}
}

func TestWithin(t *testing.T) {
	for _, c := range []struct {
		workspace, path string
		want            bool
	}{
		{"/home/ana/shop", "/home/ana/shop/a.go", true},
		{"/home/ana/shop", "/home/ana/shop", true},
		{"/home/ana/shop", "/home/ana/shopping/a.go", false},
		{"/home/ana/shop", "a.go", true},
		{"/home/ana/shop", "../a.go", false},
		{`C:\Work`, `c:/work/a.go`, true},
	} {
		if got := Within(c.workspace, c.path); got != schema.Known(c.want) {
			t.Errorf("Within(%q, %q) = %v", c.workspace, c.path, got)
		}
	}
}

func TestPathOfURI(t *testing.T) {
	for uri, want := range map[string]string{
		"file:///home/ana/my%20shop": "/home/ana/my shop",
		"file:///c%3A/Users/ana":     "c:/Users/ana",
		"/home/ana":                  "/home/ana",
		"file:///a%2":                "/a%2",
		"file:///a%ff":               "/a\uFFFD",
	} {
		if got := PathOfURI(uri); got != want {
			t.Errorf("PathOfURI(%q) = %q, want %q", uri, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text  string
		n     int
		want  string
		whole bool
	}{
		{"abc", 3, "abc", true}, {"abc", 2, "ab", false}, {"aé", 2, "a", false}, {"日本", 5, "日", false}, {"", 0, "", true},
	} {
		if got, whole := Cut([]byte(c.text), c.n); got != c.want || whole != c.whole {
			t.Errorf("Cut(%q, %d) = %q, %v", c.text, c.n, got, whole)
		}
	}
}

func TestMinus(t *testing.T) {
	known := schema.Known[int64]
	for _, c := range []struct {
		all  schema.Int
		part schema.Int
		want schema.Int
		ok   bool
	}{
		{known(10), known(4), known(6), true},
		{known(10), schema.Int{}, known(10), true},
		{schema.Int{}, known(4), schema.Int{}, true},
		{known(3), known(4), known(0), false},
	} {
		if got, ok := Minus(c.all, c.part); got != c.want || ok != c.ok {
			t.Errorf("%v minus %v is %v, %v", c.all, c.part, got, ok)
		}
	}
}

func TestDollars(t *testing.T) {
	for usd, want := range map[float64]schema.Picodollars{
		0.0141: schema.Known(int64(14_100_000_000)), 0: {}, -1: {}, 1e9: {}, 0.000015: schema.Known(int64(15_000_000)),
	} {
		if got := Dollars(usd); got != want {
			t.Errorf("Dollars(%v) = %v, want %v", usd, got, want)
		}
	}
}

func TestErrorType(t *testing.T) {
	for _, c := range []struct {
		status int64
		text   string
		want   string
	}{
		{429, "", "rate_limit"}, {529, "", "overloaded"}, {401, "", "auth"}, {504, "", "timeout"}, {500, "", "server"}, {400, "", "invalid_request"},
		{400, "prompt is too long: 210000 tokens", "context_length"},
		{0, "litellm.RateLimitError: slow down", "rate_limit"}, {0, "AnthropicException - Overloaded", "overloaded"},
		{0, "read ECONNRESET", "network"}, {0, "something odd", "unknown"},
	} {
		status := schema.Int{V: c.status, Valid: c.status != 0}
		if got := ErrorType(status, []byte(c.text)); got != c.want {
			t.Errorf("%d %q: %s, want %s", c.status, c.text, got, c.want)
		}
	}
}

func TestFailure(t *testing.T) {
	for text, want := range map[string]string{
		"ENOENT: no such file": "not_found", "EACCES: permission denied": "permission", "Command timed out": "timeout",
		"missing required parameter path": "bad_args", "boom": "tool_error",
	} {
		if got := Failure([]byte(text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
