package cline

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A message of the newer core.
type message struct {
	id, role  string
	ts        schema.Instant
	content   []byte
	model     string
	provider  string
	metrics   metrics
	role2     string // displayRole of its metadata
	kind      string
	removed   schema.Int
	hasTool   bool
	hasResult bool
}

// A core is a session of the newer core being read.
type core struct {
	log  *rows.Log
	id   string
	s    *rows.Session
	r    *rows.Run
	man  manifest
	long bool // counters are of turns, not of requests
	any  bool // some message has counters
	last string
}

func readSession(log *rows.Log, src *ingest.Source, data []byte) {
	c := &core{log: log}
	var agentKind, task string
	var messages []byte
	log.Begin(1, 0, 0)
	src.Records--
	var s jscan.Scanner
	s.Reset(data)
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "sessionId":
			c.id = s.Str()
		case "agent":
			agentKind = s.Str()
		case "taskType":
			task = s.Str()
		case "messages":
			start := s.Pos()
			if messages = s.Raw(); messages == nil {
				messages = data[min(start, len(data)):]
			}
		default:
			s.Skip()
		}
	}
	whole := s.End() == nil
	if c.id == "" {
		log.Begin(1, 0, 0)
		log.Bad(schema.ProblemBadJSON)
		return
	}
	if !whole {
		log.Problem(schema.ProblemTruncated, "", "")
	}
	root, name, child := strings.Cut(c.id, "__")
	if man := beside(src, root+".json"); man != nil {
		c.man.scan(man)
	}
	c.s = log.Session(root)
	c.r = c.s.Main
	if child || agentKind == "subagent" || agentKind == "teammate" {
		c.s.Row.IsMain = false
		if name == "" {
			name = c.id
		}
		c.r = c.s.Run(name)
		c.r.Row.OwnSessionID = schema.IDOf(families[cline].agent, c.id)
		c.r.Row.AgentType = first(task, agentKind)
	}
	row := &c.s.Row
	row.Workspace, row.Entrypoint, row.IsComplete = first(c.man.root, c.man.cwd), c.man.source, schema.Known(whole)
	c.s.Dir = first(c.man.cwd, c.man.root)
	if c.man.interactive.Valid {
		row.IsHeadless = schema.Known(!c.man.interactive.V)
	}
	if c.man.forkedFrom != "" && row.IsMain {
		row.Relation, row.ParentSessionID = "fork", schema.IDOf(families[cline].agent, c.man.forkedFrom)
	}
	if src.Content != ingest.ContentNone {
		row.Title = c.man.title
	}
	row.HasUsage, row.HasCache, row.HasToolStatus, row.HasToolArgs, row.HasTimes, row.HasCompactions = true, true, true, true, true, true
	c.messages(messages)
	if !c.any && c.man.usage.present && row.IsMain {
		call := c.r.Model(log.ID("response", c.id, "session"))
		call.RequestModel, call.ProviderName, call.UsageGrain = c.man.model, c.man.provider, "session"
		c.man.usage.put(log, &call)
		log.Put(&call)
	}
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// messages reads them twice: whether counters are of requests or of turns shows only in all of them.
func (c *core) messages(raw []byte) {
	var list []message
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() != jscan.Array {
		return
	}
	tools := 0
	for s.Array(); s.Elem(); {
		el := s.Raw()
		if el == nil {
			break
		}
		var m message
		if !m.scan(el) {
			c.log.Begin(int64(len(list)+1), 0, 0)
			c.log.Unknown("")
		}
		list = append(list, m)
		if m.hasTool {
			tools++
			c.any = c.any || m.metrics.present
		}
	}
	perRequest := c.any
	for i := range list {
		c.any = c.any || list[i].metrics.present
	}
	c.long = c.any && tools > 0 && !perRequest
	for i := range list {
		if list[i].role != "" {
			c.message(&list[i], int64(i+1))
		}
	}
}

