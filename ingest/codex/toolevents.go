package codex

import (
	"github.com/agenttrace/agenttrace/ingest/edits"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// toolEvent handles the events that tell about a call what its output does not: they come before or
// after the output, or without one.
func (p *parser) toolEvent(typ []byte) {
	v := &p.rec.v
	id := v[fCallID]
	if string(typ) == "sub_agent_activity" {
		id = v[fEventID]
	}
	c := p.lookUp(id)
	if c == nil {
		return
	}
	row := &c.row
	switch string(typ) {
	case "patch_apply_end":
		if v[fSuccess].isTrue() || v[fSuccess].isFalse() {
			c.applied = schema.Known(v[fSuccess].isTrue())
		}
		if v[fChanges].kind == jscan.Object {
			c.takeChanges(v[fChanges].raw)
		}
		if c.done && row.Status == "unknown" && c.applied.Valid {
			row.Status = "ok"
			if !c.applied.V {
				row.Status, row.ErrorType = "error", "tool_error"
			}
		}
	case "mcp_tool_call_end":
		c.mcpEnd(v)
	case "exec_command_end":
		c.execEnd(v)
	case "dynamic_tool_call_response":
		c.told(v[fSuccess], v[fDuration])
	case "view_image_tool_call":
		if path := v[fPath].str(); path != "" && row.TargetPath == "" {
			row.TargetPath = join(p.ctx.cwd, path)
		}
	case "collab_agent_spawn_end":
		if child := v[fNewThread].str(); child != "" {
			row.ChildRunID = schema.IDOf(agent, "run", child)
		}
	case "sub_agent_activity":
		if child := v[fAgentID].str(); child != "" && row.ChildRunID == 0 && row.ToolNameRaw == "spawn_agent" {
			row.ChildRunID = schema.IDOf(agent, "run", child)
		}
	}
}

// duration reads {"secs":1,"nanos":5}.
func duration(v value) schema.Int {
	if v.kind != jscan.Object {
		return schema.Int{}
	}
	var s jscan.Scanner
	s.Reset(v.raw)
	var ms int64
	found := false
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "secs":
			if n, ok := s.Int(); ok && n >= 0 && n < 1e9 {
				ms, found = ms+n*1000, true
			}
		case "nanos":
			if n, ok := s.Int(); ok && n >= 0 && n < 1e9 {
				ms, found = ms+(n+500_000)/1_000_000, true
			}
		default:
			s.Skip()
		}
	}
	return schema.Int{V: ms, Valid: found}
}

func (c *call) took(d schema.Int) {
	if d.Valid {
		c.row.DurationMS, c.row.DurationBasis = d, "reported"
		c.exact = true
	}
}

// told takes a stated success and duration.
func (c *call) told(success, took value) {
	c.took(duration(took))
	switch {
	case success.isTrue():
		c.row.Status, c.row.ErrorType, c.exact = "ok", "", true
	case success.isFalse():
		c.row.Status, c.row.ErrorType, c.exact = "error", "tool_error", true
	}
}

// mcpEnd takes server, duration and success of an MCP call: {"Ok":{"isError":…}} or {"Err":"…"}.
func (c *call) mcpEnd(v *[fieldCount]value) {
	c.took(duration(v[fDuration]))
	var s jscan.Scanner
	if in := v[fInvocation]; in.kind == jscan.Object {
		s.Reset(in.raw)
		for s.Object(); s.Key(); {
			if string(s.Name) != "server" {
				s.Skip()
				continue
			}
			if name := s.Str(); name != "" {
				c.row.MCPServer = name
			}
		}
	}
	r := v[fResult]
	if r.kind != jscan.Object {
		return
	}
	failed, told := false, false
	s.Reset(r.raw)
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "Ok":
			told = true
			for in := s.ObjectOrSkip(); in && s.Key(); {
				if string(s.Name) == "isError" || string(s.Name) == "is_error" {
					b, _ := s.Bool()
					failed = failed || b
					continue
				}
				s.Skip()
			}
		case "Err":
			told, failed = true, true
			s.Skip()
		default:
			s.Skip()
		}
	}
	if !told || s.Bad() {
		return
	}
	c.exact = true
	c.row.Status, c.row.ErrorType = "ok", ""
	if failed {
		c.row.Status, c.row.ErrorType = "error", "tool_error"
	}
}

