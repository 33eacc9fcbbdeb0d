package cursor

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A stream is one session in captured output.
type stream struct {
	ses   *rows.Session
	run   *rows.Run
	model string
	// Pieces of one text, which come in lines of their own, and perhaps once more as a whole.
	said, thought []byte
	talked        bool
	runs          int64
}

// streamed takes one line of captured output.
func (p *parser) streamed(r *record, no int64) {
	id := r.session.String()
	if p.cur != nil && p.cur.ses.Row.NativeSessionID != id {
		p.cur.flush(p)
	}
	if st := p.cur; st != nil && (len(st.said) > 0 && string(r.typ.Raw) != "assistant" || len(st.thought) > 0 && string(r.typ.Raw) != "thinking") {
		st.flush(p)
	}
	at := schema.Instant(0)
	if r.stamp != nil {
		at = p.log.Time(r.stamp, "timestamp_ms")
	}
	p.log.Begin(no, at, schema.IDOf(agent, "stream", id).With(uint64(no)))
	st := p.streams[id]
	if st == nil {
		st = &stream{ses: p.log.Session(id)}
		st.run = st.ses.Main
		p.streams[id] = st
		p.order = append(p.order, st)
		s := &st.ses.Row
		s.SessionKind, s.Entrypoint, s.IsHeadless = "user", "print", schema.Known(true)
		s.HasToolStatus, s.HasToolArgs = true, true
	}
	p.cur = st
	st.ses.Row.HasTimes = st.ses.Row.HasTimes || at != 0
	st.take(p, r)
	st.run.Record()
}

func (st *stream) take(p *parser, r *record) {
	run := st.run
	switch string(r.typ.Raw) {
	case "system":
		st.ses.Row.Workspace = r.cwd.String()
		st.ses.Dir = st.ses.Row.Workspace
		if m := r.model.String(); m != "" {
			if st.model != "" && st.model != m {
				run.Setting(schema.Event{Event: "model_changed", Detail: m})
			}
			st.model = m
		}
	case "user":
		var prompt []byte
		p.ses, p.run = st.ses, run
		blocks(r.message, func(b *block) {
			if string(b.typ.Raw) == "text" {
				prompt = p.asked(prompt, p.log.Bytes(b.text))
			}
		})
		p.ask(prompt)
		p.ses, p.run = nil, nil
	case "assistant":
		blocks(r.message, func(b *block) {
			if string(b.typ.Raw) != "text" {
				return
			}
			if text := p.log.Bytes(b.text); !bytes.Equal(text, st.said) {
				st.said = append(st.said, text...)
			}
		})
	case "thinking":
		if string(r.subtype.Raw) == "delta" {
			st.thought = append(st.thought, p.log.Bytes(r.text)...)
		}
	case "tool_call":
		st.tool(p, r)
	case "result":
		st.result(p, r)
	case "interaction_query":
	default:
		p.log.Unknown(r.typ.String())
	}
}

// flush tells the text whose pieces have come; it belongs to the line of the last.
func (st *stream) flush(p *parser) {
	if len(st.thought) > 0 {
		st.run.Message("assistant", "reasoning", st.thought)
	}
	if len(st.said) > 0 {
		st.run.Message("assistant", "text", st.said)
		st.talked = true
	}
	st.said, st.thought = st.said[:0], st.thought[:0]
}

// A toolCall is what a tool_call holds: {"<name>ToolCall": {args, result}}, or a function.
type toolCall struct {
	name, server   string
	args           []byte
	result         []byte
	started, ended schema.Instant
}

