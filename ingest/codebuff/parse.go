package codebuff

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A parser reads one chat.
type parser struct {
	log    *rows.Log
	src    *ingest.Source
	zone   *time.Location
	s      *rows.Session
	native string
	state  state
	clock  clock
	seen   map[schema.ID]int // usage entries of the histories that were told, by content
	told   bool              // some usage was
	paid   bool              // some message tells credits
}

// Parse reads one chat.
func (ps Parser) Parse(_ context.Context, src *ingest.Source, emit ingest.Emit) error {
	p := &parser{log: rows.New(agent, src, emit), src: src, zone: ps.Zone, seen: map[schema.ID]int{}}
	if p.zone == nil {
		p.zone = time.Local
	}
	data, err := p.log.Document()
	if err != nil {
		return err
	}
	p.document(data)
	return p.log.Close()
}

func (p *parser) document(data []byte) {
	var s jscan.Scanner
	s.Reset(data)
	kind := s.Kind()
	if kind != jscan.Array && kind != jscan.Object {
		p.log.Begin(1, 0, 0)
		p.log.Bad(schema.ProblemBadJSON)
		return
	}
	path := strings.ReplaceAll(p.src.Path, `\`, "/")
	id := folder(path)
	p.native = id
	if dir := project(path); dir != "" {
		// The working directory can change within a chat; the folder's name cannot.
		p.native = dir + "/" + id
	}
	start, known := chatTime(id)
	p.clock.begin(start, known, p.zone)
	if data := p.beside("run-state.json"); data != nil {
		p.state.scan(data)
	}
	p.log.Begin(1, 0, 0)
	p.src.Records--
	p.s = p.log.Session(p.native)
	row := &p.s.Row
	row.Workspace, p.s.Dir = p.state.cwd, p.state.cwd
	row.HasToolArgs = true
	p.s.Main.Row.AgentType = p.state.agentType
	row.Entrypoint = "codebuff"
	if strings.Contains(p.state.agentType, "free") {
		row.Entrypoint = "freebuff"
	}
	if kind == jscan.Object {
		p.legacy(data)
		return
	}
	no := int64(0)
	for s.Array(); s.Elem(); {
		raw := s.Raw()
		if raw == nil {
			break
		}
		no++
		p.message(raw, no, no == 1 && known && len(id) > len("2006-01-02"), start)
	}
	whole := s.End() == nil
	row.IsComplete = schema.Known(whole)
	if !whole {
		p.log.Problem(schema.ProblemTruncated, "", "")
	}
	if !p.told {
		// What the last run kept is better than nothing: it says which, so nothing is counted twice.
		p.history(p.s.Main, p.state.history)
	}
	if !p.paid {
		row.ReportedCostUSD = credits(p.state.credits)
	}
}

func (p *parser) beside(name string) []byte {
	if p.src.ReadBeside == nil {
		return nil
	}
	data, err := p.src.ReadBeside(name)
	if err != nil {
		return nil
	}
	return bytes.ToValidUTF8(data, []byte("\uFFFD"))
}

// credits are a cent each.
func credits(n float64) schema.Picodollars { return rows.Dollars(n / 100) }

// A message is one element of a chat.
type message struct {
	id, variant string
	content     jscan.Text
	stamp       string
	blocks      []byte
	credits     float64
	took        string
	complete    schema.Bool
	agentType   string
	parent      string
	model       string
	usage       usage
	history     []byte // of the model, repeated in each message
}

func (m *message) scan(raw []byte) bool {
	var s jscan.Scanner
	s.Reset(raw)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "id":
			m.id = s.Str()
		case "variant":
			m.variant = s.Str()
		case "content":
			m.content = s.Text()
		case "timestamp":
			m.stamp = s.Str()
		case "blocks":
			m.blocks = s.Raw()
		case "credits":
			m.credits, _ = s.Float()
		case "completionTime":
			m.took = s.Str()
		case "isComplete":
			if v, ok := s.Bool(); ok {
				m.complete = schema.Known(v)
			}
		case "parentId":
			m.parent = s.Str()
		case "agent":
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				if string(s.Name) == "agentType" {
					m.agentType = s.Str()
				} else {
					s.Skip()
				}
			}
		case "metadata":
			m.metadata(&s)
		default:
			s.Skip()
		}
	}
	return s.End() == nil && m.variant != ""
}

func (m *message) metadata(s *jscan.Scanner) {
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "model":
			m.model = s.Str()
		case "usage":
			m.usage.scan(s)
		case "codebuff":
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				if string(s.Name) == "usage" && !m.usage.present {
					m.usage.scan(s)
				} else {
					s.Skip()
				}
			}
		case "runState":
			m.history = historyIn(s)
		default:
			s.Skip()
		}
	}
}

// message tells one message. began is the instant of the chat, for its first record.
func (p *parser) message(raw []byte, no int64, first bool, began time.Time) {
	var m message
	ok := m.scan(raw)
	at := schema.Instant(0)
	if ok {
		at = p.clock.at(p.log, m.stamp)
	}
	name := m.id
	if name == "" {
		name = strconv.FormatInt(no, 10)
	}
	key := p.log.ID("message", p.native, name)
	if first && at == 0 {
		at = schema.InstantOf(began)
	}
	p.log.Begin(no, at, key)
	if at != 0 {
		p.s.Row.HasTimes = true
	}
	r := p.s.Main
	if m.variant == "agent" {
		r = p.s.Run(name)
		r.Row.AgentType = m.agentType
	}
	r.Record()
	if !ok {
		p.log.Unknown("")
		return
	}
	switch m.variant {
	case "user":
		r.Prompt("user", p.log.Bytes(m.content))
	case "ai", "agent":
		p.answer(r, &m)
	case "error":
		text := p.log.Bytes(m.content)
		p.s.Row.HasAPIErrors = true
		r.Error(schema.Error{Source: "api", ErrorType: rows.ErrorType(schema.Int{}, text), MessageHash: schema.HashBytes(text), IsFinal: schema.Known(true)})
		r.Last = rows.LastError
	default:
		p.log.Unknown(m.variant)
	}
}

// answer tells an answer: as many requests as the server made, of which most chats keep no trace.
func (p *parser) answer(r *rows.Run, m *message) {
	cost := credits(m.credits)
	p.paid = p.paid || cost.Valid
	var calls int
	if !m.usage.present {
		calls = p.history(r, m.history)
	}
	if calls == 0 {
		c := r.Model(p.log.Key().With(4000))
		c.RequestModel, c.UsageGrain, c.ReportedCostUSD = m.model, "turn", cost
		if m.usage.present {
			m.usage.put(p, &c)
		}
		p.log.Put(&c)
		r.Response = c.ModelCallID
	} else if cost.Valid {
		// The requests are told one by one, their price together.
		c := r.Model(p.log.Key().With(4000))
		c.UsageGrain, c.ReportedCostUSD = "turn", cost
		p.log.Put(&c)
	}
	if !p.blocks(r, m.blocks, 0) && len(m.content.Raw) > 0 {
		r.Message("assistant", "text", p.log.Bytes(m.content))
	}
	if t := r.Turn(); t != nil {
		t.DurationReportedMS = took(m.took)
	}
	if m.complete.Valid && !m.complete.V {
		r.Last = rows.LastNone // it stopped, or goes on: the chat does not say
	}
}

// took reads a span such as "12s", "1m 5s" or "1.5s".
func took(text string) schema.Int {
	total, num := 0.0, ""
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c >= '0' && c <= '9' || c == '.':
			num += string(c)
			continue
		case c == ' ':
			continue
		}
		v, err := strconv.ParseFloat(num, 64)
		if err != nil || v > 1e7 {
			return schema.Int{}
		}
		num = ""
		switch {
		case strings.HasPrefix(text[i:], "ms"):
			total += v
			i++
		case c == 's':
			total += v * 1000
		case c == 'm':
			total += v * 60_000
		case c == 'h':
			total += v * 3600_000
		default:
			return schema.Int{}
		}
	}
	if num != "" || total <= 0 {
		return schema.Int{}
	}
	return schema.Known(int64(total))
}
