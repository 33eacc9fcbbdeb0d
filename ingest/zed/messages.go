package zed

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// about takes what the document says of the thread.
func (t *thread) about(o trace.Object) {
	r := &t.s.Row
	model := o.Object("model")
	t.model, t.provider = model.Str("model"), model.Str("provider")
	if trace.IsTrue(o.Raw("imported")) {
		r.Relation = "import" // somebody else's
	}
	for e := range trace.Elems(o.Object("initial_project_snapshot").First("worktree_snapshots", "worktrees")) {
		tree := trace.ObjectOf(e)
		if r.Workspace == "" {
			r.Workspace = trace.Str(tree.First("worktree_path", "abs_path"))
		}
		git := tree.Object("git_state")
		r.GitBranch, r.GitCommit = git.Str("current_branch"), git.Str("head_sha")
		r.GitRemote = trace.Remote(git.Str("remote_url"))
		break
	}
	// Paths begin with the name of their worktree.
	t.s.Dir = r.Workspace[:max(strings.LastIndexAny(r.Workspace, `/\\`), 0)]
	version := o.Str("version")
	t.old = version < "0.3"
	t.usage = o.Object("request_token_usage")
	for e := range trace.Elems(o.Raw("request_token_usage")) {
		t.list = append(t.list, e)
	}
}

func (t *thread) messages(o trace.Object) {
	var n int64
	for _, whole := range trace.Elems(o.Raw("messages")) {
		if whole {
			n++
		}
	}
	for e, whole := range trace.Elems(o.Raw("messages")) {
		if !whole || t.log.Err() != nil {
			break
		}
		t.line++
		m := trace.ObjectOf(e)
		// The thread was saved last with its last message.
		var at schema.Instant
		switch {
		case t.line == 1 && (n > 1 || t.created != 0):
			at = t.created
		case t.line == n:
			at = t.updated
		}
		id := t.log.ID("message", t.id, strconv.FormatInt(t.line, 10))
		if user := m.Object("User").Str("id"); user != "" {
			id = t.log.ID("message", t.id, user)
		}
		t.log.Begin(t.line, at, id)
		t.s.Row.HasTimes = t.s.Row.HasTimes || at != 0
		t.run.Record()
		switch {
		case m.Has("User"):
			t.settle()
			t.user(m.Object("User"))
		case m.Has("Agent"):
			t.agent(m.Object("Agent"))
		case trace.Kind(e) == jscan.String && trace.Str(e) == "Resume":
			t.run.Prompt("continuation", nil)
		case m.Has("role"):
			t.first(m)
		default:
			name := trace.Str(e)
			for n := range m.Members() {
				name = n
				break
			}
			t.log.Unknown("message " + name)
		}
	}
	t.settle()
}

// prompt begins a turn.
func (t *thread) prompt(text []byte, ok bool) {
	trigger := "user"
	if t.child {
		trigger = "parent"
	}
	if !ok {
		text = nil
	}
	t.run.Prompt(trigger, text)
}

// user takes a prompt. What it mentions stands in it with its whole content, and is not typed.
func (t *thread) user(o trace.Object) {
	t.asked = o.Str("id")
	var typed []byte
	ok := false
	for e := range trace.Elems(o.Raw("content")) {
		b := trace.ObjectOf(e)
		switch {
		case b.Has("Text"):
			text, _ := trace.Content(b.Raw("Text"))
			if ok {
				typed = append(typed, '\n')
			}
			typed, ok = append(typed, text...), true
		case b.Has("Mention"):
			if text, has := trace.Content(b.Object("Mention").Raw("content")); has && !trace.IsBlank(text) {
				t.run.Message("user", "injected", text)
			}
		case b.Has("Image"):
		default:
			t.log.Problem(schema.ProblemUnknownField, "User", "content")
		}
	}
	t.prompt(typed, ok)
}

// answer begins a response of the model.
func (t *thread) answer() {
	m := t.calls.Take(t.run, t.log.ID("response", t.id, strconv.FormatInt(t.line, 10)), "position")
	t.last, t.run.Response = m, m.ModelCallID
}

