// Package qwen reads the session logs of Qwen Code: JSON Lines of records that name their parents, and
// the chat recordings that it wrote in its first months.
//
// The log tells the usage of a request up to three times. What counts is the record of the response;
// the telemetry rows beside it add durations, refusals and failures, and stand in for sub-agents whose
// own log is not there.
package qwen

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/recording"
)

// Agent is this format's word in the column agent.
const Agent = "qwen"

// version is raised when the same file would yield other rows.
const version = 1

// Parser reads Qwen Code's logs. The zero value is ready for use.
type Parser struct{}

var _ ingest.Parser = Parser{}

// Format describes the agent.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: Agent, Title: "Qwen Code", Version: version, StoreKind: "jsonl", Roots: roots}
}

// peeked is how much of a source may decide which form it has.
const peeked = 64 << 10

// Parse reads one log.
func (Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	head, err := src.Head(peeked)
	if err != nil {
		return err
	}
	if recording.Look(head).Kind == recording.KindSession {
		return recording.Read(ctx, src, emit, recording.Dialect{Agent: Agent, Model: "qwen"})
	}
	r := newReader(src, emit)
	whole, err := r.l.Lines(ctx, r.take)
	if err != nil {
		return err
	}
	return r.finish(whole)
}

// roots are the folders of transcripts and of the first recordings, below the first base that is named.
func roots(env ingest.Env) []ingest.Root {
	base, why := filepath.Join(env.Home, ".qwen"), "default"
	for _, name := range []string{"QWEN_RUNTIME_DIR", "QWEN_HOME"} {
		dir := env.Getenv(name)
		if rest, ok := strings.CutPrefix(dir, "~/"); ok {
			dir = filepath.Join(env.Home, rest)
		}
		if filepath.IsAbs(dir) {
			base, why = filepath.Clean(dir), name
			break
		}
	}
	return []ingest.Root{
		{Path: filepath.Join(base, "projects"), Why: why, Want: want},
		{Path: filepath.Join(base, "tmp"), Why: why, Want: want},
	}
}

func want(rel string) bool {
	if !strings.Contains(rel, "/chats/") && !strings.Contains(rel, "/subagents/") {
		return false
	}
	switch {
	case strings.HasSuffix(rel, ".ledger.jsonl"):
		return false
	case strings.HasSuffix(rel, ".jsonl"):
		return true
	}
	return strings.HasSuffix(rel, ".json") && strings.HasPrefix(rel[strings.LastIndexByte(rel, '/')+1:], "session-")
}

// Capabilities says what the logs can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "yes", Note: "of sub-agents from a file beside"},
		{Field: "usage", Available: "yes", Note: "requests of the client's own (suggestions, recall) are not recorded"},
		{Field: "cache_read", Available: "yes"},
		{Field: "cache_write", Available: "no"},
		{Field: "reasoning", Available: "yes", Note: "inside or beside the output, by provider"},
		{Field: "cost", Available: "no"},
		{Field: "times", Available: "yes"},
		{Field: "tool_calls", Available: "yes"},
		{Field: "tool_status", Available: "yes", Note: "exit codes from the text"},
		{Field: "tool_args", Available: "yes"},
		{Field: "tool_durations", Available: "yes", Note: "matched with telemetry rows by name and arguments"},
		{Field: "texts", Available: "yes"},
		{Field: "thinking", Available: "yes"},
		{Field: "workspace", Available: "yes"},
		{Field: "git_branch", Available: "yes"},
		{Field: "sub_agents", Available: "yes", Note: "of early versions by telemetry alone"},
		{Field: "compactions", Available: "yes"},
		{Field: "api_errors", Available: "partial", Note: "telemetry rows"},
		{Field: "approvals", Available: "partial", Note: "telemetry rows"},
		{Field: "agent_version", Available: "yes"},
		{Field: "finish_reason", Available: "no", Note: "of turns in newer versions"},
	}
}
