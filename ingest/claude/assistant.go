package claude

import (
	"bytes"
	"math"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// callKey tells responses apart within a file. A side question replays a response of its parent under
// another request id, and an inline sub-agent may do so too: both stay calls of their own here, and
// views decide which one counts.
type callKey struct {
	response, request schema.ID
	side              bool
}

// A call is one response, its records merged.
type call struct {
	row     schema.ModelCall
	aborted bool
	usage   bool
}

// assistant takes a record of a response, or of what the agent put in place of one. Of a record that
// was here before only the usage is looked at.
func (r *reader) assistant(known bool) {
	rec := &r.rec
	if rec.apiError || string(rec.model.Raw) == "<synthetic>" {
		if !known {
			r.synthetic()
		}
		return
	}
	n := r.response()
	if known {
		return
	}
	var callID schema.ID
	if n >= 0 {
		callID = r.calls[n].row.ModelCallID
		r.run.call = n
	}
	u := r.run
	for i := range rec.blocks {
		b := &rec.blocks[i]
		switch typ := b.typ.Raw; string(typ) {
		case "text":
			if len(b.text.Raw) == 0 {
				continue
			}
			r.message(i, "assistant", "text", r.decoded(b.text), callID)
			u.last, u.done = lastText, false
		case "thinking", "redacted_thinking":
			r.message(i, "assistant", "reasoning", r.decoded(b.text), callID)
			u.last, u.done = lastReasoning, false
		case "tool_use", "server_tool_use", "mcp_tool_use":
			r.toolUse(i, b, callID)
			u.last, u.done = lastCall, false
		case "fallback":
			// Which model took over; the response names it too.
		default:
			if bytes.HasSuffix(typ, []byte("_tool_result")) {
				r.serverResult(b)
				continue
			}
			r.problem(schema.ProblemUnknownField, "assistant", className(b.typ))
		}
	}
	switch string(rec.stop.Raw) {
	case "":
	case "max_tokens":
		u.last, u.done = lastMaxTokens, true
	case "tool_use", "pause_turn":
	default:
		u.done = true
	}
}

// response merges the record into its response and returns the response's index, or -1 where the
// record shows no sign of one.
func (r *reader) response() int {
	rec := &r.rec
	s, u := r.ses, r.run
	s.calls = true
	side := u != s.main
	key := callKey{response: id("response", rec.id), request: id("req", rec.request), side: side}
	basis := "provider_id"
	if key.response == 0 {
		if len(rec.model.Raw) == 0 && !rec.usage.present {
			return -1
		}
		key.response, basis = r.fingerprint()
	}
	n, ok := r.callAt[key]
	if !ok {
		n = len(r.calls)
		r.callAt[key] = n
		r.calls = append(r.calls, call{row: schema.ModelCall{
			Where: r.where(), ModelCallID: key.response, SessionID: s.row.SessionID, RunID: u.row.RunID, TurnID: u.turnID(),
			Seq: r.next(), IsSidechain: side, OccurredAt: r.at,
			Status: "ok", UsageGrain: "call", UsageQuality: "missing", DedupBasis: basis,
		}})
		c := &r.calls[n].row
		if len(rec.request.Raw) > 0 {
			c.RequestKey = schema.IDOf("req", str(r.decoded(rec.request)))
			c.RequestID = r.valid(rec.request.String())
		}
		c.ResponseID = r.valid(rec.id.String())
	}
	c := &r.calls[n]
	c.row.ObservedCount++
	if m := r.cached(&r.lastModel, rec.model); m != "" {
		c.row.ResponseModel = m
		r.changed(&u.model, m, "model_changed")
		c = &r.calls[n]
	}
	if len(rec.stop.Raw) > 0 {
		c.row.FinishReason = r.name(rec.stop)
		r.anyStop = true
	}
	c.aborted = c.aborted || rec.aborted
	if rec.cost.Valid && rec.cost.V >= 0 && rec.cost.V < 1e5 {
		c.row.ReportedCostUSD = larger(c.row.ReportedCostUSD, schema.Known(picodollars(rec.cost.V)))
	}
	if rec.usage.present {
		r.observe(c)
	}
	return n
}

// fingerprint stands in for the id of a response that has none.
func (r *reader) fingerprint() (key schema.ID, basis string) {
	rec := &r.rec
	if r.at == 0 {
		return schema.IDOf(Agent, "position", r.ses.native).With(uint64(r.line)), "position"
	}
	key = schema.IDOf(Agent, "fingerprint", "of "+str(rec.model.Raw)).With(uint64(r.at))
	for _, n := range [...]schema.Int{rec.usage.input, rec.usage.creation, rec.usage.read, rec.usage.output} {
		if n.Valid {
			key = key.With(uint64(n.V) + 1)
		} else {
			key = key.With(0)
		}
	}
	return key, "fingerprint"
}

// observe takes the usage of one record: each counter is the largest seen, and the record with the
// largest output is the one that the response is dated by.
func (r *reader) observe(c *call) {
	rec, s := &r.rec, r.ses
	u := rec.usage.counters()
	s.hasUsage = s.hasUsage || u.Output.Valid || u.UncachedInput.Valid
	s.hasCache = s.hasCache || u.CacheRead.Valid || u.CacheCreation5m.Valid
	s.hasThinking = s.hasThinking || u.Reasoning.Valid

	if out := c.row.Output; !c.usage || u.Output.Valid && (!out.Valid || u.Output.V > out.V) ||
		u.Output == out && r.at != 0 && r.at < c.row.OccurredAt {
		c.row.Line, c.row.OccurredAt = r.line, r.at
	}
	c.usage = true
	h := &c.row.Usage
	h.UncachedInput = larger(h.UncachedInput, u.UncachedInput)
	h.CacheRead = larger(h.CacheRead, u.CacheRead)
	h.CacheCreation5m = larger(h.CacheCreation5m, u.CacheCreation5m)
	h.CacheCreation1h = larger(h.CacheCreation1h, u.CacheCreation1h)
	h.Output = larger(h.Output, u.Output)
	h.Reasoning = larger(h.Reasoning, u.Reasoning)

	if tier := r.cached(&r.lastTier, rec.usage.tier); tier != "" {
		c.row.ServiceTier = tier
		if tier == "batch" {
			c.row.IsBatch = schema.Known(true)
		}
	}
	if string(rec.usage.speed.Raw) == "fast" {
		c.row.ServiceTier = "fast"
	}
	if geo := r.cached(&r.lastGeo, rec.usage.geo); geo != "" && geo != "not_available" {
		c.row.Region = geo
	}
	r.row.usage = schema.UsageObservation{Where: r.where(), ModelCallID: c.row.ModelCallID, Usage: u, OccurredAt: r.at}
	r.put(&r.row.usage)
}

// counters brings the usage to five disjoint counters. Cache writes without a split, or the part that
// the split leaves out, are of the default kind, which lasts five minutes.
func (u *usage) counters() schema.Usage {
	out := schema.Usage{UncachedInput: u.input, CacheRead: u.read, CacheCreation5m: u.five, CacheCreation1h: u.hour, Output: u.output, Reasoning: u.think}
	if u.creation.Valid {
		if rest := u.creation.V - u.five.V - u.hour.V; !u.five.Valid && !u.hour.Valid || rest > 0 {
			out.CacheCreation5m = schema.Known(u.five.V + max(rest, 0))
		}
		if !out.CacheCreation5m.Valid {
			out.CacheCreation5m = schema.Known(int64(0))
		}
	}
	if out.Reasoning.Valid && out.Output.Valid && out.Reasoning.V > out.Output.V {
		out.Reasoning.V = out.Output.V
	}
	return out
}

func larger(a, b schema.Int) schema.Int {
	if !a.Valid || b.Valid && b.V > a.V {
		return b
	}
	return a
}

func picodollars(usd float64) int64 { return int64(math.Round(usd * 1e12)) }

// tinyOutput is the most that the first record of a stream counts as output.
const tinyOutput = 8

// putCall emits a response when nothing more can come.
//
// The quality of its usage: a response that was cut short knows only part of its output; one that
// never got a stop reason and whose output never left the first record's constant has no count at
// all. Beyond that a missing stop reason says nothing, because versions up to 2.1 leave it out.
func (r *reader) putCall(c *call) {
	m := &c.row
	if c.aborted {
		m.Status = "interrupted"
	}
	if c.usage {
		switch {
		case m.FinishReason == "" && m.Output.Valid && m.Output.V <= tinyOutput:
			m.UsageQuality = "placeholder"
		case m.Status == "interrupted":
			m.UsageQuality = "partial"
		case !m.Output.Valid && !m.UncachedInput.Valid:
			m.UsageQuality = "missing"
		default:
			m.UsageQuality = "final"
		}
	}
	if m.Reasoning.Valid && m.Output.Valid && m.Reasoning.V > m.Output.V {
		m.Reasoning.V = m.Output.V
	}
	r.put(m)
}

// message emits one text of the conversation, and its preview: of prompts and answers in any case, of
// others only where everything is kept. An empty text is one that was there and cannot be read.
func (r *reader) message(block int, role, kind string, text []byte, callID schema.ID) {
	m := &r.row.message
	*m = schema.Message{
		Where: r.where(), MessageID: r.key.With(uint64(block)), SessionID: r.ses.row.SessionID, RunID: r.run.row.RunID,
		TurnID: r.run.turnID(), ModelCallID: callID, Seq: r.next(), Role: role, Kind: kind, OccurredAt: r.at,
	}
	if len(text) > 0 {
		m.CharCount = schema.Known(runes(text))
		m.TextHash = schema.HashBytes(text)
	} else {
		m.IsRedacted = true
	}
	r.put(m)
	keep := 0
	switch kind {
	case "prompt":
		keep = 400
	case "text":
		keep = 200
	}
	r.preview("message", m.MessageID, "text", jscan.Text{Raw: text, Present: true}, keep, r.line)
}

// runes counts code points; an invalid byte counts as one.
func runes(b []byte) int64 { return int64(countRunes(b)) }

// synthetic takes a record that the agent wrote in place of a response: an error of the provider that
// ended the work, or filler. It is never a response of a model.
func (r *reader) synthetic() {
	rec := &r.rec
	var text jscan.Text
	for i := range rec.blocks {
		if string(rec.blocks[i].typ.Raw) == "text" {
			text = rec.blocks[i].text
			break
		}
	}
	if !rec.apiError {
		if len(text.Raw) > 0 {
			r.message(0, "assistant", "injected", r.decoded(text), 0)
		}
		return
	}
	body := r.decoded(text)
	word := ""
	if rec.err.Present {
		word = className(rec.err)
	}
	status := rec.apiStatus
	if !status.Valid {
		status = statusIn(body)
	}
	e := r.error("api", classify(word, status, body))
	e.HTTPStatus = status
	e.IsFinal = schema.Known(true)
	e.MessageHash = schema.HashBytes(body)
	reset := resetIn(body)
	if reset > r.at && r.at != 0 {
		e.RetryAfterMS = schema.Known(int64(reset-r.at) / 1000)
	}
	limit := e.ErrorType == "rate_limit"
	r.put(e)
	if limit {
		r.event("limit_seen", "rate_limit")
		if reset != 0 {
			r.row.event.Detail = "usage_limit"
		}
		r.put(&r.row.event)
	}
	r.run.last, r.run.done = lastError, true
}

// error prepares an error of the current record.
func (r *reader) error(source, class string) *schema.Error {
	r.row.error = schema.Error{
		Where: r.where(), ErrorID: r.extraKey(), SessionID: r.ses.row.SessionID, RunID: r.run.row.RunID, TurnID: r.run.turnID(),
		Seq: r.next(), OccurredAt: r.at, Source: source, ErrorType: class,
	}
	return &r.row.error
}
