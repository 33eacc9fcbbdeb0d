package rows

import (
	"unicode/utf8"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/edits"
	"github.com/agenttrace/agenttrace/ingest/pushback"
	"github.com/agenttrace/agenttrace/schema"
)

// A Session collects what one source says of one session.
type Session struct {
	Row  schema.Session
	Main *Run
	// Dir is the working directory, where relative paths begin; it may change.
	Dir string
	// Elsewhere says that another source tells the runs: this one has no rows of them.
	Elsewhere bool

	log    *Log
	native string
	runs   []*Run
	byName map[string]*Run
	calls  map[string]*Call
	open   []*Call
	churn  edits.Churn
	files  map[string]struct{} // read or changed so far
}

// Session begins a session, whose main run is in this source unless the parser says otherwise.
func (l *Log) Session(native string) *Session {
	s := &Session{log: l, native: native, byName: map[string]*Run{}, calls: map[string]*Call{}}
	s.Row = schema.Session{
		Where: l.Where(), SessionID: schema.IDOf(l.agent, native), Agent: l.agent, NativeSessionID: native,
		IsMain: true, Fidelity: "full", IsComplete: schema.Known(true),
	}
	s.Row.Line = max(s.Row.Line, 1)
	s.Main = &Run{s: s, Row: schema.Run{
		Where: s.Row.Where, RunID: l.ID("run", native), SessionID: s.Row.SessionID, Depth: schema.Known(int64(0)), RunKind: "main",
	}}
	l.sessions = append(l.sessions, s)
	return s
}

// Run returns the sub-agent of a name, which the agent gave it; a new one begins at the current record.
func (s *Session) Run(name string) *Run {
	if r := s.byName[name]; r != nil {
		return r
	}
	r := &Run{s: s, Sidechain: true, Row: schema.Run{
		Where: s.log.Where(), RunID: s.log.ID("run", s.native, name), SessionID: s.Row.SessionID,
		ParentRunID: s.Main.Row.RunID, Depth: schema.Known(int64(1)), RunKind: "subagent", NativeRunID: name,
	}}
	s.byName[name] = r
	s.runs = append(s.runs, r)
	return r
}

// Close emits what the session holds back. Logs with one session need not call it.
func (s *Session) Close() {
	s.close()
	l := s.log
	for i := range l.sessions {
		if l.sessions[i] == s {
			l.sessions = append(l.sessions[:i], l.sessions[i+1:]...)
			break
		}
	}
}

