// Package iflow reads the session logs of iFlow CLI. Their records have the envelope of Claude Code's,
// their tools and results are those of Gemini CLI.
package iflow

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
)

// Agent is this format's word in the column agent.
const Agent = "iflow"

// version is raised when the same file would yield other rows.
const version = 1

// Parser reads iFlow CLI's logs. The zero value is ready for use.
type Parser struct{}

var _ ingest.Parser = Parser{}

// Format describes the agent.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: Agent, Title: "iFlow CLI", Version: version, StoreKind: "jsonl", Roots: roots}
}

// Parse reads one log.
func (Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	r := newReader(src, emit)
	whole, err := r.l.Lines(ctx, r.take)
	if err != nil {
		return err
	}
	return r.finish(whole)
}

func roots(env ingest.Env) []ingest.Root {
	return []ingest.Root{{Path: filepath.Join(env.Home, ".iflow", "projects"), Why: "default", Want: func(rel string) bool {
		base := rel[strings.LastIndexByte(rel, '/')+1:]
		return strings.HasPrefix(base, "session-") && strings.HasSuffix(base, ".jsonl")
	}}}
}

// looked is how many lines of a head are looked at.
const looked = 20

// Match tells these logs from Claude Code's by the forms of their ids.
func (Parser) Match(path string, head []byte) ingest.Match {
	own := strings.Contains(strings.ReplaceAll(path, `\`, "/"), "/.iflow/")
	if own && len(bytes.TrimSpace(head)) == 0 && strings.HasSuffix(path, ".jsonl") {
		return ingest.Match{Verdict: ingest.NotSession, Reason: "the file is empty"}
	}
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	for n := 0; n < looked && len(head) > 0; n++ {
		line, rest, _ := bytes.Cut(head, []byte{'\n'})
		head = rest
		if isRecord(line) {
			return ingest.Match{Verdict: ingest.Sure}
		}
	}
	return ingest.Match{}
}

func isRecord(line []byte) bool {
	var s jscan.Scanner
	s.Reset(line)
	if s.Kind() != jscan.Object {
		return false
	}
	var typ, session, id []byte
	var uuid, parent, external, parts bool
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "type":
			typ = s.View()
			continue
		case "sessionId":
			session = s.View()
			continue
		case "uuid":
			uuid = s.Kind() == jscan.String
		case "parentUuid":
			parent = true
		case "userType", "isSidechain":
			external = true
		case "message":
			if s.Kind() != jscan.Object {
				break
			}
			for s.Object(); s.Key(); {
				switch string(s.Name) {
				case "id":
					id = s.View()
				case "parts":
					parts = true
					s.Skip()
				default:
					s.Skip()
				}
			}
			continue
		}
		s.Skip()
	}
	if parts || !uuid || !parent || !external || string(typ) != "user" && string(typ) != "assistant" {
		return false
	}
	return bytes.HasPrefix(session, []byte("session-")) || bytes.HasPrefix(id, []byte("response-"))
}

// Capabilities says what the logs can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "yes"},
		{Field: "usage", Available: "partial", Note: "mostly a constant zero, which is unknown"},
		{Field: "cache_read", Available: "no"},
		{Field: "cache_write", Available: "no"},
		{Field: "reasoning", Available: "no"},
		{Field: "cost", Available: "no"},
		{Field: "times", Available: "yes"},
		{Field: "tool_calls", Available: "yes"},
		{Field: "tool_status", Available: "yes", Note: "exit codes from the text"},
		{Field: "tool_args", Available: "yes"},
		{Field: "tool_durations", Available: "yes", Note: "derived"},
		{Field: "texts", Available: "yes"},
		{Field: "thinking", Available: "no"},
		{Field: "workspace", Available: "yes"},
		{Field: "git_branch", Available: "partial"},
		{Field: "sub_agents", Available: "no", Note: "their calls, not their work"},
		{Field: "compactions", Available: "partial"},
		{Field: "api_errors", Available: "no"},
		{Field: "approvals", Available: "partial", Note: "refusals"},
		{Field: "agent_version", Available: "yes"},
		{Field: "finish_reason", Available: "no"},
	}
}