func (m *message) scan(raw []byte) bool {
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() != jscan.Object {
		return false
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "id":
			m.id = s.Str()
		case "role":
			m.role = s.Str()
		case "ts":
			m.ts = millis(&s)
		case "content":
			m.content = s.Raw()
		case "modelInfo":
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				switch string(s.Name) {
				case "id":
					m.model = s.Str()
				case "provider":
					m.provider = s.Str()
				default:
					s.Skip()
				}
			}
		case "metrics":
			m.metrics.scan(&s)
		case "metadata":
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				switch string(s.Name) {
				case "displayRole":
					m.role2 = s.Str()
				case "kind":
					m.kind = s.Str()
				case "messagesRemoved":
					m.removed = rows.Count(&s)
				default:
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
	if s.End() != nil || m.role == "" {
		m.role = ""
		return false
	}
	eachBlock(m.content, func(b *block) {
		m.hasTool = m.hasTool || b.typ == "tool_use"
		m.hasResult = m.hasResult || b.typ == "tool_result"
	})
	return true
}

// message tells one message.
func (c *core) message(m *message, line int64) {
	id := m.id
	if len(id) < 12 {
		id = c.id + "/" + id + "/" + strconv.FormatInt(line, 10) // ids that count from one are not the world's
	}
	c.log.Begin(line, m.ts, c.log.ID("message", id))
	c.r.Record()
	switch m.role {
	case "assistant":
		c.assistant(m, id)
	case "user":
		c.user(m)
	case "system":
	default:
		c.log.Unknown(m.role)
	}
}

func (c *core) assistant(m *message, id string) {
	call := c.r.Model(c.log.ID("response", id))
	call.RequestModel, call.ProviderName = first(m.model, c.man.model), first(m.provider, c.man.provider)
	if call.RequestModel != c.last && c.last != "" {
		c.r.Event(schema.Event{Event: "model_changed", Detail: call.RequestModel})
	}
	c.last = call.RequestModel
	call.ResponseID, call.DedupBasis = m.id, "provider_id"
	if m.metrics.present {
		m.metrics.put(c.log, &call)
		if c.long {
			call.UsageGrain = "turn"
		}
		c.log.Observe(call.ModelCallID, call.Line, m.ts, call.Usage, "")
	}
	c.log.Put(&call)
	c.r.Response = call.ModelCallID
	eachBlock(m.content, func(b *block) {
		switch b.typ {
		case "text":
			if text := c.log.Bytes(b.text); len(bytes.TrimSpace(text)) > 0 {
				c.r.Message("assistant", "text", text)
			}
		case "thinking":
			c.r.Message("assistant", "reasoning", c.log.Bytes(b.text))
		case "redacted_thinking":
			c.r.Hidden()
		case "tool_use":
			c.toolUse(b)
		case "image", "file", "media":
		default:
			c.log.Problem(schema.ProblemUnknownField, "assistant", b.typ)
		}
	})
}

func (c *core) user(m *message) {
	if m.removed.Valid || m.kind == "compaction_summary" {
		c.r.Event(schema.Event{Event: "compaction", Detail: m.kind})
	}
	prompted := false
	eachBlock(m.content, func(b *block) {
		switch b.typ {
		case "tool_result":
			c.toolResult(b)
		case "text":
			text := unwrap(c.log.Bytes(b.text))
			switch {
			case len(text) == 0:
			case m.kind != "" || m.role2 != "" && m.role2 != "user":
				kind := "injected"
				if m.removed.Valid {
					kind = "summary"
				}
				c.r.Message("user", kind, text)
			case m.hasResult || prompted:
				c.r.Message("user", "injected", text)
			default:
				prompted = true
				c.r.Prompt(c.trigger(), text)
			}
		case "image", "file", "media":
		default:
			c.log.Problem(schema.ProblemUnknownField, "user", b.typ)
		}
	})
}

func (c *core) trigger() string {
	if c.r == c.s.Main {
		return "user"
	}
	return "parent"
}

// unwrap takes a prompt out of the tags that the client puts around it.
func unwrap(text []byte) []byte {
	if i := bytes.Index(text, []byte("<environment_details>")); i >= 0 {
		text = text[:i]
	}
	text = bytes.TrimSpace(text)
	for _, tag := range []string{"user_input", "task", "feedback", "user_message"} {
		if bytes.HasPrefix(text, []byte("<"+tag)) && bytes.HasSuffix(text, []byte("</"+tag+">")) {
			if end, last := bytes.IndexByte(text, '>'), len(text)-len(tag)-3; end < last {
				text = bytes.TrimSpace(text[end+1 : last])
			}
		}
	}
	return text
}