// agent takes a reply with the results of its tools.
func (t *thread) agent(o trace.Object) {
	t.answer()
	results := o.Object("tool_results")
	for e := range trace.Elems(o.Raw("content")) {
		b := trace.ObjectOf(e)
		switch {
		case b.Has("Text"):
			t.say("text", b.Raw("Text"))
		case b.Has("Thinking"):
			t.say("reasoning", b.Object("Thinking").Raw("text"))
		case b.Has("RedactedThinking"):
			t.run.Hidden()
		case b.Has("ToolUse"):
			use := b.Object("ToolUse")
			args := use.Raw("input")
			if trace.IsNull(args) {
				args = use.Raw("raw_input")
			}
			c := t.tool(use.Str("name"), use.Str("id"), args)
			t.result(c, results.Object(use.Str("id")))
		default:
			t.log.Problem(schema.ProblemUnknownField, "Agent", "content")
		}
	}
}

func (t *thread) say(kind string, raw []byte) {
	if text, ok := trace.Content(raw); ok && !trace.IsBlank(text) {
		t.run.Message("assistant", kind, text)
	}
}

func (t *thread) tool(name, id string, args []byte) *rows.Call {
	c := t.tools.Begin(t.run, name, id)
	c.Untimed = true
	if name == "terminal" {
		o := trace.ObjectOf(args)
		c.Args(args)
		if script := o.Str("command"); script != "" {
			c.Shell(script)
		}
		return c
	}
	trace.Arguments(c, args)
	return c
}

// canceled begins the result of a tool that the user stopped.
var canceled = []byte("Tool canceled by user")

func (t *thread) result(c *rows.Call, o trace.Object) {
	if o.Len() == 0 {
		return
	}
	text, ok := content(o.Raw("content"))
	status, class, exit := "ok", "", schema.Int{}
	if trace.IsTrue(o.Raw("is_error")) {
		end := rows.EndingOf(text)
		status, class, exit = end.Status, end.ErrorType, end.Exit
		if bytes.HasPrefix(text, canceled) {
			status, class = "interrupted", ""
		}
		if status == "denied" {
			c.Row.Approval = "denied"
		}
	}
	if exit.V < 0 {
		exit = schema.Int{}
	}
	out := o.Object("output")
	if before, has := trace.Content(out.First("old_text", "original_content")); has && status == "ok" {
		if after, has := trace.Content(out.First("new_text", "new_content")); has && c.Row.TargetPath != "" {
			c.Rather(trace.Replacement(c.Row.TargetPath, before, after, len(before) > 0))
		}
	}
	trace.Finish(c, status, class, exit, text, ok)
}

// content joins the texts of a result, a list or a single value.
func content(raw []byte) (text []byte, ok bool) {
	one := func(e []byte) {
		part, has := trace.Content(e)
		if b := trace.ObjectOf(e); b.Has("Text") {
			part, has = trace.Content(b.Raw("Text"))
		}
		if !has {
			return
		}
		if ok {
			text = append(text, '\n')
		}
		text, ok = append(text, part...), true
	}
	if trace.Kind(raw) != jscan.Array {
		one(raw)
		return text, ok
	}
	for e := range trace.Elems(raw) {
		one(e)
	}
	return text, ok
}

