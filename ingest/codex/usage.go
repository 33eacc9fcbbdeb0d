package codex

import (
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// tokens is one usage as Codex states it: cached and cache-written tokens are inside input, reasoning
// is inside output.
type tokens struct {
	n    [tokenKinds]int64
	have [tokenKinds]bool
}

const (
	tokInput = iota
	tokCached
	tokCacheWrite
	tokOutput
	tokReasoning
	tokTotal
	tokenKinds
)

// readTokens reads a usage object and reports whether it names any counter.
func (p *parser) readTokens(s *jscan.Scanner) (t tokens, ok bool) {
	for in := s.ObjectOrSkip(); in && s.Key(); {
		k := -1
		switch string(s.Name) {
		case "input_tokens":
			k = tokInput
		case "cached_input_tokens":
			k = tokCached
		case "cache_write_input_tokens":
			k = tokCacheWrite
		case "output_tokens":
			k = tokOutput
		case "reasoning_output_tokens":
			k = tokReasoning
		case "total_tokens":
			k = tokTotal
		default:
			s.Skip()
			continue
		}
		n, number := s.Int()
		switch {
		case !number:
		case n < 0:
			p.problem(schema.ProblemUnknownField, "token_count", "negative "+tokenNames[k])
		default:
			t.n[k], t.have[k], ok = n, true, true
		}
	}
	return t, ok
}

var tokenNames = [tokenKinds]string{
	"input_tokens", "cached_input_tokens", "cache_write_input_tokens", "output_tokens", "reasoning_output_tokens", "total_tokens",
}

// empty reports a usage that is no response: the client writes such values when the context overflows
// and after a compaction, with a total alone.
func (t *tokens) empty() bool { return t.n[tokInput] == 0 && t.n[tokOutput] == 0 }

// minus is the growth since an earlier total; ok is false where a counter shrank: the count began anew.
func (t *tokens) minus(old *tokens) (d tokens, ok bool) {
	for k := range t.n {
		if !t.have[k] {
			continue
		}
		d.n[k], d.have[k] = t.n[k]-old.n[k], true
		if d.n[k] < 0 {
			if k == tokInput || k == tokOutput {
				return tokens{}, false
			}
			d.n[k], d.have[k] = 0, false
		}
	}
	return d, true
}

// usage brings the counters to disjoint ones.
func (p *parser) disjoint(t *tokens) (u schema.Usage) {
	known := func(k int) schema.Int { return schema.Int{V: t.n[k], Valid: t.have[k]} }
	u.CacheRead = known(tokCached)
	u.CacheCreation5m = known(tokCacheWrite)
	u.Output = known(tokOutput)
	u.Reasoning = known(tokReasoning)
	if t.have[tokInput] {
		n := t.n[tokInput] - t.n[tokCached] - t.n[tokCacheWrite]
		if n < 0 {
			p.problem(schema.ProblemUnknownField, "token_count", "cached_input_tokens over input_tokens")
			n = 0
		}
		u.UncachedInput = schema.Known(n)
	}
	if u.Reasoning.Valid && u.Output.Valid && u.Reasoning.V > u.Output.V {
		p.problem(schema.ProblemUnknownField, "token_count", "reasoning_output_tokens over output_tokens")
		u.Reasoning = schema.Int{}
	}
	p.facts.cache = p.facts.cache || t.have[tokCached]
	p.facts.reasoning = p.facts.reasoning || t.have[tokReasoning]
	return u
}

// A usageLog collects what a file says of usage. Only at its end is it known which family of records
// counts: a file with token_usage_record counts by those alone.
type usageLog struct {
	events  []usageCall // by token_count
	records []usageCall // by token_usage_record
	turns   []usageCall // by turn.completed
	seen    []usageSeen
	byID    map[string]int // records by response id
	nth     map[schema.ID]uint64

	total    tokens // of the last token_count
	hasTotal bool
}

// A usageCall is one model call as far as its own place tells.
type usageCall struct {
	id       schema.ID
	turn     schema.ID
	line     int64
	seq      int64
	at       schema.Instant
	model    string
	response string
	window   schema.Int
	usage    schema.Usage
	observed int64
	missing  bool
}

// A usageSeen is one place that states usage; call is an index into the list of its family.
type usageSeen struct {
	family byte // 'e'vent, 'r'ecord, 't'urn
	call   int
	line   int64
	at     schema.Instant
	usage  schema.Usage
	reason string
}

// tokenCount handles event_msg/token_count.
func (p *parser) tokenCount() {
	v := &p.rec.v
	p.rateLimits(v[fRateLimits])
	if v[fInfo].kind != jscan.Object {
		return
	}
	var total, last tokens
	var hasTotal, hasLast bool
	window := p.ctx.window
	var s jscan.Scanner
	s.Reset(v[fInfo].raw)
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "total_token_usage":
			total, hasTotal = p.readTokens(&s)
		case "last_token_usage":
			last, hasLast = p.readTokens(&s)
		case "model_context_window":
			if n, ok := s.Int(); ok && n > 0 {
				window = schema.Known(n)
			}
		default:
			s.Skip()
		}
	}
	if !hasTotal && !hasLast {
		p.problem(schema.ProblemUnknownField, "token_count", "info")
		return
	}
	p.facts.usage = true
	p.replay.usage(p)

	l := &p.usage
	if hasTotal && l.hasTotal && total == l.total {
		// The same totals again: a refresh of rate limits, or the end of the turn.
		seen := usageSeen{family: 'e', call: len(l.events) - 1, line: p.line, at: p.at, reason: "repeated_total"}
		if seen.call >= 0 && l.lastCounted() {
			l.events[seen.call].observed++
			seen.usage = l.events[seen.call].usage
		} else {
			seen.call = -1
		}
		l.seen = append(l.seen, seen)
		return
	}
	use, known := last, hasLast
	if !hasLast {
		if l.hasTotal {
			use, known = total.minus(&l.total)
		} else {
			use, known = total, true
		}
	}
	if hasTotal {
		l.total, l.hasTotal = total, true
	}
	if known && use.empty() {
		l.seen = append(l.seen, usageSeen{family: 'e', call: -1, line: p.line, at: p.at, usage: p.disjoint(&use), reason: "no_tokens"})
		return
	}
	c := p.newUsageCall(window)
	if known {
		c.usage = p.disjoint(&use)
	} else {
		c.missing = true
	}
	c.id = l.fingerprint(p, "usage", &total, &use)
	l.events = append(l.events, c)
	l.seen = append(l.seen, usageSeen{family: 'e', call: len(l.events) - 1, line: p.line, at: p.at, usage: c.usage})
	if len(l.records) == 0 {
		p.group.usage(c.id, false)
	}
}

