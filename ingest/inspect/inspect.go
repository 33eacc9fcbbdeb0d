// Package inspect reads logs of Inspect, as one JSON document or as a container (.eval, a ZIP file with
// one member for each sample). One sample and epoch is one session. A log without samples is a session
// that knows only its totals.
package inspect

import (
	"bytes"
	"path/filepath"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/trace"
)

// Agent is this format's word in the column agent.
const Agent = "inspect"

// Parser reads Inspect's logs. The zero value is ready for use.
type Parser struct{}

// Format describes the format. Logs lie where evaluations are run; only a folder that the environment
// names is known.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: Agent, Title: "Inspect", Version: 1, StoreKind: "json", Roots: func(env ingest.Env) []ingest.Root {
		if dir := env.Getenv("INSPECT_LOG_DIR"); filepath.IsAbs(dir) {
			return []ingest.Root{{Path: dir, Why: "INSPECT_LOG_DIR"}}
		}
		return nil
	}}
}

// zipMagic begins every ZIP file that is not empty.
var zipMagic = []byte("PK\x03\x04")

// Match knows a document by its keys and a container by the names in it.
func (Parser) Match(path string, head []byte) ingest.Match {
	if bytes.HasPrefix(head, zipMagic) {
		switch {
		case bytes.Contains(head, []byte("_journal/start.json")):
			return ingest.Match{Verdict: ingest.Sure}
		case bytes.Contains(head, []byte("header.json")) && bytes.Contains(head, []byte("samples/")), filepath.Ext(path) == ".eval":
			return ingest.Match{Verdict: ingest.Sure}
		}
		return ingest.Match{}
	}
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	o := trace.ObjectOf(head)
	eval := o.Object("eval")
	if !eval.Has("task") || !eval.Has("model") {
		return ingest.Match{}
	}
	if o.Has("status") && (o.Has("samples") || o.Has("results") || o.Has("stats") || o.Has("plan") || o.Cut) {
		return ingest.Match{Verdict: ingest.Sure}
	}
	return ingest.Match{}
}

// isLog tells the document of an evaluation.
func isLog(o trace.Object) bool { return trace.Kind(o.Raw("eval")) == jscan.Object }

// Capabilities says what the logs can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "yes"}, {Field: "usage", Available: "yes"}, {Field: "cache_read", Available: "partial"},
		{Field: "cache_write", Available: "partial"}, {Field: "reasoning", Available: "partial"}, {Field: "cost", Available: "partial"},
		{Field: "times", Available: "yes"}, {Field: "tool_calls", Available: "yes"}, {Field: "tool_status", Available: "yes"},
		{Field: "tool_args", Available: "yes"}, {Field: "tool_durations", Available: "yes"}, {Field: "texts", Available: "yes"},
		{Field: "thinking", Available: "yes"}, {Field: "workspace", Available: "no"}, {Field: "git_branch", Available: "no", Note: "commit of the task"},
		{Field: "sub_agents", Available: "partial", Note: "agents inside agents, scorers"}, {Field: "compactions", Available: "yes"},
		{Field: "api_errors", Available: "partial", Note: "requests that failed for good"}, {Field: "approvals", Available: "yes"},
		{Field: "agent_version", Available: "yes", Note: "of Inspect"}, {Field: "finish_reason", Available: "yes"},
	}
}
