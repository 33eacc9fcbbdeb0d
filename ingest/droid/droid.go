// Package droid reads the sessions of Factory's Droid: the store below ~/.factory, and what
// "droid exec --output-format stream-json" prints.
//
// The store has no usage per response. The file of settings beside a session has its total, which
// becomes one row for the session, dated by its last record.
package droid

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/rows"
)

// agent is the word in the column agent and in every id.
const agent = "droid"

// version is raised when the same file would yield other rows.
const version = 1

// Parser reads Droid's sessions. Its zero value is ready for use.
type Parser struct{}

var _ ingest.Parser = Parser{}

// Format describes Droid.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: agent, Title: "Droid", Version: version, StoreKind: "jsonl", Roots: roots}
}

func roots(env ingest.Env) []ingest.Root {
	if env.Home == "" {
		return nil
	}
	return []ingest.Root{{
		Path: filepath.Join(env.Home, ".factory", "sessions"), Why: "default",
		Want: func(rel string) bool { return strings.HasSuffix(rel, ".jsonl") },
	}}
}

// Capabilities says what the logs can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "yes", Note: "the name chosen by the user; per message in newer versions"},
		{Field: "usage", Available: "partial", Note: "one total per session"},
		{Field: "cache_read", Available: "partial", Note: "in the total"},
		{Field: "cache_write", Available: "partial", Note: "in the total"},
		{Field: "reasoning", Available: "partial", Note: "in the total"},
		{Field: "cost", Available: "no"},
		{Field: "times", Available: "yes"},
		{Field: "tool_calls", Available: "yes"},
		{Field: "tool_status", Available: "yes"},
		{Field: "tool_args", Available: "yes"},
		{Field: "tool_durations", Available: "partial", Note: "between request and result"},
		{Field: "texts", Available: "yes"},
		{Field: "thinking", Available: "yes"},
		{Field: "workspace", Available: "yes"},
		{Field: "git_branch", Available: "no"},
		{Field: "sub_agents", Available: "yes", Note: "newer versions; files of their own"},
		{Field: "compactions", Available: "partial"},
		{Field: "api_errors", Available: "partial", Note: "that a turn failed; the message in the output of exec"},
		{Field: "approvals", Available: "partial", Note: "refusals"},
		{Field: "agent_version", Available: "no"},
		{Field: "finish_reason", Available: "no"},
	}
}

func actOf(name string) rows.Act {
	switch name {
	case "Execute", "Shell", "Bash":
		return rows.ShellAct
	case "Read":
		return rows.ReadAct
	case "Edit", "MultiEdit", "ApplyPatch":
		return rows.EditAct
	case "Create", "Write":
		return rows.WriteAct
	case "Task":
		return rows.TaskAct
	}
	return rows.OtherAct
}

// Parse reads one session of the store, or the output of exec.
func (Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	p := &parser{src: src, log: rows.New(agent, src, emit), names: map[string]string{}, streams: map[string]*stream{}}
	whole, err := p.log.Lines(ctx, p.line)
	p.finish(whole)
	if closed := p.log.Close(); closed != nil {
		return closed
	}
	return err
}
