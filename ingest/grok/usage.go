package grok

import (
	"sort"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A turnUsage is the usage of one prompt, which may be written again: the last one counts.
type turnUsage struct {
	line   int64
	at     schema.Instant
	turn   schema.ID
	stop   string
	model  string
	models map[string]*tokens // of each model
	total  tokens
}

// tokens are the counters of a turn. Input is the whole prompt, caches included; reasoning is inside
// output.
type tokens struct {
	input, read, write, output, reasoning schema.Int
	ticks                                 schema.Int
	partial                               bool // the cost is
	incomplete                            bool
	known                                 bool
}

func readTokens(s *jscan.Scanner, models *map[string]*tokens) (t tokens) {
	for in := s.ObjectOrSkip(); in && s.Key(); {
		var n *schema.Int
		switch string(s.Name) {
		case "inputTokens":
			n = &t.input
		case "outputTokens":
			n = &t.output
		case "cachedReadTokens":
			n = &t.read
		case "cacheCreationTokens":
			n = &t.write
		case "reasoningTokens":
			n = &t.reasoning
		case "costUsdTicks":
			n = &t.ticks
		case "costIsPartial":
			t.partial, _ = s.Bool()
			continue
		case "usageIsIncomplete":
			t.incomplete, _ = s.Bool()
			continue
		case "modelUsage":
			if models == nil {
				s.Skip()
				continue
			}
			for in := s.ObjectOrSkip(); in && s.Key(); {
				name := string(s.Name)
				m := readTokens(s, nil)
				if m.known && name != "" {
					if *models == nil {
						*models = map[string]*tokens{}
					}
					(*models)[name] = &m
				}
			}
			continue
		}
		if n == nil {
			s.Skip()
			continue
		}
		*n = rows.Count(s)
		t.known = t.known || n.Valid
	}
	return t
}

// completed takes the end of a turn.
func (p *parser) completed(u *update) {
	id := u.promptID.String()
	if id == "" {
		id = u.prompt.String()
	}
	t := &turnUsage{line: p.log.Line(), at: p.log.At(), turn: p.run.TurnID(), stop: p.word(u.stop), model: p.model}
	if t.model == "" {
		t.model = p.about.model
	}
	if u.usage != nil {
		var s jscan.Scanner
		s.Reset(u.usage)
		t.total = readTokens(&s, &t.models)
	}
	if turn := p.run.Turn(); turn != nil && id != "" {
		turn.NativeTurnKey = p.log.ID("turn", id)
	}
	switch t.stop {
	case "cancelled":
		p.run.Interrupt()
	case "max_tokens":
		p.run.Last = rows.LastMaxTokens
	case "error":
		p.run.Last = rows.LastError
	default:
		p.run.Last = rows.LastDone
	}
	key := id
	if key == "" {
		key = p.id + "#" + string(u.agentStamp)
	}
	if p.usage[key] == nil {
		p.order = append(p.order, key)
	}
	p.usage[key] = t
}

// putUsage emits the usage of the turns. That of a sub-agent is inside its caller's.
func (p *parser) putUsage() {
	for _, prompt := range p.order {
		t := p.usage[prompt]
		p.log.Again(t.line, t.at, p.log.ID("turn", prompt))
		if p.run != p.ses.Main {
			if u := p.disjoint(&t.total); t.total.known {
				p.log.Observe(0, t.line, t.at, u, "in_caller")
				p.ses.Row.HasUsage = true
			}
			continue
		}
		if len(t.models) == 0 {
			p.putCall(prompt, t, t.model, &t.total)
			continue
		}
		names := make([]string, 0, len(t.models))
		for name := range t.models {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			m := t.models[name]
			m.partial, m.incomplete = m.partial || t.total.partial, m.incomplete || t.total.incomplete
			p.putCall(prompt, t, name, m)
		}
	}
}

func (p *parser) putCall(prompt string, t *turnUsage, model string, n *tokens) {
	u := p.disjoint(n)
	failed := t.stop == "error" || t.stop == "cancelled"
	if failed && rows.Zero(&u) {
		return // it cost nothing and is no call
	}
	c := p.run.Model(p.log.ID("prompt", prompt, "of "+model))
	c.DedupBasis, c.UsageGrain, c.TurnID = "provider_id", "turn", t.turn
	c.RequestModel, c.FinishReason = model, t.stop
	if !rows.Zero(&u) {
		c.Usage = u
		if n.incomplete {
			c.UsageQuality = "partial"
		}
	}
	switch t.stop {
	case "cancelled":
		c.Status = "interrupted"
	case "error":
		c.Status = "error"
	}
	// Ten thousand million ticks are a dollar.
	if n.ticks.Valid && n.ticks.V > 0 && n.ticks.V < 1e14 && !n.partial && !n.incomplete {
		c.ReportedCostUSD = schema.Known(n.ticks.V * 100)
	}
	p.run.PutModel(&c)
}

func (p *parser) disjoint(n *tokens) (u schema.Usage) {
	var ok bool
	if u.UncachedInput, ok = rows.Minus(n.input, n.read, n.write); !ok {
		p.log.Problem(schema.ProblemUnknownField, "turn_completed", "cached tokens over inputTokens")
	}
	u.CacheRead, u.CacheCreation5m, u.Output, u.Reasoning = n.read, n.write, n.output, n.reasoning
	if u.Reasoning.V > u.Output.V {
		u.Reasoning = schema.Int{}
	}
	return u
}
