// Package grok reads the sessions of Grok Build, the command line of xAI: a folder per session, whose
// stream of updates is the authoritative log. Of sessions that have none, the chat history is read,
// which knows neither instants nor usage. What the other files of the folder say of the session is read
// with it.
//
// A stream may repeat what another session did: forks copy it, and the usage of a turn contains that of
// the sub-agents it started. So usage is known by its prompt, and a sub-agent's own is not counted.
package grok

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/rows"
)

// agent is the word in the column agent and in every id.
const agent = "grok"

// version is raised when the same file would yield other rows.
const version = 1

// Parser reads sessions of Grok Build. Its zero value is ready for use.
type Parser struct{}

var _ ingest.Parser = Parser{}

// Format describes Grok Build.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: agent, Title: "Grok Build", Version: version, StoreKind: "jsonl", Roots: roots}
}

func roots(env ingest.Env) []ingest.Root {
	home, why := filepath.Join(env.Home, ".grok"), "default"
	if dir := env.Getenv("GROK_HOME"); filepath.IsAbs(dir) {
		home, why = dir, "GROK_HOME"
	}
	if !filepath.IsAbs(home) {
		return nil
	}
	return []ingest.Root{{
		Path: filepath.Join(home, "sessions"), Why: why,
		Want: func(rel string) bool { return updates(rel) || history(rel) },
		Skip: func(rel string) bool {
			switch rel[strings.LastIndexByte(rel, '/')+1:] {
			case "prompts", "compaction", "compaction_checkpoints", "subagents":
				return true
			}
			return false
		},
	}}
}

func base(path string) string {
	path = strings.ReplaceAll(path, `\`, "/")
	return path[strings.LastIndexByte(path, '/')+1:]
}

func updates(path string) bool { return base(path) == "updates.jsonl" }
func history(path string) bool { return base(path) == "chat_history.jsonl" }

// Capabilities says what the sessions can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "yes"},
		{Field: "usage", Available: "partial", Note: "per prompt, newer versions"},
		{Field: "cache_read", Available: "partial", Note: "as usage"},
		{Field: "cache_write", Available: "partial", Note: "as usage"},
		{Field: "reasoning", Available: "partial", Note: "as usage"},
		{Field: "cost", Available: "partial", Note: "rarely for subscriptions"},
		{Field: "times", Available: "yes"},
		{Field: "tool_calls", Available: "yes"},
		{Field: "tool_status", Available: "yes"},
		{Field: "tool_args", Available: "yes"},
		{Field: "tool_durations", Available: "yes", Note: "newer versions, else between request and result"},
		{Field: "texts", Available: "yes"},
		{Field: "thinking", Available: "partial", Note: "summaries"},
		{Field: "workspace", Available: "yes"},
		{Field: "git_branch", Available: "yes", Note: "at the start"},
		{Field: "sub_agents", Available: "yes", Note: "sessions of their own"},
		{Field: "compactions", Available: "yes"},
		{Field: "api_errors", Available: "yes"},
		{Field: "approvals", Available: "partial", Note: "refusals"},
		{Field: "agent_version", Available: "no"},
		{Field: "finish_reason", Available: "yes"},
	}
}

func actOf(name, kind string) rows.Act {
	switch name {
	case "run_terminal_cmd", "run_terminal_command":
		return rows.ShellAct
	case "read_file":
		return rows.ReadAct
	case "search_replace", "edit_file", "apply_patch":
		return rows.EditAct
	case "create_file", "write_file":
		return rows.WriteAct
	case "spawn_subagent":
		return rows.TaskAct
	case "get_task_output":
		return rows.PollAct
	}
	switch kind {
	case "execute":
		return rows.ShellAct
	case "read":
		return rows.ReadAct
	case "edit":
		return rows.EditAct
	case "delete":
		return rows.DeleteAct
	}
	return rows.OtherAct
}

// Parse reads one session.
func (Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	p := &parser{src: src, log: rows.New(agent, src, emit), usage: map[string]*turnUsage{}, names: map[string]string{}}
	p.about.read(src)
	var whole bool
	var err error
	if history(src.Path) || !updates(src.Path) && p.looksLikeHistory() {
		whole, err = p.log.Lines(ctx, p.chatLine)
	} else {
		p.outcomes.read(src)
		whole, err = p.log.Lines(ctx, p.updateLine)
	}
	p.finish(whole && err == nil)
	if closed := p.log.Close(); closed != nil {
		return closed
	}
	return err
}
