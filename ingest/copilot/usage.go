package copilot

import (
	"sort"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// counters are one statement of usage: input holds what was read from and written to the cache.
type counters struct {
	in, out, read, write, reasoning schema.Int
}

func (c *counters) scan(s *jscan.Scanner) {
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "inputTokens", "input", "prompt_tokens":
			c.in = rows.Count(s)
		case "outputTokens", "output", "completion_tokens":
			c.out = rows.Count(s)
		case "cacheReadTokens", "cachedInput":
			c.read = rows.Count(s)
		case "cacheWriteTokens":
			c.write = rows.Count(s)
		case "reasoningTokens":
			c.reasoning = rows.Count(s)
		case "prompt_tokens_details":
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				if string(s.Name) == "cached_tokens" {
					c.read = rows.Count(s)
				} else {
					s.Skip()
				}
			}
		case "completion_tokens_details":
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				if string(s.Name) == "reasoning_tokens" {
					c.reasoning = rows.Count(s)
				} else {
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
}

func (c *counters) usage(log *rows.Log) schema.Usage {
	u := schema.Usage{CacheRead: c.read, CacheCreation5m: c.write, Output: c.out, Reasoning: c.reasoning}
	var ok bool
	if u.UncachedInput, ok = rows.Minus(c.in, c.read, c.write); !ok {
		log.Problem(schema.ProblemUnknownField, "usage", "cached tokens over input")
	}
	if u.Reasoning.Valid && (!u.Output.Valid || u.Reasoning.V > u.Output.V) {
		log.Problem(schema.ProblemUnknownField, "usage", "reasoning over output")
		u.Reasoning = schema.Int{}
	}
	return u
}

func (c *counters) all() [5]*schema.Int {
	return [5]*schema.Int{&c.in, &c.out, &c.read, &c.write, &c.reasoning}
}

// totals collects what a session's ends state. Most versions write totals since the start; some began
// anew with each resume or after a compaction, which shows in that a counter falls.
type totals struct {
	line    int64 // of the last statement; 0 = none
	at      schema.Instant
	past    map[string]*counters // before the count began anew
	current map[string]*counters

	credits, creditsPast int64
	hasCredits           bool
	creditsAt            schema.Instant
}

// add takes the statement at one end.
func (t *totals) add(next map[string]*counters, line int64, at schema.Instant) {
	t.line, t.at = line, at
	for model, c := range t.current {
		n := next[model]
		fell := n == nil
		if n != nil {
			old, now := c.all(), n.all()
			for i := range old {
				fell = fell || now[i].V < old[i].V
			}
		}
		if !fell {
			continue
		}
		if t.past == nil {
			t.past = map[string]*counters{}
		}
		for model, c := range t.current {
			if p := t.past[model]; p != nil {
				plus(p, c)
			} else {
				sum := *c
				t.past[model] = &sum
			}
		}
		break
	}
	t.current = next
}

func plus(sum, c *counters) {
	to, from := sum.all(), c.all()
	for i := range to {
		if from[i].Valid {
			*to[i] = schema.Known(to[i].V + from[i].V)
		}
	}
}

// credit takes the credits used so far, in billionths.
func (t *totals) credit(n schema.Int) {
	if !n.Valid {
		return
	}
	if n.V < t.credits {
		t.creditsPast += t.credits
	}
	t.credits, t.hasCredits = n.V, true
}

// sums returns the totals by model.
func (t *totals) sums() map[string]*counters {
	for model, p := range t.past {
		if c := t.current[model]; c != nil {
			plus(c, p)
		} else {
			t.current[model] = p
		}
	}
	t.past = nil
	return t.current
}

// shutdown handles the end of a process, with totals by model.
func (r *reader) shutdown() {
	e := &r.e
	r.totals.credit(e.nanoAIU)
	if r.log.At() != 0 {
		r.totals.creditsAt = r.log.At()
	}
	if e.metrics == nil {
		return
	}
	next := map[string]*counters{}
	var s jscan.Scanner
	s.Reset(e.metrics)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		model := string(s.Name)
		c := &counters{}
		for ok := s.ObjectOrSkip(); ok && s.Key(); {
			if string(s.Name) == "usage" {
				c.scan(&s)
			} else {
				s.Skip()
			}
		}
		if c.in.Valid || c.out.Valid {
			next[model] = c
		}
	}
	if len(next) > 0 {
		r.totals.add(next, r.log.Line(), r.log.At())
	}
}

