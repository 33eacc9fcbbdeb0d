package crush

import (
	"bytes"
	"context"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// A thread is one session being read.
type thread struct {
	ctx   context.Context
	db    *sqlitedb.DB
	log   *rows.Log
	calls *trace.Calls
	tools *trace.Tools // of the newest answer
	s     *rows.Session
	run   *rows.Run
	child bool // another session started this one
	model string

	summary    string // the message that sums up those before it
	completion schema.Int
	last       *schema.ModelCall // the newest that did not fail, and the key of its message
	lastKey    schema.ID
}

func parse(ctx context.Context, agent string, src *ingest.Source, emit ingest.Emit) error {
	t := &thread{ctx: ctx, db: src.DB, log: rows.New(agent, src, emit)}
	t.calls = trace.NewCalls(t.log)
	if err := t.begin(src, agent); err != nil {
		return err
	}
	if err := t.messages(src.Session); err != nil {
		return err
	}
	if t.last != nil && t.completion.V > 0 {
		t.log.Again(t.last.Line, t.last.OccurredAt, t.lastKey)
		t.calls.Observe(t.last, schema.Usage{Output: t.completion})
		t.last.UsageQuality = "partial"
	}
	t.calls.Close(t.s)
	return t.log.Close()
}

// begin takes the session's row.
func (t *thread) begin(src *ingest.Source, agent string) error {
	q := t.db.Query(t.ctx, "SELECT "+t.db.Columns("sessions", "parent_session_id", "title", "cost", "completion_tokens", "summary_message_id")+
		" FROM sessions WHERE id = ?", src.Session)
	var parent, title string
	var cost float64
	if q.Next() {
		parent, title = q.Str(0), q.Str(1)
		cost, _ = q.Float(2)
		t.completion.V, t.completion.Valid = q.Int(3)
		t.summary = q.Str(4)
	}
	if err := q.Close(); err != nil {
		return err
	}
	root := src.Session
	if parent != "" {
		root = t.rootOf(parent)
	}
	t.s = t.log.Session(root)
	t.run = t.s.Main
	r := &t.s.Row
	r.Fidelity = "partial" // tokens are not kept
	r.HasToolStatus, r.HasToolArgs, r.HasCompactions, r.HasAPIErrors = true, true, true, true
	if parent == "" {
		r.ReportedCostUSD = rows.Dollars(cost)
		if src.Content != ingest.ContentNone {
			r.Title = title
		}
	} else {
		t.child = true
		r.IsMain = false
		t.run = t.s.Run(src.Session)
		t.run.Row.Line = 1
		t.run.Row.OwnSessionID = schema.IDOf(agent, src.Session)
		if parent != root {
			t.run.Row.ParentRunID, t.run.Row.Depth = t.log.ID("run", root, parent), schema.Int{}
		}
		if message, call, ok := strings.Cut(src.Session, "$$"); ok {
			t.run.Row.SpawnToolCallID = t.log.ID("tool", message, call)
		}
		if strings.HasPrefix(src.Session, "title-") {
			t.run.Row.AgentType = "title"
		}
	}
	path := strings.ReplaceAll(src.Path, `\`, "/")
	for _, folder := range []string{"/.crush/", "/.opencode/"} {
		if i := strings.LastIndex(path, folder); i > 0 {
			r.Workspace = src.Path[:i]
			t.s.Dir = r.Workspace
		}
	}
	return nil
}

// rootOf climbs from a session to the one that no other started.
func (t *thread) rootOf(id string) string {
	for range 16 {
		q := t.db.Query(t.ctx, "SELECT parent_session_id FROM sessions WHERE id = ?", id)
		up := ""
		if q.Next() {
			up = q.Str(0)
		}
		if q.Close() != nil || up == "" || up == id {
			return id
		}
		id = up
	}
	return id
}

// messages reads the messages in their order.
func (t *thread) messages(session string) error {
	q := t.db.Query(t.ctx, "SELECT rowid FROM messages WHERE session_id = ? ORDER BY created_at, rowid", session)
	var order []int64
	for q.Next() {
		if no, ok := q.Int(0); ok {
			order = append(order, no)
		}
	}
	if err := q.Close(); err != nil {
		return err
	}
	sql := "SELECT id, role, " + t.db.Columns("messages", "created_at", "finished_at", "model", "provider", "is_summary_message") + ", " +
		t.db.Cell("messages", "parts") + " FROM messages WHERE rowid = ?"
	for i, no := range order {
		q := t.db.Query(t.ctx, sql, no)
		if q.Next() {
			t.message(int64(i+1), q)
		}
		if q.Replaced > 0 {
			t.log.Problem(schema.ProblemBadEncoding, "", "")
		}
		if err := q.Close(); err != nil {
			return err
		}
		if t.log.Err() != nil {
			return t.log.Err()
		}
	}
	return nil
}

// A part is an element of a message.
type part struct {
	typ  string
	data trace.Object
}

func (t *thread) message(line int64, q *sqlitedb.Rows) {
	id, role := q.Str(0), q.Str(1)
	var at, finished schema.Instant
	if n, ok := q.Int(2); ok {
		at = instant(n)
	}
	if n, ok := q.Int(3); ok {
		finished = instant(n)
	}
	t.log.Begin(line, at, t.log.ID("message", id))
	t.s.Row.HasTimes = t.s.Row.HasTimes || at != 0
	if q.Oversized(7) {
		t.log.Bad(schema.ProblemOversized)
		return
	}
	raw := q.Text(7)
	if trace.Kind(raw) != jscan.Array {
		t.log.Bad(schema.ProblemBadJSON)
		return
	}
	var parts []part
	for e, whole := range trace.Elems(raw) {
		if !whole {
			t.log.Problem(schema.ProblemBadJSON, role, "parts")
			break
		}
		o := trace.ObjectOf(e)
		parts = append(parts, part{o.Str("type"), o.Object("data")})
	}
	t.run.Record()
	marked, _ := q.Int(6)
	switch role {
	case "user":
		t.user(parts)
	case "assistant":
		t.assistant(id, q.Str(4), q.Str(5), at, finished, parts, marked != 0 || id == t.summary)
	case "tool":
		t.results(parts)
	case "system":
		for _, p := range parts {
			if text, ok := trace.Content(p.data.Raw("text")); ok && !trace.IsBlank(text) {
				t.run.Message("system", "injected", text)
			}
		}
	default:
		t.log.Unknown("message " + role)
	}
}

func (t *thread) user(parts []part) {
	var prompt []byte
	asked := false
	for _, p := range parts {
		switch p.typ {
		case "text":
			text, ok := trace.Content(p.data.Raw("text"))
			if !ok || trace.IsBlank(text) {
				continue
			}
			if asked {
				prompt = append(prompt, '\n')
			}
			prompt = append(prompt, text...)
			asked = true
		case "shell_command":
			if text, ok := trace.Content(p.data.Raw("command")); ok {
				t.run.Message("user", "command", text)
			}
			if out, ok := trace.Content(p.data.Raw("output")); ok && !trace.IsBlank(out) {
				t.run.Message("user", "injected", out)
			}
		case "image_url", "binary", "finish":
		default:
			t.log.Problem(schema.ProblemUnknownField, "user", p.typ)
		}
	}
	if asked {
		trigger := "user"
		if t.child {
			trigger = "parent"
		}
		t.run.Prompt(trigger, prompt)
	}
}

func (t *thread) assistant(id, model, provider string, at, finished schema.Instant, parts []part, summary bool) {
	if model != "" && t.model != "" && model != t.model {
		t.run.Event(schema.Event{Event: "model_changed", Detail: model})
	}
	if model != "" {
		t.model = model
	}
	key, basis := t.log.ID("response", id), "provider_id"
	if key == 0 {
		key, basis = t.log.Key().With(1<<33), "position"
	}
	m := t.calls.Take(t.run, key, basis)
	m.ProviderName, m.RequestModel = provider, model
	m.StartedAt, m.EndedAt = at, finished
	t.run.Response = key
	t.tools = trace.NewTools(t.log, id)
	for _, p := range parts {
		switch p.typ {
		case "reasoning":
			if text, ok := trace.Content(p.data.Raw("thinking")); ok && !trace.IsBlank(text) {
				t.run.Message("assistant", "reasoning", text)
			} else {
				t.run.Hidden()
			}
		case "text":
			if text, ok := trace.Content(p.data.Raw("text")); ok && !trace.IsBlank(text) {
				kind := "text"
				if summary {
					kind = "summary"
				}
				t.run.Message("assistant", kind, text)
			}
		case "tool_call":
			t.call(p.data)
		case "tool_result": // of a tool that the provider ran
			t.result(p.data)
		case "finish":
			t.finish(m, p.data)
		case "image_url", "binary":
		default:
			t.log.Problem(schema.ProblemUnknownField, "assistant", p.typ)
		}
	}
	if m.Status != "error" {
		t.last, t.lastKey = m, t.log.Key()
	}
	if summary {
		t.run.Event(schema.Event{Event: "compaction"})
	}
	if turn := t.run.Turn(); turn != nil {
		turn.EndedAt = max(turn.EndedAt, m.EndedAt)
	}
}

// finish takes how an answer ended.
func (t *thread) finish(m *schema.ModelCall, o trace.Object) {
	m.FinishReason = o.Str("reason")
	if at := trace.Int(o.Raw("time")); at.Valid && m.EndedAt == 0 {
		m.EndedAt = instant(at.V)
	}
	switch m.FinishReason {
	case "end_turn":
		t.run.Last = rows.LastDone
	case "max_tokens":
		t.run.Last = rows.LastMaxTokens
	case "canceled":
		m.Status = "interrupted"
		t.run.Interrupt()
	case "error":
		text, _ := trace.Content(o.First("details", "message"))
		e := schema.Error{Source: "api", ErrorType: rows.ErrorType(schema.Int{}, text), MessageHash: schema.HashBytes(text), IsFinal: schema.Known(true)}
		t.run.Error(e)
		t.run.Last = rows.LastError
		m.Status, m.ErrorType = "error", e.ErrorType
	}
}

func (t *thread) call(o trace.Object) {
	name := o.Str("name")
	if name == "" {
		t.log.Problem(schema.ProblemUnknownField, "tool_call", "name")
		return
	}
	c := t.tools.Begin(t.run, name, o.Str("id"))
	// Requests and results bound what ran; only the shell says how long.
	c.Untimed = true
	if server, ok := strings.CutPrefix(name, "mcp_"); ok {
		c.Row.MCPServer, _, _ = strings.Cut(server, "_")
	}
	input, _ := trace.Content(o.Raw("input"))
	if trace.IsTrue(o.Raw("finished")) || trace.Kind(input) == jscan.Object && !trace.ObjectOf(input).Cut {
		trace.Arguments(c, input)
	}
}

func (t *thread) results(parts []part) {
	for _, p := range parts {
		switch p.typ {
		case "tool_result":
			t.result(p.data)
		case "finish":
		default:
			t.log.Problem(schema.ProblemUnknownField, "tool", p.typ)
		}
	}
}

// result takes what came of a call of the newest answer: ids come again in other answers.
func (t *thread) result(o trace.Object) {
	var c *rows.Call
	if t.tools != nil {
		c = t.tools.Open(o.Str("tool_call_id"))
	}
	if c == nil {
		t.log.Problem(schema.ProblemOrphanResult, "tool_result", "")
		return
	}
	text, ok := trace.Content(o.Raw("content"))
	meta := trace.ObjectOf(trace.Unwrap(o.Raw("metadata")))
	status, class, exit := "ok", "", schema.Int{}
	if c.IsShell() {
		exit = rows.ExitIn(lastLine(text))
		if exit.Valid && exit.V != 0 {
			status, class = "error", "nonzero_exit"
		}
	}
	if trace.IsTrue(o.Raw("is_error")) {
		end := rows.EndingOf(text)
		status, class = end.Status, end.ErrorType
		if end.Exit.Valid {
			exit = end.Exit
		}
		switch {
		case bytes.Contains(text, []byte("User denied permission")), bytes.Contains(text, []byte("permission denied by user")):
			status, class = "denied", ""
		case bytes.Contains(text, []byte("cancelled")), bytes.Contains(text, []byte("canceled")):
			status, class = "interrupted", ""
		}
		if status == "denied" {
			c.Row.Approval = "denied"
		}
	}
	if from, to := trace.Instant(meta.Raw("start_time")), trace.Instant(meta.Raw("end_time")); from != 0 && to >= from {
		c.Row.StartedAt, c.Row.EndedAt = from, to
		c.Row.DurationMS, c.Row.DurationBasis = schema.Known(int64(to-from)/1000), "reported"
	}
	if status == "ok" {
		changed(c, meta)
	}
	if exit.V < 0 {
		exit = schema.Int{}
	}
	trace.Finish(c, status, class, exit, text, ok)
}

// changed takes the change of a file as the tool's own record shows it.
func changed(c *rows.Call, meta trace.Object) {
	path := c.Row.TargetPath
	if path == "" || trace.ActOf(c.Row.ToolNameRaw) != trace.Edit && trace.ActOf(c.Row.ToolNameRaw) != trace.Write {
		return
	}
	before, hasOld := trace.Content(meta.Raw("old_content"))
	after, hasNew := trace.Content(meta.Raw("new_content"))
	switch {
	case hasOld && hasNew:
		c.Rather(trace.Replacement(path, before, after, len(before) > 0))
	case meta.Int("additions").Valid:
		op := "modify"
		if trace.ActOf(c.Row.ToolNameRaw) == trace.Write && meta.Int("removals").V == 0 {
			op = "create"
		}
		c.Rather(rows.Change{Path: path, Op: op, Basis: "snapshot", AddedCount: meta.Int("additions"), RemovedCount: meta.Int("removals")})
	}
}

// lastLine is the last line of a result, but for the folder that newer versions add.
func lastLine(text []byte) []byte {
	text = bytes.TrimRight(text, " \r\n")
	if bytes.HasSuffix(text, []byte("</cwd>")) {
		text = bytes.TrimRight(text[:bytes.LastIndexByte(text, '\n')+1], " \r\n")
	}
	return text[bytes.LastIndexByte(text, '\n')+1:]
}
