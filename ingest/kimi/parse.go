package kimi

import (
	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A form is one of the three kinds of log.
type form int

const (
	formNone    form = iota
	formWire         // Kimi CLI: events in envelopes
	formCode         // Kimi Code: flat records
	formContext      // Kimi CLI before it had a log: the model's context
)

// A reader holds what one log has said so far.
type reader struct {
	l       *rows.Log
	src     *ingest.Source
	place   place
	form    form
	s       *rows.Session
	main    *agent
	agents  map[*rows.Run]*agent
	order   []*agent // as they began
	scanner jscan.Scanner
	inner   jscan.Scanner
	wire    schema.ID            // what keys of lines are made of
	keys    map[schema.ID]uint64 // how often a line came
	buf     []byte
	out     []byte // of a tool, until the next

	steps     []*step
	observed  map[schema.ID]bool // usage that was told already
	approvals map[string]*approval
	answered  map[string]string // calls that were approved before they were logged
	child     map[string]bool   // whether a sub-agent has a log of its own
	state     state
	model     string // that the sub-agent's side file names

	hasTime, hasEnd bool
	code            codeFacts
}

// An agent is one run and what is open in it.
type agent struct {
	run    *rows.Run
	parent *agent
	step   *step
	calls  map[string]*rows.Call
	again  map[string]uint64
	args   map[*rows.Call][]byte
	open   []*rows.Call

	text    text // what is being streamed
	pending pendingCall

	stopped bool
	mode    string
	model   string
}

// A text is a part of an answer, which comes in pieces.
type text struct {
	kind string
	line int64
	at   schema.Instant
	key  schema.ID
	body []byte
}

// A pendingCall is a tool call whose arguments come in pieces.
type pendingCall struct {
	on       bool
	id, name string
	line     int64
	at       schema.Instant
	key      schema.ID
	args     []byte
}

// A step is one request.
type step struct {
	row              schema.ModelCall
	said, used, done bool
	told             bool // its row belongs to the log
	end              schema.Usage
	hasEnd           bool
	line             int64
}

// An approval is a question to the user.
type approval struct {
	a    *agent
	call string
	at   schema.Instant
}

// A line is one line, taken apart as far as its form is told by it.
type line struct {
	typ, role, protocol jscan.Text
	stamp               schema.Float // seconds
	millis              schema.Float
	message             event
	hasCreated          bool
}

func (r *reader) take(raw []byte, no int64, hash schema.ID) bool {
	var ln line
	s := &r.scanner
	s.Reset(raw)
	if s.Kind() != jscan.Object {
		return false
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "type":
			ln.typ = s.Text()
		case "role":
			ln.role = s.Text()
		case "protocol_version":
			ln.protocol = s.Text()
		case "created_at":
			ln.hasCreated = true
			s.Skip()
		case "timestamp":
			ln.stamp = float(s)
		case "time":
			ln.millis = float(s)
		case "message":
			ln.message.scan(s)
		default:
			s.Skip()
		}
	}
	if s.End() != nil {
		return false
	}
	at := schema.Instant(0)
	switch {
	case ln.millis.Valid:
		at = schema.UnixMillis(int64(ln.millis.V))
	case ln.stamp.Valid:
		at = schema.UnixSeconds(ln.stamp.V)
	}
	r.hasTime = r.hasTime || at != 0
	if r.wire == 0 {
		r.wire = r.l.ID("wire")
	}
	key := r.wire.With(uint64(hash))
	if at == 0 {
		// Without an instant equal lines are no copies of each other, but what people often say.
		key = key.With(uint64(r.sessionKey()))
	}
	if n := r.times(key); n > 0 {
		key = key.With(n)
	}
	r.l.Begin(no, at, key)
	r.start()
	switch {
	case string(ln.typ.Raw) == "metadata":
		// Which protocol it is decides nothing: the lines say what they are.
	case ln.typ.Present:
		r.form = formCode
		r.record(raw, ln.typ)
	case ln.message.present:
		r.form = formWire
		r.event(r.main, &ln.message, 0)
	case ln.role.Present:
		if r.form == formNone {
			r.form = formContext
		}
		r.context(raw, string(ln.role.Raw))
	default:
		r.l.Unknown("")
	}
	return true
}

func float(s *jscan.Scanner) schema.Float {
	v, ok := s.Float()
	return schema.Float{V: v, Valid: ok && v > 0 && v < 1e14}
}

func (r *reader) sessionKey() schema.ID { return schema.IDOf(Agent, r.place.session) }

// times counts the lines that are equal to the last byte.
func (r *reader) times(key schema.ID) uint64 {
	if r.keys == nil {
		r.keys = map[schema.ID]uint64{}
	}
	n := r.keys[key]
	r.keys[key] = n + 1
	return n
}

// start begins the session.
func (r *reader) start() {
	if r.s != nil {
		return
	}
	p := &r.place
	r.s = r.l.Session(p.session)
	row := &r.s.Row
	row.SessionKind = "user"
	r.observed, r.approvals, r.child = map[schema.ID]bool{}, map[string]*approval{}, map[string]bool{}
	r.answered = map[string]string{}
	r.state.load(r.src, p.up)
	if p.run == "" {
		r.main = r.agentOf(r.s.Main)
	} else {
		row.IsMain = false
		r.main = r.agentOf(r.s.Run(p.run))
		r.side()
	}
	row.Workspace = r.state.dir
	if row.Workspace == "" && !p.code {
		row.Workspace = r.workspace()
	}
	r.s.Dir = row.Workspace
	if from := r.state.importedFrom; from != "" {
		row.Relation, row.ParentSessionID = "import", schema.IDOf(Agent, from)
	}
}

func (r *reader) agentOf(run *rows.Run) *agent {
	a := r.agents[run]
	if a == nil {
		a = &agent{run: run, calls: map[string]*rows.Call{}, again: map[string]uint64{}, args: map[*rows.Call][]byte{}}
		r.agents[run] = a
		r.order = append(r.order, a)
	}
	return a
}

// finish emits what was open until the end.
func (r *reader) finish(whole bool) error {
	if r.s == nil {
		return r.l.Close()
	}
	for _, a := range r.order {
		r.flush(a)
	}
	row := &r.s.Row
	r.putSteps()
	row.IsComplete = schema.Known(whole)
	row.HasTimes = r.hasTime || r.form == formNone
	row.HasToolStatus = r.form != formContext && r.state.importedFrom == ""
	row.HasToolArgs, row.HasCompactions, row.HasApprovals = true, r.form != formContext, r.form != formContext
	row.HasAPIErrors = r.form == formWire || r.form == formCode
	if r.form == formContext || r.state.importedFrom != "" {
		row.Fidelity = "partial"
		row.HasAPIErrors, row.HasCompactions, row.HasApprovals = false, false, false
	}
	if r.src.Content != ingest.ContentNone {
		row.Title = r.state.title
	}
	return r.l.Close()
}
