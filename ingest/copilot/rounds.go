package copilot

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// work is what the agent did in one turn: rounds of the model, as the extension notes them, and parts
// on the screen. A cancelled turn has the parts alone.
type work struct {
	*chat
	turn  *turn
	run   *rows.Run
	key   schema.ID
	model string
	calls []*rows.Call // of the rounds, in order
	ids   []string
	last  int64 // number of the last round
	parts []part
	told  map[string]bool // files whose edits are told
}

// A part is a tool on the screen.
type part struct {
	id, tool, sub string
	confirmed     schema.Int // how it was allowed
	exit          schema.Int
	failed        schema.Bool
	command       jscan.Text
	call          *rows.Call
}

func (w *work) tell() {
	w.summaries()
	screen := w.screen(w.turn.rounds == nil)
	if w.turn.rounds != nil {
		w.rounds()
	}
	w.match()
	w.results()
	w.subAgents()
	for _, c := range w.calls {
		c.Put()
	}
	for _, path := range screen {
		w.edited(path)
	}
}

// modelCall begins one request. Of its tokens nothing is known.
func (w *work) modelCall(no int64, name string) *schema.ModelCall {
	id := w.key.With(6000 + uint64(no))
	if len(name) >= 12 {
		id = w.log.ID("response", name)
	}
	row := w.run.Model(id)
	row.RequestModel, row.ResponseModel = w.model, w.turn.resolved
	if vendor, _, ok := strings.Cut(w.turn.model, "/"); ok {
		row.ProviderName = vendor
	}
	if len(name) >= 12 {
		row.DedupBasis = "provider_id"
	}
	w.run.Response = id
	return &row
}

// rounds tells each round: one request of the model, its text and its calls.
func (w *work) rounds() {
	var s jscan.Scanner
	s.Reset(w.turn.rounds)
	var row *schema.ModelCall
	for ok := s.ArrayOrSkip(); ok && s.Elem(); {
		w.last++
		if row != nil {
			w.log.Put(row)
		}
		row = w.round(s.Raw())
	}
	if row == nil {
		return
	}
	w.status(row)
	// How full the last request was: no sum, and not this call's own in every version.
	if u := (schema.Usage{UncachedInput: w.turn.prompt, Output: w.turn.output}); u.UncachedInput.Valid || u.Output.Valid {
		w.log.Observe(row.ModelCallID, row.Line, row.OccurredAt, u, "gauge")
	}
	w.log.Put(row)
}

// status says how the last request of a turn ended.
func (w *work) status(row *schema.ModelCall) {
	switch t := w.turn; {
	case t.cancelled || t.state.V == 2:
		row.Status = "interrupted"
	case t.failed || t.state.V == 3:
		row.Status, row.ErrorType = "error", errorType(t.errorCode, t.errorText.Bytes(nil))
	}
}

