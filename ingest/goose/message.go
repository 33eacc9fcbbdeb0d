package goose

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// A thread is one session being read.
type thread struct {
	src   *ingest.Source
	log   *rows.Log
	tools *trace.Tools
	s     *rows.Session
	run   *rows.Run
	child bool // another session started this one
	id    string
	seen  map[schema.ID]uint64

	total    totals
	model    string
	provider string
}

// totals are what a session says of all its requests.
type totals struct {
	input, output, read, write schema.Int
	cost                       float64
}

func newThread(src *ingest.Source, emit ingest.Emit) *thread {
	return &thread{src: src, log: rows.New(Agent, src, emit), seen: map[schema.ID]uint64{}}
}

// begin starts the session; root is the one that started it, or itself.
func (t *thread) begin(id, root string) {
	t.id = id
	t.s = t.log.Session(root)
	t.run = t.s.Main
	t.tools = trace.NewTools(t.log, id)
	r := &t.s.Row
	r.HasToolStatus, r.HasToolArgs, r.HasCompactions = true, true, true
	if id != root {
		t.child = true
		r.IsMain = false
		t.run = t.s.Run(id)
		t.run.Row.Line = 1
		t.run.Row.OwnSessionID = schema.IDOf(Agent, id)
	}
}

// builtin are the extensions that come with the agent.
var builtin = map[string]bool{
	"developer": true, "platform": true, "computercontroller": true, "memory": true, "todo": true, "subagent": true,
	"tutorial": true, "autovisualiser": true, "extensionmanager": true, "skills": true, "chatrecall": true,
}

// key names a message by when it was and what it holds: a compaction and an import give it other numbers.
func (t *thread) key(role string, created int64, content []byte) schema.ID {
	var text []byte
	for e := range trace.Elems(content) {
		b := trace.ObjectOf(e)
		text = append(text, b.Str("type")...)
		text = append(text, 0)
		for _, name := range [...]string{"text", "thinking", "id", "msg"} {
			if v, ok := trace.Content(b.Raw(name)); ok {
				text = binary.LittleEndian.AppendUint64(text, uint64(schema.HashBytes(v)))
			}
		}
	}
	key := t.log.ID("message", t.id, role, strconv.FormatInt(created, 10), string(text)+".")
	n := t.seen[key]
	t.seen[key]++
	if n > 0 {
		key = key.With(1<<40 + n)
	}
	return key
}

