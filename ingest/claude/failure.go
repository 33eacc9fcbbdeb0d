package claude

import (
	"bytes"
	"unicode/utf8"

	"github.com/agenttrace/agenttrace/schema"
)

func countRunes(b []byte) int { return utf8.RuneCount(b) }

// classify names an error of the provider by the agent's word for it, the HTTP status and the text, in
// this order.
func classify(word string, status schema.Int, text []byte) string {
	switch word {
	case "rate_limit", "rate_limit_error", "billing_error":
		return "rate_limit"
	case "overloaded", "overloaded_error":
		return "overloaded"
	case "authentication_failed", "authentication_error", "permission_error", "oauth_org_not_allowed":
		return "auth"
	case "invalid_request", "invalid_request_error", "model_not_found", "not_found_error", "request_too_large":
		if longContext(text) {
			return "context_length"
		}
		return "invalid_request"
	case "timeout", "timeout_error":
		return "timeout"
	}
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
	case status.V == 413 || longContext(text):
		return "context_length"
	case status.V >= 500:
		return "server"
	case status.V >= 400:
		return "invalid_request"
	}
	switch {
	case word == "server_error" || word == "api_error":
		return "server"
	case has(text, "usage limit reached", "hit your limit", "rate_limit", "rate limit"):
		return "rate_limit"
	case has(text, "overloaded_error", "Overloaded"):
		return "overloaded"
	case longContext(text):
		return "context_length"
	case has(text, "authentication_error", "Invalid API key", "Please run /login", "OAuth token"):
		return "auth"
	case has(text, "invalid_request_error"):
		return "invalid_request"
	case has(text, "timed out", "timeout", "ETIMEDOUT"):
		return "timeout"
	case has(text, "ECONN", "ENOTFOUND", "EPIPE", "EAI_AGAIN", "Connection error", "fetch failed", "socket hang up", "network"):
		return "network"
	}
	return "unknown"
}

func longContext(text []byte) bool {
	return has(text, "rompt is too long", "context_length", "context window", "exceed context limit")
}

func has(text []byte, words ...string) bool {
	text = text[:min(len(text), 4<<10)]
	for _, w := range words {
		if bytes.Contains(text, []byte(w)) {
			return true
		}
	}
	return false
}

// statusIn reads the status out of "API Error: 529 …".
func statusIn(text []byte) schema.Int {
	rest, ok := bytes.CutPrefix(text, []byte("API Error: "))
	if !ok {
		return schema.Int{}
	}
	n, size := number(rest)
	if size != 3 || n < 100 || n > 599 {
		return schema.Int{}
	}
	return schema.Known(n)
}

// resetIn reads when a plan's limit ends, from the old text "…usage limit reached|<epoch seconds>".
func resetIn(text []byte) schema.Instant {
	_, rest, ok := bytes.Cut(text, []byte("usage limit reached|"))
	if !ok {
		return 0
	}
	n, _ := number(rest)
	return schema.UnixSeconds(float64(n))
}

// number reads the digits at the start of b.
func number(b []byte) (n int64, size int) {
	for size < len(b) && size < 15 && b[size] >= '0' && b[size] <= '9' {
		n = n*10 + int64(b[size]-'0')
		size++
	}
	return n, size
}

// A failure is what the text of a failed call tells.
type failure struct {
	status string // error, denied or interrupted
	class  string
	exit   schema.Int
}

// failed reads the start of the text of a call that ended with is_error.
func failed(text []byte) failure {
	text = text[:min(len(text), 2<<10)]
	text = bytes.TrimPrefix(text, []byte("<tool_use_error>"))
	text = bytes.TrimPrefix(text, []byte("Error: "))
	switch {
	case begins(text, "The user doesn't want to proceed with this tool use", "The user doesn't want to take this action right now",
		"User rejected", "[Request interrupted by user for tool use]"):
		return failure{status: "denied"}
	case begins(text, "[Request interrupted by user", "Request interrupted", "Request was aborted"):
		return failure{status: "interrupted"}
	case begins(text, "Exit code "):
		code, size := number(text[len("Exit code "):])
		if size == 0 {
			break
		}
		f := failure{status: "error", class: "nonzero_exit", exit: schema.Known(code)}
		if rest := text[len("Exit code ")+size:]; begins(rest, "\nCommand timed out after", "\nError: Command timed out") {
			f.class = "timeout"
		}
		return f
	}
	f := failure{status: "error", class: "tool_error"}
	switch {
	case begins(text, "InputValidationError"):
		f.class = "bad_args"
	case begins(text, "Permission to use"), has(text, "haven't granted it yet", "EACCES", "ermission denied", "was blocked. For security"):
		f.class = "permission"
		if begins(text, "Permission to use") {
			f.status, f.class = "denied", ""
		}
	case begins(text, "Command timed out after"):
		f.class = "timeout"
	case begins(text, "No such tool available"):
		f.class = "unknown_tool"
	case begins(text, "String to replace not found", "No changes to make", "File has not been read yet") ||
		begins(text, "Found ") && has(text, "matches of the string to replace"):
		f.class = "bad_args"
	case begins(text, "File does not exist", "Path does not exist", "Directory does not exist", "ENOENT"), has(text, "ENOENT", "No such file or directory"):
		f.class = "not_found"
	case has(text[:min(len(text), 200)], "timed out"):
		f.class = "timeout"
	case has(text, "exceeds maximum allowed tokens"):
		f.class = "bad_args"
	}
	return f
}

func begins(text []byte, words ...string) bool {
	for _, w := range words {
		if len(text) >= len(w) && string(text[:len(w)]) == w {
			return true
		}
	}
	return false
}