func (p *parser) toolCall(raw []byte) (t toolCall) {
	var s jscan.Scanner
	s.Reset(raw)
	for s.Object(); s.Key(); {
		name := string(s.Name)
		switch {
		case name == "startedAtMs":
			t.started = p.millis(s.Raw())
		case name == "completedAtMs":
			t.ended = p.millis(s.Raw())
		case name == "function" && s.Kind() == jscan.Object:
			for s.Object(); s.Key(); {
				switch string(s.Name) {
				case "name":
					t.name = s.Str()
				case "arguments":
					t.args = s.Raw()
				case "result":
					t.result = s.Raw()
				default:
					s.Skip()
				}
			}
			if len(t.args) > 0 && t.args[0] == '"' {
				t.args = textOfJSON(t.args)
			}
		case strings.HasSuffix(name, "ToolCall") && s.Kind() == jscan.Object:
			t.name = name
			for s.Object(); s.Key(); {
				switch string(s.Name) {
				case "args":
					t.args = s.Raw()
				case "result":
					t.result = s.Raw()
				default:
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
	if t.name == "mcpToolCall" {
		t.unwrapMCP()
	}
	return t
}

// unwrapMCP takes the tool of a server out of the call that carries it.
func (t *toolCall) unwrapMCP() {
	var s jscan.Scanner
	s.Reset(t.args)
	args := t.args
	for in := s.ObjectOrSkip(); in && s.Key(); {
		switch string(s.Name) {
		case "serverIdentifier":
			t.server = s.Str()
		case "toolName":
			if name := s.Str(); name != "" {
				t.name = name
			}
		case "args":
			args = s.Raw()
		default:
			s.Skip()
		}
	}
	t.args = args
	if t.server != "" {
		t.name = "mcp__" + t.server + "__" + t.name
	}
}

func textOfJSON(raw []byte) []byte {
	var s jscan.Scanner
	s.Reset(raw)
	return s.Text().Bytes(nil)
}

// millis reads milliseconds, which stand in a text.
func (p *parser) millis(raw []byte) schema.Instant {
	if len(raw) > 2 && raw[0] == '"' {
		raw = raw[1 : len(raw)-1]
	}
	var s jscan.Scanner
	s.Reset(raw)
	n, _ := s.Int()
	return schema.UnixMillis(n)
}

func (st *stream) tool(p *parser, r *record) {
	t := p.toolCall(r.call)
	id := r.callID.String()
	c := st.ses.Find(id)
	if c == nil || c.Ended() || string(r.subtype.Raw) == "started" {
		c = st.run.Request(t.name, id)
		c.Row.MCPServer = t.server
		if t.args != nil {
			c.Arguments(actOf(t.name), t.args)
		}
		c.Row.StartedAt = t.started
	}
	if string(r.subtype.Raw) != "completed" {
		return
	}
	if t.started != 0 {
		c.Row.StartedAt = t.started
	}
	c.Row.EndedAt = t.ended
	if t.ended >= t.started && t.started != 0 {
		c.Row.DurationMS, c.Row.DurationBasis = schema.Known(int64(t.ended-t.started)/1000), "reported"
	}
	st.end(p, c, t.result)
}

// end reads the result of a call: {"success": …}, {"error": …}, {"failure": …} or {"rejected": …}.
func (st *stream) end(p *parser, c *rows.Call, result []byte) {
	how := ""
	var text []byte
	var exit schema.Int
	var s jscan.Scanner
	s.Reset(result)
	for in := result != nil && s.ObjectOrSkip(); in && s.Key(); {
		switch name := string(s.Name); name {
		case "success", "error", "failure", "rejected":
			how = name
			text, exit = p.outcome(s.Raw())
		default:
			s.Skip()
		}
	}
	switch how {
	case "success":
		c.End("ok", "")
	case "error", "failure":
		c.End("error", rows.Failure(text))
	case "rejected":
		c.End("denied", "")
		c.Row.Approval = "denied"
	default:
		c.End("unknown", "")
	}
	if exit.Valid && exit.V != 0 && how != "rejected" {
		c.End("error", "nonzero_exit")
	}
	c.Row.ExitCode = exit
	if result != nil {
		c.Output(text)
	}
	c.Done()
}

// outcome reads what a command printed, or what a file holds; of others the whole stands for the text.
func (p *parser) outcome(raw []byte) (text []byte, exit schema.Int) {
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() == jscan.String {
		return p.log.Bytes(s.Text()), exit
	}
	if s.Kind() != jscan.Object {
		return raw, exit
	}
	var all, out, err, content jscan.Text
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "interleavedOutput":
			all = s.Text()
		case "stdout":
			out = s.Text()
		case "stderr":
			err = s.Text()
		case "content", "errorMessage", "message", "reason":
			if t := s.Text(); !content.Present {
				content = t
			}
		case "exitCode":
			if n, ok := s.Int(); ok {
				exit = schema.Known(n)
			}
		default:
			s.Skip()
		}
	}
	switch {
	case len(all.Raw) > 0:
		return p.log.Bytes(all), exit
	case out.Present || err.Present:
		p.out = append(p.out[:0], p.log.Bytes(out)...)
		if len(p.out) > 0 && len(err.Raw) > 0 && !bytes.HasSuffix(p.out, []byte{'\n'}) {
			p.out = append(p.out, '\n')
		}
		p.out = append(p.out, p.log.Bytes(err)...)
		return p.out, exit
	case content.Present:
		return p.log.Bytes(content), exit
	}
	return raw, exit
}

// result takes the line that ends a run.
func (st *stream) result(p *parser, r *record) {
	run := st.run
	if text := p.log.Bytes(r.result); len(text) > 0 && !st.talked && !r.isError {
		run.Message("assistant", "text", text)
	}
	st.talked = false
	st.runs++
	if t := run.Turn(); t != nil {
		t.DurationReportedMS = number(r.duration)
	}
	if r.isError || string(r.subtype.Raw) == "error" {
		text := p.log.Bytes(r.result)
		run.Error(schema.Error{Source: "agent", ErrorType: rows.ErrorType(schema.Int{}, text), IsFinal: schema.Known(true), MessageHash: schema.HashBytes(text)})
		run.Last = rows.LastError
	} else {
		run.Last = rows.LastDone
	}
	u, ok := readUsage(r.usage)
	if !ok && r.isError {
		return // a request that failed and cost nothing is no call
	}
	id, basis := p.log.ID("request", r.request.String()), "provider_id"
	if id == 0 {
		id, basis = schema.IDOf(agent, "run", st.ses.Row.NativeSessionID, "usage").With(uint64(st.runs)), "position"
	}
	c := run.Model(id)
	c.DedupBasis, c.UsageGrain = basis, "turn"
	c.RequestID, c.RequestModel = r.request.String(), st.model
	if ok {
		c.Usage = u
	}
	if r.isError {
		c.Status = "error"
	}
	run.PutModel(&c)
}

func readUsage(raw []byte) (u schema.Usage, ok bool) {
	if raw == nil {
		return u, false
	}
	var s jscan.Scanner
	s.Reset(raw)
	for in := s.ObjectOrSkip(); in && s.Key(); {
		switch string(s.Name) {
		case "inputTokens":
			u.UncachedInput = rows.Count(&s)
		case "outputTokens":
			u.Output = rows.Count(&s)
		case "cacheReadTokens":
			u.CacheRead = rows.Count(&s)
		case "cacheWriteTokens":
			u.CacheCreation5m = rows.Count(&s)
		default:
			s.Skip()
		}
	}
	return u, !rows.Zero(&u)
}

// finishStreams tells what only the end of captured output shows.
func (p *parser) finishStreams(whole bool) {
	if p.cur != nil {
		p.cur.flush(p)
	}
	for _, st := range p.order {
		// A run that failed has no last line.
		st.ses.Row.IsComplete = schema.Known(whole)
		if st.run.Last == rows.LastText {
			st.run.Row.EndState = "unknown"
		}
		tellsAll(p.log, st.run, rankStream)
		accounts(p.log, st.ses, accountStream)
	}
}

func number(raw []byte) schema.Int {
	if raw == nil {
		return schema.Int{}
	}
	var s jscan.Scanner
	s.Reset(raw)
	return rows.Count(&s)
}
