// Package claudestream reads what Claude Code prints when it runs without a terminal: the lines of
// --output-format stream-json, and the single object or array of --output-format json.
//
// It gives sessions, records, responses and tool calls the ids that the transcript of the same session
// gives them, so that a saved stream and the transcript count once. What only the stream tells is the
// cost that the agent states for the session.
package claudestream

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/trace"
)

// Agent is the word in the column agent: that of the transcripts.
const Agent = "claude-code"

// Parser reads saved streams. The zero value is ready for use.
type Parser struct{}

// Format describes the format. Streams are saved wherever the caller chose.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: Agent, Parser: "claude-code-stream", Title: "Claude Code (output stream)", Version: 1, StoreKind: "jsonl", Roots: func(ingest.Env) []ingest.Root { return nil }}
}

// maxMatchLines bounds how many lines Match looks at.
const maxMatchLines = 16

// Match knows a stream by its first line, by its result, or by messages that only this agent writes in
// this form. Several other agents imitate it; they differ in what stands beside.
func (Parser) Match(path string, head []byte) ingest.Match {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(head) == 0 {
		return ingest.Match{}
	}
	best := ingest.Foreign
	n := 0
	judge := func(o trace.Object) bool {
		n++
		v, other := judge(o)
		if other {
			best = ingest.Foreign
			return false
		}
		best = max(best, v)
		return best < ingest.Sure && n < maxMatchLines
	}
	if head[0] == '[' {
		for e := range trace.Elems(head) {
			if !judge(trace.ObjectOf(e)) {
				break
			}
		}
		return ingest.Match{Verdict: best}
	}
	for len(head) > 0 {
		line, rest, _ := bytes.Cut(head, []byte{'\n'})
		if !judge(trace.ObjectOf(line)) {
			break
		}
		head = rest
	}
	return ingest.Match{Verdict: best}
}

// judge weighs one line. other says that only another agent writes it.
func judge(o trace.Object) (v ingest.Verdict, other bool) {
	session := o.Str("session_id")
	if o.Has("sessionId") {
		return ingest.Foreign, true // a transcript
	}
	if session == "" {
		return ingest.Foreign, false
	}
	if strings.HasPrefix(session, "T-") || o.Has("total_cost_usd_ticks") || o.Has("qwen_code_version") || o.Has("stats") || o.Has("call_id") || o.Has("timestamp_ms") {
		return ingest.Foreign, true
	}
	switch o.Str("type") {
	case "system":
		if o.Str("subtype") != "init" {
			return ingest.Foreign, false
		}
		if o.Has("claude_code_version") {
			return ingest.Sure, false
		}
		if trace.Kind(o.Raw("tools")) == jscan.Array && o.Has("mcp_servers") && o.Has("permissionMode") && (o.Has("apiKeySource") || o.Has("uuid")) {
			return ingest.Sure, false
		}
		if !o.Has("tools") && o.Has("permissionMode") {
			return ingest.Foreign, true // Cursor
		}
		return ingest.Foreign, false
	case "result":
		if o.Has("total_cost_usd") && o.Has("num_turns") && o.Has("duration_ms") && (o.Has("duration_api_ms") || o.Has("modelUsage")) {
			return ingest.Sure, false
		}
	case "assistant", "user":
		if m := o.Object("message"); o.Raw("parent_tool_use_id") != nil && m.Len() > 0 && (o.Str("type") == "user" || strings.HasPrefix(m.Str("id"), "msg_")) {
			return ingest.Weak, false
		}
	}
	return ingest.Foreign, false
}
