package pi

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A usage is what a response cost. Input excludes what the caches hold; reasoning is inside output.
type usage struct {
	schema.Usage
	total schema.Int
	cost  schema.Picodollars
	extra schema.Usage // work of the provider beside the conversation, billed too
}

func readUsage(raw []byte) (u usage) {
	if raw == nil {
		return u
	}
	var write, hour schema.Int
	var s jscan.Scanner
	s.Reset(raw)
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "input":
			u.UncachedInput = rows.Count(&s)
		case "output":
			u.Output = rows.Count(&s)
		case "cacheRead":
			u.CacheRead = rows.Count(&s)
		case "cacheWrite":
			write = rows.Count(&s)
		case "cacheWrite1h":
			hour = rows.Count(&s)
		case "cttl":
			for in := s.ObjectOrSkip(); in && s.Key(); {
				if string(s.Name) == "ephemeral1h" {
					hour = rows.Count(&s)
				} else {
					s.Skip()
				}
			}
		case "reasoning", "reasoningTokens":
			u.Reasoning = rows.Count(&s)
		case "totalTokens":
			u.total = rows.Count(&s)
		case "cost":
			for in := s.ObjectOrSkip(); in && s.Key(); {
				if string(s.Name) == "total" {
					u.cost = rows.Money(&s)
				} else {
					s.Skip()
				}
			}
		case "orchestration":
			for in := s.ObjectOrSkip(); in && s.Key(); {
				switch string(s.Name) {
				case "input":
					u.extra.UncachedInput = rows.Count(&s)
				case "cacheRead":
					u.extra.CacheRead = rows.Count(&s)
				case "output":
					u.extra.Output = rows.Count(&s)
				default:
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
	u.CacheCreation5m = write
	if hour.Valid && write.Valid && hour.V <= write.V {
		u.CacheCreation5m.V -= hour.V
		u.CacheCreation1h = hour
	}
	return u
}

// disjoint takes the cached part out of an input that contains it, as one provider's early versions
// wrote it. Only the total can show that.
func (u *usage) disjoint(api []byte) {
	if !bytes.HasPrefix(api, []byte("google")) || !u.total.Valid || u.CacheRead.V == 0 || u.UncachedInput.V < u.CacheRead.V {
		return
	}
	if u.total.V < u.UncachedInput.V+u.CacheRead.V+u.Output.V+u.CacheCreation5m.V {
		u.UncachedInput.V -= u.CacheRead.V
	}
}

// response tells the model call of an assistant's message. An attempt that failed without any usage is
// an error and no call.
func (p *parser) response(e *entry, m *message, content bool) {
	if model := p.word(m.model); model != "" {
		p.changed(p.word(m.provider), model)
	}
	u := readUsage(m.usage)
	u.disjoint(m.api.Raw)
	id := p.log.ID("response", "of "+p.model)
	if len(e.id.Raw) == 0 && p.log.At() != 0 && !rows.Zero(&u.Usage) {
		id = id.With(uint64(p.log.At())) // the first versions have no ids, and texts of copies may be edited
	} else {
		id = id.With(uint64(p.log.Key()))
	}
	id = rows.Fingerprint(id, &u.Usage)
	if rows.Zero(&u.Usage) {
		u.Usage = schema.Usage{} // zeros are written where nothing is known
	}
	failed, aborted := m.stop.is("error"), m.stop.is("aborted")
	var errorType string
	if failed {
		errorType = p.failure(m)
	}
	p.run.Response = 0
	known := u.Output.Valid || u.UncachedInput.Valid || u.CacheRead.Valid
	if !known && (failed || aborted && !content) {
		return
	}
	p.calls++
	c := p.run.Model(id)
	c.DedupBasis = "fingerprint"
	c.ProviderName, c.RequestModel = p.provider, p.model
	c.ResponseModel, c.ResponseID = p.word(m.answeredBy), p.text(m.responseID)
	if up := p.word(m.upProvider); up != "" {
		c.ProviderName = up
	}
	c.Usage, c.ReportedCostUSD = u.Usage, u.cost
	c.FinishReason, c.ServiceTier = p.word(m.stop.Text), tierOf(p.tier)
	c.HTTPStatus, c.Attempt = count(m.errorStatus), count(m.attempt)
	p.times(&c, m)
	switch {
	case failed:
		c.Status, c.ErrorType = "error", errorType
	case aborted:
		c.Status = "interrupted"
	}
	p.run.PutModel(&c)
	p.run.Response = id
	if !rows.Zero(&u.extra) {
		x := p.run.Model(id.With(1))
		x.DedupBasis, x.UsageGrain, x.ProviderName, x.RequestModel = "fingerprint", "turn", c.ProviderName, c.RequestModel
		x.OccurredAt, x.Usage = c.OccurredAt, u.extra
		p.run.PutModel(&x)
	}
}

// times dates a response. The message has the instant of its request, the entry that of its end.
func (p *parser) times(c *schema.ModelCall, m *message) {
	end := p.log.At()
	if t := p.log.Time(m.completed, "message"); t != 0 {
		end = t
	}
	start := p.log.Time(m.timestamp, "message")
	if start == 0 || end != 0 && start > end {
		return
	}
	c.StartedAt, c.OccurredAt, c.EndedAt = start, start, end
	if d := count(m.duration); d.Valid && len(m.completed) == 0 {
		c.EndedAt = start + schema.Instant(min(d.V, 1e9)*1000)
	}
	if t := count(m.ttft); t.Valid {
		c.FirstTokenAt = start + schema.Instant(min(t.V, 1e9)*1000)
	}
}

// failure tells that a request failed.
func (p *parser) failure(m *message) string {
	text := p.log.Bytes(m.errorMessage)
	status := count(m.errorStatus)
	class := rows.ErrorType(status, text)
	p.run.Error(schema.Error{
		Source: "api", ErrorType: class, HTTPStatus: status, Attempt: count(m.attempt), MessageHash: schema.HashBytes(text),
	})
	return class
}

// helper tells a call that the agent made beside the conversation.
func (p *parser) helper(e *entry, kind string) {
	u := readUsage(e.usage)
	if rows.Zero(&u.Usage) {
		return
	}
	p.calls++
	run := p.ses.Run(p.run.Row.NativeRunID + "#" + kind)
	run.Row.RunKind, run.Row.ParentRunID, run.Row.EndState, run.Row.NativeRunID = kind, p.run.Row.RunID, "completed", ""
	c := run.Model(rows.Fingerprint(p.log.ID("helper", kind).With(uint64(p.log.Key())), &u.Usage))
	c.DedupBasis = "fingerprint"
	c.ProviderName, c.RequestModel = p.word(e.provider), p.word(e.model)
	if c.RequestModel == "" {
		c.ProviderName, c.RequestModel = p.provider, p.model
	}
	c.Usage, c.ReportedCostUSD, c.FinishReason = u.Usage, u.cost, p.word(e.stop)
	if e.stop.Raw != nil && string(e.stop.Raw) == "error" {
		c.Status, c.ErrorType = "error", rows.ErrorType(schema.Int{}, p.log.Bytes(e.errorMessage))
	}
	run.PutModel(&c)
	run.Row.LastLine = p.log.Line()
}

// tierOf is a service tier where its name is one that prices know.
func tierOf(name string) string {
	switch name {
	case "priority", "flex", "batch", "fast":
		return name
	case "default", "standard":
		return "standard"
	}
	return ""
}

// count reads a number that cannot be negative.
func count(raw []byte) schema.Int {
	if raw == nil {
		return schema.Int{}
	}
	var s jscan.Scanner
	s.Reset(raw)
	if f, ok := s.Float(); ok && f >= 0 && f < 1e15 {
		return schema.Known(int64(f))
	}
	return schema.Int{}
}
