package codex

import (
	"unicode/utf8"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/pushback"
	"github.com/agenttrace/agenttrace/schema"
)

// A turn is open until the next one begins: results and usage that follow its end still belong to it.
type turn struct {
	row      schema.Turn
	native   string
	prompted bool // a prompt is known
	active   bool // the model has answered something
	ended    bool // by a record that says so
	lastAt   schema.Instant
}

func (p *parser) turnID() schema.ID {
	if p.turn == nil {
		return 0
	}
	return p.turn.row.TurnID
}

// startTurn begins a turn at the given record.
func (p *parser) startTurn(native, trigger string, line, seq int64, key schema.ID, at schema.Instant) {
	p.closeTurn()
	switch {
	case p.thread.kind != "main":
		trigger = "parent"
	case p.thread.sessionKind != "user":
		trigger = "schedule" // the client's own work, such as gathering memories
	}
	p.turns++
	t := &p.turnBuf
	*t = turn{native: native, lastAt: at, row: schema.Turn{
		Where:         schema.Where{Line: line},
		TurnID:        key.With(1 << 32),
		SessionID:     p.thread.session,
		RunID:         p.thread.run,
		NativeTurnKey: schema.IDOf(agent, "turn", native),
		Seq:           seq,
		Trigger:       trigger,
		StartedAt:     at,
		EndReason:     "unknown",
	}}
	p.turn = t
	p.starts = append(p.starts, line)
}

func (p *parser) closeTurn() {
	p.prompt.echo.release(p)
	p.flush()
	if p.turn == nil {
		return
	}
	t := p.turn
	if t.row.EndedAt == 0 {
		t.row.EndedAt = t.lastAt
	}
	if t.row.EndedAt < t.row.StartedAt {
		t.row.EndedAt = 0
	}
	p.turn = nil
	p.emit(&t.row)
}

// nativeTurn handles a record that names its turn.
func (p *parser) nativeTurn(id value) {
	if id.kind != jscan.String || len(id.raw) == 0 {
		return
	}
	if t := p.turn; t != nil {
		if !id.escaped && t.native == string(id.raw) {
			return
		}
		// A prompt stood before the record that names its turn.
		if t.native == "" && !t.active && !t.ended {
			t.native = id.str()
			t.row.NativeTurnKey = schema.IDOf(agent, "turn", t.native)
			p.replay.turnStarts()
			return
		}
	}
	p.replay.turnStarts()
	p.startTurn(id.str(), "user", p.line, p.next(), p.key, p.at)
}

// prompted puts a prompt into the turn that waits for one, or begins a turn with it.
func (p *parser) prompted(m *pendingPrompt) {
	t := p.turn
	switch {
	case t == nil || t.ended || t.prompted && t.native == "" || t.active && t.native == "":
		p.startTurn("", "user", m.row.Line, m.row.Seq, m.key, m.row.OccurredAt)
	case t.prompted:
		// Typed while the agent worked: the agent keeps its turn, the conversation has a new one.
		if !t.ended {
			t.row.EndReason = "superseded"
		}
		p.startTurn(t.native, "queued", m.row.Line, m.row.Seq, m.key, m.row.OccurredAt)
	}
	t = p.turn
	t.prompted = true
	t.row.PromptCharCount, t.row.PromptHash = m.row.CharCount, m.row.TextHash
	if p.turns > 1 {
		t.row.IsPushback = schema.Known(m.pushback)
	}
	m.row.TurnID = t.row.TurnID
	p.facts.endState = "unanswered"
}

// endTurn handles task_complete and turn_aborted.
func (p *parser) endTurn(reason string) {
	v := &p.rec.v
	t := p.turn
	if t == nil {
		return
	}
	if id := v[fTurnID]; id.kind == jscan.String && t.native != "" && t.native != id.str() {
		return // the end of an older turn, written late
	}
	t.ended = true
	t.row.EndedAt = p.at
	t.row.EndReason = reason
	if ms, ok := v[fDurationMS].int(); ok && ms >= 0 {
		t.row.DurationReportedMS = schema.Known(ms)
	}
	if ms, ok := v[fFirstToken].int(); ok && ms >= 0 {
		t.row.TimeToFirstTokenMS = schema.Known(ms)
	}
}

