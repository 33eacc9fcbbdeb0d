package copilot

import (
	"bytes"
	"context"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A reader reads one log of events.
type reader struct {
	log *rows.Log
	src *ingest.Source
	e   event

	s          *rows.Session
	native     string
	transcript bool // of the extension for VS Code
	beside     bool // the chat session itself is there too, and tells all but the times of tools
	model      string
	spawned    map[string]*rows.Run // sub-agents by the call that began them
	turns      map[*rows.Run]*round
	calls      []call
	byID       map[schema.ID]int
	totals     totals
	byUser     map[string]bool // calls that the user made
	asked      map[string]approval
}

// A round is what stands between the start and the end of one of the agent's turns.
type round struct {
	started schema.Instant // of a turn from which no message came yet
	open    bool
	last    int // index of the last call, -1 = none
}

// A call is one request of the model, held until it is known whether totals include it.
type call struct {
	row    schema.ModelCall
	output schema.Int
}

// An approval is a request for permission that waits for an answer.
type approval struct {
	call *rows.Call
	at   schema.Instant
}

func readEvents(ctx context.Context, log *rows.Log, src *ingest.Source) error {
	r := &reader{log: log, src: src, spawned: map[string]*rows.Run{}, turns: map[*rows.Run]*round{}, byID: map[schema.ID]int{},
		byUser: map[string]bool{}, asked: map[string]approval{}}
	whole, err := log.Lines(ctx, r.line)
	if err != nil {
		return err
	}
	if r.s != nil {
		r.s.Row.IsComplete = schema.Known(whole)
		r.finish()
	}
	return nil
}

func (r *reader) line(line []byte, no int64, hash schema.ID) bool {
	e := &r.e
	if !e.scan(line) {
		return false
	}
	typ := e.typ.String()
	at := r.log.Instant(e.ts, typ)
	if r.s == nil {
		r.begin(no)
	}
	key := hash.With(uint64(r.s.Row.SessionID))
	if len(e.id.Raw) >= 12 {
		key = r.log.ID("event", e.id.String())
	}
	r.log.Begin(no, at, key)
	run := r.run()
	run.Record()
	if at != 0 {
		r.s.Row.HasTimes = true
	}
	if !e.hasData || !r.event(typ, run) {
		r.log.Unknown(typ)
	}
	return true
}

// begin starts the session, at its first record: a file may have lost the line that names it.
func (r *reader) begin(no int64) {
	e := &r.e
	name := stem(r.src.Path)
	if name == "events" {
		name = folder(r.src.Path)
	}
	if string(e.typ.Raw) == "session.start" && len(e.sessionID.Raw) > 0 {
		name = e.sessionID.String()
	}
	r.native = name
	r.transcript = len(e.editorVersion.Raw) > 0
	r.log.Begin(no, 0, 0)
	r.src.Records--
	r.s = r.log.Session(name)
	row := &r.s.Row
	row.HasToolStatus, row.HasToolArgs = true, true
	if r.transcript {
		row.Entrypoint = "vscode"
		r.beside = r.chatBeside(name)
		row.IsMain = !r.beside
		if folder := workspaceBeside(r.src, "../../workspace.json"); folder != "" {
			row.Workspace, r.s.Dir = folder, folder
		}
		return
	}
	row.HasCompactions, row.HasAPIErrors = true, true
	r.workspaceFile()
}

// chatBeside reports whether VS Code's own log of the session is there.
func (r *reader) chatBeside(name string) bool {
	if r.src.ReadBeside == nil || strings.ContainsAny(name, `/\`) {
		return false
	}
	for _, ext := range []string{".jsonl", ".json"} {
		if _, err := r.src.ReadBeside("../../chatSessions/" + name + ext); err == nil {
			return true
		}
	}
	return false
}

// workspaceFile reads workspace.yaml: flat lines of name and value.
func (r *reader) workspaceFile() {
	if r.src.ReadBeside == nil || stem(r.src.Path) != "events" {
		return
	}
	data, err := r.src.ReadBeside("workspace.yaml")
	if err != nil {
		return
	}
	row := &r.s.Row
	for _, line := range bytes.Split(bytes.ToValidUTF8(data, []byte("\uFFFD")), []byte{'\n'}) {
		name, value, ok := bytes.Cut(line, []byte(": "))
		if !ok {
			continue
		}
		text := strings.Trim(strings.TrimSpace(string(value)), `"'`)
		switch string(name) {
		case "cwd":
			row.Workspace, r.s.Dir = text, text
		case "branch":
			row.GitBranch = text
		case "repository":
			row.GitRemote = remote(text, "")
		case "name", "summary":
			if row.Title == "" && r.log.Content() != ingest.ContentNone && !strings.HasPrefix(text, "|") {
				row.Title = text
			}
		}
	}
}

// remote names a repository as host/owner/name.
func remote(repository, host string) string {
	if strings.Count(repository, "/") != 1 {
		return ""
	}
	if host == "" || host == "github" {
		host = "github.com"
	}
	if strings.Contains(host, "/") {
		return ""
	}
	return strings.ToLower(host + "/" + repository)
}

// run finds whose record the current one is: sub-agents are named by the record, or by the call that
// began them.
func (r *reader) run() *rows.Run {
	e := &r.e
	if len(e.agentID.Raw) > 0 {
		return r.s.Run(e.agentID.String())
	}
	if len(e.parentCall.Raw) > 0 {
		id := e.parentCall.String()
		if run := r.spawned[id]; run != nil {
			return run
		}
		return r.spawn(id)
	}
	return r.s.Main
}

// spawn begins the sub-agent of a call.
func (r *reader) spawn(callID string) *rows.Run {
	name := callID
	if id := r.e.agentID.String(); id != "" {
		name = id
	}
	run := r.s.Run(name)
	run.Row.SpawnToolCallID = r.toolID(callID)
	if c := r.s.Find(callID); c != nil {
		c.Row.ChildRunID = run.Row.RunID
		if c.Row.RunID != run.Row.RunID {
			run.Row.ParentRunID = c.Row.RunID
		}
	}
	r.spawned[callID] = run
	return run
}

func (r *reader) toolID(id string) schema.ID { return toolID(r.log, r.native, id) }

// toolID is the id of a call, which may be short and then is its session's alone.
func toolID(log *rows.Log, native, id string) schema.ID {
	if len(id) < 12 {
		return log.ID("tool", native, id)
	}
	return log.ID("tool", id)
}

// text tells a message, unless the chat session itself tells it.
func (r *reader) text(run *rows.Run, role, kind string, t jscan.Text) {
	if r.beside || len(t.Raw) == 0 {
		return
	}
	run.Message(role, kind, r.log.Bytes(t))
}

// event handles one record and reports whether its type is known.
func (r *reader) event(typ string, run *rows.Run) bool {
	e := &r.e
	switch typ {
	case "session.start":
		r.started()
	case "session.resume":
		r.where(e.context)
		r.setModel(e.selectedModel, false)
	case "session.context_changed":
		r.where(e.context)
	case "session.model_change":
		r.setModel(e.newModel, true)
	case "session.auto_mode_resolved":
		r.setModel(e.chosenModel, false)
	case "session.mode_changed":
		run.Setting(schema.Event{Event: "mode_changed", Detail: e.newMode.String()})
	case "session.error":
		r.failed(run)
	case "session.truncation":
		run.Event(schema.Event{Event: "compaction", TokensBefore: e.beforeCut, TokensAfter: e.cut, Detail: "truncation"})
	case "session.compaction_start":
		run.Event(schema.Event{Event: "compaction_start"})
	case "session.compaction_complete":
		r.compacted(run)
	case "session.usage_checkpoint":
		r.totals.credit(e.nanoAIU)
	case "session.shutdown":
		r.shutdown()
	case "session.task_complete":
		run.Last = rows.LastDone
	case "session.snapshot_rewind":
		run.Event(schema.Event{Event: "rewind"})
	case "user.message":
		r.prompt(run)
	case "assistant.turn_start":
		r.turns[run] = &round{started: r.log.At(), open: true, last: -1}
	case "assistant.turn_end":
		if t := r.turns[run]; t != nil {
			t.open = false
		}
	case "assistant.reasoning":
		r.text(run, "assistant", "reasoning", e.content)
	case "assistant.message":
		r.answer(run)
	case "tool.execution_start":
		r.toolStarted(run)
	case "tool.execution_complete":
		r.toolEnded(run)
	case "tool.user_requested":
		r.byUser[e.toolCallID.String()] = true
	case "subagent.started":
		sub := r.spawn(e.toolCallID.String())
		sub.Row.AgentType = e.agentName.String()
	case "subagent.completed", "subagent.failed":
		r.subagentEnded(typ)
	case "permission.requested", "permission.completed":
		r.permission(run, typ)
	case "hook.end":
		run.Event(schema.Event{Event: "hook", Detail: e.hookType.String()})
		if e.success.Valid && !e.success.V {
			run.Error(schema.Error{Source: "hook", ErrorType: "unknown"})
		}
	case "system.message", "system.notification":
		r.text(run, "system", "injected", e.content)
	case "abort":
		r.aborted(run)
	case "session.info", "session.warning", "session.handoff", "session.context_cleared", "session.binary_asset", "session.idle",
		"skill.invoked", "hook.start", "external_tool.requested", "external_tool.completed", "session.title_changed", "session.plan_changed",
		"subagent.selected", "subagent.deselected", "session.workspace_file_changed", "session.usage_info", "session.remote_steerable_changed":
	default:
		return false
	}
	return true
}

func (r *reader) started() {
	e := &r.e
	row := &r.s.Row
	if row.AgentVersion == "" {
		row.AgentVersion = e.cliVersion.String()
		r.log.Version = row.AgentVersion
	}
	if len(e.detached.Raw) > 0 {
		row.ParentSessionID = schema.IDOf(agent, e.detached.String())
	}
	r.setModel(e.selectedModel, false)
	r.where(e.context)
}

// where reads a context: folder, branch, repository.
func (r *reader) where(raw []byte) {
	if raw == nil {
		return
	}
	var cwd, root, branch, repository, host, commit string
	var s jscan.Scanner
	s.Reset(raw)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "cwd":
			cwd = s.Str()
		case "gitRoot":
			root = s.Str()
		case "branch":
			branch = s.Str()
		case "repository":
			repository = s.Str()
		case "repositoryHost":
			host = s.Str()
		case "headCommit":
			commit = s.Str()
		default:
			s.Skip()
		}
	}
	row := &r.s.Row
	if cwd == "" {
		cwd = root
	}
	if cwd != "" {
		if r.s.Dir != "" && r.s.Dir != cwd {
			r.s.Main.Setting(schema.Event{Event: "workspace_changed"})
		}
		r.s.Dir = cwd
		if row.Workspace == "" {
			row.Workspace = cwd
		}
	}
	if branch != "" && branch != "HEAD" && row.GitBranch == "" {
		row.GitBranch = branch
	}
	if row.GitCommit == "" {
		row.GitCommit = commit
	}
	if row.GitRemote == "" {
		row.GitRemote = remote(repository, host)
	}
}