// compacted handles the summary of a conversation: a request whose tokens are told by themselves.
func (r *reader) compacted(run *rows.Run) {
	e := &r.e
	ev := schema.Event{Event: "compaction", TokensBefore: e.before, TokensAfter: e.after}
	var c counters
	var model string
	if e.used != nil {
		var s jscan.Scanner
		s.Reset(e.used)
		c.scan(&s)
		s.Reset(e.used)
		for ok := s.ObjectOrSkip(); ok && s.Key(); {
			switch string(s.Name) {
			case "model":
				model = s.Str()
			case "duration":
				ev.DurationMS = rows.Count(&s)
			default:
				s.Skip()
			}
		}
	}
	if e.success.Valid && !e.success.V {
		run.Error(schema.Error{Source: "agent", ErrorType: "unknown", MessageHash: schema.HashBytes(r.log.Bytes(e.errorText))})
		ev.Detail = "failed"
	}
	run.Event(ev)
	if c.in.V == 0 && c.out.V == 0 {
		return
	}
	row := run.Model(r.log.Key().With(4001))
	row.RequestModel, row.Usage, row.UsageQuality = model, c.usage(r.log), "final"
	r.calls = append(r.calls, call{row: row, output: row.Output})
}

// finish emits the calls of the model. Where a session ended cleanly the totals tell more than the
// calls do, and the calls count no tokens; calls after the last end count what they tell.
func (r *reader) finish() {
	t := &r.totals
	row := &r.s.Row
	for i := range r.calls {
		c := &r.calls[i]
		inTotals := c.row.Line < t.line
		u := c.row.Usage
		if c.row.UsageQuality == "missing" && c.output.Valid {
			u.Output = c.output
			c.row.UsageQuality = "partial"
		}
		reason := ""
		if inTotals {
			reason = "in_session_total"
			c.row.Usage, c.row.UsageQuality = schema.Usage{}, "missing"
		} else {
			c.row.Usage = u
		}
		if u.Output.Valid {
			row.HasUsage = true
			r.log.Observe(c.row.ModelCallID, c.row.Line, c.row.OccurredAt, u, reason)
		}
		r.log.Put(&c.row)
	}
	sums := t.sums()
	if len(r.calls) > 0 || len(sums) > 0 {
		rank := int64(rankEvents)
		if r.transcript {
			rank = rankChat
		}
		ledger(r.log, r.s, rank)
	}
	var models []string
	for m := range sums {
		models = append(models, m)
	}
	sort.Strings(models)
	for _, m := range models {
		c := sums[m]
		total := r.s.Main.Model(r.log.ID("response", r.native, "total", m))
		total.Line, total.OccurredAt = t.line, t.at
		total.TurnID = 0
		total.RequestModel, total.Usage = m, c.usage(r.log)
		total.UsageGrain, total.UsageQuality = "session", "final"
		r.log.Put(&total)
		r.log.Observe(total.ModelCallID, t.line, t.at, total.Usage, "")
		row.HasUsage, row.HasCache = true, row.HasCache || c.read.Valid
		row.HasReasoning = row.HasReasoning || c.reasoning.Valid
	}
	// A credit is a cent since June 2026.
	if t.hasCredits && t.creditsAt >= creditsBegan && t.creditsPast+t.credits > 0 && t.creditsPast+t.credits < 1e17 {
		row.ReportedCostUSD = schema.Known((t.creditsPast + t.credits) * 10)
	}
}

// creditsBegan is when usage began to be billed in credits: 2026-06-01.
const creditsBegan = schema.Instant(1780272000_000_000)
