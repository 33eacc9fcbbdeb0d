package droid

import (
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// settings are what the file beside a session says of it.
type settings struct {
	model, provider string
	known           bool // the total is
	usage           schema.Usage
}

func (st *settings) read(doc []byte) {
	var own, inclusive schema.Usage
	var hasOwn, hasInclusive, hasChildren bool
	var s jscan.Scanner
	s.Reset(doc)
	if s.Kind() != jscan.Object {
		return
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "model":
			st.model = s.Str()
		case "providerLock":
			st.provider = s.Str()
		case "tokenUsage":
			own, hasOwn = readTotal(&s)
		case "inclusiveTokenUsage":
			inclusive, hasInclusive = readTotal(&s)
		case "childInclusiveTokenUsageBySessionId":
			for in := s.ObjectOrSkip(); in && s.Key(); {
				hasChildren = true
				s.Skip()
			}
		default:
			s.Skip()
		}
	}
	switch {
	case s.End() != nil:
		*st = settings{}
	case hasOwn:
		st.usage, st.known = own, true
	case hasInclusive && !hasChildren:
		// The total with sub-agents stands in where there are none, else they would count twice.
		st.usage, st.known = inclusive, true
	}
}

// readTotal takes a total of tokens. The cached ones are beside the input; whether thinking is inside
// the output is not settled, so it is kept as a part where it can be one.
func readTotal(s *jscan.Scanner) (u schema.Usage, ok bool) {
	for in := s.ObjectOrSkip(); in && s.Key(); {
		var n *schema.Int
		switch string(s.Name) {
		case "inputTokens", "input_tokens":
			n = &u.UncachedInput
		case "outputTokens", "output_tokens":
			n = &u.Output
		case "cacheCreationTokens", "cache_creation_input_tokens", "cacheCreationInputTokens":
			n = &u.CacheCreation5m
		case "cacheReadTokens", "cache_read_input_tokens", "cacheReadInputTokens":
			n = &u.CacheRead
		case "thinkingTokens":
			n = &u.Reasoning
		}
		if n == nil {
			s.Skip()
			continue
		}
		*n = rows.Count(s)
		ok = ok || n.Valid
	}
	if u.Reasoning.Valid && u.Reasoning.V > u.Output.V {
		u.Reasoning = schema.Int{}
	}
	return u, ok && !rows.Zero(&u)
}

// total emits the usage of the session, dated by its last record.
func (p *parser) total() {
	p.log.Again(max(p.lastLine, 1), p.lastAt, schema.IDOf(agent, "total", p.run.Row.NativeRunID+"/"+p.ses.Row.NativeSessionID))
	own := p.run.Row.NativeRunID
	if own == "" {
		own = p.ses.Row.NativeSessionID
	}
	c := p.run.Model(p.log.ID("total", own))
	c.DedupBasis, c.UsageGrain = "provider_id", "session"
	c.TurnID = 0
	c.RequestModel = p.settings.model
	if p.model != "" && !p.several {
		c.RequestModel = p.model // nearer to the truth than the name of the setting
	}
	c.ResponseModel, c.ProviderName = plainModel(c.RequestModel), p.settings.provider
	c.Usage = p.settings.usage
	p.run.PutModel(&c)
}

// plainModel brings the name of a model that the user configured to what he named it after:
// custom:Claude-Opus-4.5-Thinking-[Anthropic]-0 is claude-opus-4.5-thinking. Of other names it is empty.
func plainModel(selector string) string {
	name, ok := strings.CutPrefix(selector, "custom:")
	if !ok && !strings.Contains(selector, "[") {
		return ""
	}
	if i := strings.IndexByte(name, '['); i >= 0 {
		if j := strings.IndexByte(name[i:], ']'); j >= 0 {
			name = name[:i] + name[i+j+1:]
		}
	}
	if i := strings.LastIndexByte(name, '-'); ok && i >= 0 && digits(name[i+1:]) {
		name = name[:i]
	}
	for strings.Contains(name, "--") {
		name = strings.ReplaceAll(name, "--", "-")
	}
	return strings.ToLower(strings.Trim(name, "- "))
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