// setModel notes the model in use; "auto" is a route, not a model.
func (r *reader) setModel(t jscan.Text, change bool) {
	model := t.String()
	if model == "" || model == "auto" || model == r.model {
		return
	}
	if change && r.model != "" {
		r.s.Main.Setting(schema.Event{Event: "model_changed", Detail: model})
	}
	r.model = model
}

// prompt handles a message of role user, which people, skills and the client itself write.
func (r *reader) prompt(run *rows.Run) {
	e := &r.e
	text := r.log.Bytes(e.content)
	src := e.source.String()
	switch {
	case r.beside:
		return
	case strings.HasPrefix(src, "skill-"), strings.HasPrefix(src, "agent-"), bytes.HasPrefix(text, []byte("<skill-context")):
		run.Message("user", "injected", text)
	case e.autopilot:
		run.Prompt("continuation", text)
	case run != r.s.Main || e.parentTask:
		run.Prompt("parent", text)
	default:
		run.Prompt("user", text)
	}
}

func (r *reader) failed(run *rows.Run) {
	e := &r.e
	text := r.log.Bytes(e.message)
	er := schema.Error{Source: "api", ErrorType: rows.ErrorType(e.status, text), HTTPStatus: e.status, MessageHash: schema.HashBytes(text)}
	if er.ErrorType == "unknown" {
		er.ErrorType = rows.ErrorType(schema.Int{}, []byte(e.errorType.String()))
	}
	run.Error(er)
	run.Last = rows.LastError
}

func (r *reader) aborted(run *rows.Run) {
	run.Event(schema.Event{Event: "interrupt", Detail: r.e.reason.String()})
	run.Last = rows.LastInterrupt
	t := r.turns[run]
	if t == nil || !t.open || t.last >= 0 || r.beside {
		return
	}
	// A request was under way, of which nothing came.
	row := run.Model(r.log.Key().With(4000))
	row.RequestModel, row.StartedAt, row.Status = r.model, t.started, "interrupted"
	r.calls = append(r.calls, call{row: row})
	t.last = len(r.calls) - 1
}

func (r *reader) subagentEnded(typ string) {
	e := &r.e
	id := e.toolCallID.String()
	sub := r.spawned[id]
	if sub == nil {
		sub = r.spawn(id)
	}
	switch {
	case e.cancelled:
		sub.Row.EndState = "interrupted"
	case typ == "subagent.failed":
		sub.Row.EndState = "error"
	default:
		sub.Row.EndState = "completed"
	}
	if sub.Row.AgentType == "" {
		sub.Row.AgentType = e.agentName.String()
	}
}
