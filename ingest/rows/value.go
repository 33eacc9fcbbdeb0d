package rows

import (
	"bytes"
	"math"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// Count takes a number that cannot be negative; anything else is unknown.
func Count(s *jscan.Scanner) schema.Int {
	n, ok := s.Int()
	if !ok || n < 0 {
		return schema.Int{}
	}
	return schema.Known(n)
}

// Dollars is money as agents write it. Zero says nothing: agents write it for what they cannot price.
func Dollars(usd float64) schema.Picodollars {
	if !(usd > 0 && usd < 1e6) {
		return schema.Picodollars{}
	}
	return schema.Known(int64(math.Round(usd * 1e12)))
}

// Money takes a number of dollars.
func Money(s *jscan.Scanner) schema.Picodollars {
	usd, ok := s.Float()
	if !ok {
		return schema.Picodollars{}
	}
	return Dollars(usd)
}

// Minus is what remains of a counter that includes others. It is unknown if the counter is, and ok is
// false if the others are more than all.
func Minus(all schema.Int, parts ...schema.Int) (rest schema.Int, ok bool) {
	if !all.Valid {
		return all, true
	}
	for _, p := range parts {
		all.V -= p.V
	}
	if all.V < 0 {
		return schema.Known(int64(0)), false
	}
	return all, true
}

// Join makes a path absolute below dir.
func Join(dir, path string) string {
	switch {
	case path == "":
		return dir
	case dir == "" || IsAbs(path):
		return clean(path)
	}
	sep := "/"
	if !strings.Contains(dir, "/") && strings.Contains(dir, `\`) {
		sep = `\`
	}
	return clean(strings.TrimRight(dir, `/\`) + sep + path)
}

// IsAbs reports whether a path of any system is absolute.
func IsAbs(path string) bool {
	return path != "" && (path[0] == '/' || path[0] == '\\' || path[0] == '~') ||
		len(path) > 2 && path[1] == ':' && (path[2] == '\\' || path[2] == '/')
}

// clean takes out "." and ".." elements and leaves separators as they are.
func clean(path string) string {
	if !strings.Contains(path, "./") && !strings.Contains(path, `.\`) && !strings.HasSuffix(path, "/..") && !strings.HasSuffix(path, "/.") {
		return path
	}
	sep := "/"
	if !strings.Contains(path, "/") {
		sep = `\`
	}
	var out []string
	for i, part := range strings.Split(path, sep) {
		switch {
		case part == "." || part == "" && i > 0:
		case part == ".." && len(out) > 0 && out[len(out)-1] != "" && out[len(out)-1] != "..":
			out = out[:len(out)-1]
		default:
			out = append(out, part)
		}
	}
	return strings.Join(out, sep)
}

// Within reports whether a path lies in a workspace. Windows folds case.
func Within(workspace, path string) schema.Bool {
	if !IsAbs(path) {
		return schema.Known(!strings.HasPrefix(path, "../"))
	}
	w, p := strings.ReplaceAll(workspace, `\`, "/"), strings.ReplaceAll(path, `\`, "/")
	if len(w) > 1 && w[1] == ':' {
		w, p = strings.ToLower(w), strings.ToLower(p)
	}
	rest, ok := strings.CutPrefix(p, strings.TrimSuffix(w, "/"))
	return schema.Known(ok && (rest == "" || rest[0] == '/'))
}

// PathOfURI turns a file URI into a path; what is no file URI comes back as it is.
func PathOfURI(uri string) string {
	rest, ok := strings.CutPrefix(uri, "file://")
	if !ok {
		return uri
	}
	rest = unescape(rest)
	// file:///c:/x is a path of Windows.
	if len(rest) > 3 && rest[0] == '/' && rest[2] == ':' {
		return rest[1:]
	}
	return rest
}

func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := hex(s[i+1]), hex(s[i+2])
			if hi >= 0 && lo >= 0 {
				b = append(b, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// ErrorType names a failure of a model's provider by its HTTP status and its text.
func ErrorType(status schema.Int, text []byte) string {
	text = bytes.ToLower(text[:min(len(text), 4<<10)])
	switch {
	case !status.Valid:
	case status.V == 429:
		return "rate_limit"
	case status.V == 529:
		return "overloaded"
	case status.V == 401 || status.V == 403:
		return "auth"
	case status.V == 408 || status.V == 504:
		return "timeout"
	case status.V == 413 || tooLong(text):
		return "context_length"
	case status.V >= 500:
		return "server"
	case status.V >= 400:
		return "invalid_request"
	}
	switch {
	case tooLong(text):
		return "context_length"
	case has(text, "rate limit", "rate_limit", "ratelimit", "too many requests", "quota", "usage limit", "credit balance"):
		return "rate_limit"
	case has(text, "overloaded", "at capacity"):
		return "overloaded"
	case has(text, "unauthorized", "authentication", "api key", "api_key", "permission_denied", "forbidden"):
		return "auth"
	case has(text, "timed out", "timeout"):
		return "timeout"
	case has(text, "econn", "enotfound", "socket hang up", "fetch failed", "connection error", "connection reset", "network", "apiconnectionerror"):
		return "network"
	case has(text, "internal server error", "bad gateway", "service unavailable", "serviceunavailable", "internalservererror"):
		return "server"
	case has(text, "invalid_request", "badrequest", "bad request", "not found", "notfounderror"):
		return "invalid_request"
	}
	return "unknown"
}

func tooLong(text []byte) bool {
	return has(text, "prompt is too long", "context length", "context_length", "context window", "contextwindow", "token limit")
}

// has looks for words in a text; both are in lower case.
func has(text []byte, words ...string) bool {
	for _, w := range words {
		if bytes.Contains(text, []byte(w)) {
			return true
		}
	}
	return false
}

// Failure classes the text of a tool call that failed.
func Failure(text []byte) string {
	text = bytes.ToLower(text[:min(len(text), 2<<10)])
	switch {
	case has(text, "timed out", "timeout"):
		return "timeout"
	case has(text, "enoent", "no such file", "does not exist", "file not found", "not found"):
		return "not_found"
	case has(text, "eacces", "permission denied", "not allowed", "access denied", "blocked by"):
		return "permission"
	case has(text, "unknown tool", "no such tool"):
		return "unknown_tool"
	case has(text, "missing required", "missing value for required", "invalid argument", "invalid parameter", "required parameter",
		"failed to match", "did not match", "no match", "old_string", "search block", "invalid input"):
		return "bad_args"
	}
	return "tool_error"
}
