package recording

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A version is a message as one line has it, or a line of another kind.
type version struct {
	id, typ, stamp, model         jscan.Text
	session, hash, start, updated jscan.Text
	kind, summary, rewind         jscan.Text
	set, messages                 []byte
	content, display              []byte
	thoughts, tools               []byte
	tokens                        tokens
}

// tokens are the counters of one request.
type tokens struct{ input, output, cached, thoughts, tool, total schema.Int }

func (t tokens) any() bool {
	return t.input.Valid || t.output.Valid || t.cached.Valid || t.thoughts.Valid || t.total.Valid
}

// scan takes an object apart and reports whether it is one.
func (v *version) scan(s *jscan.Scanner, raw []byte) bool {
	*v = version{}
	s.Reset(raw)
	if s.Kind() != jscan.Object {
		return false
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "id":
			v.id = s.Text()
		case "type":
			v.typ = s.Text()
		case "timestamp":
			v.stamp = s.Text()
		case "model":
			v.model = s.Text()
		case "sessionId":
			v.session = s.Text()
		case "projectHash":
			v.hash = s.Text()
		case "startTime":
			v.start = s.Text()
		case "lastUpdated":
			v.updated = s.Text()
		case "kind":
			v.kind = s.Text()
		case "summary":
			v.summary = s.Text()
		case "$rewindTo":
			v.rewind = s.Text()
		case "$set":
			v.set = s.Raw()
		case "messages":
			v.messages = s.Raw()
		case "content":
			v.content = s.Raw()
		case "displayContent":
			v.display = s.Raw()
		case "thoughts":
			v.thoughts = array(s)
		case "toolCalls":
			v.tools = array(s)
		case "tokens":
			v.tokens.scan(s)
		default:
			s.Skip()
		}
	}
	return s.End() == nil
}

// array takes a list that is not empty.
func array(s *jscan.Scanner) []byte {
	if s.Kind() != jscan.Array {
		s.Skip()
		return nil
	}
	raw := s.Raw()
	if len(bytes.TrimSpace(raw[min(1, len(raw)):])) <= 1 {
		return nil
	}
	return raw
}

func (t *tokens) scan(s *jscan.Scanner) {
	if !s.ObjectOrSkip() {
		return
	}
	for s.Key() {
		switch string(s.Name) {
		case "input":
			t.input = rows.Count(s)
		case "output":
			t.output = rows.Count(s)
		case "cached":
			t.cached = rows.Count(s)
		case "thoughts":
			t.thoughts = rows.Count(s)
		case "tool":
			t.tool = rows.Count(s)
		case "total":
			t.total = rows.Count(s)
		default:
			s.Skip()
		}
	}
}

// usage brings the counters to the five disjoint ones: what came from the cache is inside the input.
// Thoughts stand beside the output, unless the total shows that it holds them.
func (t tokens) usage() schema.Usage {
	u := schema.Usage{CacheRead: t.cached, Output: t.output, Reasoning: t.thoughts}
	u.UncachedInput, _ = rows.Minus(t.input, t.cached)
	inside := t.total.Valid && t.total.V == t.input.V+t.output.V
	if u.Output.Valid {
		if !inside {
			u.Output.V += t.thoughts.V
		}
		u.Output.V += t.tool.V
	}
	if u.Reasoning.Valid && u.Output.Valid && u.Reasoning.V > u.Output.V {
		u.Reasoning.V = u.Output.V
	}
	return u
}

// message takes one version of a message.
func (r *reader) message(v *version, line int64) {
	if r.s == nil {
		r.at(line, 0, 0)
		r.start("", "")
	}
	id := v.id.String()
	key := schema.IDOf(r.d.Agent, "message", r.native, id)
	if key == 0 {
		key = r.l.ID("line", r.native).With(uint64(line))
	}
	m := r.seen[key]
	if m == nil {
		r.flush()
		r.at(line, 0, key)
		m = &message{line: line, key: key, id: id, at: r.l.Instant(v.stamp, "message")}
		r.hasTime = r.hasTime || m.at != 0
		r.seen[key] = m
		r.visible = append(r.visible, m)
		if !r.replay && (string(v.typ.Raw) == "user" || string(v.typ.Raw) == r.d.Model) {
			r.compacted()
		}
		if string(v.typ.Raw) != r.d.Model {
			r.at(line, m.at, key)
			r.run.Record()
			r.notice(m, v)
			m.told = true
			return
		}
	} else if string(v.typ.Raw) != r.d.Model {
		return // the same again
	}
	if r.pending != m {
		r.flush()
		r.pending = m
		r.ver.clear()
	}
	r.line = line
	r.ver.merge(v, r.deferred)
	if !r.deferred {
		r.flush()
	}
}

func (v *version) clear() {
	*v = version{content: v.content[:0], thoughts: v.thoughts[:0], tools: v.tools[:0]}
}

