// Package hermes reads the sessions of Hermes Agent: its databases, and the transcript files of older
// versions, JSON Lines as its gateway wrote them, and the documents that its command line saved.
//
// The files have no usage and no costs, and their times are local to the machine that wrote them. A
// session may be in both forms, and a branch copies messages: so a message is known by what it says
// and when.
package hermes

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// agent is the word in the column agent and in every id.
const agent = "hermes"

// version is raised when the same file would yield other rows.
const version = 1

// Parser reads Hermes' transcripts.
type Parser struct {
	// Zone is where the transcripts were written, as they hold local times; nil is this machine's.
	Zone *time.Location
}

var _ ingest.Parser = Parser{}

// Format describes Hermes Agent.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: agent, Title: "Hermes Agent", Version: version, StoreKind: "jsonl", Roots: roots}
}

func roots(env ingest.Env) []ingest.Root {
	var homes []ingest.Root
	if dir := env.Getenv("HERMES_HOME"); filepath.IsAbs(dir) {
		homes = append(homes, ingest.Root{Path: dir, Why: "HERMES_HOME"})
	} else {
		suffix := env.Getenv("HERMES_DATA_DIR_SUFFIX")
		if strings.ContainsAny(suffix, `/\`) {
			suffix = ""
		}
		if dir := env.Getenv("LOCALAPPDATA"); filepath.IsAbs(dir) {
			homes = append(homes, ingest.Root{Path: filepath.Join(dir, "hermes"+suffix), Why: "LOCALAPPDATA"})
		}
		if env.Home != "" {
			homes = append(homes, ingest.Root{Path: filepath.Join(env.Home, ".hermes"+suffix), Why: "default"})
		}
	}
	for i := range homes {
		homes[i].Want, homes[i].Skip = wanted, skipped
	}
	return homes
}

// wanted picks databases and transcripts of the home and of its profiles.
func wanted(rel string) bool {
	if strings.HasSuffix(rel, "state.db") {
		parts := strings.Split(rel, "/")
		return rel == "state.db" || len(parts) == 3 && parts[0] == "profiles" && parts[2] == "state.db"
	}
	if !strings.HasSuffix(rel, ".json") && !strings.HasSuffix(rel, ".jsonl") {
		return false
	}
	parts := strings.Split(rel, "/")
	return len(parts) == 2 && parts[0] == "sessions" || len(parts) == 4 && parts[0] == "profiles" && parts[2] == "sessions"
}

func skipped(rel string) bool {
	parts := strings.Split(rel, "/")
	switch len(parts) {
	case 1:
		return parts[0] != "sessions" && parts[0] != "profiles"
	case 2:
		return parts[0] != "profiles" || parts[1] == ".deleted"
	}
	return parts[2] != "sessions"
}

// Capabilities says what databases and transcripts can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "yes", Note: "of the session"},
		{Field: "usage", Available: "partial", Note: "databases, per session and model"},
		{Field: "cache_read", Available: "partial", Note: "as usage"},
		{Field: "cache_write", Available: "partial", Note: "as usage"},
		{Field: "reasoning", Available: "partial", Note: "as usage"},
		{Field: "cost", Available: "partial", Note: "as usage"},
		{Field: "times", Available: "yes", Note: "transcripts: local time of the machine"},
		{Field: "tool_calls", Available: "yes"},
		{Field: "tool_status", Available: "partial", Note: "where the result says so"},
		{Field: "tool_args", Available: "yes"},
		{Field: "tool_durations", Available: "partial", Note: "between request and result"},
		{Field: "texts", Available: "yes"},
		{Field: "thinking", Available: "yes"},
		{Field: "workspace", Available: "partial", Note: "newer databases"},
		{Field: "git_branch", Available: "partial", Note: "newer databases"},
		{Field: "sub_agents", Available: "partial", Note: "databases"},
		{Field: "compactions", Available: "yes"},
		{Field: "api_errors", Available: "no"},
		{Field: "approvals", Available: "no"},
		{Field: "agent_version", Available: "no"},
		{Field: "finish_reason", Available: "yes"},
	}
}

// Match recognises a transcript: lines of which the first describes the session, or a document with the
// messages of one.
func (Parser) Match(path string, head []byte) ingest.Match {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	var s jscan.Scanner
	s.Reset(head)
	if s.Kind() != jscan.Object {
		return ingest.Match{}
	}
	var meta, typed, began, updated, platform, messages bool
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "role":
			meta = string(s.Text().Raw) == "session_meta"
		case "type":
			typed = true
			s.Skip()
		case "session_start":
			began = s.Kind() == jscan.String
			s.Skip()
		case "last_updated":
			updated = s.Kind() == jscan.String
			s.Skip()
		case "platform":
			platform = true
			s.Skip()
		case "messages":
			messages = s.Kind() == jscan.Array
			s.Skip()
		default:
			s.Skip()
		}
	}
	switch {
	case meta && !typed:
		return ingest.Match{Verdict: ingest.Sure}
	case began && messages && (updated || s.Bad()) && platform:
		return ingest.Match{Verdict: ingest.Sure}
	case began && messages && updated:
		return ingest.Match{Verdict: ingest.Weak}
	}
	return ingest.Match{}
}

func actOf(name string) rows.Act {
	switch name {
	case "terminal":
		return rows.ShellAct
	case "process":
		return rows.PollAct
	case "read_file":
		return rows.ReadAct
	case "write_file":
		return rows.WriteAct
	case "patch":
		return rows.EditAct
	case "delegate_task":
		return rows.TaskAct
	}
	return rows.OtherAct
}

// Parse reads one transcript.
func (ps Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	p := &parser{src: src, log: rows.New(agent, src, emit), zone: ps.Zone}
	if p.zone == nil {
		p.zone = time.Local
	}
	var err error
	whole := true
	if strings.HasSuffix(src.Path, ".json") {
		err = p.document()
	} else {
		whole, err = p.log.Lines(ctx, func(line []byte, no int64, hash schema.ID) bool { return p.line(line, no) })
	}
	if p.ses != nil {
		p.ses.Row.IsComplete = schema.Known(whole && err == nil)
	}
	if closed := p.log.Close(); closed != nil {
		return closed
	}
	return err
}