// lastCounted reports whether the last token_count with another total was a call.
func (l *usageLog) lastCounted() bool {
	for i := len(l.seen) - 1; i >= 0; i-- {
		if s := &l.seen[i]; s.family == 'e' && s.reason != "repeated_total" {
			return s.call >= 0
		}
	}
	return false
}

func (p *parser) newUsageCall(window schema.Int) usageCall {
	return usageCall{turn: p.turnID(), line: p.line, seq: p.next(), at: p.at, model: p.ctx.model, window: window, observed: 1}
}

// fingerprint names a call that has no id by its thread and its counters. A thread that goes on in
// another file repeats them; the same counters twice in one file are two calls.
func (l *usageLog) fingerprint(p *parser, what string, parts ...*tokens) schema.ID {
	id := schema.IDOf(agent, what, p.thread.id)
	for _, t := range parts {
		for k := range t.n {
			n := uint64(t.n[k])
			if !t.have[k] {
				n = 1 << 63
			}
			id = id.With(n)
		}
	}
	n := l.nth[id]
	l.nth[id] = n + 1
	return id.With(n)
}

// usageRecord handles token_usage_record: one for each response.
func (p *parser) usageRecord() {
	v := &p.rec.v
	if v[fUsage].kind != jscan.Object {
		p.problem(schema.ProblemUnknownField, "token_usage_record", "usage")
		return
	}
	var s jscan.Scanner
	s.Reset(v[fUsage].raw)
	use, ok := p.readTokens(&s)
	if !ok {
		p.problem(schema.ProblemUnknownField, "token_usage_record", "usage")
		return
	}
	p.facts.usage = true
	l := &p.usage
	seen := usageSeen{family: 'r', line: p.line, at: p.at, usage: p.disjoint(&use)}
	if use.empty() {
		seen.call, seen.reason = -1, "no_tokens"
		l.seen = append(l.seen, seen)
		return
	}
	response := v[fResponseID].str()
	if i, dup := l.byID[response]; dup && response != "" {
		c := &l.records[i]
		c.observed++
		c.usage = larger(c.usage, seen.usage)
		seen.call, seen.reason = i, "repeated_response"
		l.seen = append(l.seen, seen)
		return
	}
	c := p.newUsageCall(p.ctx.window)
	c.response, c.usage = response, seen.usage
	if m := p.wordOf(v[fModel]); m != "" {
		c.model = m
	}
	if response != "" {
		c.id = schema.IDOf(agent, "response", response)
		if l.byID == nil {
			l.byID = map[string]int{}
		}
		l.byID[response] = len(l.records)
	} else {
		c.id = l.fingerprint(p, "usage_record", &use)
	}
	seen.call = len(l.records)
	l.records = append(l.records, c)
	l.seen = append(l.seen, seen)
	p.group.usage(c.id, true)
}

