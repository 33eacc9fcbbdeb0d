package droid

import (
	"bytes"
	"sort"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A stream is one session in the output of exec, which may hold several.
type stream struct {
	ses      *rows.Session
	run      *rows.Run
	model    string
	said     schema.ID // the last text of the assistant
	usage    schema.Usage
	runs     int
	lastAt   schema.Instant
	lastLine int64
}

// streamed takes one record of the output of exec.
func (p *parser) streamed(r *line, no int64, hash schema.ID) {
	id := p.text(r.session)
	at := p.log.Time(r.timestamp, p.word(r.typ))
	p.log.Begin(no, at, schema.IDOf(agent, "stream", id).With(uint64(no)).With(uint64(hash)))
	st := p.streams[id]
	if st == nil {
		st = &stream{ses: p.log.Session(id)}
		st.run = st.ses.Main
		p.streams[id] = st
		s := &st.ses.Row
		s.SessionKind, s.Entrypoint, s.IsHeadless = "user", "exec", schema.Known(true)
		s.HasToolStatus, s.HasToolArgs, s.HasAPIErrors = true, true, true
		s.IsMarkedCopy = true // the store has the session itself
	}
	if at != 0 {
		st.ses.Row.HasTimes = true
		st.lastAt = at
	}
	st.lastLine = no
	p.ses, p.run = st.ses, st.run
	st.take(p, r)
	p.ses, p.run = nil, nil
	st.run.Record()
}

func (st *stream) take(p *parser, r *line) {
	run := st.run
	switch string(r.typ.Raw) {
	case "system":
		if st.ses.Row.Workspace == "" {
			st.ses.Row.Workspace = p.text(r.cwd)
			st.ses.Dir = st.ses.Row.Workspace
		}
		if m := p.word(r.model); m != "" {
			st.model = m
		}
	case "message":
		if is(r.role, "assistant") {
			if text := p.log.Bytes(r.text); len(text) > 0 {
				run.Message("assistant", "text", text)
				st.said = schema.HashBytes(text)
			}
			return
		}
		p.prompt = p.prompt[:0]
		p.said(r, r.role, r.text)
		p.ask(r)
	case "tool_call":
		id := r.toolCallID
		if len(id.Raw) == 0 {
			id = r.id
		}
		p.call(p.word(r.toolName), p.text(id), r.parameters)
	case "tool_result":
		id := r.toolCallID
		if len(id.Raw) == 0 {
			id = r.id
		}
		c := st.ses.Find(p.text(id))
		if c == nil {
			p.log.Problem(schema.ProblemOrphanResult, "tool_result", "")
			run.Last = rows.LastResult
			return
		}
		text, exit := p.valueOf(r.value)
		p.settle(c, text, r.isError, exit)
	case "completion":
		if text := p.log.Bytes(r.finalText); len(text) > 0 && schema.HashBytes(text) != st.said {
			run.Message("assistant", "text", text)
		}
		run.Last = rows.LastDone
		if t := run.Turn(); t != nil {
			t.DurationReportedMS = count(r.duration)
		}
		if r.usage != nil {
			var s jscan.Scanner
			s.Reset(r.usage)
			if u, ok := readTotal(&s); ok {
				st.add(&u)
			}
		}
	case "error":
		text := p.log.Bytes(r.plainMessage)
		run.Error(schema.Error{
			Source: "agent", ErrorType: rows.ErrorType(schema.Int{}, text), IsFinal: schema.Known(true), MessageHash: schema.HashBytes(text),
		})
		run.Last = rows.LastError
	default:
		p.log.Unknown(p.word(r.typ))
	}
}

// valueOf reads the value of a result: a text, or the output of a command.
func (p *parser) valueOf(value []byte) (text []byte, exit schema.Int) {
	if value == nil {
		return nil, exit
	}
	var s jscan.Scanner
	s.Reset(value)
	if s.Kind() != jscan.Object {
		return p.textOf(value), exit
	}
	var out, err jscan.Text
	known := false
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "stdout", "output":
			out, known = s.Text(), true
		case "stderr":
			err = s.Text()
		case "exitCode", "exit_code":
			if n, ok := s.Int(); ok {
				exit, known = schema.Known(n), true
			}
		default:
			s.Skip()
		}
	}
	if !known {
		return value, exit
	}
	p.out = append(p.out[:0], p.log.Bytes(out)...)
	if len(err.Raw) > 0 {
		if len(p.out) > 0 && !bytes.HasSuffix(p.out, []byte{'\n'}) {
			p.out = append(p.out, '\n')
		}
		p.out = append(p.out, p.log.Bytes(err)...)
	}
	return p.out, exit
}

// add sums the usage of several runs of one session.
func (st *stream) add(u *schema.Usage) {
	st.runs++
	for _, n := range [][2]*schema.Int{
		{&st.usage.UncachedInput, &u.UncachedInput}, {&st.usage.CacheRead, &u.CacheRead}, {&st.usage.CacheCreation5m, &u.CacheCreation5m},
		{&st.usage.Output, &u.Output}, {&st.usage.Reasoning, &u.Reasoning},
	} {
		if n[1].Valid {
			n[0].V, n[0].Valid = n[0].V+n[1].V, true
		}
	}
}

// finishStreams emits the usage of each session. It bears the id of the total in the store's settings,
// which contains it.
func (p *parser) finishStreams() {
	ids := make([]string, 0, len(p.streams))
	for id := range p.streams {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	for _, id := range ids {
		st := p.streams[id]
		if st.runs == 0 {
			continue
		}
		p.log.Again(st.lastLine, st.lastAt, schema.IDOf(agent, "total", id))
		c := st.run.Model(p.log.ID("total", id))
		c.DedupBasis, c.UsageGrain, c.TurnID = "provider_id", "session", 0
		c.RequestModel, c.ResponseModel = st.model, plainModel(st.model)
		c.Usage = st.usage
		st.run.PutModel(&c)
	}
}

// count reads a number that cannot be negative.
func count(raw []byte) schema.Int {
	if raw == nil {
		return schema.Int{}
	}
	var s jscan.Scanner
	s.Reset(raw)
	return rows.Count(&s)
}
