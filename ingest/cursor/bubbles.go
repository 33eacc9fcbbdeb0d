package cursor

import (
	"context"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// A conversation is one session of the editor being read.
type conversation struct {
	get   func(key string) ([]byte, error) // the value of a key of the conversations
	log   *rows.Log
	calls *trace.Calls
	tools *trace.Tools
	s     *rows.Session
	run   *rows.Run
	id    string
	// parents are the conversations that began others.
	parents map[string]string

	base           int64 // where its lines begin
	line, count    int64
	told           int // messages
	began, updated schema.Instant
	tooldata       trace.Object // of the first versions: what tools did, by the message
	model          string
	call           *schema.ModelCall // of the turn
	in, out        int64
}

// An insider is a conversation inside a value.
type insider struct {
	o    trace.Object
	chat bool
}

// Parse reads one conversation; the line of a row is the number of its message.
func (Editor) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	t := newConversation(rows.New(agent, src, emit), src.Session)
	t.get = func(key string) ([]byte, error) { return value(ctx, src.DB, "cursorDiskKV", key) }
	o, err := composer(ctx, src.DB, t.id)
	if err != nil {
		return err
	}
	chat := false
	if o.Len() == 0 {
		found, err := src.DB.Memo("cursor: inside", func() (any, error) {
			all := map[string]insider{}
			err := inside(itemsOf(ctx, src.DB), func(id string, o trace.Object, chat bool) error {
				if _, ok := all[id]; !ok {
					all[id] = insider{o, chat}
				}
				return nil
			})
			return all, err
		})
		if err != nil {
			return err
		}
		in := found.(map[string]insider)[t.id]
		o, chat = in.o, in.chat
	}
	if src.DB.Has("cursorDiskKV") {
		if t.parents, err = parents(ctx, src.DB); err != nil {
			return err
		}
	}
	if err := t.tell(src, o, chat); err != nil {
		return err
	}
	return t.log.Close()
}

func newConversation(log *rows.Log, id string) *conversation {
	return &conversation{log: log, id: id, calls: trace.NewCalls(log), tools: trace.NewTools(log, id)}
}

// tell emits the rows of a conversation but those that wait for the end of the log.
func (t *conversation) tell(src *ingest.Source, o trace.Object, chat bool) error {
	t.about(src, o)
	if err := t.messages(o, chat); err != nil {
		return err
	}
	t.endCall()
	t.calls.Close(t.s)
	if t.told > 0 {
		tellsAll(t.log, t.run, rankEditor)
	}
	return nil
}

// The places where Cursor tells the same conversation, best first.
const (
	rankEditor     = 1 // results, times and models
	rankStore      = 2 // whole texts
	rankStream     = 3 // perhaps not of all runs
	rankTranscript = 4
	rankOutline    = 5 // prompts at most
)

// The accounts of requests, of those that state the same.
const (
	accountStore  = 1 // each request
	accountStream = 2 // each run
)

// tellsAll says that the log tells all of a run.
func tellsAll(log *rows.Log, run *rows.Run, rank int64) {
	log.Put(&schema.Ledger{Where: schema.Where{Line: max(run.Session().Row.Line, 1)}, SessionID: run.Row.SessionID, WholeRunID: run.Row.RunID, Rank: rank})
}

// accounts says that the log keeps account of the requests of a session. Captured output alone states what
// they used, and the store alone tells all of the conversation.
func accounts(log *rows.Log, ses *rows.Session, rank int64) {
	log.Put(&schema.Ledger{Where: schema.Where{Line: max(ses.Row.Line, 1)}, SessionID: ses.Row.SessionID, Rank: rank})
}

