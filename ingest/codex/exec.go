package codex

import (
	"bytes"
	"io"
	"unicode/utf8"

	"github.com/agenttrace/agenttrace/ingest/digest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/jsonl"
	"github.com/agenttrace/agenttrace/schema"
)

// exec handles the stream that "codex exec --json" prints. It has no instants and no prompts, and usage
// for a turn as a whole.
func (p *parser) exec(typ []byte) bool {
	v := &p.rec.v
	switch string(typ) {
	case "thread.started":
	case "turn.started":
		p.startTurn("", "user", p.line, p.next(), p.key, p.at)
		p.facts.endState = ""
	case "turn.completed":
		p.turnUsage()
		p.endTurn("answered")
		p.facts.endState = "completed"
	case "turn.failed":
		p.endTurn("error")
		p.facts.apiErrors = true
		p.facts.endState = "api_error"
		if e := v[fError]; e.kind == jscan.Object {
			p.sub.scanObject(e.raw)
			p.apiError(&p.sub, true, true)
		}
	case "error":
		// The stream reports each attempt here; what ends the turn is turn.failed.
		p.facts.apiErrors = true
		p.apiError(&p.rec, false, false)
	case "item.started", "item.updated", "item.completed":
		if v[fItem].kind != jscan.Object || !p.sub.scanObject(v[fItem].raw) {
			return false
		}
		return p.execItem(string(typ) == "item.completed")
	default:
		return false
	}
	return true
}

func (p *parser) execItem(complete bool) bool {
	r := &p.sub
	v := &r.v
	kind := p.wordOf(v[fSub])
	switch kind {
	case "agent_message":
		if complete {
			p.answerBegins()
			p.assistantText(p.plain(v[fText].text()))
		}
	case "reasoning":
		if complete {
			p.answerBegins()
			m := p.group.message()
			text := p.plain(v[fText].text())
			p.newMessage(&m.row, "assistant", "reasoning", text)
			if n := p.src.Content.Limit(0); n > 0 {
				m.text, m.whole = cut(text, n)
			}
		}
	case "command_execution", "file_change", "mcp_tool_call", "web_search", "todo_list", "collab_tool_call":
		p.execCall(kind, complete)
	case "error":
		if complete {
			p.emit(&schema.Error{
				Where: p.here(), ErrorID: p.eventID(), SessionID: p.thread.session, RunID: p.thread.run, TurnID: p.turnID(),
				Seq: p.next(), OccurredAt: p.at, Source: "agent", ErrorType: "unknown",
				MessageHash: schema.HashBytes(p.plain(v[fMessage].text())),
			})
		}
	default:
		return false
	}
	return true
}

// execCall handles an item that is a tool call: begun by one record, complete with another, or both.
func (p *parser) execCall(kind string, complete bool) {
	v := &p.sub.v
	id := v[fID].str()
	c := p.group.byID[id]
	if c == nil || c.done || c.row.ToolNameRaw != kind {
		p.answerBegins()
		c = p.begin(kind, id)
		switch kind {
		case "command_execution":
			var a arguments
			if a.scan(p.rec.v[fItem].raw, true) && a.hasScript {
				p.script(c, a.script)
				c.row.ArgsBytes = schema.Known(int64(len(a.script)))
				c.row.ArgsHash, c.row.ArgsNormHash = digest.Args(kind, command(p.rec.v[fItem].raw))
			}
		case "mcp_tool_call":
			p.execMCP(c)
		}
	}
	if !complete {
		return
	}
	row := &c.row
	row.ResultLine = schema.Known(p.line)
	row.EndedAt = p.at
	if n, ok := v[fExitCode].int(); ok {
		row.ExitCode = schema.Known(n)
	}
	row.Status = hostedStatus(v[fStatus])
	switch {
	case v[fStatus].is("declined"):
		row.Status, row.ErrorType, row.Approval = "denied", "permission", "denied"
	case row.ExitCode.Valid && row.ExitCode.V != 0:
		row.Status, row.ErrorType = "error", "nonzero_exit"
	case row.Status == "error":
		row.ErrorType = "tool_error"
	case kind == "web_search":
		row.Status = "unknown"
	}
	if kind == "command_execution" {
		p.execOutput(c)
	}
	if kind == "file_change" {
		p.execChanges(c)
	}
	p.complete(c)
}

// command returns the value of the key command as it stands.
func command(item []byte) (raw []byte) {
	var s jscan.Scanner
	s.Reset(item)
	for s.Object(); s.Key(); {
		if string(s.Name) == "command" {
			raw = s.Raw()
			continue
		}
		s.Skip()
	}
	return raw
}

