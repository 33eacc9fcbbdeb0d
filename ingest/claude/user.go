package claude

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/pushback"
	"github.com/agenttrace/agenttrace/schema"
)

// user takes a record in the user's role: results of tools, prompts, and texts that the agent puts
// into the user's mouth.
func (r *reader) user() {
	rec := &r.rec
	results := 0
	for i := range rec.blocks {
		if string(rec.blocks[i].typ.Raw) == "tool_result" {
			results++
		}
	}
	prompted := false
	for i := range rec.blocks {
		b := &rec.blocks[i]
		switch string(b.typ.Raw) {
		case "tool_result":
			r.toolResult(b, results == 1)
		case "text":
			if len(bytes.TrimSpace(b.text.Raw)) > 0 {
				prompted = r.userText(i, b.text, prompted)
			}
		case "image", "document":
		default:
			r.problem(schema.ProblemUnknownField, "user", className(b.typ))
		}
	}
}

// What a text in the user's role is.
type voice int

const (
	voiceHuman     voice = iota
	voiceCommand         // a slash command or a shell line of the user, which the agent ran itself
	voiceInjected        // the agent speaking
	voiceInterrupt       // the user pressed stop
)

// userText takes one text. prompted says that an earlier block of the record was a prompt, which this
// one then continues; the result says the same for the next.
func (r *reader) userText(i int, t jscan.Text, prompted bool) bool {
	rec, u := &r.rec, r.run
	text := r.decoded(t)
	side := u != r.ses.main
	switch {
	case rec.compactSummary:
		r.message(i, "user", "summary", text, 0)
		return prompted
	case isInterrupt(text):
		r.interrupted(bytes.HasPrefix(text, []byte("[Request interrupted by user for tool use")))
		return prompted
	case rec.meta:
		r.message(i, "user", "injected", text, 0)
		return prompted
	}
	stripped, rest := stripBlocks(text)
	v := voiceOf(rest)
	if len(rest) == 0 {
		v = voiceInjected
	}
	trigger := "user"
	switch {
	case side:
		// Nobody but its parent talks to a sub-agent, and its first text is its task whatever it looks like.
		trigger = "parent"
		if u.turns == 0 {
			stripped, rest, v = nil, text, voiceHuman
		}
	case string(rec.origin.Raw) == "auto-continuation":
		trigger = "continuation"
	case len(rec.origin.Raw) > 0 && string(rec.origin.Raw) != "human":
		if v == voiceHuman {
			v = voiceInjected
		}
	case string(rec.source.Raw) == "queued":
		trigger = "queued"
	}
	switch v {
	case voiceCommand:
		r.message(i, "user", "command", text, 0)
		return prompted
	case voiceInjected:
		r.message(i, "user", "injected", text, 0)
		return prompted
	}
	if len(stripped) > 0 {
		r.message(partStripped+i, "user", "injected", stripped, 0)
	}
	r.prompt(i, rest, trigger, prompted)
	return true
}

// prompt begins a turn with a text, or goes on with the one that an earlier block began.
func (r *reader) prompt(i int, text []byte, trigger string, goesOn bool) {
	u := r.run
	if !goesOn {
		r.rewound(trigger)
		first := u.turns == 0
		seq := r.next()
		turn := r.startTurn(trigger, seq)
		turn.PromptCharCount = schema.Known(runes(text))
		turn.PromptHash = schema.HashBytes(text)
		if !first && (trigger == "user" || trigger == "queued") {
			turn.IsPushback = schema.Known(pushback.Is(text))
		}
	} else {
		turn := &u.turn
		turn.PromptCharCount.V += runes(text)
		turn.PromptHash = turn.PromptHash.With(uint64(schema.HashBytes(text)))
	}
	r.message(i, "user", "prompt", text, 0)
}

// rewound sees that the user went back: a prompt with the same parent as an earlier one leaves that
// one and all that followed as a dead branch.
func (r *reader) rewound(trigger string) {
	rec, s := &r.rec, r.ses
	if r.run != s.main || trigger != "user" || len(rec.parent.Raw) == 0 {
		return
	}
	parent := id("uuid", rec.parent)
	before, ok := s.prompts[parent]
	s.prompts[parent] = prompt{line: r.line, key: r.key}
	if !ok || before.key == r.key || before.line >= r.line {
		return // the first one, or the same record again
	}
	r.row.dead = schema.DeadBranch{Where: schema.Where{Line: before.line}, LastLine: r.line - 1}
	r.put(&r.row.dead)
	r.put(r.event("rewind", ""))
}

// interrupted takes the user's stop. Calls without a result were stopped with it; a response that was
// still being written was too.
func (r *reader) interrupted(duringTool bool) {
	u := r.run
	r.put(r.event("interrupt", ""))
	for _, t := range r.open {
		if t.run == u && !t.resolved {
			t.interrupted = true
		}
	}
	if !duringTool && u.call >= 0 && (u.last == lastText || u.last == lastReasoning) {
		if c := &r.calls[u.call]; c.row.FinishReason == "" {
			c.aborted = true
		}
	}
	u.last, u.done = lastInterrupt, true
}

func isInterrupt(text []byte) bool {
	return bytes.HasPrefix(text, []byte("[Request interrupted by user"))
}

// reminders are blocks that the agent puts before what the user wrote, in the same text.
var reminders = []string{"system-reminder", "ide_opened_file", "ide_selection", "ide_diagnostics"}

// stripBlocks cuts closed blocks of the agent off the start. An unclosed tag is the user's own text.
func stripBlocks(text []byte) (stripped, rest []byte) {
	rest = text
again:
	for {
		trimmed := bytes.TrimLeft(rest, " \t\r\n")
		for _, tag := range reminders {
			if n := closedBlock(trimmed, tag); n > 0 {
				rest = trimmed[n:]
				continue again
			}
		}
		if len(rest) == len(text) {
			return nil, text
		}
		return text[:len(text)-len(trimmed)], trimmed
	}
}

// closedBlock returns the length of the block <tag>…</tag> at the start of text, or 0.
func closedBlock(text []byte, tag string) int {
	if len(text) < 2*len(tag)+5 || text[0] != '<' || string(text[1:1+len(tag)]) != tag {
		return 0
	}
	if c := text[1+len(tag)]; c != '>' && c != ' ' {
		return 0
	}
	end := make([]byte, 0, 32)
	end = append(append(append(end, "</"...), tag...), '>')
	i := bytes.Index(text, end)
	if i < 0 {
		return 0
	}
	return i + len(end)
}

// voiceOf says who speaks in a text from which leading reminders are taken off.
func voiceOf(text []byte) voice {
	text = bytes.TrimLeft(text, " \t\r\n")
	if len(text) == 0 {
		return voiceInjected
	}
	switch text[0] {
	case '<':
		for _, tag := range [...]string{"command-name", "command-message", "bash-input"} {
			if closedBlock(text, tag) > 0 {
				return voiceCommand
			}
		}
		for _, tag := range [...]string{"local-command-stdout", "local-command-stderr", "local-command-caveat", "bash-stdout", "bash-stderr", "task-notification"} {
			if closedBlock(text, tag) > 0 {
				return voiceInjected
			}
		}
	case '[':
		if isInterrupt(text) {
			return voiceInterrupt
		}
	case 'S':
		if bytes.HasPrefix(text, []byte("Stop hook feedback:")) {
			return voiceInjected
		}
	case 'T':
		if bytes.HasPrefix(text, []byte("This session is being continued")) {
			return voiceInjected
		}
	}
	return voiceHuman
}
