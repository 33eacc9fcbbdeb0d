package codebuff

import (
	"bytes"
	"strconv"

	"github.com/agenttrace/agenttrace/ingest/edits"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// maxNesting bounds sub-agents within sub-agents.
const maxNesting = 16

// A block is a part of a message.
type block struct {
	typ, kind, id, name string
	content, output     jscan.Text
	input, blocks       []byte
	agentID, agentType  string
	status, spawn       string
	prompt              jscan.Text
	mode                string
}

func (b *block) scan(raw []byte) bool {
	var s jscan.Scanner
	s.Reset(raw)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "type":
			b.typ = s.Str()
		case "textType":
			b.kind = s.Str()
		case "content":
			b.content = s.Text()
		case "toolCallId":
			b.id = s.Str()
		case "toolName":
			b.name = s.Str()
		case "input":
			b.input = s.Raw()
		case "output":
			b.output = s.Text()
		case "agentId":
			b.agentID = s.Str()
		case "agentType":
			b.agentType = s.Str()
		case "status":
			b.status = s.Str()
		case "spawnToolCallId":
			b.spawn = s.Str()
		case "initialPrompt":
			b.prompt = s.Text()
		case "mode":
			b.mode = s.Str()
		case "blocks":
			b.blocks = s.Raw()
		default:
			s.Skip()
		}
	}
	return s.End() == nil && b.typ != ""
}

// blocks tells the parts of a message and reports whether there were any.
func (p *parser) blocks(r *rows.Run, raw []byte, depth int) (any bool) {
	if raw == nil {
		return false
	}
	if depth > maxNesting {
		p.log.Problem(schema.ProblemUnknownField, "block", "nesting")
		return true
	}
	var s jscan.Scanner
	s.Reset(raw)
	for ok := s.ArrayOrSkip(); ok && s.Elem(); {
		var b block
		if !b.scan(s.Raw()) {
			continue
		}
		any = true
		switch b.typ {
		case "text":
			kind := "text"
			if b.kind == "reasoning" {
				kind = "reasoning"
			}
			if text := p.log.Bytes(b.content); len(bytes.TrimSpace(text)) > 0 {
				r.Message("assistant", kind, text)
			}
		case "tool":
			p.tool(r, &b)
		case "agent":
			p.agent(r, &b, depth)
		case "mode-divider":
			r.Setting(schema.Event{Event: "mode_changed", Detail: b.mode})
		case "agent-list", "ask-user", "plan", "gate-state", "image", "html":
		default:
			p.log.Problem(schema.ProblemUnknownField, "block", b.typ)
		}
	}
	return any
}

// agent tells a sub-agent, whose transcript stands in place.
func (p *parser) agent(r *rows.Run, b *block, depth int) {
	name := b.agentID
	if name == "" {
		name = strconv.FormatInt(p.log.Line(), 10) + "/" + strconv.FormatInt(p.log.Next(), 10)
	}
	sub := p.s.Run(name)
	sub.Row.AgentType = b.agentType
	sub.Row.ParentRunID = r.Row.RunID
	sub.Row.Depth = schema.Known(int64(depth + 1))
	if b.spawn != "" {
		sub.Row.SpawnToolCallID = p.toolID(b.spawn)
		if c := p.s.Find(b.spawn); c != nil {
			c.Row.ChildRunID = sub.Row.RunID
			p.spawned(c, b)
		}
	}
	if sub.Turn() == nil {
		var prompt []byte
		if b.prompt.Present {
			prompt = b.prompt.Bytes(nil)
		}
		p.nested(sub, prompt)
	}
	if !p.blocks(sub, b.blocks, depth+1) && len(b.content.Raw) > 0 {
		sub.Message("assistant", "text", p.log.Bytes(b.content))
	}
	switch b.status {
	case "complete":
		sub.Row.EndState = "completed"
		sub.Last = rows.LastDone
	case "failed":
		sub.Row.EndState = "error"
		sub.Last = rows.LastError
	case "cancelled":
		sub.Row.EndState = "interrupted"
		sub.Last = rows.LastInterrupt
	}
}

// nested begins the turn of a sub-agent. Several can stand in one message, so each has a record of its
// own in all but the place.
func (p *parser) nested(sub *rows.Run, prompt []byte) {
	key := p.log.Key()
	line, at := p.log.Line(), p.log.At()
	p.log.Begin(line, at, sub.Row.RunID.With(uint64(key)))
	p.src.Records--
	sub.Prompt("parent", prompt)
	p.log.Begin(line, at, key.With(uint64(sub.Row.RunID)))
	p.src.Records--
}

