package openhands

import (
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// call returns the model call of a response.
func (t *thread) call(id string) *schema.ModelCall {
	key := t.log.ID("response", id)
	if id == "" {
		return nil
	}
	m := t.p.calls.Take(t.s.Main, key, "provider_id")
	m.ResponseID = id
	if m.RequestModel == "" {
		m.RequestModel = t.model
	}
	return m
}

// response takes the model's response that an event of V0 carries: it stands on the action and again
// on its observation.
func (t *thread) response(o trace.Object) {
	m := t.call(o.Str("id"))
	if m == nil {
		return
	}
	t.s.Main.Response = m.ModelCallID
	m.ResponseModel = o.Str("model")
	for c := range trace.Elems(o.Raw("choices")) {
		m.FinishReason = trace.ObjectOf(c).Str("finish_reason")
		break
	}
	m.ServiceTier = tier(o.Str("service_tier"))
	if m.ObservedCount == 0 {
		t.p.calls.Observe(m, trace.CountsOf(o.Object("usage")).Usage(trace.WithCache))
	}
}

// tier keeps a service tier that says something about the price.
func tier(s string) string {
	switch s {
	case "priority", "flex", "batch":
		return s
	}
	return ""
}

// metrics takes the lists of usages, one for each response. The sums beside them are running totals,
// into which some versions count the draft editor's again and again, so they are never added up.
func (t *thread) metrics(o trace.Object) {
	for e, whole := range trace.Elems(o.Raw("token_usages")) {
		u := trace.ObjectOf(e)
		m := t.call(u.Str("response_id"))
		if m == nil || !whole {
			continue
		}
		if name := u.Str("model"); name != "" {
			m.RequestModel = name
		}
		if w := u.Int("context_window"); w.Valid && w.V > 0 {
			m.ContextWindow = w
		}
		if m.ObservedCount > 0 {
			continue // the response itself was there
		}
		c := trace.CountsOf(u)
		if !c.IsZero() {
			t.p.calls.Observe(m, c.Usage(trace.WithCache))
		}
	}
	if total := o.Object("accumulated_token_usage"); total.Len() > 0 {
		t.total, t.totalOf = total, o.Str("model_name")
		if t.totalOf == "" {
			t.totalOf = total.Str("model")
		}
	}
}

// totals emits the last running total, for a conversation none of whose responses has counters.
func (t *thread) totals() {
	if t.total.Len() == 0 || t.p.calls.Counted() {
		return
	}
	c := trace.CountsOf(t.total)
	if c.IsZero() {
		return
	}
	m := t.p.calls.Take(t.s.Main, t.log.ID("total", t.native), "position")
	m.UsageGrain = "session"
	if t.totalOf != "default" {
		m.RequestModel = t.totalOf
	}
	if m.RequestModel == "" {
		m.RequestModel = t.model
	}
	t.p.calls.Observe(m, c.Usage(trace.WithCache))
}