// turnUsage handles the usage of a whole turn, as codex exec prints it.
func (p *parser) turnUsage() {
	u := p.rec.v[fUsage]
	if u.kind != jscan.Object {
		return
	}
	var s jscan.Scanner
	s.Reset(u.raw)
	use, ok := p.readTokens(&s)
	if !ok || use.empty() {
		return
	}
	p.facts.usage = true
	l := &p.usage
	c := p.newUsageCall(p.ctx.window)
	c.usage = p.disjoint(&use)
	c.id = l.fingerprint(p, "turn_usage", &use)
	l.turns = append(l.turns, c)
	l.seen = append(l.seen, usageSeen{family: 't', call: len(l.turns) - 1, line: p.line, at: p.at, usage: c.usage})
}

func larger(a, b schema.Usage) schema.Usage {
	up := func(x, y schema.Int) schema.Int {
		if !x.Valid || y.Valid && y.V > x.V {
			return y
		}
		return x
	}
	return schema.Usage{
		UncachedInput:   up(a.UncachedInput, b.UncachedInput),
		CacheRead:       up(a.CacheRead, b.CacheRead),
		CacheCreation5m: up(a.CacheCreation5m, b.CacheCreation5m),
		CacheCreation1h: up(a.CacheCreation1h, b.CacheCreation1h),
		Output:          up(a.Output, b.Output),
		Reasoning:       up(a.Reasoning, b.Reasoning),
	}
}

// emit decides which family counts and writes its calls and every place that states usage.
func (l *usageLog) emit(p *parser) {
	family, calls, grain := byte('e'), l.events, "call"
	switch {
	case len(l.records) > 0:
		family, calls = 'r', l.records
	case len(l.events) == 0 && len(l.turns) > 0:
		family, calls, grain = 't', l.turns, "turn"
	}
	var row schema.ModelCall
	for i := range calls {
		c := &calls[i]
		row = schema.ModelCall{
			Where:         schema.Where{Line: c.line},
			ModelCallID:   c.id,
			SessionID:     p.thread.session,
			RunID:         p.thread.run,
			TurnID:        c.turn,
			Seq:           c.seq,
			IsSidechain:   p.thread.isChild(),
			ProviderName:  p.thread.provider,
			RequestModel:  c.model,
			ResponseID:    c.response,
			OccurredAt:    c.at,
			Usage:         c.usage,
			ContextWindow: c.window,
			Status:        "ok",
			UsageGrain:    grain,
			UsageQuality:  "final",
			DedupBasis:    "fingerprint",
			ObservedCount: c.observed,
		}
		if c.response != "" {
			row.DedupBasis = "provider_id"
		}
		if c.missing {
			row.UsageQuality = "missing"
		}
		p.emit(&row)
	}
	var seen schema.UsageObservation
	for i := range l.seen {
		s := &l.seen[i]
		seen = schema.UsageObservation{Where: schema.Where{Line: s.line}, Usage: s.usage, OccurredAt: s.at, Reason: s.reason}
		switch {
		case s.family != family:
			seen.Reason = "other_family"
		case s.call >= 0:
			seen.ModelCallID = calls[s.call].id
		}
		p.emit(&seen)
	}
}
