// Package amp reads the threads that Amp kept on disk until spring 2026: one JSON document per thread,
// rewritten whole at every change. Newer threads stay on Amp's server, so few files do not mean little
// use.
//
// Messages have no instants. Only the usage of a response is dated, and the thread itself: nothing
// between is made up.
package amp

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
)

// agent is the word in the column agent and in every id.
const agent = "amp"

// version is raised when the same file would yield other rows.
const version = 1

// Parser reads Amp's threads. Its zero value is ready for use.
type Parser struct{}

var _ ingest.Parser = Parser{}

// Format describes Amp.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: agent, Title: "Amp", Version: version, StoreKind: "json", Roots: roots}
}

func roots(env ingest.Env) []ingest.Root {
	data, why := filepath.Join(env.Home, ".local", "share"), "default"
	if dir := env.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		data, why = dir, "XDG_DATA_HOME"
	}
	if !filepath.IsAbs(data) {
		return nil
	}
	return []ingest.Root{{Path: filepath.Join(data, "amp", "threads"), Why: why, Want: func(rel string) bool {
		return strings.HasSuffix(rel, ".json")
	}}}
}

// Capabilities says what the threads can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "yes"},
		{Field: "usage", Available: "yes", Note: "threads up to spring 2026; newer ones are on the server"},
		{Field: "cache_read", Available: "yes"},
		{Field: "cache_write", Available: "yes"},
		{Field: "reasoning", Available: "no"},
		{Field: "cost", Available: "no", Note: "credits only"},
		{Field: "times", Available: "partial", Note: "start of the thread and of each response"},
		{Field: "tool_calls", Available: "yes"},
		{Field: "tool_status", Available: "partial", Note: "not in one of the two forms of results"},
		{Field: "tool_args", Available: "yes"},
		{Field: "tool_durations", Available: "no"},
		{Field: "texts", Available: "yes"},
		{Field: "thinking", Available: "yes"},
		{Field: "workspace", Available: "yes"},
		{Field: "git_branch", Available: "no"},
		{Field: "sub_agents", Available: "no", Note: "a tool call each; what they did inside is not kept"},
		{Field: "compactions", Available: "no"},
		{Field: "api_errors", Available: "no"},
		{Field: "approvals", Available: "partial", Note: "refusals"},
		{Field: "agent_version", Available: "no"},
		{Field: "finish_reason", Available: "no"},
	}
}

// Match recognises a thread by the keys of the document: their order is not promised, and a long thread
// may be cut before the last.
func (Parser) Match(path string, head []byte) ingest.Match {
	path = strings.ReplaceAll(path, `\`, "/")
	base := path[strings.LastIndexByte(path, '/')+1:]
	if strings.Contains(path, "/amp/") {
		switch base {
		case "history.jsonl":
			return ingest.Match{Verdict: ingest.NotSession, Reason: "typed prompts, not a thread"}
		case "device-id.json":
			return ingest.Match{Verdict: ingest.NotSession, Reason: "id of the installation, not a thread"}
		}
	}
	var s jscan.Scanner
	s.Reset(head)
	if s.Kind() != jscan.Object {
		return ingest.Match{}
	}
	var id, messages, mark bool
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "id":
			id = strings.HasPrefix(s.Str(), "T-")
		case "messages":
			messages = s.Kind() == jscan.Array
			s.Skip()
		case "v", "created":
			mark = mark || s.Kind() == jscan.Number
			s.Skip()
		case "env", "usageLedger":
			mark = mark || s.Kind() == jscan.Object
			s.Skip()
		default:
			s.Skip()
		}
	}
	named := strings.HasPrefix(base, "T-") && strings.HasSuffix(base, ".json")
	switch {
	case messages && mark && (id || named && s.Bad()):
		return ingest.Match{Verdict: ingest.Sure}
	case messages && id:
		return ingest.Match{Verdict: ingest.Weak}
	case id && mark && named && !s.Bad():
		return ingest.Match{Verdict: ingest.NotSession, Reason: "a stub: the thread is on the server"}
	}
	return ingest.Match{}
}

func actOf(name string) rows.Act {
	switch name {
	case "Bash":
		return rows.ShellAct
	case "Read":
		return rows.ReadAct
	case "edit_file", "apply_patch", "undo_edit":
		return rows.EditAct
	case "create_file":
		return rows.WriteAct
	case "Task", "oracle", "librarian", "finder":
		return rows.TaskAct
	}
	return rows.OtherAct
}

// Parse reads one thread.
func (Parser) Parse(_ context.Context, src *ingest.Source, emit ingest.Emit) error {
	p := &parser{src: src, log: rows.New(agent, src, emit)}
	doc, err := p.log.Document()
	if err != nil {
		return err
	}
	p.thread(doc)
	return p.log.Close()
}