// spawned tells how the call that began a sub-agent ended: as the sub-agent did.
func (p *parser) spawned(c *rows.Call, b *block) {
	if c.Ended() && c.Row.Status != "unknown" {
		return
	}
	switch b.status {
	case "complete":
		c.End("ok", "")
	case "failed":
		c.End("error", "tool_error")
	case "cancelled":
		c.End("interrupted", "")
	default:
		return
	}
	c.Row.EndedAt = 0
	p.s.Row.HasToolStatus = true
}

func (p *parser) toolID(id string) schema.ID {
	if len(id) < 12 {
		return p.log.ID("tool", p.native, id)
	}
	return p.log.ID("tool", id)
}

// tool tells a call and its output.
func (p *parser) tool(r *rows.Run, b *block) {
	id := p.toolID(b.id)
	if b.id == "" {
		id = p.log.Key().With(5000 + uint64(p.log.Next()))
	}
	c, fresh := r.Call(b.name, b.id, id)
	if !fresh {
		return
	}
	if b.input != nil {
		c.Args(b.input)
		arguments(c, b.input)
	}
	if !b.output.Present {
		return
	}
	out := b.output.Bytes(nil)
	status, class := "unknown", ""
	if code, ok := exitCode(out); ok {
		c.Row.ExitCode = schema.Known(code)
		if status = "ok"; code != 0 {
			status, class = "error", "nonzero_exit"
		}
		p.s.Row.HasToolStatus = true
	}
	c.End(status, class)
	c.Row.EndedAt = 0
	c.Output(out)
}

// exitCode finds the exit code in an output, which is JSON in many versions.
func exitCode(out []byte) (int64, bool) {
	i := bytes.LastIndex(out, []byte(`"exitCode":`))
	if i < 0 {
		return 0, false
	}
	rest := bytes.TrimLeft(out[i+len(`"exitCode":`):], " ")
	n := 0
	for n < len(rest) && n < 10 && (rest[n] >= '0' && rest[n] <= '9' || n == 0 && rest[n] == '-') {
		n++
	}
	v, err := strconv.ParseInt(string(rest[:n]), 10, 64)
	return v, err == nil
}

// arguments tells files and commands.
func arguments(c *rows.Call, raw []byte) {
	var path, command string
	var content jscan.Text
	var paths []string
	var added, removed [][]byte
	replaced, all := false, false
	var s jscan.Scanner
	s.Reset(raw)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "path":
			path = s.Str()
		case "paths":
			for ok := s.ArrayOrSkip(); ok && s.Elem(); {
				if p := s.Str(); p != "" {
					paths = append(paths, p)
				}
			}
		case "command":
			command = s.Str()
		case "content":
			content = s.Text()
		case "replacements":
			for ok := s.ArrayOrSkip(); ok && s.Elem(); {
				var old, new jscan.Text
				for ok := s.ObjectOrSkip(); ok && s.Key(); {
					switch string(s.Name) {
					case "old", "oldString", "old_string":
						old = s.Text()
					case "new", "newString", "new_string":
						new = s.Text()
					case "allowMultiple":
						v, _ := s.Bool()
						all = all || v // how often is not told
					default:
						s.Skip()
					}
				}
				a, r := edits.Replace(old.Bytes(nil), new.Bytes(nil))
				added, removed, replaced = append(added, a...), append(removed, r...), true
			}
		default:
			s.Skip()
		}
	}
	switch c.Row.ToolNameRaw {
	case "run_terminal_command":
		if command != "" {
			c.Shell(command)
		}
	case "read_files":
		for _, p := range paths {
			c.Read(p, schema.Int{}, schema.Int{})
		}
		if len(paths) == 1 {
			c.Target(paths[0])
		}
	case "write_file":
		// It writes new files and changes of old ones alike; which of the two is not told.
		c.Target(path)
		ch := rows.Change{Path: path, Op: "modify", Basis: "tool_args"}
		ch.Added = edits.Lines(content.Bytes(nil))
		c.Change(ch)
	case "str_replace":
		c.Target(path)
		c.Change(rows.Change{Path: path, Op: "modify", Basis: "tool_args", Added: added, Removed: removed, Exact: replaced && !all})
	default:
		if path != "" {
			c.Target(path)
		}
	}
}
