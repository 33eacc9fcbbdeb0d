package recording

import (
	"bytes"
	"strconv"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// set takes a control line that changes the header or puts another history in place.
func (r *reader) set(raw []byte, line int64) {
	var v version
	if !v.scan(&r.inner, raw) {
		return
	}
	if v.messages == nil {
		if len(v.summary.Raw) > 0 {
			r.title = v.summary.String()
		}
		if r.s == nil && v.session.Present {
			r.header(&v, line)
		}
		return
	}
	if r.s == nil {
		r.header(&v, line)
	}
	r.flush()
	list := v.messages
	kept := map[schema.ID]bool{}
	r.each(list, func(v *version, _ int64) bool {
		kept[schema.IDOf(r.d.Agent, "message", r.native, v.id.String())] = true
		return true
	})
	dropped := 0
	for _, m := range r.visible {
		if !kept[m.key] {
			dropped++
		}
	}
	if dropped > 0 {
		r.shrink(line, schema.ParseInstant(v.updated.Raw))
	}
	// A history where none was before is one that was taken over, with the user's prompts in it.
	r.replay = len(r.visible) > 0
	before := r.visible
	r.visible = nil
	for _, m := range before {
		if kept[m.key] {
			r.visible = append(r.visible, m)
		}
	}
	r.each(list, func(v *version, n int64) bool {
		if key := schema.IDOf(r.d.Agent, "message", r.native, v.id.String()); r.seen[key] == nil && v.typ.Present {
			r.message(v, line)
			r.flush()
		}
		return true
	})
	r.replay = false
}

// shrink notes that the conversation was shortened here. Two places tell it, a notice and a new
// history; together they are one event, which the next message closes.
func (r *reader) shrink(line int64, at schema.Instant) *schema.Event {
	if r.shrunk == nil {
		r.shrunk = &schema.Event{Event: "compaction"}
		r.shrunkM = message{line: line, at: at, key: r.l.ID("line", r.native).With(uint64(line))}
	}
	if r.shrunkM.at == 0 {
		r.shrunkM.at = at
	}
	return r.shrunk
}

func (r *reader) compacted() {
	if r.shrunk == nil {
		return
	}
	e := *r.shrunk
	r.shrunk = nil
	line, at, key := r.l.Line(), r.l.At(), r.l.Key()
	r.at(r.shrunkM.line, r.shrunkM.at, r.shrunkM.key)
	r.run.Event(e)
	r.at(line, at, key)
}

// rewind takes a message and all behind it out of the conversation; one that is not there, everything.
func (r *reader) rewind(line int64, id []byte) {
	if r.s == nil {
		r.at(line, 0, 0)
		r.start("", "")
	}
	r.flush()
	r.compacted()
	key := schema.IDOf(r.d.Agent, "message", r.native, string(id))
	from := 0
	for i, m := range r.visible {
		if m.key == key {
			from = i
			break
		}
	}
	gone := r.visible[from:]
	if len(gone) == 0 {
		return
	}
	first := gone[0].line
	for _, m := range gone {
		first = min(first, m.line)
	}
	r.l.Dead(first, line-1)
	r.at(line, 0, r.l.ID("line", r.native).With(uint64(line)))
	r.run.Event(schema.Event{Event: "rewind", Detail: strconv.Itoa(len(gone)) + " messages"})
	r.visible = r.visible[:from]
}

// numbers reads the two token counts of a notice about a compaction.
func numbers(text []byte) (before, after schema.Int) {
	_, text, _ = bytes.Cut(text, []byte("from"))
	var found [2]schema.Int
	n := 0
	for i := 0; i < len(text) && n < 2; i++ {
		if text[i] < '0' || text[i] > '9' {
			continue
		}
		v := int64(0)
		for ; i < len(text) && (text[i] >= '0' && text[i] <= '9' || text[i] == ',' && i+1 < len(text) && text[i+1] >= '0' && text[i+1] <= '9'); i++ {
			if text[i] != ',' && v < 1<<50 {
				v = v*10 + int64(text[i]-'0')
			}
		}
		found[n] = schema.Known(v)
		n++
	}
	if n < 2 {
		return schema.Int{}, schema.Int{}
	}
	return found[0], found[1]
}

// isNull reports whether a raw value is absent or null.
func isNull(raw []byte) bool {
	var s jscan.Scanner
	s.Reset(raw)
	return s.Kind() == jscan.Null || s.Kind() == jscan.None
}