// message takes one message, in the order of the conversation.
func (t *thread) message(line int64, role string, created int64, content []byte, meta trace.Object) {
	at := seconds(created)
	t.log.Begin(line, at, t.key(role, created, content))
	t.s.Row.HasTimes = t.s.Row.HasTimes || at != 0
	t.run.Record()
	if trace.Kind(content) != jscan.Array {
		t.log.Bad(schema.ProblemBadJSON)
		return
	}
	hidden := meta.Has("userVisible") && !trace.IsTrue(meta.Raw("userVisible"))
	var blocks []trace.Object
	answers := false
	for e, whole := range trace.Elems(content) {
		if !whole {
			t.log.Problem(schema.ProblemBadJSON, role, "content")
			break
		}
		b := trace.ObjectOf(e)
		answers = answers || b.Str("type") == "toolResponse"
		blocks = append(blocks, b)
	}
	switch role {
	case "user", "assistant":
	default:
		t.log.Unknown("message " + role)
		return
	}
	var prompt []byte
	asked := false
	for _, b := range blocks {
		switch typ := b.Str("type"); typ {
		case "text":
			text, ok := trace.Content(b.Raw("text"))
			switch {
			case !ok || trace.IsBlank(text):
			case role == "assistant" && hidden:
				t.run.Message("assistant", "summary", text)
			case role == "assistant":
				t.run.Message("assistant", "text", text)
			case hidden || answers:
				t.run.Message("user", "injected", text)
			default:
				if asked {
					prompt = append(prompt, '\n')
				}
				prompt = append(prompt, text...)
				asked = true
			}
		case "thinking":
			if text, ok := trace.Content(b.Raw("thinking")); ok && !trace.IsBlank(text) {
				t.run.Message("assistant", "reasoning", text)
			}
		case "redactedThinking":
			t.run.Hidden()
		case "toolRequest", "frontendToolRequest":
			t.request(b)
		case "toolResponse":
			t.response(b)
		case "toolConfirmationRequest":
			t.approval(b.Str("toolName"))
		case "actionRequired":
			if data := b.Object("data"); data.Str("actionType") == "toolConfirmation" {
				t.approval(data.Str("toolName"))
			}
		case "conversationCompacted", "summarizationRequested":
			t.run.Event(schema.Event{Event: "compaction"})
		case "image", "systemNotification", "contextLengthExceeded":
		default:
			t.log.Problem(schema.ProblemUnknownField, role, typ)
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

func (t *thread) approval(tool string) {
	t.s.Row.HasApprovals = true
	t.run.Event(schema.Event{Event: "approval_requested", Detail: tool})
}

// request takes a call, or the attempt at one that the agent could not read.
func (t *thread) request(b trace.Object) {
	call := b.Object("toolCall")
	value := call.Object("value")
	c := t.tools.Begin(t.run, value.Str("name"), b.Str("id"))
	c.Untimed = true // the instants are whole seconds, and those of messages
	if server, _, ok := strings.Cut(value.Str("name"), "__"); ok && !builtin[server] {
		c.Row.MCPServer = server
	}
	trace.Arguments(c, value.Raw("arguments"))
	if call.Str("status") == "error" {
		text, ok := trace.Content(call.Raw("error"))
		trace.Finish(c, "error", "bad_args", schema.Int{}, text, ok)
	}
}

// response takes what came of a call: it failed if the call, the tool or its result says so.
func (t *thread) response(b trace.Object) {
	c := t.tools.Find(b.Str("id"))
	if c == nil {
		t.log.Problem(schema.ProblemOrphanResult, "toolResponse", "")
		return
	}
	if c.Ended() {
		return // the call could not be read, and this repeats it
	}
	result := b.Object("toolResult")
	status, class := "ok", ""
	var text []byte
	var ok bool
	if result.Str("status") == "error" {
		text, ok = trace.Content(result.Raw("error"))
		status = "error"
	} else {
		value := result.Raw("value")
		if trace.Kind(value) == jscan.Object {
			o := trace.ObjectOf(value)
			if trace.IsTrue(o.Raw("isError")) {
				status = "error"
			}
			value = o.Raw("content")
		}
		text, ok = texts(value)
	}
	exit := schema.Int{}
	if status == "error" {
		end := rows.EndingOf(text)
		status, class, exit = end.Status, end.ErrorType, end.Exit
		if strings.Contains(string(text[:min(len(text), 200)]), "declined to run this tool") {
			status, class = "denied", ""
		}
		if status == "denied" {
			c.Row.Approval = "denied"
		}
	}
	if exit.V < 0 {
		exit = schema.Int{}
	}
	trace.Finish(c, status, class, exit, text, ok)
}

// texts joins the texts of a result. An output may be there twice, for the model and for the user: that
// of the model counts.
func texts(raw []byte) (text []byte, ok bool) {
	n := 0
	for e, whole := range trace.Elems(raw) {
		b := trace.ObjectOf(e)
		if !whole || b.Str("type") != "text" {
			continue
		}
		if audience := b.Object("annotations").Raw("audience"); trace.Kind(audience) == jscan.Array {
			forModel := false
			for a := range trace.Elems(audience) {
				forModel = forModel || trace.Str(a) == "assistant"
			}
			if !forModel {
				continue
			}
		}
		part, _ := trace.Content(b.Raw("text"))
		if n > 0 {
			text = append(text, '\n')
		}
		text = append(text, part...)
		n++
	}
	return text, n > 0
}

// rest emits what the totals have beyond the calls that were told.
func (t *thread) rest(told totals) {
	minus := func(all, part schema.Int) schema.Int {
		if !all.Valid || all.V <= part.V {
			return schema.Int{}
		}
		return schema.Known(all.V - part.V)
	}
	u := schema.Usage{
		UncachedInput: minus(t.total.input, told.input), Output: minus(t.total.output, told.output),
		CacheRead: minus(t.total.read, told.read), CacheCreation5m: minus(t.total.write, told.write),
	}
	if rows.Zero(&u) {
		return
	}
	cached := t.total.read.Valid || t.total.write.Valid
	u.UncachedInput, _ = rows.Minus(u.UncachedInput, u.CacheRead, u.CacheCreation5m)
	t.log.Again(max(t.log.Line(), 1), t.log.At(), t.log.ID("total", t.id))
	c := t.run.Model(t.log.ID("total", t.id))
	c.DedupBasis, c.UsageGrain, c.TurnID = "provider_id", "session", 0
	c.RequestModel, c.ProviderName = t.model, t.provider
	c.Usage = u
	c.UsageQuality = "final"
	if !cached {
		c.UsageQuality = "partial" // what of the input came from the cache is not known
	}
	if cost := t.total.cost - told.cost; cost > 1e-9 {
		c.ReportedCostUSD = rows.Dollars(cost)
	}
	t.run.PutModel(&c)
}

// seconds reads an instant in seconds; some versions write milliseconds.
func seconds(n int64) schema.Instant {
	if n > 1e10 {
		return schema.UnixMillis(n)
	}
	return schema.UnixSeconds(float64(n))
}
