package copilot

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// answer handles assistant.message: a text, what the model thought, and the calls it asks for.
func (r *reader) answer(run *rows.Run) {
	e := &r.e
	r.setModel(e.model, false)
	if !r.beside {
		run.Response = r.modelCall(run)
		switch {
		case len(e.reasoning.Raw) > 0:
			r.text(run, "assistant", "reasoning", e.reasoning)
		case e.encrypted:
			run.Hidden()
		}
		r.text(run, "assistant", "text", e.content)
	}
	if e.toolRequests == nil {
		return
	}
	var s jscan.Scanner
	s.Reset(e.toolRequests)
	for ok := s.ArrayOrSkip(); ok && s.Elem(); {
		var id, name, server string
		var args []byte
		for ok := s.ObjectOrSkip(); ok && s.Key(); {
			switch string(s.Name) {
			case "toolCallId":
				id = s.Str()
			case "name":
				name = s.Str()
			case "mcpServerName":
				server = s.Str()
			case "arguments":
				args = argumentText(&s)
			default:
				s.Skip()
			}
		}
		r.tool(run, id, name, server, args)
	}
}

// modelCall begins the call that a message comes from, or finds it: a long message is written in pieces.
func (r *reader) modelCall(run *rows.Run) schema.ID {
	e := &r.e
	t := r.turns[run]
	if t == nil {
		t = &round{last: -1}
		r.turns[run] = t
	}
	id, basis := schema.ID(0), "provider_id"
	switch {
	case len(e.apiCallID.Raw) > 0:
		id = r.named("response", e.apiCallID.String())
	case e.chunk.V > 0 && t.last >= 0:
		id = r.calls[t.last].row.ModelCallID
	case len(e.messageID.Raw) > 0:
		id = r.named("response", e.messageID.String())
	default:
		id, basis = r.log.Key().With(4000), "position"
	}
	i, ok := r.byID[id]
	if !ok {
		row := run.Model(id)
		row.RequestModel, row.DedupBasis = e.model.String(), basis
		if row.RequestModel == "" && !r.transcript {
			row.RequestModel = r.model
		}
		row.ResponseID = e.apiCallID.String()
		if t.open && t.last < 0 {
			row.StartedAt, row.OccurredAt = t.started, t.started
		}
		row.EndedAt = r.log.At()
		i = len(r.calls)
		r.calls = append(r.calls, call{row: row})
		r.byID[id] = i
	}
	c := &r.calls[i]
	if e.output.Valid && (!c.output.Valid || e.output.V > c.output.V) {
		c.output = e.output
	}
	t.last = i
	return id
}

// named is the id of a thing whose name may be short, and then is its session's alone.
func (r *reader) named(kind, name string) schema.ID {
	if len(name) < 12 {
		return r.log.ID(kind, r.native, name)
	}
	return r.log.ID(kind, name)
}

// tool begins a call, or finds the one that a message has already told.
func (r *reader) tool(run *rows.Run, id, name, server string, args []byte) *rows.Call {
	if i := strings.Index(id, "__vscode"); i > 0 {
		id = id[:i]
	}
	key := r.toolID(id)
	if id == "" {
		key = r.log.Key().With(5000 + uint64(r.log.Next()))
	}
	c, fresh := run.Call(name, id, key)
	if fresh {
		if r.beside {
			c.Row.TurnID, c.Row.ModelCallID = 0, 0
		}
		if r.transcript {
			// Turns from before a transcript was begun are copied into it without how their calls ended.
			c.Row.Status = "unknown"
		}
		c.Row.MCPServer = server
		arguments(c, args)
	}
	return c
}

func (r *reader) toolStarted(run *rows.Run) {
	e := &r.e
	id := e.toolCallID.String()
	if r.byUser[id] {
		return
	}
	c := r.tool(run, id, e.toolName.String(), e.server.String(), e.args)
	if c.Row.StartedAt == 0 {
		c.Row.StartedAt = r.log.At()
	}
	if !c.Ended() {
		c.Row.Status = "no_result"
	}
}

