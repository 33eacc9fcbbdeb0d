package opencode

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// Markers of the agent in the errors of tools.
var (
	rejected = []byte("The user rejected permission")
	ruled    = []byte("The user has specified a rule which prevents")
	aborted  = []byte("Tool execution aborted")
)

// tool takes a call with its state.
func (t *thread) tool(p trace.Object) {
	state := p.Object("state")
	name := p.Str("tool")
	if name == "" {
		t.log.Problem(schema.ProblemUnknownField, "tool", "tool")
		return
	}
	c := t.tools.Begin(t.run, name, p.Str("callID"))
	trace.Arguments(c, state.Raw("input"))
	meta := state.Object("metadata")
	if child := trace.Str(meta.First("sessionId", "sessionID")); child != "" {
		c.Row.ChildRunID = t.log.ID("run", t.root, child)
	}
	c.Row.StartedAt = trace.Instant(state.At("time", "start"))
	c.Row.EndedAt = trace.Instant(state.At("time", "end"))
	status, class := "", ""
	exit := trace.Signed(meta.Raw("exit"))
	raw := state.Raw("output")
	text, ok := trace.Content(raw)
	switch state.Str("status") {
	case "completed", "success":
		status = "ok"
		switch {
		case trace.IsTrue(meta.Raw("interrupted")):
			status = "interrupted"
		case exit.Valid && exit.V != 0:
			status, class = "error", "nonzero_exit"
		case c.IsShell() && !exit.Valid && (trace.IsTrue(meta.Raw("timeout")) || bytes.Contains(text, []byte("<bash_metadata>")) && bytes.Contains(text, []byte("timeout"))):
			status, class = "error", "timeout"
		case name == "invalid":
			status, class = "error", "bad_args"
		}
	case "error":
		raw = state.Raw("error")
		text, ok = trace.Content(raw)
		status, class = t.toolFailure(c, text, meta)
	default:
		return // it runs, or was running when the agent died
	}
	if !(exit.Valid && exit.V >= 0) {
		exit = schema.Int{}
	}
	t.edited(c, name, status, meta)
	c.Row.ExitCode = exit
	c.End(status, class)
	switch {
	case state.Object("time").Has("compacted"):
		c.Row.IsResultTruncated = schema.Known(true) // and what is left is a stub
	case ok:
		c.Output(text)
		c.Row.IsResultTruncated = trace.Bool(meta.Raw("truncated"))
	}
	c.Put()
}

// toolFailure tells what an error of a tool means.
func (t *thread) toolFailure(c *rows.Call, text []byte, meta trace.Object) (status, class string) {
	switch {
	case bytes.HasPrefix(text, rejected):
		c.Row.Approval = "denied"
		return "denied", ""
	case bytes.HasPrefix(text, ruled):
		c.Row.Approval = "rule"
		return "denied", ""
	case bytes.HasPrefix(text, aborted), trace.IsTrue(meta.Raw("interrupted")):
		return "interrupted", ""
	}
	return "error", rows.Failure(text)
}

// edited takes the change of a file as the tool's own record shows it.
func (t *thread) edited(c *rows.Call, name, status string, meta trace.Object) {
	diff := meta.Object("filediff")
	path := diff.Str("file")
	if status != "ok" || path == "" || name != "edit" && name != "write" && name != "multiedit" {
		return
	}
	before, hasOld := trace.Content(diff.Raw("before"))
	after, hasNew := trace.Content(diff.Raw("after"))
	if hasOld && hasNew {
		c.Rather(trace.Replacement(path, before, after, len(before) > 0 || name != "write"))
		return
	}
	ch := rows.Change{Path: path, Op: "modify", Basis: "snapshot", AddedCount: diff.Int("additions"), RemovedCount: diff.Int("deletions")}
	if name == "write" && ch.RemovedCount.Valid && ch.RemovedCount.V == 0 && !trace.IsTrue(meta.Raw("exists")) {
		ch.Op = "create"
	}
	if ch.AddedCount.Valid {
		c.Rather(ch)
	}
}

// invocation takes a call of the first versions, whose times stand beside the message.
func (t *thread) invocation(o, times trace.Object) {
	name, id := o.Str("toolName"), o.Str("toolCallId")
	if name == "" {
		t.log.Problem(schema.ProblemUnknownField, "tool-invocation", "toolName")
		return
	}
	c := t.tools.Begin(t.run, name, id)
	trace.Arguments(c, o.Raw("args"))
	if o.Str("state") != "result" {
		return
	}
	meta := times.Object(id)
	c.Row.StartedAt = trace.Instant(meta.At("time", "start"))
	c.Row.EndedAt = trace.Instant(meta.At("time", "end"))
	raw := o.Raw("result")
	text, ok := trace.Content(raw)
	if !ok && trace.Kind(raw) != jscan.None {
		text, ok = raw, true
	}
	status, class := "ok", ""
	if trace.IsTrue(meta.Raw("error")) {
		status, class = "error", rows.Failure(text)
	}
	trace.Finish(c, status, class, schema.Int{}, text, ok)
}