// A prompt is written twice: as an item for the model, whose text others than the user write too, and
// as an event, which only the user causes. Each half waits for the other; together they are one message.
type prompt struct {
	item pendingPrompt // an item that may be a prompt
	echo pendingPrompt // an event whose item has not come
	last schema.ID     // text of the last event, since some versions write it in two forms
}

type pendingPrompt struct {
	set      bool
	key      schema.ID
	row      schema.Message
	text     string
	whole    bool
	pushback bool
}

// hold makes a message of text that waits.
func (p *parser) hold(text []byte) pendingPrompt {
	text = request(text)
	m := pendingPrompt{set: true, key: p.key, pushback: pushback.Is(text), row: schema.Message{
		Where:      p.here(),
		MessageID:  p.key.With(0),
		SessionID:  p.thread.session,
		RunID:      p.thread.run,
		TurnID:     p.turnID(),
		Seq:        p.next(),
		Role:       "user",
		Kind:       "prompt",
		OccurredAt: p.at,
		CharCount:  schema.Known(int64(utf8.RuneCount(text))),
		TextHash:   schema.HashBytes(text),
	}}
	m.text, m.whole = cut(text, p.src.Content.Limit(promptPreview))
	return m
}

// userItem handles a message of role user that may be a prompt.
func (p *parser) userItem(text []byte) {
	m := p.hold(text)
	if e := &p.prompt.echo; e.set && (e.row.TextHash == m.row.TextHash || e.row.Line == p.line) {
		m.row.TurnID = e.row.TurnID
		e.set = false
		p.emitMessage(&m)
		return
	}
	p.prompt.release(p)
	p.prompt.item = m
}

// userEvent handles the event that stands for a prompt.
func (p *parser) userEvent(text []byte) {
	p.facts.userEvents = true
	if it := &p.prompt.item; it.set {
		// What the event holds is what was typed; the item may carry marks of images around it.
		it.set = false
		e := p.hold(text)
		it.row.Kind = "prompt"
		if e.row.CharCount.V > 0 {
			it.pushback = e.pushback
		}
		p.prompted(it)
		p.prompt.last = e.row.TextHash
		p.emitMessage(it)
		return
	}
	p.prompt.echo.release(p)
	e := p.hold(text)
	p.prompted(&e)
	p.prompt.last = e.row.TextHash
	p.prompt.echo = e
}

// release decides about an item that no event has claimed. Where the file has such events, it was not
// typed by the user.
func (q *prompt) release(p *parser) {
	it := &q.item
	if !it.set {
		return
	}
	it.set = false
	if p.facts.userEvents {
		it.row.Kind = "injected"
	} else {
		p.prompted(it)
	}
	p.emitMessage(it)
}

// release emits a prompt of which the file has only the event.
func (m *pendingPrompt) release(p *parser) {
	if m.set {
		m.set = false
		p.emitMessage(m)
	}
}

func (p *parser) emitMessage(m *pendingPrompt) {
	p.emit(&m.row)
	p.emitText("message", m.row.MessageID, m.row.Line, "text", m.text, m.whole)
}

func (p *parser) emitText(owner string, id schema.ID, line int64, part, body string, whole bool) {
	if body == "" {
		return
	}
	p.row.text = schema.Text{
		Where: schema.Where{Line: line}, OwnerKind: owner, OwnerID: id, Part: part, Body: body, IsWhole: whole,
	}
	p.emit(&p.row.text)
}

// cut returns the first n bytes of text, cut between characters, and whether that is all.
func cut(text []byte, n int) (string, bool) {
	if len(text) <= n {
		return string(text), true
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return string(text[:n]), false
}
