package continuedev

import (
	"context"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A parser reads one session.
type parser struct {
	log    *rows.Log
	src    *ingest.Source
	s      *rows.Session
	r      *rows.Run
	id     string
	beside *eventLog

	// chain hashes all that was said so far. A fork begins with the same history, so that its calls have
	// the same ids; marked says that something in it can be in no other session by chance.
	chain  schema.ID
	marked bool
	any    bool // some message has counters
}

// Parse reads one session.
func (Parser) Parse(_ context.Context, src *ingest.Source, emit ingest.Emit) error {
	log := rows.New(agent, src, emit)
	data, err := log.Document()
	if err != nil {
		return err
	}
	p := &parser{log: log, src: src, chain: 1}
	p.document(data)
	return log.Close()
}

func (p *parser) document(data []byte) {
	var title, workspace, mode, modelTitle string
	var history []byte
	var total usage
	var s jscan.Scanner
	s.Reset(data)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "sessionId":
			p.id = s.Str()
		case "title":
			title = s.Str()
		case "workspaceDirectory":
			workspace = rows.PathOfURI(s.Str())
		case "mode":
			mode = s.Str()
		case "chatModelTitle":
			modelTitle = s.Str()
		case "usage":
			total.scan(&s)
		case "history":
			start := s.Pos()
			if history = s.Raw(); history == nil {
				history = data[min(start, len(data)):]
			}
		default:
			s.Skip()
		}
	}
	whole := s.End() == nil
	if p.id == "" {
		p.log.Begin(1, 0, 0)
		p.log.Bad(schema.ProblemBadJSON)
		return
	}
	if !whole {
		p.log.Problem(schema.ProblemTruncated, "", "")
	}
	p.beside = readBeside(p.src, p.id)
	p.log.Version = p.beside.version
	p.log.Begin(1, 0, 0)
	p.src.Records--
	p.s = p.log.Session(p.id)
	p.r = p.s.Main
	row := &p.s.Row
	row.Workspace, p.s.Dir = workspace, workspace
	row.IsComplete = schema.Known(whole)
	row.HasToolStatus, row.HasToolArgs, row.HasCompactions = true, true, true
	switch {
	case total.present:
		row.Entrypoint = "cli"
	case mode != "" || modelTitle != "":
		row.Entrypoint = "ide"
	}
	if p.src.Content != ingest.ContentNone && title != "New Session" && title != "Untitled Session" {
		row.Title = title
	}
	p.history(history)
	row.ReportedCostUSD = total.cost
	if total.present && !p.any && (total.in.V > 0 || total.out.V > 0) {
		c := p.r.Model(p.log.ID("response", p.id, "session"))
		c.UsageGrain, c.TurnID = "session", 0
		total.put(p, &c)
		p.log.Put(&c)
	}
}

func (p *parser) history(raw []byte) {
	if raw == nil {
		return
	}
	var s jscan.Scanner
	s.Reset(raw)
	no := int64(0)
	for ok := s.ArrayOrSkip(); ok && s.Elem(); {
		el := s.Raw()
		if el == nil {
			break
		}
		no++
		var it item
		at := schema.Instant(0)
		if it.scan(el) {
			at = it.started
		}
		key := p.log.ID("item", p.id, strconv.FormatInt(no, 10))
		if no == 1 && p.beside.created != 0 {
			// When the session began is told of it, not of its first message.
			p.log.Begin(no, p.beside.created, key)
			p.r.Record()
			p.log.Now(at)
		} else {
			p.log.Begin(no, at, key)
			p.r.Record()
		}
		if it.role == "" {
			p.log.Unknown("")
			continue
		}
		p.item(&it)
	}
}

// An item is one message of the history with what the client adds to it.
type item struct {
	role           string
	content        []byte
	calls          []byte
	states         []byte
	callID         string
	summary        jscan.Text
	thought        jscan.Text
	redacted       bool
	started, ended schema.Instant
	usage          usage
	id             string
}

func (it *item) scan(raw []byte) bool {
	var s jscan.Scanner
	s.Reset(raw)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "message":
			it.message(&s)
		case "toolCallStates":
			it.states = s.Raw()
		case "conversationSummary":
			it.summary = s.Text()
		case "reasoning":
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				switch string(s.Name) {
				case "text":
					it.thought = s.Text()
				case "startAt":
					it.started = millis(&s)
				case "endAt":
					it.ended = millis(&s)
				default:
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
	if s.End() != nil {
		it.role = ""
	}
	return it.role != ""
}

func millis(s *jscan.Scanner) schema.Instant {
	v, ok := s.Float()
	if !ok || !(v > 0 && v < 1e16) {
		return 0
	}
	return schema.UnixMillis(int64(v))
}

func (it *item) message(s *jscan.Scanner) {
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "role":
			it.role = s.Str()
		case "content":
			it.content = s.Raw()
		case "toolCalls":
			it.calls = s.Raw()
		case "toolCallId":
			it.callID = s.Str()
		case "redactedThinking":
			it.redacted = s.Kind() == jscan.String
			s.Skip()
		case "id":
			it.id = s.Str()
		case "usage":
			it.usage.scan(s)
		default:
			s.Skip()
		}
	}
}