// merge takes over what a later version says; what it leaves out stays. The bytes are copied where the
// line they stand in will be gone.
func (v *version) merge(w *version, copied bool) {
	keep := func(have *[]byte, now []byte) {
		switch {
		case len(now) == 0 || string(now) == "null" || string(now) == `""`:
		case copied:
			*have = append((*have)[:0], now...)
		default:
			*have = now
		}
	}
	keep(&v.content, w.content)
	keep(&v.thoughts, w.thoughts)
	keep(&v.tools, w.tools)
	if w.tokens.any() {
		v.tokens = w.tokens
	}
	if len(w.model.Raw) > 0 {
		v.model = jscan.Text{Raw: []byte(w.model.String()), Present: true}
	}
}

// flush tells the model's message that is being written, as far as it is known and not told before.
func (r *reader) flush() {
	m, v := r.pending, &r.ver
	if m == nil {
		return
	}
	r.pending = nil
	r.at(m.line, m.at, m.key)
	if !m.told {
		m.told = true
		r.run.Record()
		m.turn = r.run.TurnID()
	}
	before := r.run.Response
	r.respond(m, v)
	if !m.thought && len(v.thoughts) > 0 {
		m.thought = true
		r.at(m.line, m.at, m.key.With(partThought))
		r.thoughts(v.thoughts)
		r.at(m.line, m.at, m.key)
	}
	if text := r.text(v.content); !m.text && len(text) > 0 {
		m.text = true
		if m.call == nil && len(v.tools) == 0 {
			r.run.Message("system", "injected", text) // the client's own words in the model's place
		} else {
			r.run.Message("assistant", "text", text)
		}
	}
	r.tools(m, v.tools)
	if n := len(r.visible); n > 0 && r.visible[n-1] != m && before != 0 {
		r.run.Response = before // an addition to an older message
	}
	if !r.deferred {
		r.ver = version{}
	}
}

// respond tells the request that a message comes from. What the client writes itself names no model.
func (r *reader) respond(m *message, v *version) {
	if m.call == nil {
		r.run.Response = 0
		if len(v.model.Raw) == 0 && !v.tokens.any() {
			return
		}
		m.call = &call{row: r.run.Model(schema.IDOf(r.d.Agent, "response", r.native, m.id))}
		c := &m.call.row
		if c.ModelCallID == 0 {
			c.ModelCallID = m.key.With(1)
		} else {
			c.DedupBasis = "provider_id"
		}
		c.ObservedCount = 0
		r.calls = append(r.calls, m.call)
	}
	c := &m.call.row
	r.run.Response = c.ModelCallID
	if name := string(v.model.Raw); name != "" {
		c.ResponseModel = name
		if r.model != "" && r.model != name {
			r.run.Event(schema.Event{Event: "model_changed", Detail: name})
		}
		r.model = name
	}
	c.ObservedCount++
	if v.tokens.any() {
		c.Usage = v.tokens.usage()
		c.Line = r.line
		r.l.Observe(c.ModelCallID, r.line, m.at, c.Usage, "")
	}
}

// thoughts tells the summaries of what the model thought.
func (r *reader) thoughts(list []byte) {
	s := &r.inner
	s.Reset(list)
	for s.Array(); s.Elem(); {
		if !s.ObjectOrSkip() {
			continue
		}
		var subject, description jscan.Text
		for s.Key() {
			switch string(s.Name) {
			case "subject":
				subject = s.Text()
			case "description":
				description = s.Text()
			default:
				s.Skip()
			}
		}
		r.buf = append(r.buf[:0], subject.Bytes(nil)...)
		if len(description.Raw) > 0 {
			if len(r.buf) > 0 {
				r.buf = append(r.buf, '\n')
			}
			r.buf = append(r.buf, description.Bytes(nil)...)
		}
		if len(r.buf) > 0 {
			r.run.Message("assistant", "reasoning", r.buf)
		}
	}
}

// text joins the texts of a content: a string, a part, or a list of parts. It is valid until the next
// call.
func (r *reader) text(content []byte) []byte {
	r.buf = r.buf[:0]
	if len(content) == 0 {
		return nil
	}
	s := &r.inner
	s.Reset(content)
	add := func(t jscan.Text) {
		if len(t.Raw) == 0 {
			return
		}
		if len(r.buf) > 0 {
			r.buf = append(r.buf, '\n')
		}
		r.buf = append(r.buf, t.Bytes(nil)...)
	}
	part := func() {
		switch s.Kind() {
		case jscan.String:
			add(s.Text())
		case jscan.Object:
			for s.Object(); s.Key(); {
				if string(s.Name) == "text" {
					add(s.Text())
				} else {
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
	if s.Kind() != jscan.Array {
		part()
		return r.buf
	}
	for s.Array(); s.Elem(); {
		part()
	}
	return r.buf
}
