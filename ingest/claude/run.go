package claude

import (
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// What a run's last record was.
type last int

const (
	lastNone last = iota
	lastPrompt
	lastReasoning
	lastText
	lastCall
	lastResult
	lastInterrupt
	lastError
	lastMaxTokens
)

// A run is one agent at work in this file.
type run struct {
	row     schema.Run
	native  string
	turn    schema.Turn
	inTurn  bool
	turns   int
	last    last
	done    bool // a stop reason or the end of a turn says that the last text is the end
	pending int  // calls without result
	call    int  // index of the last response, -1 = none

	cwd, branch, version, model string
}

func (u *run) turnID() schema.ID {
	if u.inTurn {
		return u.turn.TurnID
	}
	return 0
}

// touch notes that a record was of this run, and of the turn that is open after it.
func (u *run) touch(line int64, at schema.Instant) {
	u.row.LastLine = line
	if u.inTurn {
		u.turn.EndedAt = max(u.turn.EndedAt, at)
	}
}

// runOf finds the run of the current record.
func (r *reader) runOf() *run {
	rec, s := &r.rec, r.ses
	if !rec.sidechain && r.fileAgent == "" {
		return r.mainOf(s)
	}
	if len(rec.agent.Raw) > 0 {
		return r.agentRun(s, r.name(rec.agent))
	}
	if r.fileAgent != "" {
		return r.agentRun(s, r.fileAgent)
	}
	// Old files have sub-agents inline and without a name: the chain of parents tells them apart, and
	// the first record names the run.
	u := (*run)(nil)
	if len(rec.parent.Raw) > 0 {
		u = r.chain[id("uuid", rec.parent)]
	}
	if u == nil {
		first := r.name(rec.uuid)
		if first == "" {
			first = "sidechain"
		}
		u = r.agentRun(s, first)
	}
	if r.chain == nil {
		r.chain = map[schema.ID]*run{}
	}
	r.chain[r.key] = u
	return u
}

func (r *reader) mainOf(s *session) *run {
	if s.main == nil {
		s.main = &run{call: -1, row: schema.Run{
			Where: r.where(), RunID: schema.IDOf(Agent, "run", s.native), SessionID: s.row.SessionID,
			Depth: schema.Known(int64(0)), RunKind: "main", LastLine: r.line,
		}}
		if s.main.row.Line == 0 {
			s.main.row.Line = 1
		}
		s.runs = append(s.runs, s.main)
	}
	return s.main
}

func runID(session, agent string) schema.ID { return schema.IDOf(Agent, "run", session, agent) }

func (r *reader) agentRun(s *session, native string) *run {
	if u := s.byAgent[native]; u != nil {
		return u
	}
	u := &run{call: -1, native: native, row: schema.Run{
		Where: r.where(), RunID: runID(s.native, native), SessionID: s.row.SessionID,
		RunKind: r.runKind, NativeRunID: native, LastLine: r.line,
	}}
	if native == r.fileAgent {
		r.meta.apply(s, u)
	}
	s.byAgent[native] = u
	s.runs = append(s.runs, u)
	return u
}

// A sidecar is the small file that describes a sub-agent's transcript.
type sidecar struct {
	agentType, toolUse, parentAgent, shape string
	workflow                               bool
	depth                                  schema.Int
}

func (m *sidecar) read(data []byte) {
	var s jscan.Scanner
	s.Reset(data)
	if s.Kind() != jscan.Object {
		return
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "agentType":
			m.agentType = className(s.Text())
		case "toolUseId":
			m.toolUse = s.Str()
		case "parentAgentId":
			m.parentAgent = s.Str()
		case "requestShape":
			m.shape = s.Str()
		case "spawnDepth":
			m.depth = optInt(&s)
		case "workflowPhase":
			m.workflow = s.Kind() != jscan.Null
			s.Skip()
		default:
			s.Skip()
		}
	}
	if s.End() != nil {
		*m = sidecar{}
	}
}

func (m *sidecar) apply(s *session, u *run) {
	u.row.AgentType = m.agentType
	u.row.SpawnToolCallID = schema.IDOf(Agent, "tool", m.toolUse)
	u.row.Depth = m.depth
	switch m.shape {
	case "background":
		u.row.IsBackground = schema.Known(true)
	case "foreground":
		u.row.IsBackground = schema.Known(false)
	}
	if m.workflow && u.row.RunKind == "subagent" {
		u.row.RunKind = "workflow"
	}
	switch {
	case m.parentAgent != "":
		u.row.ParentRunID = runID(s.native, m.parentAgent)
	case m.depth.Valid && m.depth.V == 1:
		u.row.ParentRunID = schema.IDOf(Agent, "run", s.native)
	}
}

// endState names how the run stands after its last record. wroteStops tells whether this file's
// responses carry stop reasons at all: many versions never write one, and there a text that nothing
// follows is all that the end of an answer leaves behind.
func (u *run) endState(wroteStops bool) string {
	switch u.last {
	case lastPrompt:
		return "unanswered"
	case lastCall:
		if u.pending == 0 {
			return "stopped_after_tool" // its result stands before the response's last record
		}
		return "pending_tool"
	case lastResult:
		return "stopped_after_tool"
	case lastInterrupt:
		return "interrupted"
	case lastError:
		return "api_error"
	case lastMaxTokens:
		return "max_tokens"
	case lastText:
		if u.done || !wroteStops {
			return "completed"
		}
	case lastReasoning:
		if u.done {
			return "completed"
		}
	}
	return "unknown"
}

// startTurn begins a turn at the current record; what was open in the run ends before it.
func (r *reader) startTurn(trigger string, seq int64) *schema.Turn {
	u := r.run
	r.endTurn(u, "next")
	u.turns++
	u.inTurn = true
	u.turn = schema.Turn{
		Where: r.where(), TurnID: r.key.With(partTurn), SessionID: r.ses.row.SessionID, RunID: u.row.RunID,
		NativeTurnKey: id("prompt", r.rec.prompt), Seq: seq, Trigger: trigger, StartedAt: r.at, EndedAt: r.at,
	}
	u.last, u.done = lastPrompt, false
	return &u.turn
}

// endTurn emits the open turn of a run. why is "next" when another turn begins.
func (r *reader) endTurn(u *run, why string) {
	if !u.inTurn {
		return
	}
	u.inTurn = false
	t := &u.turn
	switch u.last {
	case lastInterrupt:
		t.EndReason = "interrupted"
	case lastError:
		t.EndReason = "error"
	case lastText, lastReasoning:
		t.EndReason = "answered"
		if why != "next" && u.endState(r.anyStop) != "completed" {
			t.EndReason = "unknown"
		}
	case lastPrompt, lastCall, lastResult:
		t.EndReason = "unknown"
		if why == "next" {
			t.EndReason = "superseded"
		}
	default:
		t.EndReason = "unknown"
	}
	r.put(t)
}
