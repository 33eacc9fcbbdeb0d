package amp

import (
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A usage is what one response cost. The three counters of input are beside each other.
type usage struct {
	schema.Usage
	model     jscan.Text
	timestamp []byte
	known     bool
}

func (u *usage) scan(s *jscan.Scanner) {
	for in := s.ObjectOrSkip(); in && s.Key(); {
		u.known = true
		switch string(s.Name) {
		case "model":
			u.model = s.Text()
		case "inputTokens":
			u.UncachedInput = rows.Count(s)
		case "outputTokens":
			u.Output = rows.Count(s)
		case "cacheCreationInputTokens":
			u.CacheCreation5m = rows.Count(s)
		case "cacheReadInputTokens":
			u.CacheRead = rows.Count(s)
		case "timestamp":
			u.timestamp = s.Raw()
		default:
			s.Skip()
		}
	}
}

// call tells one response.
func (p *parser) call(id schema.ID, u *usage, basis string) *schema.ModelCall {
	p.calls++
	model := u.model.String()
	if model != "" {
		if p.model != "" && p.model != model {
			p.run.Setting(schema.Event{Event: "model_changed", Detail: model})
		}
		p.model = model
	}
	// The prompt of models without a fee for writing to the cache stands among the writes.
	if u.UncachedInput.Valid && u.UncachedInput.V == 0 && u.CacheCreation5m.V > 0 && byOpenAI(model) {
		u.UncachedInput, u.CacheCreation5m = u.CacheCreation5m, schema.Known(int64(0))
	}
	c := p.run.Model(id)
	c.DedupBasis, c.RequestModel = basis, model
	if !rows.Zero(&u.Usage) {
		c.Usage = u.Usage
	}
	if u.timestamp != nil {
		if at := p.log.Time(u.timestamp, "usage"); at != 0 {
			c.OccurredAt = at
		}
	}
	p.run.PutModel(&c)
	p.run.Response = id
	return &c
}

func byOpenAI(model string) bool {
	model = model[strings.LastIndexByte(model, '/')+1:]
	return strings.HasPrefix(model, "gpt-") || len(model) > 1 && model[0] == 'o' && model[1] >= '1' && model[1] <= '9' || strings.HasPrefix(model, "codex")
}

// A ledgerEvent is the older form of usage: a list of its own.
type ledgerEvent struct {
	id    string
	to    string // the message that the response became
	usage usage
	told  bool
}

func ledgerEvents(raw []byte) (list []ledgerEvent) {
	if raw == nil {
		return nil
	}
	var s jscan.Scanner
	s.Reset(raw)
	for in := s.ObjectOrSkip(); in && s.Key(); {
		if string(s.Name) != "events" {
			s.Skip()
			continue
		}
		for in := s.ArrayOrSkip(); in && s.Elem(); {
			var e ledgerEvent
			for in := s.ObjectOrSkip(); in && s.Key(); {
				switch string(s.Name) {
				case "id":
					e.id = s.Str()
				case "toMessageId":
					if s.Kind() == jscan.Number {
						e.to = string(s.Raw())
					} else {
						e.to = s.Str()
					}
				case "model":
					e.usage.model = s.Text()
				case "timestamp":
					e.usage.timestamp = s.Raw()
				case "tokens":
					for in := s.ObjectOrSkip(); in && s.Key(); {
						switch string(s.Name) {
						case "input":
							e.usage.UncachedInput = rows.Count(&s)
						case "output":
							e.usage.Output = rows.Count(&s)
						default:
							s.Skip()
						}
					}
				default:
					s.Skip()
				}
			}
			list = append(list, e)
		}
	}
	return list
}

// events tells the responses of the ledger that became a message: an empty id stands for those that are
// left. What the cache had to do with a response stands in its message.
func (p *parser) events(message string, in *usage) {
	for i := range p.ledger {
		e := &p.ledger[i]
		if e.told || message != "" && e.to != message {
			continue
		}
		e.told = true
		if in != nil {
			e.usage.CacheCreation5m, e.usage.CacheRead = in.CacheCreation5m, in.CacheRead
			in = nil // of several responses, the counters belong to one
		}
		id, basis := p.log.ID("ledger", p.id, e.id), "provider_id"
		if id == 0 {
			id = schema.IDOf(agent, "ledger", p.id).With(uint64(schema.HashBytes(e.usage.timestamp)))
			id, basis = rows.Fingerprint(id, &e.usage.Usage), "fingerprint"
		}
		p.call(id, &e.usage, basis)
		if e.usage.timestamp != nil {
			p.ses.Row.HasTimes = true
		}
	}
}

// ledgerTime is when the response was that became a message.
func (p *parser) ledgerTime(message string) schema.Instant {
	for i := range p.ledger {
		if e := &p.ledger[i]; message != "" && e.to == message && e.usage.timestamp != nil {
			return p.log.Time(e.usage.timestamp, "usage")
		}
	}
	return 0
}
