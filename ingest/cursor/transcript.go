package cursor

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// begin opens the session of a transcript by its path: <id>.jsonl, or <id>/subagents/<child>.jsonl.
func (p *parser) begin(no int64) {
	if p.ses == nil {
		dirs := strings.Split(strings.ToValidUTF8(strings.ReplaceAll(p.src.Path, `\`, "/"), "\uFFFD"), "/")
		id := dirs[len(dirs)-1]
		if i := strings.LastIndexByte(id, '.'); i > 0 {
			id = id[:i]
		}
		if id == "" {
			id = "unnamed"
		}
		p.log.Again(no, 0, 0)
		if n := len(dirs); n > 2 && dirs[n-2] == "subagents" && dirs[n-3] != "" {
			p.ses = p.log.Session(dirs[n-3])
			p.ses.Row.IsMain = false
			p.run = p.ses.Run(id)
		} else {
			p.ses = p.log.Session(id)
			p.run = p.ses.Main
		}
		p.ses.Row.SessionKind, p.ses.Row.Fidelity = "user", "partial" // results, times and usage are missing
		p.ses.Row.HasToolArgs = true
	}
	p.log.Begin(no, 0, schema.IDOf(agent, "line", p.ses.Row.NativeSessionID+"/"+p.run.Row.NativeRunID).With(uint64(no)))
}

// transcribed takes one line of a transcript.
func (p *parser) transcribed(r *record, no int64) {
	p.begin(no)
	switch {
	case !r.typ.Present && string(r.role.Raw) == "user":
		p.user(r)
	case !r.typ.Present && string(r.role.Raw) == "assistant":
		p.assistant(r)
	case string(r.typ.Raw) == "error":
		text := p.log.Bytes(r.err)
		p.run.Error(schema.Error{Source: "agent", ErrorType: rows.ErrorType(schema.Int{}, text), MessageHash: schema.HashBytes(text)})
		p.run.Last = rows.LastError
	case string(r.typ.Raw) == "turn_ended":
		p.settle()
		switch status := r.status.String(); {
		case status == "success":
			p.run.Last = rows.LastDone
		case status == "error":
			p.run.Last = rows.LastError
		case strings.Contains(status, "abort"), strings.Contains(status, "cancel"):
			p.run.Interrupt()
		}
	default:
		word := r.typ
		if !word.Present {
			word = r.role
		}
		p.log.Unknown(word.String())
	}
	p.run.Record()
}

func (p *parser) user(r *record) {
	var prompt []byte
	blocks(r.message, func(b *block) {
		switch string(b.typ.Raw) {
		case "text":
			prompt = p.asked(prompt, p.log.Bytes(b.text))
		case "tool_result", "tool-result":
			p.answered(b)
		case "image":
		default:
			p.log.Problem(schema.ProblemUnknownField, "user", b.typ.String())
		}
	})
	p.ask(prompt)
}

// asked adds to a prompt what a text has of the user's own; what the agent put around it is told at once.
func (p *parser) asked(prompt, text []byte) []byte {
	before, own := userQuery(text)
	if len(before) > 0 {
		p.run.Message("user", "injected", before)
	}
	if len(prompt) > 0 && len(own) > 0 {
		prompt = append(prompt, '\n')
	}
	return append(prompt, own...)
}

// ask begins a turn.
func (p *parser) ask(prompt []byte) {
	if len(bytes.TrimSpace(prompt)) == 0 {
		return
	}
	p.settle()
	trigger := "user"
	if p.run != p.ses.Main {
		trigger = "parent"
	}
	p.run.Prompt(trigger, prompt)
}

// userQuery separates what the user wrote from what stands around it. A text that is nothing but blocks
// of the agent has nothing of the user's.
func userQuery(text []byte) (before, own []byte) {
	const open, end = "<user_query>", "</user_query>"
	if i := bytes.Index(text, []byte(open)); i >= 0 {
		inner := text[i+len(open):]
		if j := bytes.LastIndex(inner, []byte(end)); j >= 0 {
			inner = inner[:j]
		}
		return bytes.TrimSpace(text[:i]), bytes.TrimSpace(inner)
	}
	trimmed := bytes.TrimLeft(text, " \t\r\n")
	for _, tag := range []string{"<user_info>", "<environment", "<rules>", "<system_reminder>", "<system-reminder>", "<attached_files>", "<open_and_recently"} {
		if bytes.HasPrefix(trimmed, []byte(tag)) {
			return text, nil
		}
	}
	return nil, text
}

func (p *parser) assistant(r *record) {
	p.settle()
	p.response()
	blocks(r.message, func(b *block) {
		switch string(b.typ.Raw) {
		case "text":
			p.said(p.log.Bytes(b.text))
		case "thinking", "reasoning":
			if len(b.text.Raw) > 0 {
				p.run.Message("assistant", "reasoning", p.log.Bytes(b.text))
			}
		case "tool_use", "tool_call", "tool-call":
			p.called(b.name.String(), b.id, b.input)
		default:
			p.log.Problem(schema.ProblemUnknownField, "assistant", b.typ.String())
		}
	})
}

// response tells that the model answered, of which the line is the only trace.
func (p *parser) response() {
	c := p.run.Model(p.log.ID("response", "of").With(uint64(p.log.Key())))
	p.run.PutModel(&c)
	p.run.Response = c.ModelCallID
}

// redacted stands in a text for thinking that was taken out.
var redacted = []byte("[REDACTED]")

func (p *parser) said(text []byte) {
	own := bytes.TrimSpace(text)
	hidden := bytes.HasSuffix(own, redacted)
	if hidden {
		text = bytes.TrimSpace(bytes.TrimSuffix(own, redacted))
	}
	if len(text) > 0 {
		p.run.Message("assistant", "text", text)
	}
	if hidden {
		last := p.run.Last
		p.run.Hidden()
		if len(text) > 0 {
			p.run.Last = last
		}
	}
}

func (p *parser) called(name string, id jscan.Text, input []byte) *rows.Call {
	c := p.run.Request(name, id.String())
	c.Row.Status = "unknown" // transcripts keep no results
	if input != nil {
		c.Arguments(actOf(name), input)
	}
	p.open = append(p.open, c)
	return c
}

// answered takes a result, which some files have after all. It belongs to the call that it names, or to
// the oldest that has none.
func (p *parser) answered(b *block) {
	var c *rows.Call
	if id := b.toolUse.String(); id != "" {
		c = p.ses.Find(id)
	}
	for i := 0; c == nil && i < len(p.open); i++ {
		if !p.open[i].Ended() && p.open[i].Row.NativeCallID == "" {
			c = p.open[i]
		}
	}
	if c == nil || c.Ended() {
		p.log.Problem(schema.ProblemOrphanResult, "tool_result", "")
		p.run.Last = rows.LastResult
		return
	}
	text := p.textOf(b.content)
	status, class := "unknown", ""
	if b.isError {
		end := rows.EndingOf(text)
		status, class = end.Status, end.ErrorType
		c.Row.ExitCode = end.Exit
	}
	c.End(status, class)
	c.Output(text)
}

// textOf puts the texts of a result together. It is valid until the next call.
func (p *parser) textOf(content []byte) []byte {
	if content == nil {
		return nil
	}
	var s jscan.Scanner
	s.Reset(content)
	switch s.Kind() {
	case jscan.String:
		return p.log.Bytes(s.Text())
	case jscan.Array:
		p.out = p.out[:0]
		for s.Array(); s.Elem(); {
			var b block
			b.scan(&s)
			if len(p.out) > 0 && len(b.text.Raw) > 0 {
				p.out = append(p.out, '\n')
			}
			p.out = append(p.out, p.log.Bytes(b.text)...)
		}
		return p.out
	}
	return content
}

// settle emits the calls of the response before, for which nothing more will come.
func (p *parser) settle() {
	for _, c := range p.open {
		c.Done()
	}
	p.open = p.open[:0]
}

// finish tells what only the end of the file shows.
func (p *parser) finish(whole bool) {
	if p.ses != nil {
		p.settle()
		p.ses.Row.IsComplete = schema.Known(whole)
		if p.run.Last == rows.LastCall {
			p.run.Row.EndState = "unknown" // whether the call ended is not in the log
		}
		tellsAll(p.log, p.run, rankTranscript)
	}
	p.finishStreams(whole)
}
