package trace

import (
	"slices"

	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// Calls collects the model calls of a source: a response may stand in several places, each of which
// knows a part. They are emitted at the end, in the order in which they were first seen.
type Calls struct {
	log  *rows.Log
	list []*schema.ModelCall
	byID map[schema.ID]*schema.ModelCall
}

// NewCalls begins a collection.
func NewCalls(log *rows.Log) *Calls {
	return &Calls{log: log, byID: map[schema.ID]*schema.ModelCall{}}
}

// Take returns the call of an id; a new one begins at the current record of run. basis is provider_id,
// fingerprint or position.
func (c *Calls) Take(run *rows.Run, id schema.ID, basis string) *schema.ModelCall {
	if m := c.byID[id]; m != nil {
		return m
	}
	m := run.Model(id)
	m.DedupBasis, m.ObservedCount = basis, 0
	c.byID[id] = &m
	c.list = append(c.list, &m)
	return &m
}

// Find returns the call of an id, or nil.
func (c *Calls) Find(id schema.ID) *schema.ModelCall { return c.byID[id] }

// Drop takes a call out again that turned out to be none.
func (c *Calls) Drop(m *schema.ModelCall) {
	delete(c.byID, m.ModelCallID)
	c.list = slices.DeleteFunc(c.list, func(have *schema.ModelCall) bool { return have == m })
}

// Len is the number of calls.
func (c *Calls) Len() int { return len(c.list) }

// Counted reports whether a call has counters.
func (c *Calls) Counted() bool {
	for _, m := range c.list {
		if known(m.Usage) {
			return true
		}
	}
	return false
}

// Observe takes the usage that the current record states of a call: each counter is the largest seen.
// Counters without any value, and zeros where a response must have cost something, are none.
func (c *Calls) Observe(m *schema.ModelCall, u schema.Usage) {
	if !known(u) || u.UncachedInput.V+u.CacheRead.V+u.CacheCreation5m.V+u.CacheCreation1h.V+u.Output.V == 0 {
		return
	}
	if u.Reasoning.Valid && u.Output.Valid && u.Reasoning.V > u.Output.V {
		u.Reasoning.V = u.Output.V
	}
	larger(&m.UncachedInput, u.UncachedInput)
	larger(&m.CacheRead, u.CacheRead)
	larger(&m.CacheCreation5m, u.CacheCreation5m)
	larger(&m.CacheCreation1h, u.CacheCreation1h)
	larger(&m.Output, u.Output)
	larger(&m.Reasoning, u.Reasoning)
	m.ObservedCount++
	c.log.Observe(m.ModelCallID, max(c.log.Line(), 1), c.log.At(), u, "")
}

func known(u schema.Usage) bool {
	return u.UncachedInput.Valid || u.CacheRead.Valid || u.CacheCreation5m.Valid || u.CacheCreation1h.Valid || u.Output.Valid
}

func larger(dst *schema.Int, v schema.Int) {
	if v.Valid && (!dst.Valid || v.V > dst.V) {
		*dst = v
	}
}

// Close emits the calls and tells each session what its log can say of usage.
func (c *Calls) Close(sessions ...*rows.Session) {
	for _, m := range c.list {
		if known(m.Usage) && m.UsageQuality == "missing" {
			m.UsageQuality = "final"
			if m.Status != "ok" {
				m.UsageQuality = "partial"
			}
		}
		if m.EndedAt != 0 && m.EndedAt < m.StartedAt {
			m.EndedAt = 0
		}
		if m.FirstTokenAt != 0 && m.FirstTokenAt < m.StartedAt {
			m.FirstTokenAt = 0
		}
		m.ObservedCount = max(m.ObservedCount, 1)
		for _, s := range sessions {
			if s.Row.SessionID == m.SessionID {
				s.Row.HasUsage = s.Row.HasUsage || known(m.Usage)
				s.Row.HasCache = s.Row.HasCache || m.CacheRead.Valid || m.CacheCreation5m.Valid || m.CacheCreation1h.Valid
				s.Row.HasReasoning = s.Row.HasReasoning || m.Reasoning.Valid
			}
		}
		c.log.Put(m)
	}
	c.list, c.byID = nil, map[schema.ID]*schema.ModelCall{}
}