// toolEnded handles the result of a call. That it is called a success says only that the tool ran.
func (r *reader) toolEnded(run *rows.Run) {
	e := &r.e
	id := e.toolCallID.String()
	if r.byUser[id] || e.byUser {
		return
	}
	c := r.s.Find(id)
	if c == nil {
		r.log.Problem(schema.ProblemOrphanResult, "tool.execution_complete", "")
		return
	}
	if c.Ended() {
		return
	}
	var out result
	out.scan(e.result)
	var code string
	faultText := e.errorText
	if e.fault != nil {
		var s jscan.Scanner
		s.Reset(e.fault)
		for ok := s.ObjectOrSkip(); ok && s.Key(); {
			switch string(s.Name) {
			case "message":
				faultText = s.Text()
			case "code":
				code = s.Str()
			default:
				s.Skip()
			}
		}
	}
	status, class := "unknown", ""
	if e.success.Valid {
		status = "ok"
		if !e.success.V {
			status, class = failure(code, faultText.Bytes(nil), out.text.Bytes(nil))
		}
	}
	if c.IsShell() {
		if !out.exit.Valid {
			out.exit = exitIn(out.text.Bytes(nil))
		}
		c.Row.ExitCode = out.exit
		if out.exit.V != 0 && status == "ok" {
			status, class = "error", "nonzero_exit"
		}
	}
	if c.Row.Approval == "denied" && status == "error" {
		status, class = "denied", ""
	}
	wait := c.Row.ApprovalWaitMS
	c.End(status, class)
	if start := max(c.Row.RequestedAt, c.Row.StartedAt); start != 0 && c.Row.EndedAt >= start {
		// Waiting for permission is not the tool's time.
		if ms := int64(c.Row.EndedAt-start)/1000 - wait.V; ms >= 0 {
			c.Row.DurationMS, c.Row.DurationBasis = schema.Known(ms), "derived"
		}
	}
	switch {
	case out.text.Present && len(out.text.Raw) > 0 || !faultText.Present && out.text.Present:
		c.Output(r.log.Bytes(out.text))
	case faultText.Present:
		c.Output(r.log.Bytes(faultText))
	}
	c.Put()
}

// failure classes a call without success.
func failure(code string, message, text []byte) (status, class string) {
	code = strings.ToLower(code)
	switch {
	case strings.Contains(code, "denied"), strings.Contains(code, "rejected"):
		return "denied", ""
	case strings.Contains(code, "abort"), strings.Contains(code, "cancel"):
		return "interrupted", ""
	case strings.Contains(code, "timeout"):
		return "error", "timeout"
	}
	if len(message) == 0 {
		message = text
	}
	return "error", rows.Failure(message)
}

// A result is what a call gave.
type result struct {
	text jscan.Text
	exit schema.Int
}

func (o *result) scan(raw []byte) {
	if raw == nil {
		return
	}
	var s jscan.Scanner
	s.Reset(raw)
	switch s.Kind() {
	case jscan.String:
		o.text = s.Text() // in the first versions
		return
	case jscan.Object:
	default:
		return
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "content":
			o.text = s.Text()
		case "contents":
			for ok := s.ArrayOrSkip(); ok && s.Elem(); {
				o.exitCode(&s)
			}
		case "shellExecution":
			o.exitCode(&s)
		default:
			s.Skip()
		}
	}
}

func (o *result) exitCode(s *jscan.Scanner) {
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		if string(s.Name) != "exitCode" {
			s.Skip()
			continue
		}
		if v, ok := s.Int(); ok {
			o.exit = schema.Known(v)
		}
	}
}

// exitIn reads "<exited with exit code 1>" at the end of an output.
func exitIn(text []byte) schema.Int {
	i := bytes.LastIndex(text, []byte("<exited with exit code "))
	if i < 0 {
		return schema.Int{}
	}
	rest := text[i+len("<exited with exit code "):]
	end := bytes.IndexByte(rest, '>')
	if end <= 0 || end > 12 {
		return schema.Int{}
	}
	v, err := strconv.ParseInt(string(rest[:end]), 10, 64)
	if err != nil {
		return schema.Int{}
	}
	return schema.Known(v)
}

// permission handles the question whether a tool may run, and the answer.
func (r *reader) permission(run *rows.Run, typ string) {
	e := &r.e
	r.s.Row.HasApprovals = true
	key := e.requestID.String()
	if typ == "permission.requested" {
		id := e.toolCallID.String()
		var s jscan.Scanner
		s.Reset(e.permission)
		for ok := e.permission != nil && s.ObjectOrSkip(); ok && s.Key(); {
			if string(s.Name) == "toolCallId" {
				id = s.Str()
			} else {
				s.Skip()
			}
		}
		run.Event(schema.Event{Event: "approval_requested"})
		r.asked[key] = approval{r.s.Find(id), r.log.At()}
		run.Last = rows.LastApproval
		return
	}
	var kind string
	var s jscan.Scanner
	s.Reset(e.result)
	for ok := e.result != nil && s.ObjectOrSkip(); ok && s.Key(); {
		if string(s.Name) == "kind" {
			kind = s.Str()
		} else {
			s.Skip()
		}
	}
	run.Event(schema.Event{Event: "approval_resolved", Detail: kind})
	run.Last = rows.LastCall
	a := r.asked[key]
	delete(r.asked, key)
	if a.call == nil || a.call.Ended() {
		return
	}
	row := &a.call.Row
	switch {
	case strings.HasPrefix(kind, "denied"):
		row.Approval = "denied"
	case strings.Contains(kind, "rule"):
		row.Approval = "rule"
	case strings.HasPrefix(kind, "approved"):
		row.Approval = "user"
	}
	if a.at != 0 && r.log.At() >= a.at {
		row.ApprovalWaitMS = schema.Known(int64(r.log.At()-a.at) / 1000)
	}
}
