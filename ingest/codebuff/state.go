package codebuff

import (
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A state is what the last run left beside the chat.
type state struct {
	cwd       string
	agentType string
	credits   float64
	history   []byte
}

func (t *state) scan(data []byte) {
	var s jscan.Scanner
	s.Reset(data)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		if string(s.Name) != "sessionState" {
			s.Skip()
			continue
		}
		for ok := s.ObjectOrSkip(); ok && s.Key(); {
			switch string(s.Name) {
			case "mainAgentState":
				t.agent(&s)
			case "fileContext":
				var root string
				for ok := s.ObjectOrSkip(); ok && s.Key(); {
					switch string(s.Name) {
					case "cwd":
						t.cwd = s.Str()
					case "projectRoot":
						root = s.Str()
					default:
						s.Skip()
					}
				}
				if t.cwd == "" {
					t.cwd = root
				}
			default:
				s.Skip()
			}
		}
	}
}

func (t *state) agent(s *jscan.Scanner) {
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "agentType":
			t.agentType = s.Str()
		case "creditsUsed":
			t.credits, _ = s.Float()
		case "messageHistory":
			t.history = s.Raw()
		default:
			s.Skip()
		}
	}
}

// historyIn finds the history of the model in the state that a message carries.
func historyIn(s *jscan.Scanner) (history []byte) {
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		if string(s.Name) != "sessionState" {
			s.Skip()
			continue
		}
		for ok := s.ObjectOrSkip(); ok && s.Key(); {
			if string(s.Name) != "mainAgentState" {
				s.Skip()
				continue
			}
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				if string(s.Name) == "messageHistory" {
					history = s.Raw()
				} else {
					s.Skip()
				}
			}
		}
	}
	return history
}

// history tells the requests in a history of the model whose usage was kept, each once: every message
// repeats the history so far. It returns how many were new.
func (p *parser) history(r *rows.Run, raw []byte) (fresh int) {
	if raw == nil {
		return 0
	}
	here := map[schema.ID]int{}
	var s jscan.Scanner
	s.Reset(raw)
	for ok := s.ArrayOrSkip(); ok && s.Elem(); {
		el := s.Raw()
		var u usage
		var model string
		var t jscan.Scanner
		t.Reset(el)
		for ok := t.ObjectOrSkip(); ok && t.Key(); {
			if string(t.Name) == "providerOptions" {
				model = providerOptions(&t, &u)
			} else {
				t.Skip()
			}
		}
		if !u.present {
			continue
		}
		key := schema.HashBytes(el)
		here[key]++
		if here[key] <= p.seen[key] {
			continue
		}
		p.seen[key] = here[key]
		fresh++
		c := r.Model(p.log.ID("response", p.native).With(uint64(key)).With(uint64(here[key])))
		c.RequestModel, c.DedupBasis = model, "fingerprint"
		u.put(p, &c)
		p.log.Put(&c)
		r.Response = c.ModelCallID
	}
	return fresh
}

func providerOptions(s *jscan.Scanner, u *usage) (model string) {
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "usage":
			u.scan(s)
		case "codebuff":
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				switch string(s.Name) {
				case "model":
					model = s.Str()
				case "usage":
					if u.present {
						s.Skip()
					} else {
						u.scan(s)
					}
				default:
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
	return model
}

// A usage is a provider's answer as it was kept: in OpenAI's spelling the cached tokens are inside the
// prompt, in Anthropic's they are apart.
type usage struct {
	in, out, read, write schema.Int
	inclusive, present   bool
}

func (u *usage) scan(s *jscan.Scanner) {
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "inputTokens", "input_tokens":
			u.in = rows.Count(s)
		case "promptTokens", "prompt_tokens":
			u.in, u.inclusive = rows.Count(s), true
		case "outputTokens", "output_tokens", "completionTokens", "completion_tokens":
			u.out = rows.Count(s)
		case "cacheReadInputTokens", "cache_read_input_tokens":
			u.read = rows.Count(s)
		case "cacheCreationInputTokens", "cache_creation_input_tokens":
			u.write = rows.Count(s)
		case "promptTokensDetails", "prompt_tokens_details":
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				if n := string(s.Name); n == "cachedTokens" || n == "cached_tokens" {
					u.read = rows.Count(s)
				} else {
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
	u.present = u.in.V > 0 || u.out.V > 0
}

func (u *usage) put(p *parser, row *schema.ModelCall) {
	row.CacheRead, row.CacheCreation5m, row.Output, row.UncachedInput = u.read, u.write, u.out, u.in
	if u.inclusive && u.read.V <= u.in.V {
		row.UncachedInput, _ = rows.Minus(u.in, u.read)
	}
	row.UsageQuality = "final"
	p.told = true
	p.s.Row.HasUsage = true
	p.s.Row.HasCache = p.s.Row.HasCache || u.read.Valid || u.write.Valid
	p.log.Observe(row.ModelCallID, row.Line, row.OccurredAt, row.Usage, "")
}
