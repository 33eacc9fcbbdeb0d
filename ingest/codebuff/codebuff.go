// Package codebuff reads the chats of Codebuff and of its free edition: a folder for each chat, with
// the messages on the screen in one document and the state of the last run in another.
//
// Most messages have only the time of day, in the zone of the machine; the folder's name has the day.
package codebuff

import (
	"bytes"
	"path/filepath"
	"strings"
	"time"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
)

const agent = "codebuff"

// version is raised when the same file would yield other rows.
const version = 1

// Parser reads chats. Its zero value is ready for use.
type Parser struct {
	// Zone is where the chats were written; nil is this machine's.
	Zone *time.Location
}

var _ ingest.Parser = Parser{}

// Format describes Codebuff.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: agent, Title: "Codebuff", Version: version, StoreKind: "json", Roots: roots}
}

// roots keep the product's first name, on every system.
func roots(env ingest.Env) []ingest.Root {
	var out []ingest.Root
	add := func(dir, why string) {
		if filepath.IsAbs(dir) {
			out = append(out, ingest.Root{Path: filepath.Join(filepath.Clean(dir), "projects"), Why: why, Want: isChat})
		}
	}
	if env.Home != "" {
		for _, name := range []string{"manicode", "manicode-dev", "manicode-staging"} {
			add(filepath.Join(env.Home, ".config", name), "default")
		}
	}
	for _, name := range []string{"CODEBUFF_DATA_DIR", "CODEBUFF_DIR"} {
		for _, dir := range strings.Split(env.Getenv(name), ",") {
			if dir = strings.TrimSpace(dir); dir != "" {
				add(dir, name)
			}
		}
	}
	return out
}

func isChat(rel string) bool {
	name := rel[strings.LastIndexByte(rel, '/')+1:]
	return strings.Contains("/"+rel, "/chats/") && (name == "chat-messages.json" || name == "messages.json")
}

// Match recognises the messages of a chat by their variants.
func (Parser) Match(path string, head []byte) ingest.Match {
	path = strings.ReplaceAll(path, `\`, "/")
	name := path[strings.LastIndexByte(path, '/')+1:]
	head = bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	var s jscan.Scanner
	s.Reset(head)
	switch s.Kind() {
	case jscan.Array:
		s.Array()
		if !s.Elem() {
			if name == "chat-messages.json" && !s.Bad() {
				return ingest.Match{Verdict: ingest.NotSession, Reason: "a chat that was opened and left"}
			}
			return ingest.Match{}
		}
		if isMessage(&s) {
			return ingest.Match{Verdict: ingest.Sure}
		}
	case jscan.Object:
		switch isDocument(&s) {
		case "state":
			return ingest.Match{Verdict: ingest.NotSession, Reason: "state of the last run, read with the chat's messages"}
		case "legacy":
			if _, ok := chatTime(folder(path)); ok {
				return ingest.Match{Verdict: ingest.Sure}
			}
		case "meta":
			if _, ok := chatTime(folder(path)); ok {
				return ingest.Match{Verdict: ingest.NotSession, Reason: "listing data of a chat"}
			}
		}
	}
	return ingest.Match{}
}

func isMessage(s *jscan.Scanner) bool {
	if s.Kind() != jscan.Object {
		return false
	}
	var id, variant bool
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "id":
			id = s.Kind() == jscan.String
			s.Skip()
		case "variant":
			switch string(s.View()) {
			case "ai", "user", "agent", "error":
				variant = true
			}
		default:
			s.Skip()
		}
		if id && variant {
			return true
		}
	}
	return false
}

func isDocument(s *jscan.Scanner) string {
	var id, updated, messages, first, count bool
	for s.Object(); s.Key(); {
		k := s.Kind()
		switch string(s.Name) {
		case "sessionState":
			if k == jscan.Object {
				for s.Object(); s.Key(); s.Skip() {
					if n := string(s.Name); n == "mainAgentState" || n == "fileContext" {
						return "state"
					}
				}
				continue
			}
		case "id":
			id = k == jscan.String
		case "updatedAt":
			updated = true
		case "messages":
			messages = k == jscan.Array
		case "firstPrompt":
			first = true
		case "messageCount":
			count = true
		}
		s.Skip()
	}
	switch {
	case id && messages && (updated || s.Bad()):
		return "legacy"
	case first && count:
		return "meta"
	}
	return ""
}

// folder is the name of the folder that a file is in: the chat's id.
func folder(path string) string {
	parts := strings.Split(path, "/")
	if len(parts) < 2 {
		return ""
	}
	return parts[len(parts)-2]
}

// project is the name of the project's folder, three levels up.
func project(path string) string {
	parts := strings.Split(path, "/")
	if len(parts) < 4 || parts[len(parts)-3] != "chats" {
		return ""
	}
	return parts[len(parts)-4]
}

// chatTime reads a chat's id, its start in UTC with dashes for colons. Some have no fraction, no zone,
// or the day alone.
func chatTime(id string) (t time.Time, ok bool) {
	for _, layout := range []string{"2006-01-02T15-04-05.000Z", "2006-01-02T15-04-05Z", "2006-01-02T15-04-05.000", "2006-01-02T15-04-05", "2006-01-02"} {
		if t, err := time.Parse(layout, id); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// Capabilities lists what a chat can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "partial", Note: "the server chooses it and seldom tells"},
		{Field: "usage", Available: "partial", Note: "where the provider's answer was kept"},
		{Field: "cache_read", Available: "partial", Note: "where the provider's answer was kept"},
		{Field: "cache_write", Available: "partial", Note: "where the provider's answer was kept"},
		{Field: "reasoning", Available: "no"},
		{Field: "cost", Available: "yes", Note: "credits, of a cent each"},
		{Field: "times", Available: "partial", Note: "mostly the time of day alone"},
		{Field: "tool_calls", Available: "yes"},
		{Field: "tool_status", Available: "partial", Note: "exit codes and sub-agents"},
		{Field: "tool_args", Available: "yes"},
		{Field: "tool_durations", Available: "no"},
		{Field: "texts", Available: "yes"},
		{Field: "thinking", Available: "yes"},
		{Field: "workspace", Available: "yes"},
		{Field: "git_branch", Available: "no"},
		{Field: "sub_agents", Available: "yes"},
		{Field: "compactions", Available: "no"},
		{Field: "api_errors", Available: "partial", Note: "those shown"},
		{Field: "approvals", Available: "no"},
		{Field: "agent_version", Available: "no"},
		{Field: "finish_reason", Available: "no"},
	}
}
