package cline

import (
	"bytes"
	"context"
	"strconv"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// Parse reads a task or a session of Cline.
func (Cline) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	return parse(cline, src, emit)
}

// Parse reads a task of Roo Code.
func (Roo) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	return parse(roo, src, emit)
}

// Parse reads a task of Kilo Code.
func (Kilo) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	return parse(kilo, src, emit)
}

func parse(f family, src *ingest.Source, emit ingest.Emit) error {
	log := rows.New(families[f].agent, src, emit)
	data, err := log.Document()
	if err != nil {
		return err
	}
	var s jscan.Scanner
	s.Reset(data)
	switch s.Kind() {
	case jscan.Array:
		readTask(f, log, src, &s)
	case jscan.Object:
		readSession(log, src, data)
	default:
		log.Begin(1, 0, 0)
		log.Bad(schema.ProblemBadJSON)
	}
	return log.Close()
}

// A task is a classic task folder being read.
type task struct {
	f     family
	log   *rows.Log
	src   *ingest.Source
	id    string
	s     *rows.Session
	r     *rows.Run
	facts *facts

	began    bool // the first prompt has been seen
	model    string
	provider string
	mode     string
	call     request
	tools    []*tool // since the last request, results awaited
	lastTool *tool
	done     []byte // the last text of completion
}

func readTask(f family, log *rows.Log, src *ingest.Source, s *jscan.Scanner) {
	list, whole := elements(log, s)
	t := &task{f: f, log: log, src: src, id: taskID(src.Path)}
	if len(list) == 0 {
		return
	}
	if t.id == "" {
		t.id = strconv.FormatInt(list[0].ts, 10)
	}
	t.facts = readFacts(src, f, t.id)
	t.start(&list[0])
	t.s.Row.IsComplete = schema.Known(whole)
	for i := range list {
		if e := &list[i]; !e.dropped {
			t.element(e)
		}
	}
	t.flushCall()
	t.abandonTools()
	if !t.s.Row.HasToolStatus {
		t.s.Row.Fidelity = "partial"
	}
}

// start begins the session. A task that another one delegated is a run of the first one's session.
func (t *task) start(e *element) {
	t.log.Version = t.facts.version
	t.log.Begin(e.line, 0, 0)
	t.src.Records-- // the element itself follows
	if t.facts.parent != "" && t.facts.parent != t.id {
		t.s = t.log.Session(t.facts.root)
		t.s.Row.IsMain = false
		t.r = t.s.Run(t.id)
		t.r.Row.OwnSessionID = schema.IDOf(families[t.f].agent, t.id)
		t.r.Row.AgentType = t.facts.mode
		t.r.Row.Depth = schema.Int{}
		if t.facts.parent != t.facts.root {
			t.r.Row.ParentRunID = t.log.ID("run", t.facts.root, t.facts.parent)
		}
	} else {
		t.s = t.log.Session(t.id)
		t.r = t.s.Main
	}
	row := &t.s.Row
	row.Entrypoint = t.facts.host
	row.HasUsage, row.HasCache, row.HasToolArgs, row.HasTimes, row.HasCompactions, row.HasAPIErrors = true, true, true, true, true, true
	t.setDir(t.facts.workspace)
}

func (t *task) setDir(path string) {
	if path != "" && t.s.Row.Workspace == "" {
		t.s.Row.Workspace, t.s.Dir = path, path
	}
}

func (t *task) element(e *element) {
	at := schema.UnixMillis(e.ts)
	side := "say"
	if e.ask {
		side = "ask"
	}
	key := t.log.ID("event", t.id, side, e.what).With(uint64(e.ts)).With(e.copyNo)
	t.log.Begin(e.line, at, key)
	if at == 0 {
		t.log.Problem(schema.ProblemBadTime, e.what, "ts")
	}
	if e.model != "" {
		t.setModel(e.model, e.provider, e.mode)
	}
	t.r.Record()
	if len(e.reasoning.Raw) > 0 {
		t.reasoning(e.reasoning)
	}
	if !t.began && !t.call.held && (e.what == "task" || e.what == "text") {
		t.began = true
		t.r.Prompt(t.trigger(), t.log.Bytes(e.text))
		return
	}
	known := false
	if e.ask {
		known = t.asked(e)
	} else {
		known = t.said(e)
	}
	if !known {
		t.log.Unknown(side + ":" + e.what)
	}
}

func (t *task) trigger() string {
	if t.r == t.s.Main {
		return "user"
	}
	return "parent"
}

func (t *task) setModel(model, provider, mode string) {
	if t.model != "" && model != t.model {
		t.r.Setting(schema.Event{Event: "model_changed", Detail: model})
	}
	if mode != "" {
		if t.mode != "" && mode != t.mode {
			t.r.Setting(schema.Event{Event: "mode_changed", Detail: mode})
		}
		t.mode = mode
	}
	t.model, t.provider = model, provider
}

func (t *task) reasoning(text jscan.Text) {
	t.call.answered = true
	t.r.Message("assistant", "reasoning", t.log.Bytes(text))
}

