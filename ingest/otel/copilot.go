package otel

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// copilotAgent is the word of GitHub Copilot, whose command line, extensions and editors all trace
// themselves by the same conventions.
const copilotAgent = "copilot"

// rankTraces is the place of traces among the accounts that Copilot keeps of a session's requests: behind
// its database and the totals in its logs.
const rankTraces = 3

// Copilot reads the traces of GitHub Copilot in files: spans by line, as the command line and the
// extension for VS Code write them, and OTLP, as Visual Studio does. The zero value is ready for use.
//
// The sessions themselves are told by their logs, where they are kept; traces then give the requests only.
type Copilot struct{}

// Format describes the traces.
func (Copilot) Format() ingest.Format {
	return ingest.Format{Agent: copilotAgent, Parser: "copilot-traces", Title: "GitHub Copilot", Version: 1, StoreKind: "otlp", Roots: copilotRoots}
}

func copilotRoots(env ingest.Env) []ingest.Root {
	var out []ingest.Root
	add := func(path, why string) {
		if filepath.IsAbs(path) {
			out = append(out, ingest.Root{Path: filepath.Clean(path), Why: why, Want: func(rel string) bool {
				return strings.HasSuffix(rel, ".jsonl") || strings.HasSuffix(rel, ".json")
			}})
		}
	}
	home, why := env.Getenv("COPILOT_HOME"), "COPILOT_HOME"
	if home == "" && env.Home != "" {
		home, why = filepath.Join(env.Home, ".copilot"), "default"
	}
	if home != "" {
		add(filepath.Join(home, "otel"), why)
	}
	if path := env.Getenv("COPILOT_OTEL_FILE_EXPORTER_PATH"); filepath.IsAbs(path) {
		out = append(out, ingest.Root{Path: filepath.Clean(path), Why: "COPILOT_OTEL_FILE_EXPORTER_PATH"})
	}
	const studio = "VSGitHubCopilotLogs/traces"
	if dir := env.Getenv("LOCALAPPDATA"); dir != "" {
		add(filepath.Join(dir, "Temp", filepath.FromSlash(studio)), "default")
	}
	if env.Home != "" {
		add(filepath.Join(env.Home, "Library", "Caches", filepath.FromSlash(studio)), "default")
		add(filepath.Join(env.Home, ".cache", filepath.FromSlash(studio)), "default")
	}
	return out
}

// Match knows Copilot's attributes, and the form in which its command line writes spans.
func (Copilot) Match(path string, head []byte) ingest.Match {
	body := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(body) == 0 || body[0] != '{' {
		return ingest.Match{}
	}
	var first trace.Object
	for v := range trace.Values(body) {
		first = trace.ObjectOf(v)
		break
	}
	named := func() bool {
		return bytes.Contains(body, []byte("copilot_chat.")) || bytes.Contains(body, []byte("github.copilot."))
	}
	switch {
	case first.Has("resourceSpans") && named(),
		isCopilotSpan(first) && (first.Str("type") == "span" || named()),
		isAside(first) && (bytes.Contains(body, []byte(`"type":"span"`)) || named()):
	default:
		return ingest.Match{}
	}
	if !marked(head) && len(head) < ingest.HeadSize {
		return ingest.Match{Verdict: ingest.NotSession, Reason: "telemetry without a call of a model or a tool"}
	}
	return ingest.Match{Verdict: ingest.Sure}
}

// isCopilotSpan tells a span as the SDK for JavaScript serialises it: times are pairs, attributes a flat map.
func isCopilotSpan(o trace.Object) bool {
	id := o.Has("traceId") && o.Has("spanId") || o.Object("_spanContext").Has("traceId") || o.Object("spanContext").Has("traceId")
	return id && trace.Kind(o.Raw("startTime")) == jscan.Array && trace.Kind(o.Raw("attributes")) == jscan.Object
}

// isAside tells the metrics and log records that stand between spans; they repeat what spans say.
func isAside(o trace.Object) bool {
	switch o.Str("type") {
	case "metric", "log":
		return true
	}
	return !isCopilotSpan(o) && (o.Has("hrTime") || o.Has("descriptor") && o.Has("dataPoints") || o.Has("scopeMetrics"))
}

// Parse reads one file; the line of a row is the number of its record.
func (Copilot) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	p := newParser(copilotAgent, src, emit)
	p.copilot = &copilot{told: func(session string) bool { return eventLog(src, session) }}
	return p.read(ctx)
}

// eventLog reports whether the command line's own log of a session is there.
func eventLog(src *ingest.Source, session string) bool {
	if src.ListBeside == nil || strings.ContainsAny(session, `/\`) || strings.HasPrefix(session, ".") {
		return false
	}
	names, err := src.ListBeside("../session-state/" + session)
	if err == nil && slices.Contains(names, "events.jsonl") {
		return true
	}
	names, err = src.ListBeside("../session-state")
	return err == nil && slices.Contains(names, session+".jsonl")
}

// A copilot knows what only Copilot's spans have.
type copilot struct {
	told func(session string) bool
}

// add completes a span by Copilot's own attributes.
func (c *copilot) add(s *span, out *trace.Span) {
	a := &s.attrs
	if id := a.str("copilot_chat.chat_session_id"); id != "" {
		out.Conversation = id
	}
	if parent := a.str("copilot_chat.parent_chat_session_id"); parent != "" && parent != out.Conversation {
		out.Run, out.Conversation = out.Conversation, parent
	}
	out.Unstated = s.unstated
	if a.raw("gen_ai.input.messages") == nil {
		out.Inputs = nil
	}
	if a.raw("gen_ai.output.messages") == nil {
		out.Outputs = nil
	}
	if s.role == trace.AgentSpan {
		out.Inputs, out.Outputs = s.told()
	}
	if ms := trace.Int(a.raw("copilot_chat.time_to_first_token")); out.FirstToken == 0 && ms.V > 0 && ms.V < 1e9 && s.start != 0 {
		out.FirstToken = s.start + schema.Instant(ms.V*1000)
	}
}

// session completes the row of a session, which has the name of its trace where it is none of a chat.
func (c *copilot) session(r *schema.Session, first *trace.Span) {
	r.Title, r.Fidelity = "", "partial"
	if r.NativeSessionID == first.Trace {
		r.SessionKind = "background"
	}
}

// told are the messages of a span where their content was traced.
func (s *span) told() (inputs, outputs func() []trace.Message) {
	if s.attrs.raw("gen_ai.input.messages") != nil {
		inputs = s.inputs
	}
	if s.attrs.raw("gen_ai.output.messages") != nil {
		outputs = s.outputs
	}
	return inputs, outputs
}

func (c *copilot) about(t *trace.Spans) {
	t.Told, t.Turns, t.Rank = c.told, true, rankTraces
	t.ToolID = func(native, id string) schema.ID {
		if i := strings.Index(id, "__vscode"); i > 0 {
			id = id[:i] // the editor's number of the call
		}
		if len(id) < 12 {
			return t.Log.ID("tool", native, id)
		}
		return t.Log.ID("tool", id)
	}
}
