package claudestream

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// Parse reads one saved stream.
func (Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	p := &parser{src: src, log: rows.New(Agent, src, emit), sessions: map[string]*thread{}, seen: map[schema.ID]bool{}}
	p.calls = trace.NewCalls(p.log)
	var first [64]byte
	n, err := io.ReadFull(src.Reader, first[:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err
	}
	src.Reader = io.MultiReader(bytes.NewReader(first[:n]), src.Reader)
	whole := true
	if bytes.HasPrefix(bytes.TrimLeft(first[:n], "\xef\xbb\xbf \t\r\n"), []byte{'['}) {
		whole, err = p.document()
	} else {
		whole, err = p.lines(ctx)
	}
	if err != nil {
		return err
	}
	return p.close(whole)
}

// A parser reads one stream.
type parser struct {
	src      *ingest.Source
	log      *rows.Log
	calls    *trace.Calls
	sessions map[string]*thread
	order    []*thread
	current  *thread
	seen     map[schema.ID]bool
}

// A thread is one session in the stream.
type thread struct {
	*parser
	s      *rows.Session
	native string
	model  string
	mode   string
	agents map[string]string    // the agent id of a sub-agent, by the call that started it
	now    map[string]schema.ID // the response that streams, by the sub-agent it is of
	failed []*rows.Call         // calls that ended with an error and may turn out to be denied
	calls  int                  // responses
	final  trace.Object         // the last result
}

func (p *parser) lines(ctx context.Context) (bool, error) {
	return p.log.Lines(ctx, func(line []byte, no int64, hash schema.ID) bool {
		o := trace.ObjectOf(line)
		if o.Cut || o.Len() == 0 {
			return false
		}
		p.record(no, o)
		return true
	})
}

func (p *parser) document() (bool, error) {
	data, err := p.log.Document()
	if err != nil {
		return false, err
	}
	no, whole := int64(0), trace.IsJSON(data)
	for e, ok := range trace.Elems(data) {
		if no++; ok {
			p.record(no, trace.ObjectOf(e))
		}
	}
	if !whole {
		p.log.Problem(schema.ProblemTruncated, "", "")
	}
	return whole, nil
}

// thread finds the session of a record; one without an id belongs to the session before it.
func (p *parser) thread(native string) *thread {
	if native == "" {
		return p.current
	}
	t := p.sessions[native]
	if t == nil {
		t = &thread{parser: p, native: native, agents: map[string]string{}, now: map[string]schema.ID{}}
		t.s = p.log.Session(native)
		r := &t.s.Row
		r.SessionKind, r.IsHeadless = "user", schema.Known(true)
		r.HasToolStatus, r.HasToolArgs, r.HasCompactions, r.HasAPIErrors = true, true, true, true
		p.sessions[native] = t
		p.order = append(p.order, t)
	}
	p.current = t
	return t
}

// record takes one line.
func (p *parser) record(no int64, o trace.Object) {
	at := trace.Instant(o.Raw("timestamp"))
	key := p.log.ID("uuid", o.Str("uuid"))
	p.log.Begin(no, at, key)
	t := p.thread(o.Str("session_id"))
	typ := o.Str("type")
	if t == nil {
		if typ != "keep_alive" && typ != "control_request" && typ != "control_response" {
			p.log.Unknown(typ)
		}
		return
	}
	if t.s.Row.Line == 0 {
		t.s.Row.Line = no
	}
	t.s.Row.HasTimes = t.s.Row.HasTimes || at != 0
	switch typ {
	case "assistant", "user", "system", "result":
		if key == 0 {
			key = p.log.ID("line", t.native).With(uint64(no))
			p.log.Again(no, at, key)
		}
		run := t.run(o.Str("parent_tool_use_id"))
		run.Record()
		if p.seen[key] {
			return // the same message again
		}
		p.seen[key] = true
		switch typ {
		case "assistant":
			t.assistant(run, o)
		case "user":
			t.user(run, o)
		case "system":
			t.system(o)
		case "result":
			t.end(o)
		}
	case "stream_event":
		t.partial(o)
	case "rate_limit_event":
		info := o.Object("rate_limit_info")
		if status := info.Str("status"); status != "" && status != "allowed" {
			p.begin(no, at, t)
			t.s.Main.Event(schema.Event{Event: "limit_seen", Detail: info.Str("rateLimitType")})
		}
	case "tool_progress", "auth_status", "tool_use_summary", "keep_alive", "control_request", "control_response", "control_cancel_request",
		"prompt_suggestion", "files_persisted", "streamlined_text", "streamlined_tool_use_summary", "update_environment_variables":
	default:
		p.log.Unknown(typ)
	}
}

// begin gives the current record a key, where it has none.
func (p *parser) begin(no int64, at schema.Instant, t *thread) {
	if p.log.Key() != 0 {
		return
	}
	p.log.Again(no, at, p.log.ID("line", t.native).With(uint64(no)))
}

// run finds the run of a record by the call that started its agent. Transcripts name a sub-agent by an
// id of its own; where the stream tells it in time, it is used here too.
func (t *thread) run(call string) *rows.Run {
	if call == "" {
		return t.s.Main
	}
	name := t.agents[call]
	if name == "" {
		name = call
		t.agents[call] = name
	}
	r := t.s.Run(name)
	r.Row.SpawnToolCallID = t.log.ID("tool", call)
	r.Row.Line = max(r.Row.Line, 1)
	if c := t.s.Find(call); c != nil {
		c.Row.ChildRunID = r.Row.RunID
	}
	return r
}

// system takes notices of the agent.
func (t *thread) system(o trace.Object) {
	r := &t.s.Row
	switch subtype := o.Str("subtype"); subtype {
	case "init":
		if cwd := o.Str("cwd"); cwd != "" {
			t.s.Dir = cwd
			if r.Workspace == "" {
				r.Workspace = cwd
			}
		}
		if v := o.Str("claude_code_version"); v != "" {
			t.log.Version = v
			if r.AgentVersion == "" {
				r.AgentVersion = v
			}
		}
		t.changed(&t.model, o.Str("model"), "model_changed")
		t.changed(&t.mode, o.Str("permissionMode"), "mode_changed")
	case "compact_boundary":
		meta := o.Object("compact_metadata")
		t.s.Main.Event(schema.Event{Event: "compaction", Detail: meta.Str("trigger"), TokensBefore: meta.Int("pre_tokens"), TokensAfter: meta.Int("post_tokens")})
	case "api_retry":
		text, _ := trace.Content(o.Raw("error"))
		status := o.Int("error_status")
		e := schema.Error{Source: "api", ErrorType: rows.ErrorType(status, text), HTTPStatus: status, Attempt: o.Int("attempt"), IsFinal: schema.Known(false)}
		e.RetryAfterMS = o.Int("retry_delay_ms")
		t.s.Main.Error(e)
	case "task_started":
		if call, id := o.Str("tool_use_id"), o.Str("task_id"); call != "" && id != "" && o.Str("task_type") != "local_bash" && t.agents[call] == "" {
			t.agents[call] = id
		}
	case "hook_response":
		t.s.Main.Event(schema.Event{Event: "hook", Detail: o.Str("hook_event")})
		if code := trace.Signed(o.Raw("exit_code")); code.Valid && code.V != 0 {
			t.s.Main.Error(schema.Error{Source: "hook", ErrorType: "unknown", IsFinal: schema.Known(false)})
		}
	case "status", "hook_started", "hook_progress", "task_progress", "task_updated", "task_notification", "session_state_changed", "files_persisted",
		"local_command_output", "informational", "elicitation_complete", "post_turn_summary", "bridge_state", "worker_shutting_down", "plugin_install",
		"mcp_status", "model_fallback", "permission_denied", "thinking_tokens", "commands_changed", "memory_recall", "notification":
	default:
		t.log.Unknown("system " + subtype)
	}
}

// changed emits an event when a known value becomes another one.
func (t *thread) changed(have *string, now, event string) {
	if now == "" || *have == now {
		return
	}
	if *have != "" {
		t.s.Main.Event(schema.Event{Event: event, Detail: now})
	}
	*have = now
}

// close emits what was held back.
func (p *parser) close(whole bool) error {
	var sessions []*rows.Session
	for _, t := range p.order {
		t.s.Row.IsComplete = schema.Known(whole && t.final.Len() > 0)
		if t.calls == 0 {
			t.totals()
		}
		sessions = append(sessions, t.s)
	}
	p.calls.Close(sessions...)
	return p.log.Close()
}

// endOf names how a session ended by its result.
func endOf(o trace.Object, run *rows.Run) string {
	switch subtype := o.Str("subtype"); {
	case strings.HasPrefix(subtype, "error_max_turns"):
		return "max_turns"
	case strings.HasPrefix(subtype, "error_max_budget"):
		return "budget"
	case strings.HasPrefix(subtype, "error"):
		return "error"
	case trace.IsTrue(o.Raw("is_error")):
		return "api_error"
	case subtype == "success" && run.Last != rows.LastMaxTokens:
		return "completed"
	}
	return ""
}