// answer tells a text of the model.
func (t *task) answer(text []byte) {
	if len(text) == 0 {
		return
	}
	t.call.answered = true
	t.r.Message("assistant", "text", text)
}

// said handles what was only told, and reports whether the kind is known.
func (t *task) said(e *element) bool {
	switch e.what {
	case "api_req_started":
		t.request(e)
	case "api_req_finished":
		t.finished(e)
	case "text", "generate_explanation":
		t.answer(t.log.Bytes(e.text))
	case "reasoning":
		t.reasoning(e.text)
	case "tool":
		t.tool(e)
	case "command":
		t.command(e)
	case "command_output":
		t.commandOutput(e)
	case "mcp_server_request_started":
	case "mcp_server_response":
		t.answerTool("use_mcp_tool", e.text)
	case "browser_action_launch", "browser_action":
		t.browser(e)
	case "browser_action_result":
		t.answerTool("browser_action", jscan.Text{})
	case "user_feedback":
		t.began = true
		t.flushCall()
		t.r.Prompt("user", t.log.Bytes(e.text))
	case "user_feedback_diff", "subtask_result":
		t.r.Message("user", "injected", t.log.Bytes(e.text))
	case "task":
		t.r.Prompt("user", t.log.Bytes(e.text))
	case "completion_result":
		t.completed(e)
	case "error", "diff_error", "clineignore_error", "rooignore_error", "command_permission_denied":
		t.toolError(e)
	case "api_req_retried", "error_retry", "api_req_retry_delayed":
		t.retry(e)
	case "deleted_api_reqs", "api_req_deleted", "subagent_usage":
		t.total(e)
	case "condense_context", "sliding_window_truncation", "compaction":
		t.compaction(e)
	case "condense_context_error":
		t.r.Error(schema.Error{Source: "agent", ErrorType: "unknown", MessageHash: schema.HashBytes(t.log.Bytes(e.text))})
	case "checkpoint_created", "checkpoint_saved", "task_progress", "info", "shell_integration_warning", "shell_integration_warning_with_suggestion",
		"load_mcp_documentation", "mcp_notification", "hook_status", "hook_output_stream", "codebase_search_result", "user_edit_todos",
		"image", "api_req_rate_limit_wait", "too_many_tools_warning", "conditional_rules_applied", "shell_output", "use_subagents", "subagent",
		"inspect_site_result", "completion_result_feedback":
	default:
		return false
	}
	return true
}

// asked handles what waited for the user.
func (t *task) asked(e *element) bool {
	switch e.what {
	case "tool":
		t.tool(e)
	case "command":
		t.command(e)
	case "command_output":
		t.commandOutput(e)
	case "use_mcp_server":
		t.mcp(e)
	case "browser_action_launch":
		t.browser(e)
	case "completion_result":
		t.completed(e)
	case "followup", "plan_mode_respond", "act_mode_respond":
		t.answer(question(t.log.Bytes(e.text)))
	case "api_req_failed":
		t.failed(e)
	case "mistake_limit_reached":
		t.r.Error(schema.Error{Source: "agent", ErrorType: "unknown", IsFinal: schema.Known(true), MessageHash: schema.HashBytes(t.log.Bytes(e.text))})
	case "condense", "summarize_task":
		t.compaction(e)
	case "resume_task", "resume_completed_task":
		t.flushCall()
	case "auto_approval_max_req_reached", "new_task", "report_bug", "payment_required_prompt",
		"invalid_model", "use_subagents", "interactive_app", "idle":
	default:
		return false
	}
	return true
}

// question takes what a question asks out of its JSON, if it is that.
func question(text []byte) []byte {
	var s jscan.Scanner
	s.Reset(text)
	if s.Kind() != jscan.Object {
		return text
	}
	var out []byte
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "question", "response":
			out = s.View()
		default:
			s.Skip()
		}
	}
	if s.End() != nil || out == nil {
		return text
	}
	return out
}

// completed tells the final text; it is told twice, once with a question behind it.
func (t *task) completed(e *element) {
	text := t.log.Bytes(e.text)
	if len(text) > 0 && !bytes.Equal(text, t.done) {
		t.done = append(t.done[:0], text...)
		t.answer(text)
	}
	t.r.Last = rows.LastDone
}

func (t *task) compaction(e *element) {
	ev := schema.Event{Event: "compaction", Detail: e.what}
	raw := e.condense
	if raw == nil {
		raw = e.truncate
	}
	var cost schema.Picodollars
	var s jscan.Scanner
	s.Reset(raw)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "prevContextTokens":
			ev.TokensBefore = rows.Count(&s)
		case "newContextTokens", "newContextTokensAfterTruncation":
			ev.TokensAfter = rows.Count(&s)
		case "cost":
			cost = rows.Money(&s)
		default:
			s.Skip()
		}
	}
	t.r.Event(ev)
	if cost.Valid {
		// The summary was a request of its own, of which only the cost is told.
		c := t.r.Model(t.log.ID("response", t.id, "condense", strconv.FormatInt(e.ts, 10)))
		c.RequestModel, c.ProviderName, c.ReportedCostUSD = t.model, t.provider, cost
		t.log.Put(&c)
	}
}
