package trace

import (
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// Tools are the tool calls of one session, by the ids that the log gives them. In hand-made and
// replayed logs ids come again: the call begun last is the one that a result answers, and each stays a
// call of its own.
type Tools struct {
	// ID names a call by its session and its id, where an agent's other logs name it otherwise.
	ID func(native, id string) schema.ID

	log    *rows.Log
	native string
	newest map[string]*rows.Call
	used   map[string]uint64
	order  []*rows.Call
}

// NewTools begins the calls of a session.
func NewTools(log *rows.Log, native string) *Tools {
	return &Tools{log: log, native: native, newest: map[string]*rows.Call{}, used: map[string]uint64{}}
}

// partCall is where the ids of calls without one begin among the parts of a record.
const partCall = 1 << 16

// Begin starts a call at the current record. id may be empty.
func (t *Tools) Begin(run *rows.Run, name, id string) *rows.Call {
	key := t.log.ID("tool", t.native, id)
	if t.ID != nil && id != "" {
		key = t.ID(t.native, id)
	}
	if id == "" {
		key = t.log.Key().With(partCall + uint64(len(t.order)))
		if key == 0 {
			key = t.log.ID("tool", t.native).With(uint64(len(t.order)))
		}
	} else if n := t.used[id]; n > 0 {
		key = key.With(n)
	}
	c, _ := run.Call(name, "", key)
	c.Row.NativeCallID = id
	if id != "" {
		t.newest[id] = c
		t.used[id]++
	}
	t.order = append(t.order, c)
	return c
}

// Find returns the call of an id, or nil.
func (t *Tools) Find(id string) *rows.Call { return t.newest[id] }

// Open returns the call of an id if it waits for its result. Without an id it is the first that waits.
func (t *Tools) Open(id string) *rows.Call {
	if id != "" {
		if c := t.newest[id]; c != nil && !c.Ended() {
			return c
		}
		return nil
	}
	for len(t.order) > 0 && t.order[0].Ended() {
		t.order = t.order[1:]
	}
	for _, c := range t.order {
		if !c.Ended() {
			return c
		}
	}
	return nil
}

// Waiting returns the first call of a tool that has not begun to run, or nil.
func (t *Tools) Waiting(name string) *rows.Call {
	for _, c := range t.order {
		if !c.Ended() && c.Row.StartedAt == 0 && c.Row.ToolNameRaw == name {
			return c
		}
	}
	return nil
}

// Finish takes the result of a call and emits it.
func Finish(c *rows.Call, status, class string, exit schema.Int, text []byte, ok bool) {
	c.Row.ExitCode = exit
	c.End(status, class)
	if ok {
		c.Output(text)
	}
	c.Put()
}
