package copilot

import (
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// A debugLog is an export of what the debug view of VS Code shows: prompts, and below each the requests
// and calls of tools that came of it. It has the counters of each request, which chat sessions lack, but
// does not say which session it was: the export is one of its own, named by its first request.
type debugLog struct {
	log  *rows.Log
	s    *rows.Session
	line int64
	last schema.Instant // when the request before ended
	asks string         // the prompt of the open turn
}

func readDebugLog(log *rows.Log, src *ingest.Source) error {
	data, err := log.Document()
	if err != nil {
		return err
	}
	top := trace.ObjectOf(data)
	d := &debugLog{log: log}
	prompts := []trace.Object{top} // a single one
	cut := top.Cut
	if !top.Has("logs") {
		prompts = prompts[:0]
		for e, whole := range trace.Elems(top.Raw("prompts")) {
			prompts = append(prompts, trace.ObjectOf(e))
			cut = cut || !whole
		}
	}
	log.Again(1, 0, 0)
	d.s = log.Session(nameOf(prompts, src))
	row := &d.s.Row
	row.Entrypoint, row.Fidelity, row.HasToolArgs, row.HasAPIErrors = "vscode", "partial", true, true
	for _, p := range prompts {
		d.prompt(p)
	}
	if cut {
		row.IsComplete = schema.Known(false)
		log.Problem(schema.ProblemTruncated, "", "")
	}
	return nil
}

// nameOf names the export by its first request: a later export of the same log begins with it as well.
func nameOf(prompts []trace.Object, src *ingest.Source) string {
	for _, p := range prompts {
		for e := range trace.Elems(p.Raw("logs")) {
			if id := requestID(trace.ObjectOf(e).Object("metadata")); id != "" {
				return "debug-log-" + id
			}
		}
	}
	return "debug-log-" + stem(src.Path)
}

func requestID(meta trace.Object) string {
	return trace.Str(meta.First("serverRequestId", "requestId", "ourRequestId"))
}

// prompt takes one prompt with its entries. A prompt that goes on after a call of a tool is there again.
func (d *debugLog) prompt(p trace.Object) {
	text, _ := trace.Content(p.Raw("prompt"))
	again := d.asks == string(text) && trace.IsTrue(p.Raw("hasSeen"))
	for e := range trace.Elems(p.Raw("logs")) {
		d.line++
		o := trace.ObjectOf(e)
		meta := o.Object("metadata")
		at := trace.Instant(meta.Raw("startTime"))
		if at == 0 {
			at = trace.Instant(o.Raw("time"))
		}
		name := requestID(meta)
		if name == "" {
			name = o.Str("id")
		}
		d.log.Begin(d.line, at, d.log.ID("debug entry", d.s.Row.NativeSessionID, name))
		kind := o.Str("kind")
		if kind == "element" {
			continue // a piece of the prompt
		}
		d.s.Row.HasTimes = d.s.Row.HasTimes || at != 0
		if !again {
			again, d.asks = true, string(text)
			d.s.Main.Prompt("user", text)
		}
		d.s.Main.Record()
		switch kind {
		case "request":
			d.request(o, meta)
		case "toolCall":
			d.tool(o)
		default:
			d.log.Unknown("entry " + kind)
		}
	}
}

// request takes a request and its answer. What it was asked repeats the whole conversation.
func (d *debugLog) request(o, meta trace.Object) {
	run := d.s.Main
	id, basis := d.log.Key().With(4000), "position"
	if name := requestID(meta); name != "" {
		id, basis = d.log.ID("response", name), "provider_id"
	}
	response := o.Object("response")
	failed := o.Str("type") != "ChatMLSuccess"
	var c counters
	var s jscan.Scanner
	s.Reset(meta.Raw("usage"))
	c.scan(&s)
	end := trace.Instant(meta.Raw("endTime"))
	d.last = end
	run.Response = 0
	if failed && c.in.V+c.out.V == 0 {
		// A request that failed without any usage is an error, not a call.
		d.log.Now(max(end, d.log.At()))
		if strings.Contains(o.Str("type"), "Cancel") {
			run.Event(schema.Event{Event: "interrupt"})
			run.Last = rows.LastInterrupt
			return
		}
		text, _ := trace.Content(response.First("reason", "message"))
		run.Error(schema.Error{Source: "api", ErrorType: rows.ErrorType(schema.Int{}, text), MessageHash: schema.HashBytes(text)})
		run.Last = rows.LastError
		return
	}
	m := run.Model(id)
	m.DedupBasis, m.RequestModel, m.ResponseID = basis, meta.Str("model"), requestID(meta)
	m.StartedAt, m.EndedAt = m.OccurredAt, end
	if wait := meta.Int("timeToFirstToken"); wait.V > 0 && wait.V < 1e9 && m.StartedAt != 0 {
		m.FirstTokenAt = m.StartedAt + schema.Instant(wait.V*1000)
	}
	if failed {
		m.Status = "interrupted"
	}
	if c.in.V+c.out.V > 0 {
		m.Usage, m.UsageQuality = c.usage(d.log), "final"
		row := &d.s.Row
		row.HasUsage, row.HasCache, row.HasReasoning = true, row.HasCache || c.read.Valid, row.HasReasoning || c.reasoning.Valid
		d.log.Observe(id, d.line, m.OccurredAt, m.Usage, "")
	}
	d.log.Put(&m)
	run.Response = id
	d.log.Now(max(end, d.log.At()))
	if text, ok := trace.Content(response.Raw("message")); ok && !trace.IsBlank(text) {
		run.Message("assistant", "text", text)
	}
}

// tool takes a call. That it has an answer says nothing of how it ended, and its time is that of the end.
func (d *debugLog) tool(o trace.Object) {
	id := o.Str("id")
	if i := strings.Index(id, "__vscode"); i > 0 {
		id = id[:i]
	}
	end := d.log.At()
	if d.last != 0 && d.last <= end {
		d.log.Now(d.last)
	}
	key := toolID(d.log, d.s.Row.NativeSessionID, id)
	if id == "" {
		key = d.log.Key().With(5000)
	}
	c, fresh := d.s.Main.Call(o.Str("tool"), id, key)
	if !fresh {
		return
	}
	arguments(c, trace.Unwrap(o.Raw("args")))
	d.log.Now(end)
	c.Untimed = true // the answer before asked for it, and other calls may have come first
	c.End("unknown", "")
	if text, ok := trace.Content(o.Raw("response")); ok {
		c.Output(text)
	}
	c.Put()
}