// execEnd takes exit code and duration of a command from the record of its end.
func (c *call) execEnd(v *[fieldCount]value) {
	c.took(duration(v[fDuration]))
	n, ok := v[fExitCode].int()
	if !ok {
		return
	}
	if v[fStatus].is("declined") {
		c.row.Status, c.row.ErrorType, c.row.Approval, c.exact = "denied", "permission", "denied", true
		return
	}
	// A denied or timed out call keeps what its own text says.
	if c.row.Status == "denied" || c.row.Status == "interrupted" {
		return
	}
	c.row.ExitCode = schema.Known(n)
	c.exact = true
	switch {
	case n == 0:
		c.row.Status, c.row.ErrorType = "ok", ""
	case c.row.Status != "error":
		c.row.Status, c.row.ErrorType = "error", "nonzero_exit"
	}
}

// takeChanges reads {path: {"type":"update","unified_diff":"…","move_path":null}}: what was really
// changed, better than what the call asked for.
func (c *call) takeChanges(raw []byte) {
	var s jscan.Scanner
	s.Reset(raw)
	c.changes = c.changes[:0]
	for s.Object(); s.Key(); {
		ch := change{path: string(s.Name)}
		var content, diff jscan.Text
		for in := s.ObjectOrSkip(); in && s.Key(); {
			switch string(s.Name) {
			case "type":
				switch s.Str() {
				case "add":
					ch.op = "create"
				case "delete":
					ch.op = "delete"
				case "update":
					ch.op = "modify"
				}
			case "content":
				content = s.Text()
			case "unified_diff":
				diff = s.Text()
			case "move_path":
				ch.moved = s.Str()
			default:
				s.Skip()
			}
		}
		switch ch.op {
		case "create":
			ch.added = edits.Lines([]byte(content.String()))
		case "delete":
			ch.removed = edits.Lines([]byte(content.String()))
			ch.linesUnknown = !content.Present
		case "modify":
			ch.added, ch.removed = hunks([]byte(diff.String()))
		default:
			continue
		}
		if ch.moved != "" {
			ch.op = "move"
		}
		c.changes = append(c.changes, ch)
	}
	if s.Bad() {
		c.changes = c.changes[:0]
		return
	}
	c.reported = len(c.changes) > 0
	if c.basis == "" {
		c.basis = "patch"
	}
}

// hunks returns the lines that a diff without file header adds and removes.
func hunks(diff []byte) (added, removed [][]byte) {
	inHunk := false
	for _, l := range edits.Lines(diff) {
		if len(l) == 0 {
			continue
		}
		switch {
		case l[0] == '@':
			inHunk = true
		case !inHunk:
		case l[0] == '+':
			added = append(added, l[1:])
		case l[0] == '-':
			removed = append(removed, l[1:])
		}
	}
	return added, removed
}

// itemCompleted handles the items of paginated histories. They repeat the response items; of commands
// they know the exit code, of prompts that the user typed them.
func (p *parser) itemCompleted() {
	it := p.rec.v[fItem]
	if it.kind != jscan.Object {
		return
	}
	r := &p.sub
	if !r.scanObject(it.raw) {
		return
	}
	switch {
	case r.v[fSub].is("UserMessage"):
		text := p.contentText(r.v[fContent])
		if len(text) == 0 || p.prompt.last == schema.HashBytes(request(text)) {
			return // the other event of the same prompt
		}
		p.userEvent(append([]byte(nil), text...))
	case r.v[fSub].is("CommandExecution"):
		if c := p.lookUp(r.v[fID]); c != nil {
			c.execEnd(&r.v)
		}
	case r.v[fSub].is("McpToolCall"):
		if c := p.lookUp(r.v[fID]); c != nil {
			c.took(duration(r.v[fDuration]))
		}
	case r.v[fSub].is("FileChange"):
		if c := p.lookUp(r.v[fID]); c != nil {
			switch {
			case r.v[fStatus].is("completed"):
				c.applied = schema.Known(true)
			case r.v[fStatus].is("failed"), r.v[fStatus].is("declined"):
				c.applied = schema.Known(false)
			}
			if r.v[fChanges].kind == jscan.Object && !c.reported {
				c.takeChanges(r.v[fChanges].raw)
			}
		}
	}
}
