package iflow

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/recording"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A reader holds what one log has said so far.
type reader struct {
	l       *rows.Log
	src     *ingest.Source
	scanner jscan.Scanner
	rec     record
	stem    string

	s     *rows.Session
	run   *rows.Run
	seen  map[schema.ID]bool
	calls map[schema.ID]*schema.ModelCall
	order []*schema.ModelCall
	args  map[*rows.Call][]byte // of calls that change or read files

	model, branch, version string
	times                  bool
}

func newReader(src *ingest.Source, emit ingest.Emit) *reader {
	path := strings.ToValidUTF8(strings.ReplaceAll(src.Path, `\`, "/"), "\uFFFD")
	stem := strings.TrimSuffix(path[strings.LastIndexByte(path, '/')+1:], ".jsonl")
	if stem == "" {
		stem = "session"
	}
	return &reader{
		l: rows.New(Agent, src, emit), src: src, stem: stem, seen: map[schema.ID]bool{},
		calls: map[schema.ID]*schema.ModelCall{}, args: map[*rows.Call][]byte{},
	}
}

func (r *reader) take(line []byte, no int64, hash schema.ID) bool {
	rec := &r.rec
	if !rec.scan(&r.scanner, line) {
		return false
	}
	key := r.l.ID("uuid", rec.uuid.String())
	if key == 0 {
		key = r.l.ID("line", r.stem).With(uint64(no)).With(uint64(hash))
	}
	if v := rec.version.String(); v != "" {
		r.l.Version = v
	}
	at := schema.ParseInstant(rec.stamp.Raw)
	r.l.Begin(no, at, key)
	if at == 0 && len(rec.stamp.Raw) > 0 {
		r.l.Problem(schema.ProblemBadTime, word(rec.typ), "timestamp")
	}
	typ := string(rec.typ.Raw)
	if typ != "user" && typ != "assistant" {
		r.l.Unknown(word(rec.typ))
		return true
	}
	if !rec.message {
		r.src.Unknown++
		r.l.Problem(schema.ProblemUnknownField, typ, "message")
		return true
	}
	if r.seen[key] {
		return true // a copied line
	}
	r.seen[key] = true
	r.enter()
	r.run.Record()
	r.times = r.times || at != 0
	if typ == "assistant" {
		r.assistant()
	} else {
		r.user()
	}
	return true
}

func word(t jscan.Text) string {
	w, _ := t.Prefix(64)
	return w
}

// enter begins the session and takes what the envelope says of it. A log holds one session.
func (r *reader) enter() {
	rec := &r.rec
	if r.s == nil {
		native := rec.session.String()
		if native == "" {
			native = r.stem
		}
		r.s = r.l.Session(native)
		r.s.Row.SessionKind = "user"
	}
	row := &r.s.Row
	r.run = r.s.Main
	if rec.sidechain {
		name := rec.agent.String()
		if name == "" {
			name = "sidechain"
		}
		r.run = r.s.Run(name)
	}
	if v := rec.version.String(); v != "" {
		if row.AgentVersion == "" {
			row.AgentVersion = v
		} else if v != r.version {
			r.run.Event(schema.Event{Event: "version_changed", Detail: v})
		}
		r.version = v
	}
	if cwd := rec.cwd.String(); cwd != "" {
		if row.Workspace == "" {
			row.Workspace = cwd
		} else if cwd != r.s.Dir {
			r.run.Event(schema.Event{Event: "workspace_changed", Detail: cwd})
		}
		r.s.Dir = cwd
	}
	if branch := rec.branch.String(); branch != "" && branch != "HEAD" {
		if row.GitBranch == "" {
			row.GitBranch = branch
		} else if branch != r.branch {
			r.run.Event(schema.Event{Event: "branch_changed", Detail: branch})
		}
		r.branch = branch
	}
}

// assistant takes a record of a response. A response may be spread over several.
func (r *reader) assistant() {
	rec := &r.rec
	r.respond()
	for i := range rec.blocks {
		b := &rec.blocks[i]
		switch string(b.typ.Raw) {
		case "text":
			if len(b.text.Raw) > 0 {
				r.run.Message("assistant", "text", r.l.Bytes(b.text))
			}
		case "thinking":
			if len(b.text.Raw) > 0 {
				r.run.Message("assistant", "reasoning", r.l.Bytes(b.text))
			}
		case "tool_use":
			r.call(i, b)
		default:
			r.l.Problem(schema.ProblemUnknownField, "assistant", word(b.typ))
		}
	}
}

// respond merges the record into its response. Counters that are all zero were never counted.
func (r *reader) respond() {
	rec := &r.rec
	id := schema.IDOf(Agent, "response", r.s.Row.NativeSessionID, rec.id.String())
	basis := "provider_id"
	if id == 0 {
		id, basis = r.l.Key().With(1), "position"
	}
	m := r.calls[id]
	if m == nil {
		row := r.run.Model(id)
		m = &row
		m.DedupBasis, m.ResponseID, m.ObservedCount = basis, rec.id.String(), 0
		r.calls[id] = m
		r.order = append(r.order, m)
	}
	m.ObservedCount++
	r.run.Response = id
	if stop := rec.stop.String(); stop != "" {
		m.FinishReason = stop
	}
	if name := rec.model.String(); name != "" {
		m.ResponseModel = name
		if r.model != "" && r.model != name {
			r.run.Event(schema.Event{Event: "model_changed", Detail: name})
		}
		r.model = name
	}
	if rec.input.V == 0 && rec.output.V == 0 {
		return
	}
	if rec.output.V >= m.Output.V {
		m.UncachedInput, m.Output = rec.input, rec.output
		m.Line, m.UsageQuality = r.l.Line(), "final"
	}
	r.l.Observe(id, r.l.Line(), r.l.At(), schema.Usage{UncachedInput: rec.input, Output: rec.output}, "")
}

// call takes a tool call. Each is written twice; the second time it is known.
func (r *reader) call(i int, b *block) {
	native := b.id.String()
	id := schema.IDOf(Agent, "tool", r.s.Row.NativeSessionID, native)
	if id == 0 {
		id = r.l.Key().With(3000 + uint64(i))
	}
	c, fresh := r.run.Call(b.name.String(), native, id)
	if !fresh {
		return
	}
	c.Row.MCPServer = recording.Server(c.Row.ToolNameRaw)
	recording.Arguments(c, b.args)
	switch c.Row.ToolNameRaw {
	case "edit", "replace", "write_file", "read_file":
		r.args[c] = append([]byte(nil), b.args...)
	}
}

func (r *reader) user() {
	rec := &r.rec
	results := 0
	for i := range rec.blocks {
		if string(rec.blocks[i].typ.Raw) == "tool_result" {
			results++
		}
	}
	var text []byte
	others := 0
	for i := range rec.blocks {
		b := &rec.blocks[i]
		switch string(b.typ.Raw) {
		case "tool_result":
			r.result(b, results == 1)
		case "text":
			if len(bytes.TrimSpace(b.text.Raw)) == 0 {
				continue
			}
			if len(text) > 0 {
				text = append(text, '\n')
			}
			text = append(text, b.text.Bytes(nil)...)
		case "image", "document":
			others++
		default:
			r.l.Problem(schema.ProblemUnknownField, "user", word(b.typ))
		}
	}
	switch {
	case len(text) == 0 && (others == 0 || results > 0):
	case rec.compact || bytes.HasPrefix(text, []byte("<state_snapshot>")):
		r.run.Event(schema.Event{Event: "compaction"})
		r.run.Message("user", "summary", text)
	case rec.meta || isInjected(text):
		r.run.Message("user", "injected", text)
	default:
		trigger := "user"
		if r.run != r.s.Main {
			trigger = "parent"
		}
		r.run.Prompt(trigger, text)
	}
}

func isInjected(text []byte) bool {
	for _, tag := range [...]string{"<session_context>", "<hook_context>", "<system-reminder>", "<local-command-"} {
		if bytes.HasPrefix(text, []byte(tag)) {
			return true
		}
	}
	return false
}

// result takes the result of a call. alone says that what stands beside the message is of this one.
func (r *reader) result(b *block, alone bool) {
	rec := &r.rec
	c := r.s.Find(b.toolUse.String())
	if c == nil {
		r.l.Problem(schema.ProblemOrphanResult, "user", "")
		return
	}
	if c.Ended() {
		return
	}
	res := &b.result
	status := ""
	if alone {
		status = rec.status.String()
		if at := schema.UnixMillis(rec.ended.V); rec.ended.Valid && at >= c.Row.RequestedAt {
			c.Row.EndedAt = at
		}
	}
	if status == "" || b.isError || res.isError && status == "success" {
		status = "success"
		if b.isError || res.isError {
			status = "error"
		}
	}
	text := res.raw
	if res.text.Present {
		text = r.l.Bytes(res.text)
	}
	body := recording.Outcome(c, status, "", text)
	recording.Effects(c, r.args[c], &res.diff, text)
	delete(r.args, c)
	if res.present {
		c.Output(body)
		c.Row.ResultBytes = schema.Known(int64(len(text)))
	}
	c.Put()
}

// finish emits what was open until the end.
func (r *reader) finish(whole bool) error {
	if r.s == nil {
		if r.src.Records == r.src.Unknown {
			return r.l.Close()
		}
		r.enter()
	}
	row := &r.s.Row
	for _, m := range r.order {
		row.HasUsage = row.HasUsage || m.Output.Valid || m.UncachedInput.Valid
		r.l.Put(m)
	}
	row.IsComplete = schema.Known(whole)
	row.HasTimes = r.times
	row.HasToolStatus, row.HasToolArgs, row.HasCompactions = true, true, true
	return r.l.Close()
}