// first takes a message of the first agent, with its tools; results may stand in the next message.
func (t *thread) first(o trace.Object) {
	var texts []byte
	said := false
	role := o.Str("role")
	if role == "user" {
		t.settle()
		t.asked = ""
		if t.line <= int64(len(t.list)) {
			t.asked = strconv.FormatInt(t.line-1, 10)
		}
	}
	if role == "assistant" {
		t.answer()
		if t.line <= int64(len(t.list)) {
			t.observe(t.last, trace.ObjectOf(t.list[t.line-1]))
		}
	}
	add := func(text []byte) {
		if said {
			texts = append(texts, '\n')
		}
		texts, said = append(texts, text...), true
	}
	if text, ok := trace.Content(o.Raw("text")); ok {
		add(text)
	}
	for e := range trace.Elems(o.Raw("segments")) {
		b := trace.ObjectOf(e)
		switch b.Str("type") {
		case "text":
			if text, ok := trace.Content(b.Raw("text")); ok {
				add(text)
			}
		case "thinking":
			if role == "assistant" {
				t.say("reasoning", b.Raw("text"))
			}
		case "RedactedThinking", "redacted_thinking":
			t.run.Hidden()
		default:
			t.log.Problem(schema.ProblemUnknownField, role, b.Str("type"))
		}
	}
	for e := range trace.Elems(o.Raw("tool_results")) {
		if r := trace.ObjectOf(e); role == "user" {
			if c := t.tools.Open(r.Str("tool_use_id")); c != nil {
				t.result(c, r)
			} else {
				t.log.Problem(schema.ProblemOrphanResult, "tool_results", "")
			}
		}
	}
	switch role {
	case "user":
		if context, ok := trace.Content(o.Raw("context")); ok && !trace.IsBlank(context) {
			t.run.Message("user", "injected", context)
		}
		switch {
		case trace.IsBlank(texts):
		case trace.IsTrue(o.Raw("is_hidden")):
			t.run.Message("user", "injected", texts)
		default:
			t.prompt(texts, true)
		}
	case "assistant":
		if !trace.IsBlank(texts) {
			t.run.Message("assistant", "text", texts)
		}
	case "system":
		if !trace.IsBlank(texts) {
			t.run.Message("system", "injected", texts)
		}
	default:
		t.log.Unknown("message " + role)
	}
	for e := range trace.Elems(o.Raw("tool_uses")) {
		use := trace.ObjectOf(e)
		t.tool(use.Str("name"), use.Str("id"), use.Raw("input"))
	}
	for e := range trace.Elems(o.Raw("tool_results")) {
		if r := trace.ObjectOf(e); role != "user" {
			if c := t.tools.Open(r.Str("tool_use_id")); c != nil {
				t.result(c, r)
			}
		}
	}
}

// settle gives the usage that stands under a prompt to the last response to it.
func (t *thread) settle() {
	if t.last != nil && t.asked != "" && !t.old {
		t.observe(t.last, t.usage.Object(t.asked))
	}
	t.last, t.asked = nil, ""
}

func (t *thread) observe(m *schema.ModelCall, o trace.Object) {
	u := usage(o)
	if rows.Zero(&u) {
		return
	}
	m.RequestModel, m.ProviderName = t.model, t.provider
	t.calls.Observe(m, u)
	t.told = sum(t.told, u)
}

// usage reads counters of which each leaves out the others; zeros are not written.
func usage(o trace.Object) schema.Usage {
	if o.Len() == 0 {
		return schema.Usage{}
	}
	n := func(name string) schema.Int { return schema.Known(o.Int(name).V) }
	return schema.Usage{UncachedInput: n("input_tokens"), CacheRead: n("cache_read_input_tokens"), CacheCreation5m: n("cache_creation_input_tokens"),
		Output: n("output_tokens")}
}

func sum(a, b schema.Usage) schema.Usage {
	a.UncachedInput.V += b.UncachedInput.V
	a.CacheRead.V += b.CacheRead.V
	a.CacheCreation5m.V += b.CacheCreation5m.V
	a.Output.V += b.Output.V
	return a
}

// total emits what the sum has beyond the requests that were told.
func (t *thread) total(o trace.Object) {
	all := usage(o.Object("cumulative_token_usage"))
	if rows.Zero(&all) {
		return
	}
	rest := func(all, told schema.Int) schema.Int { return schema.Known(max(all.V-told.V, 0)) }
	u := schema.Usage{
		UncachedInput: rest(all.UncachedInput, t.told.UncachedInput), CacheRead: rest(all.CacheRead, t.told.CacheRead),
		CacheCreation5m: rest(all.CacheCreation5m, t.told.CacheCreation5m), Output: rest(all.Output, t.told.Output),
	}
	if rows.Zero(&u) {
		return
	}
	t.log.Again(max(t.line, 1), t.updated, t.log.ID("total", t.id))
	m := t.calls.Take(t.run, t.log.ID("total", t.id), "provider_id")
	m.UsageGrain, m.TurnID = "session", 0
	m.RequestModel, m.ProviderName = t.model, t.provider
	t.calls.Observe(m, u)
}
