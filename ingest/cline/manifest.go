package cline

import (
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A manifest is the file beside a session of the newer core that describes it.
type manifest struct {
	model, provider string
	cwd, root       string
	source, title   string
	forkedFrom      string
	interactive     schema.Bool
	usage           metrics
	cost            schema.Picodollars
}

// metrics are the counters of the newer core: input is the whole request.
type metrics struct {
	in, out, read, write schema.Int
	cost                 schema.Picodollars
	present              bool
}

func (m *metrics) scan(s *jscan.Scanner) {
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "inputTokens":
			m.in = rows.Count(s)
		case "outputTokens":
			m.out = rows.Count(s)
		case "cacheReadTokens":
			m.read = rows.Count(s)
		case "cacheWriteTokens":
			m.write = rows.Count(s)
		case "cost", "totalCost":
			m.cost = rows.Money(s)
		default:
			s.Skip()
		}
	}
	m.present = m.in.V > 0 || m.out.V > 0
}

func (m *metrics) put(log *rows.Log, row *schema.ModelCall) {
	row.CacheRead, row.CacheCreation5m, row.Output = m.read, m.write, m.out
	var ok bool
	if row.UncachedInput, ok = rows.Minus(m.in, m.read, m.write); !ok {
		log.Problem(schema.ProblemUnknownField, "metrics", "cached tokens over inputTokens")
	}
	row.UsageQuality = "final"
	row.ReportedCostUSD = m.cost
}

func (m *manifest) scan(data []byte) {
	var s jscan.Scanner
	s.Reset(data)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "model":
			m.model = s.Str()
		case "provider":
			m.provider = s.Str()
		case "cwd":
			m.cwd = s.Str()
		case "workspace_root":
			m.root = s.Str()
		case "source":
			m.source = s.Str()
		case "interactive":
			if v, ok := s.Bool(); ok {
				m.interactive = schema.Known(v)
			}
		case "metadata":
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				switch string(s.Name) {
				case "title":
					m.title = s.Str()
				case "usage":
					m.usage.scan(&s)
				case "fork":
					for ok := s.ObjectOrSkip(); ok && s.Key(); {
						if string(s.Name) == "forkedFromSessionId" {
							m.forkedFrom = s.Str()
						} else {
							s.Skip()
						}
					}
				default:
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
}