// text joins the texts of a content, which is a text or a list of parts.
func text(raw []byte) []byte {
	if raw == nil {
		return nil
	}
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() == jscan.String {
		return s.Text().Bytes(nil)
	}
	var out []byte
	for ok := s.ArrayOrSkip(); ok && s.Elem(); {
		for ok := s.ObjectOrSkip(); ok && s.Key(); {
			if string(s.Name) != "text" {
				s.Skip()
				continue
			}
			if len(out) > 0 {
				out = append(out, '\n')
			}
			out = append(out, s.Text().Bytes(nil)...)
		}
	}
	return out
}

func (p *parser) item(it *item) {
	body := text(it.content)
	p.chain = p.chain.With(uint64(schema.HashString(it.role + it.id + it.callID))).With(uint64(schema.HashBytes(body)))
	switch it.role {
	case "user":
		p.r.Prompt("user", append([]byte{}, body...))
	case "assistant":
		p.assistant(it, body)
	case "thinking":
		if len(body) > 0 {
			p.r.Message("assistant", "reasoning", body)
		} else if it.redacted {
			p.r.Hidden()
		}
	case "tool":
		p.result(it.callID, body)
	case "system":
		p.r.Message("system", "injected", body)
	default:
		p.log.Unknown(it.role)
	}
	if it.summary.Present {
		p.r.Event(schema.Event{Event: "compaction"})
		p.r.Message("system", "summary", p.log.Bytes(it.summary))
	}
}

func (p *parser) assistant(it *item, body []byte) {
	known := p.beside.take(body)
	if known.at > p.log.At() {
		p.log.Now(known.at)
	}
	calls := toolCalls(it.calls, it.states)
	p.marked = p.marked || len(body) >= 200
	for i := range calls {
		p.chain = p.chain.With(uint64(schema.HashString(calls[i].id)))
		p.marked = p.marked || len(calls[i].id) >= 12
	}
	id := p.log.Key().With(4000)
	if p.marked {
		id = p.chain.With(uint64(schema.HashString(agent)))
	}
	row := p.r.Model(id)
	row.RequestModel, row.ProviderName = known.model, known.provider
	row.DedupBasis = "fingerprint"
	if !p.marked {
		row.DedupBasis = "position"
	}
	if it.started != 0 {
		row.StartedAt = it.started
	}
	if known.at >= row.StartedAt {
		row.EndedAt = known.at
	}
	if it.usage.present {
		it.usage.put(p, &row)
		p.any = true
	}
	p.log.Put(&row)
	p.r.Response = row.ModelCallID
	if len(it.thought.Raw) > 0 {
		p.r.Message("assistant", "reasoning", it.thought.Bytes(nil))
	}
	if len(body) > 0 {
		p.r.Message("assistant", "text", body)
	}
	for i := range calls {
		p.tool(&calls[i])
	}
}

// A usage is what the command line keeps of the provider's answer, or the sum of a session.
type usage struct {
	in, out, read, write schema.Int
	cost                 schema.Picodollars
	present              bool
}

func (u *usage) scan(s *jscan.Scanner) {
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "prompt_tokens", "promptTokens":
			u.in = rows.Count(s)
			u.present = true
		case "completion_tokens", "completionTokens":
			u.out = rows.Count(s)
			u.present = true
		case "totalCost":
			u.cost = rows.Money(s)
			u.present = true
		case "prompt_tokens_details", "promptTokensDetails":
			var cached schema.Int
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				switch string(s.Name) {
				case "cache_read_tokens":
					u.read = rows.Count(s)
				case "cached_tokens", "cachedTokens":
					cached = rows.Count(s)
				case "cache_write_tokens", "cacheWriteTokens":
					u.write = rows.Count(s)
				default:
					s.Skip()
				}
			}
			if !u.read.Valid {
				u.read = cached
			}
		default:
			s.Skip()
		}
	}
}

// put brings the counters to disjoint ones. Only Anthropic's answers tell what was written to the
// cache, and theirs alone count the cached tokens apart; so does one that reads more than it has.
func (u *usage) put(p *parser, row *schema.ModelCall) {
	row.CacheRead, row.CacheCreation5m, row.Output, row.UncachedInput = u.read, u.write, u.out, u.in
	if !u.write.Valid && u.read.V <= u.in.V {
		row.UncachedInput, _ = rows.Minus(u.in, u.read)
	}
	row.UsageQuality = "final"
	p.s.Row.HasUsage = true
	p.s.Row.HasCache = p.s.Row.HasCache || u.read.Valid
	if p.s.Row.Entrypoint == "" || p.s.Row.Entrypoint == "ide" {
		p.s.Row.Entrypoint = "cli"
	}
	p.log.Observe(row.ModelCallID, row.Line, row.OccurredAt, row.Usage, "")
}

// server is the MCP server in the name of a tool, where it is written into it.
func server(name string) string {
	if s, tool, ok := strings.Cut(name, "__"); ok && s != "" && tool != "" {
		return s
	}
	return ""
}