// about takes what is said of the whole conversation.
func (t *conversation) about(src *ingest.Source, o trace.Object) {
	root := t.id
	for n := 0; t.parents[root] != "" && n < 16; n++ {
		root = t.parents[root]
	}
	t.s = t.log.Session(root)
	t.run = t.s.Main
	r := &t.s.Row
	if root != t.id {
		t.run, r.IsMain = t.s.Run(t.id), false
		t.run.Row.Line = 1
		t.run.Row.OwnSessionID = schema.IDOf(agent, t.id)
		if up := t.parents[t.id]; up != root {
			t.run.Row.ParentRunID, t.run.Row.Depth = t.log.ID("run", root, up), schema.Int{}
		}
	}
	r.HasToolStatus, r.HasToolArgs = true, true
	if src.Content != ingest.ContentNone && r.IsMain {
		r.Title = trace.Str(o.First("name", "chatTitle", "title"))
	}
	t.began, t.updated = trace.Instant(o.Raw("createdAt")), trace.Instant(o.First("lastUpdatedAt", "lastSendTime"))
	t.model = modelName(o.Object("modelConfig").Str("modelName"))
	r.Workspace = o.Object("workspaceIdentifier").Object("uri").Str("fsPath")
	if r.Workspace == "" && src.ReadBeside != nil && strings.Contains(strings.ReplaceAll(src.Path, `\`, "/"), "/workspaceStorage/") {
		if data, err := src.ReadBeside("workspace.json"); err == nil {
			if uri := trace.ObjectOf(data).Str("folder"); strings.HasPrefix(uri, "file://") {
				r.Workspace = rows.PathOfURI(uri)
			}
		}
	}
	t.s.Dir = r.Workspace
	if trace.IsTrue(o.Raw("isBestOfNSubcomposer")) && r.IsMain {
		r.SessionKind = "background"
	}
	cents := 0.0
	for _, model := range o.Object("usageData").Members() {
		cents += trace.ObjectOf(model).Float("costInCents").V
	}
	r.ReportedCostUSD = rows.Dollars(cents / 100)
	for e := range trace.Elems(o.Raw("capabilities")) {
		if data := trace.Unwrap(trace.ObjectOf(e).Object("data").Raw("bubbleDataMap")); trace.ObjectOf(data).Len() > 0 {
			t.tooldata = trace.ObjectOf(data)
		}
	}
}

// modelName leaves out what stands for the editor's own choice.
func modelName(name string) string {
	if name == "default" || name == "auto" {
		return ""
	}
	return name
}

// messages reads the messages in the order that the conversation gives: what else lies in the database
// was taken back.
func (t *conversation) messages(o trace.Object, chat bool) error {
	var ids []string
	for e := range trace.Elems(o.Raw("fullConversationHeadersOnly")) {
		ids = append(ids, trace.ObjectOf(e).Str("bubbleId"))
	}
	if len(ids) > 0 && !hasElements(o.Raw("conversation")) {
		t.count = int64(len(ids))
		for _, id := range ids {
			data, err := t.get(bubblePrefix + t.id + ":" + id)
			if err != nil {
				return err
			}
			t.line++
			if len(data) == 0 {
				continue // it was taken back, or is yet to be written
			}
			t.bubble(id, trace.ObjectOf(data), false)
			if t.log.Err() != nil {
				return t.log.Err()
			}
		}
		return nil
	}
	list := o.First("conversation", "bubbles", "messages")
	var last int64
	for e := range trace.Elems(list) {
		t.count++
		b := trace.ObjectOf(e)
		if text, ok := trace.Content(b.Raw("text")); chat && b.Str("type") == "user" && (!ok || trace.IsBlank(text)) {
			continue // the empty line for the next prompt
		}
		last = t.count
	}
	if last > 0 {
		t.count = last
	}
	for e, whole := range trace.Elems(list) {
		if !whole || t.line == t.count {
			break
		}
		t.line++
		b := trace.ObjectOf(e)
		t.bubble(trace.Str(b.First("bubbleId", "id")), b, chat)
		if t.log.Err() != nil {
			return t.log.Err()
		}
	}
	return nil
}

// bubble takes one message.
func (t *conversation) bubble(id string, o trace.Object, chat bool) {
	timing := o.Object("timingInfo")
	at := trace.Instant(o.Raw("createdAt"))
	if at == 0 {
		at = trace.Instant(timing.First("clientRpcSendTime", "clientSettleTime"))
	}
	if at == 0 && t.line == 1 {
		at = t.began
	} else if at == 0 && t.line == t.count {
		at = t.updated
	}
	key := t.log.ID("message", t.id, id)
	if key == 0 {
		key = t.log.ID("message of", t.id).With(uint64(t.line))
	}
	text, hasText := trace.Content(o.Raw("text"))
	hasText = hasText && !trace.IsBlank(text)
	role := ""
	switch {
	case chat && (o.Str("type") == "user" || o.Str("role") == "user"), trace.Int(o.Raw("type")).V == 1:
		role = "user"
	case chat && (o.Str("type") == "ai" || o.Str("role") == "assistant"), trace.Int(o.Raw("type")).V == 2:
		role = "assistant"
	}
	if role == "user" {
		t.endCall()
	}
	t.log.Begin(t.base+t.line, at, key)
	t.s.Row.HasTimes = t.s.Row.HasTimes || at != 0
	if o.Len() == 0 {
		t.log.Bad(schema.ProblemBadJSON)
		return
	}
	t.run.Record()
	t.told++
	switch role {
	case "user":
		if hasText {
			trigger := "user"
			if t.run != t.s.Main {
				trigger = "parent"
			}
			t.run.Prompt(trigger, text)
		}
	case "assistant":
		t.answered(o, timing)
		if thought := o.Object("thinking"); thought.Len() > 0 {
			if text, ok := trace.Content(thought.Raw("text")); ok && !trace.IsBlank(text) {
				t.run.Message("assistant", "reasoning", text)
			} else if thought.Has("signature") {
				t.run.Hidden()
			}
		}
		if hasText {
			t.run.Message("assistant", "text", text)
		}
		data := o.Object("toolFormerData")
		if data.Len() == 0 && id != "" {
			data = t.tooldata.Object(id)
		}
		if data.Str("name") != "" || data.Str("toolCallId") != "" {
			t.tool(data)
		}
	default:
		t.log.Unknown("bubble " + trace.Label(o.Raw("type")))
	}
}

// answered adds a message to the call of its turn: how many requests a turn took is not kept.
func (t *conversation) answered(o, timing trace.Object) {
	if t.call == nil {
		t.call = t.calls.Take(t.run, t.log.Key().With(1<<33), "position")
		t.call.UsageGrain = "turn"
	}
	m := t.call
	t.run.Response = m.ModelCallID
	if name := modelName(o.Object("modelInfo").Str("modelName")); name != "" {
		t.model = name
	}
	if name := modelName(o.Str("modelType")); name != "" {
		t.model = name
	}
	if t.model != "" {
		m.RequestModel = t.model
	}
	from, to := trace.Instant(timing.Raw("clientRpcSendTime")), trace.Instant(timing.Raw("clientEndTime"))
	if from != 0 && to >= from {
		if m.StartedAt == 0 {
			m.StartedAt = from
		}
		m.EndedAt = max(m.EndedAt, to)
	}
	count := o.Object("tokenCount")
	in, out := count.Int("inputTokens").V, count.Int("outputTokens").V
	if in+out == 0 {
		usage := o.Object("usage")
		in, out = usage.Int("input_tokens").V, usage.Int("output_tokens").V
	}
	t.in, t.out = t.in+in, t.out+out
}

// endCall ends the call of a turn. Zeros are what the editor writes where it knows nothing.
func (t *conversation) endCall() {
	if t.call != nil && t.in+t.out > 0 {
		t.calls.Observe(t.call, schema.Usage{UncachedInput: schema.Known(t.in), Output: schema.Known(t.out)})
		t.call.UsageQuality = "partial" // not every message has counters, and none says what was cached
	}
	t.call, t.in, t.out = nil, 0, 0
}

// tool takes a call with what came of it.
func (t *conversation) tool(o trace.Object) {
	name := o.Str("name")
	if name == "" {
		name = trace.Label(o.Raw("tool"))
	}
	c := t.tools.Begin(t.run, name, o.Str("toolCallId"))
	c.Untimed = true
	args := trace.Unwrap(o.Raw("rawArgs"))
	if trace.ObjectOf(args).Len() == 0 || trace.ObjectOf(args).Cut {
		args = trace.Unwrap(o.Raw("params"))
	}
	if trace.ObjectOf(args).Len() > 0 {
		c.Arguments(actOf(name), args)
	}
	switch o.Str("userDecision") {
	case "accepted":
		c.Row.Approval = "user"
	case "rejected":
		c.Row.Approval = "denied"
	}
	result := trace.ObjectOf(trace.Unwrap(o.Raw("result")))
	text, ok := trace.Content(result.First("output", "contents"))
	if !ok {
		text, ok = trace.Content(o.Raw("result"))
	}
	exit := trace.Signed(result.First("exitCodeV2", "exitCode"))
	status, class := "", ""
	switch o.Str("status") {
	case "completed":
		status = "ok"
	case "error":
		status = "error"
	case "cancelled":
		status = "interrupted"
	}
	additional := o.Object("additionalData").Str("status")
	ended := result.Str("endedReason")
	switch {
	case c.Row.Approval == "denied", trace.IsTrue(result.Raw("rejected")):
		status, c.Row.Approval = "denied", "denied"
	case strings.HasSuffix(ended, "ABORTED"):
		status = "interrupted"
	case status == "interrupted", status == "":
	case exit.Valid && exit.V != 0:
		status, class = "error", "nonzero_exit"
	case trace.IsTrue(result.Raw("applyFailed")):
		status, class = "error", "bad_args"
	case result.Has("error"), additional == "error", status == "error":
		status = "error"
		if message, has := trace.Content(trace.ObjectOf(trace.Unwrap(o.Raw("error"))).First("modelVisibleErrorMessage", "clientVisibleErrorMessage")); has {
			text, ok = message, true
		}
		class = rows.Failure(text)
	}
	if status == "" {
		return // it runs, or was running when the editor ended
	}
	if exit.V < 0 {
		exit = schema.Int{}
	}
	changed(c, result)
	c.Row.ExitCode = exit
	c.End(status, class)
	if ok {
		c.Output(text)
	}
	c.Done()
}

// changed takes the lines that an edit added and removed.
func changed(c *rows.Call, result trace.Object) {
	if actOf(c.Row.ToolNameRaw) != rows.EditAct && actOf(c.Row.ToolNameRaw) != rows.WriteAct || c.Row.TargetPath == "" {
		return
	}
	var added, removed int64
	found := false
	for e := range trace.Elems(result.Object("diff").Raw("chunks")) {
		chunk := trace.ObjectOf(e)
		plus, minus := chunk.Int("linesAdded"), chunk.Int("linesRemoved")
		if !plus.Valid || !minus.Valid {
			return
		}
		added, removed, found = added+plus.V, removed+minus.V, true
	}
	if found {
		c.Rather(rows.Change{Path: c.Row.TargetPath, Op: "modify", Basis: "snapshot", AddedCount: schema.Known(added), RemovedCount: schema.Known(removed)})
	}
}
