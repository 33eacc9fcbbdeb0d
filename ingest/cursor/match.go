package cursor

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
)

// Match recognises transcripts by lines of role and message alone, and captured output by an opening
// line without the list of tools that another agent has there, or by its form of tool calls.
func (Parser) Match(path string, head []byte) ingest.Match {
	path = strings.ReplaceAll(path, `\`, "/")
	home := strings.Contains(path, "/agent-transcripts/")
	if strings.HasSuffix(path, ".txt") {
		return matchText(home, head)
	}
	rest := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	if isUsageTable(rest) {
		return ingest.Match{Verdict: ingest.NotSession, Reason: usageExport}
	}
	for n := 0; n < 100 && len(rest) > 0; n++ {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte{'\n'})
		if line = bytes.TrimSpace(line); len(line) == 0 {
			n--
			continue
		}
		switch kindOf(line) {
		case kindTranscript:
			if home {
				return ingest.Match{Verdict: ingest.Sure}
			}
			return ingest.Match{Verdict: ingest.Weak}
		case kindStream:
			return ingest.Match{Verdict: ingest.Sure}
		case kindResult:
			return ingest.Match{Verdict: ingest.Weak}
		case kindNone:
			if n == 0 {
				return ingest.Match{}
			}
		}
	}
	return ingest.Match{}
}

// usageExport says why the account's usage is not read: it would come on top of what logs state of the same
// requests, and there is nothing to tell which these are.
const usageExport = "usage of an account, which names no conversation"

// isUsageTable knows the usage that the dashboard exports, by the names of its columns.
func isUsageTable(head []byte) bool {
	line, _, _ := bytes.Cut(head, []byte{'\n'})
	return bytes.HasPrefix(bytes.TrimPrefix(line, []byte{'"'}), []byte("Date")) && bytes.Contains(line, []byte("Input (w/ Cache Write)"))
}

// Kinds of line.
const (
	kindNone = iota
	kindOpen // may begin captured output of this agent
	kindTranscript
	kindStream
	kindResult
)

func kindOf(line []byte) int {
	var typ, subtype, role jscan.Text
	var session, message, foreign, mode, tools, call, durations, request bool
	var s jscan.Scanner
	s.Reset(line)
	if s.Kind() != jscan.Object {
		return kindNone
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "type":
			typ = s.Text()
		case "subtype":
			subtype = s.Text()
		case "role":
			role = s.Text()
		case "session_id":
			session = true
			s.Skip()
		case "message":
			if s.Kind() == jscan.Object {
				message = hasContent(&s)
			} else {
				s.Skip()
			}
		case "uuid", "timestamp", "sessionId", "parentUuid", "num_turns", "total_cost_usd":
			foreign = true
			s.Skip()
		case "permissionMode":
			mode = true
			s.Skip()
		case "tools", "mcp_servers":
			tools = true
			s.Skip()
		case "call_id":
			call = true
			s.Skip()
		case "tool_call":
			call = call && s.Kind() == jscan.Object
			s.Skip()
		case "duration_api_ms":
			durations = true
			s.Skip()
		case "request_id":
			request = true
			s.Skip()
		default:
			s.Skip()
		}
	}
	word := string(typ.Raw)
	switch {
	case foreign:
		return kindNone
	case !typ.Present && message && (string(role.Raw) == "user" || string(role.Raw) == "assistant"):
		return kindTranscript
	case !session:
		if word == "error" {
			return kindOpen
		}
		return kindNone
	case word == "system" && string(subtype.Raw) == "init" && mode && !tools:
		return kindStream
	case word == "tool_call" && call:
		return kindStream
	case word == "result" && durations && request:
		return kindResult
	case word == "user", word == "assistant", word == "thinking", word == "interaction_query":
		return kindOpen
	}
	return kindNone
}

// hasContent takes a message and reports whether it has a content.
func hasContent(s *jscan.Scanner) (found bool) {
	for s.Object(); s.Key(); {
		if string(s.Name) == "content" {
			found = true
		}
		s.Skip()
	}
	return found || s.Bad() // it is cut
}

// matchText recognises the text form by its headings.
func matchText(home bool, head []byte) ingest.Match {
	user, assistant := false, false
	for n, line := range bytes.Split(head, []byte{'\n'}) {
		switch string(bytes.TrimRight(line, " \r")) {
		case "user:":
			user = user || n < 20
		case "assistant:", "A:":
			assistant = true
		}
	}
	switch {
	case user && home:
		return ingest.Match{Verdict: ingest.Sure}
	case user && assistant:
		return ingest.Match{Verdict: ingest.Weak}
	}
	return ingest.Match{}
}