func (p *parser) execMCP(c *call) {
	var s jscan.Scanner
	s.Reset(p.rec.v[fItem].raw)
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "server":
			c.row.MCPServer = s.Str()
		case "tool":
			if name := s.Str(); name != "" {
				c.row.ToolNameRaw = name
			}
		case "arguments":
			if raw := s.Raw(); len(raw) > 0 {
				c.row.ArgsBytes = schema.Known(int64(len(raw)))
				c.row.ArgsHash, c.row.ArgsNormHash = digest.Args(c.row.ToolNameRaw, raw)
				c.args, c.argsWhole = cut(raw, p.src.Content.Limit(argsPreview))
			}
		default:
			s.Skip()
		}
	}
}

func (p *parser) execOutput(c *call) {
	var s jscan.Scanner
	s.Reset(p.rec.v[fItem].raw)
	var text jscan.Text
	for s.Object(); s.Key(); {
		if string(s.Name) == "aggregated_output" {
			text = s.Text()
			continue
		}
		s.Skip()
	}
	if !text.Present {
		return
	}
	row := &c.row
	row.ResultHash = digest.Result(text)
	plain := p.plain(text)
	row.ResultBytes = schema.Known(int64(len(plain)))
	o := outcome{body: jscan.Text{Raw: plain, Present: true}, exit: row.ExitCode}
	status, kind := row.Status, row.ErrorType
	p.judge(c, &o)
	// The item says itself how it ended.
	row.Status, row.ErrorType = status, kind
}

// execChanges reads [{"path":…,"kind":"add"}]: which files, not which lines.
func (p *parser) execChanges(c *call) {
	list := p.sub.v[fChanges]
	if list.kind != jscan.Array {
		return
	}
	var s jscan.Scanner
	s.Reset(list.raw)
	for s.Array(); s.Elem(); {
		ch := change{linesUnknown: true}
		for in := s.ObjectOrSkip(); in && s.Key(); {
			switch string(s.Name) {
			case "path":
				ch.path = s.Str()
			case "kind":
				switch s.Str() {
				case "add":
					ch.op = "create"
				case "delete":
					ch.op = "delete"
				case "update":
					ch.op = "modify"
				}
			default:
				s.Skip()
			}
		}
		if ch.path != "" && ch.op != "" {
			c.changes = append(c.changes, ch)
		}
	}
	c.reported = true
}

// isDocument tells the single document of the TypeScript CLI from lines.
func isDocument(head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(head) == 0 || head[0] != '{' {
		return false
	}
	var rec record
	line, _, _ := bytes.Cut(head, []byte{'\n'})
	if rec.scan(line) {
		return rec.v[fSession].kind == jscan.Object && rec.typ.kind == 0
	}
	rec.scan(head)
	return rec.v[fSession].kind == jscan.Object && rec.typ.kind == 0 && !rec.payload
}

// document reads {"session":{…},"items":[…]}. Its elements are counted like lines: the session is the
// first.
func (p *parser) document(in io.Reader) error {
	doc, err := io.ReadAll(io.LimitReader(in, jsonl.MaxLine+1))
	if err != nil {
		return err
	}
	p.line = 1
	p.src.Records++
	if len(doc) > jsonl.MaxLine {
		p.src.Unknown++
		p.problem(schema.ProblemOversized, "", "")
		return nil
	}
	size := int64(len(doc))
	if !utf8.Valid(doc) {
		p.problem(schema.ProblemBadEncoding, "", "")
		doc = bytes.ToValidUTF8(doc, []byte("\uFFFD"))
	}
	var s jscan.Scanner
	s.Reset(bytes.TrimPrefix(doc, []byte("\xef\xbb\xbf")))
	var session, items []byte
	if s.Kind() == jscan.Object {
		for s.Object(); s.Key(); {
			switch string(s.Name) {
			case "session":
				session = s.Raw()
			case "items":
				items = s.Raw()
			default:
				s.Skip()
			}
		}
	}
	if s.End() != nil || session == nil {
		// The client rewrites the whole file: half of one is waiting for the other.
		p.src.Unknown++
		p.facts.incomplete = true
		p.problem(schema.ProblemTruncated, "", "")
		return nil
	}
	p.src.ParsedOffset = size
	p.rec.scan(session)
	if p.rec.v[fInstructions].kind == 0 {
		p.rec.v[fInstructions].kind = jscan.Null
	}
	p.take(schema.HashBytes(session))
	s.Reset(items)
	if s.Kind() != jscan.Array {
		return nil
	}
	for s.Array(); s.Elem() && p.err == nil; {
		raw := s.Raw()
		p.line++
		p.src.Records++
		if !p.rec.scan(raw) {
			p.src.Unknown++
			p.problem(schema.ProblemBadJSON, "", "")
			continue
		}
		p.take(schema.HashBytes(raw))
	}
	return nil
}