func (s *Session) close() {
	for _, c := range s.open {
		if !c.put {
			if c.Row.Status == "no_result" {
				c.run.pending++
			}
			c.emit()
		}
	}
	s.open = nil
	runs := s.runs
	if s.Row.IsMain {
		runs = append([]*Run{s.Main}, runs...)
	}
	for _, r := range runs {
		r.endTurn(true)
		if r.Row.EndState == "" {
			r.Row.EndState = r.endState()
		}
		r.Row.LastLine = max(r.Row.LastLine, r.Row.Line)
		if !s.Elsewhere {
			s.log.Put(&r.Row)
		}
	}
	s.Row.AgentVersion = first(s.Row.AgentVersion, s.log.Version)
	s.log.Put(&s.Row)
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// Last is what the last record of a run was.
type Last int

// The kinds of last record that tell how a run stands.
const (
	LastNone Last = iota
	LastPrompt
	LastReasoning
	LastText
	LastCall
	LastResult
	LastInterrupt
	LastError
	LastMaxTokens
	LastApproval // an approval was asked for
	LastDone     // the agent said that it is done
)

// A Run is one agent at work.
type Run struct {
	Row schema.Run
	// Last is what its last record was. The methods of Run and Call set it; parsers may know better.
	Last Last
	// Response is the model call that what follows comes from.
	Response schema.ID
	// Sidechain marks the runs of sub-agents.
	Sidechain bool

	s       *Session
	turn    schema.Turn
	inTurn  bool
	turns   int
	pending int // calls that never got a result, counted at the end
}

// Session is the session of a run.
func (r *Run) Session() *Session { return r.s }

// TurnID is the turn that is open, if any.
func (r *Run) TurnID() schema.ID {
	if r.inTurn {
		return r.turn.TurnID
	}
	return 0
}

// Record emits the row that makes the current record comparable with copies of it.
func (r *Run) Record() {
	l := r.s.log
	r.Row.LastLine = l.line
	l.row.record = schema.Record{Where: l.Where(), RecordKey: l.key, SessionID: r.s.Row.SessionID, RunID: r.Row.RunID, OccurredAt: l.at}
	l.Put(&l.row.record)
}

func (r *Run) touch() {
	l := r.s.log
	r.Row.LastLine = l.line
	if r.inTurn {
		r.turn.EndedAt = max(r.turn.EndedAt, l.at)
	}
}

// Prompt begins a turn with what was asked. Without a readable text, text is nil.
func (r *Run) Prompt(trigger string, text []byte) *schema.Turn {
	r.endTurn(false)
	l := r.s.log
	r.turns++
	r.inTurn = true
	r.Response = 0
	r.turn = schema.Turn{
		Where: l.Where(), TurnID: l.key.With(partTurn), SessionID: r.s.Row.SessionID, RunID: r.Row.RunID,
		Seq: l.Next(), Trigger: trigger, StartedAt: l.at,
	}
	if text != nil {
		r.turn.PromptCharCount = schema.Known(int64(utf8.RuneCount(text)))
		r.turn.PromptHash = schema.HashBytes(text)
		if r.turns > 1 && trigger != "parent" {
			r.turn.IsPushback = schema.Known(pushback.Is(text))
		}
		r.Message("user", "prompt", text)
	}
	r.Row.LastLine = l.line
	r.turn.EndedAt = 0 // until something follows
	r.Last = LastPrompt
	return &r.turn
}

// Turn is the open turn, or nil: parsers may add to it.
func (r *Run) Turn() *schema.Turn {
	if r.inTurn {
		return &r.turn
	}
	return nil
}

// EndTurn ends the open turn; why is one of the words for ends, or empty to go by the last record.
func (r *Run) EndTurn(why string) {
	if r.inTurn && why != "" {
		r.turn.EndReason = why
	}
	r.endTurn(true)
}

func (r *Run) endTurn(last bool) {
	if !r.inTurn {
		return
	}
	r.inTurn = false
	t := &r.turn
	if t.EndReason == "" {
		switch r.Last {
		case LastInterrupt:
			t.EndReason = "interrupted"
		case LastError:
			t.EndReason = "error"
		case LastText, LastReasoning, LastDone, LastMaxTokens:
			t.EndReason = "answered"
		default:
			t.EndReason = "superseded"
			if last {
				t.EndReason = "unknown"
			}
		}
	}
	if t.EndedAt < t.StartedAt {
		t.EndedAt = 0
	}
	r.s.log.Put(t)
}

func (r *Run) endState() string {
	switch r.Last {
	case LastPrompt:
		return "unanswered"
	case LastCall:
		if r.pending == 0 {
			return "stopped_after_tool"
		}
		return "pending_tool"
	case LastResult:
		return "stopped_after_tool"
	case LastInterrupt:
		return "interrupted"
	case LastError:
		return "api_error"
	case LastMaxTokens:
		return "max_tokens"
	case LastApproval:
		return "awaiting_approval"
	case LastText, LastDone:
		return "completed"
	}
	return "unknown"
}

// Message tells a text of the conversation and returns its id.
func (r *Run) Message(role, kind string, text []byte) schema.ID {
	if role != "user" || kind != "command" { // a command at the prompt is not part of the work before it
		r.touch()
	}
	m := r.message(role, kind)
	m.CharCount = schema.Known(int64(utf8.RuneCount(text)))
	m.TextHash = schema.HashBytes(text)
	l := r.s.log
	id := m.MessageID
	l.Put(m)
	limit := 200
	switch kind {
	case "prompt":
		limit = 400
	case "reasoning":
		limit = 0
		if l.src.Content == ingest.ContentFull {
			limit = len(text)
		}
	}
	if limit = l.src.Content.Limit(limit); limit > 0 {
		body, whole := Cut(text, limit)
		l.text("message", id, l.line, "text", body, whole)
	}
	if role == "assistant" {
		r.Last = LastText
		if kind == "reasoning" {
			r.Last = LastReasoning
		}
	}
	return id
}

// Hidden tells a reasoning that is there and cannot be read.
func (r *Run) Hidden() {
	r.touch()
	m := r.message("assistant", "reasoning")
	m.IsRedacted = true
	r.s.log.Put(m)
	r.Last = LastReasoning
}

func (r *Run) message(role, kind string) *schema.Message {
	l := r.s.log
	m := &l.row.message
	*m = schema.Message{
		Where: l.Where(), MessageID: l.key.With(l.texts), SessionID: r.s.Row.SessionID, RunID: r.Row.RunID, TurnID: r.TurnID(),
		Seq: l.Next(), Role: role, Kind: kind, OccurredAt: l.at,
	}
	if role == "assistant" {
		m.ModelCallID = r.Response
	}
	l.texts++
	return m
}

// Event tells something that happened beside messages and calls; e says what.
func (r *Run) Event(e schema.Event) {
	r.touch()
	r.note(e)
}

// Setting tells an event that is not part of the open turn, such as a setting changed at the prompt: the
// turn does not last until then.
func (r *Run) Setting(e schema.Event) { r.note(e) }

func (r *Run) note(e schema.Event) {
	l := r.s.log
	e.Where, e.EventID, e.SessionID, e.RunID, e.TurnID = l.Where(), l.key.With(partNote+l.notes), r.s.Row.SessionID, r.Row.RunID, r.TurnID()
	e.Seq, e.OccurredAt = l.Next(), l.at
	e.Detail, _ = Cut([]byte(e.Detail), 200)
	l.notes++
	l.Put(&e)
}

// Error tells a failure; e says which.
func (r *Run) Error(e schema.Error) {
	l := r.s.log
	r.touch()
	e.Where, e.ErrorID, e.SessionID, e.RunID, e.TurnID = l.Where(), l.key.With(partNote+l.notes), r.s.Row.SessionID, r.Row.RunID, r.TurnID()
	e.Seq, e.OccurredAt = l.Next(), l.at
	l.notes++
	l.Put(&e)
}

// Model fills in what every model call has, of one that begins at the current record. The parser adds
// what it knows and emits it with Log.Usage or Log.Put.
func (r *Run) Model(id schema.ID) schema.ModelCall {
	l := r.s.log
	r.touch()
	return schema.ModelCall{
		Where: l.Where(), ModelCallID: id, SessionID: r.s.Row.SessionID, RunID: r.Row.RunID, TurnID: r.TurnID(),
		Seq: l.Next(), IsSidechain: r.Sidechain, OccurredAt: l.at, Status: "ok",
		UsageGrain: "call", UsageQuality: "missing", DedupBasis: "position", ObservedCount: 1,
	}
}

// Observe emits the place where a log states the usage of a call; reason says why it is not counted,
// if so.
func (l *Log) Observe(call schema.ID, line int64, at schema.Instant, u schema.Usage, reason string) {
	l.row.seen = schema.UsageObservation{Where: schema.Where{Line: line}, ModelCallID: call, Usage: u, OccurredAt: at, Reason: reason}
	l.Put(&l.row.seen)
}
