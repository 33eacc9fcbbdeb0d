// Package continuedev reads the sessions of Continue, which its editor extension and its command line
// keep in one folder in one form: a document with the whole history. It holds no instants; the list of
// sessions has the start, and the extension's event log the rest, where it is beside.
package continuedev

import (
	"bytes"
	"path/filepath"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
)

const agent = "continue"

// version is raised when the same file would yield other rows.
const version = 1

// Parser reads Continue's sessions. Its zero value is ready for use.
type Parser struct{}

var _ ingest.Parser = Parser{}

// Format describes Continue.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: agent, Title: "Continue", Version: version, StoreKind: "json", Roots: roots}
}

func roots(env ingest.Env) []ingest.Root {
	dir, why := "", "default"
	if env.Home != "" {
		dir = filepath.Join(env.Home, ".continue")
	}
	if d := env.Getenv("CONTINUE_GLOBAL_DIR"); d != "" {
		if !filepath.IsAbs(d) && env.Getenv("PWD") != "" {
			d = filepath.Join(env.Getenv("PWD"), d)
		}
		dir, why = d, "CONTINUE_GLOBAL_DIR"
	}
	if !filepath.IsAbs(dir) {
		return nil
	}
	want := func(rel string) bool { return strings.HasSuffix(rel, ".json") && rel != "sessions.json" }
	return []ingest.Root{{Path: filepath.Join(dir, "sessions"), Why: why, Want: want}}
}

// Match recognises a session by its keys.
func (Parser) Match(path string, head []byte) ingest.Match {
	head = bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	if len(head) == 0 {
		return ingest.Match{}
	}
	var s jscan.Scanner
	s.Reset(head)
	switch s.Kind() {
	case jscan.Array:
		if isList(&s) {
			return ingest.Match{Verdict: ingest.NotSession, Reason: "list of sessions, read with each of them"}
		}
	case jscan.Object:
		if isSession(&s) {
			return ingest.Match{Verdict: ingest.Sure}
		}
		line, _, _ := bytes.Cut(head, []byte{'\n'})
		s.Reset(line)
		if isDevData(&s) {
			return ingest.Match{Verdict: ingest.NotSession, Reason: "event log with estimates of tokens, read for the instants of sessions"}
		}
	}
	return ingest.Match{}
}

func isSession(s *jscan.Scanner) bool {
	var id, title, workspace bool
	for s.Object(); s.Key(); {
		switch k := s.Kind(); string(s.Name) {
		case "sessionId":
			id = k == jscan.String
		case "title":
			title = k == jscan.String
		case "workspaceDirectory":
			workspace = k == jscan.String
		case "history":
			if k == jscan.Array && id && title && workspace {
				return isHistory(s)
			}
		}
		s.Skip()
	}
	return false
}

// isHistory looks at the first item: a message in an envelope. An empty history is one too.
func isHistory(s *jscan.Scanner) bool {
	s.Array()
	if !s.Elem() {
		return !s.Bad()
	}
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		if string(s.Name) == "message" {
			return s.Kind() == jscan.Object
		}
		s.Skip()
	}
	return false
}

func isList(s *jscan.Scanner) bool {
	s.Array()
	if !s.Elem() || s.Kind() != jscan.Object {
		return false
	}
	n := 0
	for s.Object(); s.Key(); s.Skip() {
		switch string(s.Name) {
		case "sessionId", "session_id", "title", "dateCreated", "workspaceDirectory":
			n++
		}
	}
	return n == 4
}

func isDevData(s *jscan.Scanner) bool {
	n := 0
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "eventName", "schema", "timestamp":
			n++
			s.Skip()
		case "userAgent":
			if bytes.Contains(s.View(), []byte("(Continue/")) {
				n++
			}
		default:
			s.Skip()
		}
	}
	return n == 4
}

// Capabilities lists what Continue's sessions can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "partial", Note: "from the event log, where it is beside"},
		{Field: "usage", Available: "partial", Note: "command line only"},
		{Field: "cache_read", Available: "partial", Note: "command line only"},
		{Field: "cache_write", Available: "partial", Note: "command line only"},
		{Field: "reasoning", Available: "no"},
		{Field: "cost", Available: "partial", Note: "command line: its own estimate for a session"},
		{Field: "times", Available: "partial", Note: "start of a session; more from the event log"},
		{Field: "tool_calls", Available: "yes"},
		{Field: "tool_status", Available: "yes"},
		{Field: "tool_args", Available: "yes"},
		{Field: "tool_durations", Available: "partial", Note: "from the event log"},
		{Field: "texts", Available: "yes"},
		{Field: "thinking", Available: "yes"},
		{Field: "workspace", Available: "yes"},
		{Field: "git_branch", Available: "no"},
		{Field: "sub_agents", Available: "no"},
		{Field: "compactions", Available: "yes"},
		{Field: "api_errors", Available: "no"},
		{Field: "approvals", Available: "partial", Note: "from the event log"},
		{Field: "agent_version", Available: "partial", Note: "from the event log"},
		{Field: "finish_reason", Available: "no"},
	}
}
