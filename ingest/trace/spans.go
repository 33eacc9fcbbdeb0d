package trace

import (
	"bytes"
	"sort"

	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A SpanRole is what a span is.
type SpanRole int

// The roles of spans. What is Other is only a frame around others.
const (
	OtherSpan SpanRole = iota
	CallSpan           // a request to a model
	EmbeddingSpan
	ToolSpan
	AgentSpan
)

// A Span is a stretch of work as tracing tools record it.
type Span struct {
	Line                    int64
	Trace, ID, Parent, Name string
	Conversation            string // as far as this span names it
	Role                    SpanRole
	Start, End, FirstToken  schema.Instant
	Failed                  bool
	Unstated                bool   // it does not say whether it failed
	Run                     string // the sub-agent whose span it is, where spans name it
	ErrorType               string // of the provider or the tool
	HTTPStatus              schema.Int
	Message                 []byte // why it failed

	// Of calls:
	Provider, RequestModel, ResponseModel, ResponseID, Finish string
	Usage                                                     schema.Usage
	Cost                                                      schema.Picodollars
	Inputs, Outputs                                           func() []Message

	// Of tools:
	Tool, CallID string
	Args, Result []byte
	HasResult    bool

	// Of agents:
	Agent string

	up    *Span
	outer bool // an inner span tells the same call
	call  *rows.Call
}

// Spans are the spans of a source. They come in any order, children before their parents and some
// twice, so they are told at the end, session by session in the order of time.
type Spans struct {
	Log *rows.Log
	// Told says of a session that another log tells it: then only its requests are told here.
	Told func(native string) bool
	// Turns takes the work of an agent that no other called for a turn, where no request says what was asked.
	Turns bool
	// Rank is that of the account that the spans are of the requests of a session, if there are others.
	Rank int64
	// ToolID names calls as Tools.ID does.
	ToolID func(native, id string) schema.ID

	calls *Calls
	list  []*Span
	seen  map[spanKey]*Span
	room  int64 // for the texts of spans
}

type spanKey struct{ trace, id string }

// NewSpans begins a collection.
func NewSpans(log *rows.Log) *Spans {
	return &Spans{Log: log, calls: NewCalls(log), seen: map[spanKey]*Span{}, room: rows.MaxDocument}
}

// Keep takes memory for the text of a span, which is needed until all are told. It is false where the spans
// of a source hold more than may be in memory: then the span is left out.
func (t *Spans) Keep(text []byte) bool {
	if int64(len(text)) > t.room {
		return false
	}
	t.room -= int64(len(text))
	return true
}

// Add remembers a span; it is false for one that is there already.
func (t *Spans) Add(s *Span) bool {
	key := spanKey{s.Trace, s.ID}
	if t.seen[key] != nil {
		return false
	}
	t.seen[key] = s
	t.list = append(t.list, s)
	return true
}

// Tell emits the rows of all spans. about completes the session's row, whose first span is given.
func (t *Spans) Tell(about func(r *schema.Session, first *Span)) {
	t.link()
	sort.SliceStable(t.list, func(i, k int) bool { return t.list[i].Start < t.list[k].Start })
	named := map[string]string{}
	for _, s := range t.list {
		if s.Conversation != "" && named[s.Trace] == "" {
			named[s.Trace] = s.Conversation
		}
	}
	sessions := map[string]*spanSession{}
	var order []*spanSession
	for _, s := range t.list {
		if s.Role == OtherSpan {
			continue
		}
		native := named[s.Trace]
		if native == "" {
			native = s.Trace
		}
		u := sessions[native]
		if u == nil {
			u = &spanSession{Spans: t, native: native, named: named[s.Trace] != ""}
			sessions[native] = u
			order = append(order, u)
		}
		u.spans = append(u.spans, s)
	}
	for _, u := range order {
		u.tell(about)
	}
}

// link finds parents, and calls that an inner span tells again.
func (t *Spans) link() {
	for _, s := range t.list {
		if s.Parent != "" && s.Parent != s.ID {
			s.up = t.seen[spanKey{s.Trace, s.Parent}]
		}
	}
	for _, s := range t.list {
		if s.Role != CallSpan && s.Role != EmbeddingSpan {
			continue
		}
		up := s.up
		for range maxNesting {
			if up == nil {
				break
			}
			if up.Role == CallSpan || up.Role == EmbeddingSpan {
				up.outer = true
			}
			up = up.up
		}
	}
}

// maxNesting bounds how far parents are followed: damaged traces may go in circles.
const maxNesting = 256

// A spanSession are the spans of one conversation.
type spanSession struct {
	*Spans
	native string
	spans  []*Span
	s      *rows.Session
	tools  *Tools
	told   map[*rows.Run]map[schema.ID]int // messages of a run that were told
	stated bool
	asks   bool // requests say what was asked
	quiet  bool // another log tells the session
	named  bool // by its spans, and not for its trace
}

// A moment is the beginning or the end of a span.
type moment struct {
	at  schema.Instant
	s   *Span
	end bool
}

// begin starts a record at the place of a span. Spans are counted where they are read.
func (u *spanSession) begin(s *Span, at schema.Instant, key schema.ID) {
	u.Log.Again(s.Line, at, key)
}

func (u *spanSession) tell(about func(*schema.Session, *Span)) {
	first := u.spans[0]
	u.begin(first, first.Start, u.Log.ID("session", u.native))
	u.s = u.Log.Session(u.native)
	u.tools = NewTools(u.Log, u.native)
	u.tools.ID = u.ToolID
	u.quiet = u.Told != nil && u.Told(u.native)
	u.s.Row.IsMain, u.s.Elsewhere = !u.quiet, u.quiet
	u.told = map[*rows.Run]map[schema.ID]int{}
	counted := false
	moments := make([]moment, 0, 2*len(u.spans))
	for _, s := range u.spans {
		counted = counted || (s.Role == CallSpan || s.Role == EmbeddingSpan) && !s.outer
		u.asks = u.asks || s.Role == CallSpan && s.Inputs != nil
		u.s.Row.HasTimes = u.s.Row.HasTimes || s.Start != 0
		moments = append(moments, moment{s.Start, s, false}, moment{max(s.End, s.Start), s, true})
	}
	sort.SliceStable(moments, func(i, k int) bool {
		a, b := moments[i], moments[k]
		if a.at != b.at {
			return a.at < b.at
		}
		// What ends at an instant ends before something else begins.
		return a.end && !b.end && a.s != b.s
	})
	for _, m := range moments {
		u.moment(m, counted)
	}
	u.s.Row.HasToolStatus, u.s.Row.HasToolArgs, u.s.Row.HasAPIErrors = u.stated, !u.quiet, !u.quiet
	about(&u.s.Row, first)
	if u.Rank > 0 && u.named && u.calls.Len() > 0 {
		u.Log.Put(&schema.Ledger{Where: u.s.Row.Where, SessionID: u.s.Row.SessionID, Rank: u.Rank})
	}
	u.calls.Close(u.s)
	u.s.Close()
}

// run finds the run of a span: the agent around it, where that works inside another one.
func (u *spanSession) run(s *Span) *rows.Run {
	if s.Run != "" {
		run := u.s.Run(s.Run)
		if s.Role == AgentSpan && run.Row.AgentType == "" {
			run.Row.AgentType = s.Agent
		}
		return run
	}
	var inner *Span
	agents := 0
	up := s
	if s.Role == AgentSpan {
		up = s.up // an agent's own span belongs to its caller
	}
	for range maxNesting {
		if up == nil {
			break
		}
		if up.Role == AgentSpan {
			if agents++; agents == 1 {
				inner = up
			}
		}
		up = up.up
	}
	if agents < 2 {
		if inner != nil && u.s.Main.Row.AgentType == "" {
			u.s.Main.Row.AgentType = inner.Agent
		}
		return u.s.Main
	}
	run := u.s.Run(inner.Trace + "/" + inner.ID)
	run.Row.NativeRunID, run.Row.AgentType = inner.ID, inner.Agent
	run.Row.Line = max(run.Row.Line, 1)
	return run
}

// moment tells what happens when a span begins or ends.
func (u *spanSession) moment(m moment, counted bool) {
	s := m.s
	key := u.Log.ID("span", s.Trace, s.ID)
	if m.end {
		key = key.With(1 << 40)
	}
	u.begin(s, m.at, key)
	run := u.run(s)
	if !m.end {
		run.Record()
	}
	if u.quiet && (m.end || s.Role == ToolSpan) {
		return
	}
	switch s.Role {
	case CallSpan, EmbeddingSpan:
		switch {
		case s.outer:
		case u.quiet:
			if known(s.Usage) || !s.Failed {
				u.called(run, s, "call")
			}
		case m.end:
			u.answered(run, s)
		default:
			u.asked(run, s)
			u.called(run, s, "call")
		}
	case ToolSpan:
		u.tool(run, s, m.end)
	case AgentSpan:
		if u.Turns && !u.quiet && !u.asks {
			u.agent(run, s, m.end)
		}
		if !counted && !m.end && known(s.Usage) {
			// No single call was traced: the agent's own figures are all there is.
			u.called(run, s, "turn")
		}
	}
}

// agent tells the work of an agent as a turn, if no other agent called it.
func (u *spanSession) agent(run *rows.Run, s *Span, end bool) {
	for up, n := s.up, 0; up != nil && n < maxNesting; up, n = up.up, n+1 {
		if up.Role == AgentSpan {
			return
		}
	}
	if end {
		if s.Outputs != nil {
			teller := &Teller{Log: u.Log, Run: run, Tools: u.tools, Timed: true}
			for _, m := range s.Outputs() {
				if m.Role == "assistant" {
					m.Results = nil
					teller.Answer(m)
				}
			}
		}
		return
	}
	if u.asked(run, s); run.TurnID() == 0 || run.Turn().StartedAt != s.Start {
		run.Prompt("user", nil)
	}
}

// asked tells the messages of a call's input that no call before it told. Each call repeats the whole
// conversation, so only what is new in it is new.
func (u *spanSession) asked(run *rows.Run, s *Span) {
	if s.Inputs == nil || s.Role == EmbeddingSpan {
		return
	}
	told := u.told[run]
	if told == nil {
		told = map[schema.ID]int{}
		u.told[run] = told
	}
	teller := &Teller{Log: u.Log, Run: run, Tools: u.tools, Timed: true}
	here := map[schema.ID]int{}
	for _, m := range s.Inputs() {
		for _, r := range m.Results {
			if r.ID != "" && u.tools.Open(r.ID) != nil {
				teller.Result(r)
				u.stated = u.stated || teller.Stated
			}
		}
		if IsBlank(m.Text) || m.Role == "assistant" || m.Role == "tool" {
			continue
		}
		h := schema.IDOf(string(m.Text), "message", m.Role)
		if here[h]++; here[h] <= told[h] {
			continue
		}
		told[h]++
		if m.Role == "user" && run != u.s.Main {
			run.Prompt("parent", m.Text)
			continue
		}
		m.Results = nil
		teller.Tell(m)
	}
}

// called emits the model call of a span.
func (u *spanSession) called(run *rows.Run, s *Span, grain string) {
	m := u.calls.Take(run, u.Log.ID("response", s.Trace, s.ID), "provider_id")
	m.UsageGrain = grain
	m.ProviderName, m.RequestModel, m.ResponseModel, m.ResponseID = s.Provider, s.RequestModel, s.ResponseModel, s.ResponseID
	m.StartedAt, m.FirstTokenAt, m.EndedAt, m.FinishReason = s.Start, s.FirstToken, s.End, s.Finish
	m.ReportedCostUSD = s.Cost
	if s.Failed {
		m.Status, m.ErrorType, m.HTTPStatus = "error", s.ErrorType, s.HTTPStatus
	}
	if grain == "call" {
		run.Response = m.ModelCallID
	}
	u.calls.Observe(m, s.Usage)
}

// answered tells what a call answered.
func (u *spanSession) answered(run *rows.Run, s *Span) {
	run.Response = u.Log.ID("response", s.Trace, s.ID)
	if s.Failed {
		run.Error(schema.Error{Source: "api", ErrorType: s.ErrorType, HTTPStatus: s.HTTPStatus, MessageHash: schema.HashBytes(s.Message)})
		if m := u.calls.Find(run.Response); m != nil && m.ObservedCount == 0 {
			u.calls.Drop(m) // a request that failed without any usage is an error, not a call
			run.Response = 0
		}
	}
	if s.Role == CallSpan && s.Outputs != nil {
		teller := &Teller{Log: u.Log, Run: run, Tools: u.tools, Timed: true}
		for _, m := range s.Outputs() {
			if m.Role == "assistant" {
				m.Results = nil
				teller.Answer(m)
			}
		}
	}
	switch {
	case s.Role == EmbeddingSpan:
	case s.Failed:
		run.Last = rows.LastError
	case s.Finish == "length" || s.Finish == "max_tokens":
		run.Last = rows.LastMaxTokens
	case run.Last != rows.LastCall:
		run.Last = rows.LastText
	}
}

// tool tells a call of a tool. Its request may be known from the answer that asked for it.
func (u *spanSession) tool(run *rows.Run, s *Span, end bool) {
	if !end {
		c := (*rows.Call)(nil)
		if s.CallID != "" {
			c = u.tools.Open(s.CallID)
		} else {
			c = u.tools.Waiting(s.Tool)
		}
		if c == nil {
			key := s.CallID
			if key == "" {
				key = s.Trace + "/" + s.ID
			}
			c = u.tools.Begin(run, s.Tool, key)
			c.Row.NativeCallID = s.CallID
			Arguments(c, s.Args)
		}
		c.Row.StartedAt = s.Start
		s.call = c
		return
	}
	c := s.call
	if c == nil || c.Ended() {
		return
	}
	stated := u.stated
	u.stated = true
	status, class := "ok", ""
	if s.Unstated {
		status, u.stated = "unknown", stated
	}
	text, has := s.Result, s.HasResult
	if s.Failed {
		status, class = "error", s.ErrorType
		if class == "" {
			class = rows.Failure(s.Message)
		}
		if !has && !IsBlank(s.Message) {
			text, has = s.Message, true
		}
	}
	c.Row.EndedAt = s.End
	c.Untimed = s.End == 0
	Finish(c, status, class, schema.Int{}, bytes.Clone(text), has)
}
