package pi

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

func actOf(name string) rows.Act {
	switch name {
	case "bash", "exec", "shell":
		return rows.ShellAct
	case "read":
		return rows.ReadAct
	case "edit", "multi_edit", "apply_patch", "patch":
		return rows.EditAct
	case "write":
		return rows.WriteAct
	case "task", "subagent", "sessions_spawn":
		return rows.TaskAct
	case "process", "poll", "await":
		return rows.PollAct
	}
	return rows.OtherAct
}

func (p *parser) toolCall(b *block) {
	name := p.word(b.name)
	if name == "" {
		p.log.Problem(schema.ProblemUnknownField, "toolCall", "name")
	}
	c := p.run.Request(name, p.text(b.id))
	if b.args != nil {
		c.Arguments(actOf(name), b.args)
	}
}

// result is how a call ended, in any of the places where results stand.
type result struct {
	id      jscan.Text
	failed  bool
	pruned  bool
	blocks  []block    // of its content
	text    jscan.Text // instead of them
	details []byte
}

func (p *parser) toolResult(m *message) {
	r := result{id: m.toolCallID, failed: m.isError, pruned: m.pruned, blocks: m.blocks, details: m.details}
	p.ended(&r)
}

// inlineResult takes a result that stands among the blocks of a message.
func (p *parser) inlineResult(b *block) {
	r := result{id: b.toolCallID, failed: b.isError, blocks: blocksOf(b.inner), text: b.text}
	p.ended(&r)
}

func (p *parser) ended(r *result) {
	c := p.ses.Find(p.text(r.id))
	if c == nil {
		p.log.Problem(schema.ProblemOrphanResult, "toolResult", "")
		p.run.Last = rows.LastResult
		return
	}
	text := p.resultText(r)
	c.End("ok", "")
	builtIn := p.agent != agentClaw && shipped(c.Row.ToolNameRaw)
	if r.failed {
		end := rows.EndingOf(text)
		c.End(end.Status, end.ErrorType)
		c.Row.ExitCode = end.Exit
		if end.Status == "denied" {
			c.Row.Approval = "denied"
		}
	} else if builtIn && c.IsShell() {
		c.Row.ExitCode = schema.Known(int64(0)) // any other code is an error
	}
	p.details(c, r.details, builtIn)
	if r.pruned {
		c.Row.IsResultTruncated = schema.Known(true)
	} else {
		c.Output(text)
	}
	c.Done()
}

// shipped names the tools whose results have a known form.
func shipped(name string) bool {
	switch name {
	case "bash", "read", "edit", "write", "grep", "find", "ls":
		return true
	}
	return false
}

// resultText puts the texts of a result together. It is valid until the next call.
func (p *parser) resultText(r *result) []byte {
	p.parts = p.parts[:0]
	for i := range r.blocks {
		if t := r.blocks[i].text; t.Present {
			p.parts = append(p.parts, t)
		}
	}
	if len(r.blocks) == 0 {
		p.parts = append(p.parts, r.text)
	}
	if len(p.parts) == 1 {
		return p.log.Bytes(p.parts[0])
	}
	out := p.out[:0]
	for i, t := range p.parts {
		if i > 0 {
			out = append(out, '\n')
		}
		out = append(out, p.log.Bytes(t)...)
	}
	p.out = out
	return out
}

// details reads what stands beside a result for programs.
func (p *parser) details(c *rows.Call, raw []byte, builtIn bool) {
	if builtIn && !c.Row.IsResultTruncated.Valid {
		c.Row.IsResultTruncated = schema.Known(false)
	}
	if raw == nil {
		return
	}
	var s jscan.Scanner
	s.Reset(raw)
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "truncation":
			for in := s.ObjectOrSkip(); in && s.Key(); {
				if string(s.Name) != "truncated" {
					s.Skip()
					continue
				}
				if v, ok := s.Bool(); ok {
					c.Row.IsResultTruncated = schema.Known(v)
				}
			}
		case "results":
			if p.agent != agentOMP || actOf(c.Row.ToolNameRaw) != rows.TaskAct || s.Kind() != jscan.Array {
				s.Skip()
				continue
			}
			p.tasks(c, &s)
		default:
			s.Skip()
		}
	}
}

// tasks takes the results of sub-agents. Their own files have their usage; where a file is gone, the
// total that the caller kept stands in for it.
func (p *parser) tasks(c *rows.Call, s *jscan.Scanner) {
	n := uint64(0)
	for s.Array(); s.Elem(); {
		var id, path string
		var u usage
		for in := s.ObjectOrSkip(); in && s.Key(); {
			switch string(s.Name) {
			case "id", "taskId":
				if v := s.Str(); id == "" {
					id = v
				}
			case "usage":
				u = readUsage(object(s))
			case "artifactPaths":
				for in := s.ObjectOrSkip(); in && s.Key(); {
					if string(s.Name) == "jsonlPath" {
						path = s.Str()
					} else {
						s.Skip()
					}
				}
			default:
				s.Skip()
			}
		}
		n++
		if path != "" {
			path = strings.ReplaceAll(path, `\`, "/")
			id = strings.TrimSuffix(path[strings.LastIndexByte(path, '/')+1:], ".jsonl")
		}
		if id == "" {
			continue
		}
		name := id
		if p.place.run != "" {
			name = p.place.run + "/" + id
		}
		if n == 1 {
			c.Row.ChildRunID = p.log.ID("run", p.ses.Row.NativeSessionID, name)
		} else {
			c.Row.ChildRunID = 0 // several: none of them is the one
		}
		if !rows.Zero(&u.Usage) && p.gone(id) {
			run := p.ses.Run(name)
			m := run.Model(rows.Fingerprint(p.log.ID("task", id).With(uint64(p.log.Key())).With(n), &u.Usage))
			m.DedupBasis, m.UsageGrain, m.Usage, m.ReportedCostUSD = "fingerprint", "session", u.Usage, u.cost
			run.PutModel(&m)
			run.Row.SpawnToolCallID, run.Row.EndState = c.Row.ToolCallID, "completed"
			p.calls++
		}
	}
}

// gone reports whether a sub-agent's file is not there any more. A base name alone is looked for, so
// that a log cannot make the reader look elsewhere.
func (p *parser) gone(id string) bool {
	if p.src.ReadBeside == nil || strings.ContainsAny(id, `/\`) {
		return false
	}
	path := strings.ReplaceAll(p.src.Path, `\`, "/")
	base := strings.TrimSuffix(path[strings.LastIndexByte(path, '/')+1:], ".jsonl")
	_, err := p.src.ReadBeside(base + "/" + id + ".jsonl")
	return errors.Is(err, fs.ErrNotExist)
}