func (w *work) round(raw []byte) *schema.ModelCall {
	var id string
	var text, thought jscan.Text
	var hidden bool
	var tokens schema.Int
	var at schema.Instant
	var calls []byte
	var s jscan.Scanner
	s.Reset(raw)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "id":
			id = s.Str()
		case "response":
			text = s.Text()
		case "timestamp":
			at = millis(&s)
		case "toolCalls":
			calls = s.Raw()
		case "thinking":
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				switch string(s.Name) {
				case "text":
					thought = joined(&s)
				case "encrypted":
					hidden = s.Kind() == jscan.String
					s.Skip()
				case "tokens":
					tokens = rows.Count(&s)
				default:
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
	if at > w.log.At() {
		w.log.Now(at)
	}
	row := w.modelCall(w.last, id)
	if tokens.V > 0 {
		row.Reasoning, row.UsageQuality = tokens, "partial"
		w.s.Row.HasReasoning = true
	}
	switch {
	case len(thought.Raw) > 0:
		w.run.Message("assistant", "reasoning", w.log.Bytes(thought))
	case hidden:
		w.run.Hidden()
	}
	if len(text.Raw) > 0 {
		w.run.Message("assistant", "text", w.log.Bytes(text))
	}
	s.Reset(calls)
	for ok := calls != nil && s.ArrayOrSkip(); ok && s.Elem(); {
		var id, name string
		var args []byte
		for ok := s.ObjectOrSkip(); ok && s.Key(); {
			switch string(s.Name) {
			case "id":
				id = s.Str()
			case "name":
				name = s.Str()
			case "arguments":
				args = argumentText(&s)
			default:
				s.Skip()
			}
		}
		w.call(w.run, id, name, args).Row.RequestedAt = at
	}
	return row
}

// joined takes a text that may be written in pieces.
func joined(s *jscan.Scanner) jscan.Text {
	if s.Kind() != jscan.Array {
		return s.Text()
	}
	var all jscan.Text
	var buf []byte
	for s.Array(); s.Elem(); {
		t := s.Text()
		all.Present, all.Escaped = true, all.Escaped || t.Escaped
		buf = append(buf, t.Raw...)
	}
	all.Raw = buf
	return all
}

// call begins a tool call.
func (w *work) call(run *rows.Run, id, name string, args []byte) *rows.Call {
	native, _, _ := strings.Cut(id, "__vscode")
	key := w.log.ID("tool", w.native, native)
	switch {
	case native == "":
		key = w.key.With(7000 + uint64(w.log.Next()))
	case len(native) >= 12:
		key = w.log.ID("tool", native)
	}
	c, fresh := run.Call(name, native, key)
	if fresh {
		c.Row.Status = "unknown"
		c.Row.RequestedAt = 0
		arguments(c, args)
		w.calls = append(w.calls, c)
		w.ids = append(w.ids, id)
	}
	return c
}

// match finds for each tool on the screen the call of a round that it shows. Newer versions give both
// other ids, but the same order.
func (w *work) match() {
	free := map[string]*rows.Call{}
	var order []*rows.Call
	for i, c := range w.calls {
		free[w.ids[i]] = c
	}
	var rest []*part
	for i := range w.parts {
		p := &w.parts[i]
		if p.sub != "" {
			continue
		}
		if c := free[p.id]; c != nil {
			p.call = c
			delete(free, p.id)
		} else {
			rest = append(rest, p)
		}
	}
	for i, c := range w.calls {
		if free[w.ids[i]] == c {
			order = append(order, c)
		}
	}
	switch {
	case w.turn.rounds == nil || len(w.calls) == 0:
		for _, p := range rest {
			p.call = w.call(w.run, p.id, p.tool, nil)
		}
	case len(order) == len(rest):
		for i, p := range rest {
			p.call = order[i]
		}
	}
	for i := range w.parts {
		if p := &w.parts[i]; p.call != nil {
			p.tellCall()
		}
	}
}

// tellCall adds what the screen knows of a call.
func (p *part) tellCall() {
	row := &p.call.Row
	if p.confirmed.Valid {
		switch p.confirmed.V {
		case 0, 5:
			row.Approval = "denied"
			p.call.End("denied", "")
			row.EndedAt = 0
		case 1:
			row.Approval = "auto"
		case 2, 3:
			row.Approval = "rule"
		case 4:
			row.Approval = "user"
		}
	}
	if p.command.Present && !p.call.IsShell() {
		p.call.Shell(p.command.String())
	}
	row.ExitCode = p.exit
	switch {
	case p.call.Ended():
	case p.exit.V != 0:
		p.call.End("error", "nonzero_exit")
	case p.exit.Valid:
		p.call.End("ok", "")
	case p.failed.V:
		p.call.End("error", "tool_error")
	}
	row.EndedAt = 0 // when it was is not told
}

// results tells what the calls gave.
func (w *work) results() {
	if w.turn.results == nil {
		return
	}
	var s jscan.Scanner
	s.Reset(w.turn.results)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		native, _, _ := strings.Cut(string(s.Name), "__vscode")
		var out []byte
		for ok := s.ObjectOrSkip(); ok && s.Key(); {
			if string(s.Name) == "content" {
				out = texts(out, &s)
			} else {
				s.Skip()
			}
		}
		c := w.s.Find(native)
		if c == nil {
			w.log.Problem(schema.ProblemOrphanResult, "toolCallResults", "")
			continue
		}
		if !c.Ended() {
			status, class := "ok", ""
			if bytes.HasPrefix(out, []byte("ERROR while calling tool")) {
				status, class = "error", rows.Failure(out)
			}
			c.End(status, class)
			c.Row.EndedAt = 0
		}
		c.Output(out)
	}
}

// texts collects the texts of a result: strings, or trees of nodes whose leaves hold text.
func texts(out []byte, s *jscan.Scanner) []byte {
	switch s.Kind() {
	case jscan.Array:
		for s.Array(); s.Elem(); {
			out = texts(out, s)
		}
	case jscan.Object:
		for s.Object(); s.Key(); {
			switch string(s.Name) {
			case "value", "text":
				if s.Kind() == jscan.String {
					out = jscan.Unquote(out, s.Text().Raw)
				} else {
					out = texts(out, s)
				}
			case "node", "children":
				out = texts(out, s)
			default:
				s.Skip()
			}
		}
	default:
		s.Skip()
	}
	return out
}

// subAgents tells the calls that sub-agents made; the extension notes no rounds of theirs.
func (w *work) subAgents() {
	for i := range w.parts {
		p := &w.parts[i]
		if p.sub == "" {
			continue
		}
		run := w.s.Run(p.sub)
		if run.Row.SpawnToolCallID == 0 {
			for k := range w.parts {
				if q := &w.parts[k]; q.id == p.sub && q.call != nil {
					run.Row.SpawnToolCallID = q.call.Row.ToolCallID
					q.call.Row.ChildRunID = run.Row.RunID
				}
			}
		}
		p.call = w.call(run, p.id, p.tool, nil)
		p.tellCall()
	}
}

// summaries tells the compactions of a conversation, each a request of its own with its tokens.
func (w *work) summaries() {
	if w.turn.summaries == nil {
		return
	}
	var s jscan.Scanner
	s.Reset(w.turn.summaries)
	for n := 0; s.Kind() == jscan.Array || n > 0; n++ {
		if n == 0 && !s.Array() || !s.Elem() {
			return
		}
		var c counters
		var text jscan.Text
		for ok := s.ObjectOrSkip(); ok && s.Key(); {
			switch string(s.Name) {
			case "text":
				text = s.Text()
			case "usage":
				c.scan(&s)
			default:
				s.Skip()
			}
		}
		w.run.Event(schema.Event{Event: "compaction", TokensBefore: c.in})
		if c.in.V > 0 || c.out.V > 0 {
			row := w.run.Model(w.log.ID("response", "summary", w.turn.id, strconv.Itoa(n)))
			row.RequestModel, row.Usage, row.UsageQuality = w.model, c.usage(w.log), "final"
			w.log.Observe(row.ModelCallID, row.Line, row.OccurredAt, row.Usage, "")
			w.log.Put(&row)
			w.s.Row.HasUsage = true
		}
		if len(text.Raw) > 0 {
			w.run.Message("system", "summary", w.log.Bytes(text))
		}
	}
}
