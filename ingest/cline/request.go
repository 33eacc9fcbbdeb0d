package cline

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A request is one call of the model, held until it is clear what came of it.
type request struct {
	held      bool
	row       schema.ModelCall
	answered  bool // something of the model followed
	failed    bool // an error followed
	cancelled bool // by the user
}

// usage is what an event states about a request.
type usage struct {
	in, out, write, read schema.Int
	cost                 schema.Picodollars
	cancel               string
	failure              []byte
	protocol             string
	provider             string
	request              []byte
	missing              bool
}

func (u *usage) scan(text []byte) bool {
	var s jscan.Scanner
	s.Reset(text)
	if s.Kind() != jscan.Object {
		return false
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "tokensIn":
			u.in = rows.Count(&s)
		case "tokensOut":
			u.out = rows.Count(&s)
		case "cacheWrites":
			u.write = rows.Count(&s)
		case "cacheReads":
			u.read = rows.Count(&s)
		case "cost":
			u.cost = rows.Money(&s)
		case "cancelReason":
			u.cancel = s.Str()
		case "streamingFailedMessage":
			u.failure = s.View()
		case "apiProtocol":
			u.protocol = s.Str()
		case "inferenceProvider":
			u.provider = s.Str()
		case "usageMissing":
			u.missing, _ = s.Bool()
		case "request":
			u.request = s.View()
		default:
			s.Skip()
		}
	}
	return s.End() == nil
}

// stated reports whether there are counters: agents write zeros at the start of a request.
func (u *usage) stated() bool {
	return !u.missing && (u.in.V > 0 || u.out.V > 0 || u.read.V > 0 || u.write.V > 0)
}

// put brings the counters to disjoint ones.
func (u *usage) put(t *task, row *schema.ModelCall) {
	if !u.stated() {
		return
	}
	row.CacheRead, row.CacheCreation5m, row.Output = u.read, u.write, u.out
	row.UncachedInput = u.in
	if t.inclusive(u) {
		row.UncachedInput, _ = rows.Minus(u.in, u.read, u.write)
	}
	row.UsageQuality = "final"
	row.ReportedCostUSD = u.cost
}

// inclusive decides whether the count of input tokens holds the cached ones. Cline's never does; Roo
// Code's does since version 3.30, which writes the protocol, and before and in Kilo Code as the
// provider's did.
func (t *task) inclusive(u *usage) bool {
	switch {
	case t.f == cline, u.in.V < u.read.V+u.write.V:
		return false
	case t.f == roo && u.protocol != "":
		return true
	case u.protocol != "":
		return u.protocol != "anthropic"
	}
	return !strings.Contains(strings.ToLower(t.model), "claude")
}

// request handles api_req_started: one request, whose numbers are written into it at its end.
func (t *task) request(e *element) {
	var u usage
	if !u.scan(t.log.Bytes(e.text)) {
		t.log.Problem(schema.ProblemUnknownField, "say:api_req_started", "text")
	}
	t.setDir(directory(u.request))
	t.results(u.request)
	t.flushCall()
	if e.model == "" {
		model, provider := t.facts.at(t.log.At())
		if m := between(u.request, "<model>", "</model>"); m != "" {
			model = m
		}
		if model != "" {
			t.setModel(model, provider, "")
		}
	}
	id := t.log.ID("response", t.id, strconv.FormatInt(e.ts, 10))
	row := t.r.Model(id)
	row.RequestModel, row.ProviderName = t.model, t.provider
	if u.provider != "" {
		row.ProviderName = u.provider
	}
	u.put(t, &row)
	t.call = request{held: true, row: row}
	t.r.Response = id
	switch u.cancel {
	case "":
	case "user_cancelled":
		t.call.row.Status, t.call.cancelled = "interrupted", true
	default:
		t.call.row.Status = "error"
		t.call.row.ErrorType = rows.ErrorType(schema.Int{}, u.failure)
		t.r.Error(schema.Error{Source: "api", ErrorType: t.call.row.ErrorType, MessageHash: schema.HashBytes(u.failure)})
	}
	if u.stated() {
		t.log.Observe(id, e.line, t.log.At(), row.Usage, "")
	}
}

// finished handles the numbers of the oldest versions, which stand behind the request.
func (t *task) finished(e *element) {
	var u usage
	if !t.call.held || !u.scan(t.log.Bytes(e.text)) {
		return
	}
	u.put(t, &t.call.row)
	if u.stated() {
		t.log.Observe(t.call.row.ModelCallID, e.line, t.log.At(), t.call.row.Usage, "")
	}
}

// flushCall emits the request before, when the next begins.
func (t *task) flushCall() {
	c := &t.call
	if !c.held {
		return
	}
	c.held = false
	if c.row.Status == "ok" && !c.row.Output.Valid && !c.answered {
		// Nothing came of it, not even a count.
		c.row.Status = "interrupted"
		if c.failed {
			c.row.Status = "error"
		}
	}
	switch c.row.Status {
	case "interrupted":
		if c.cancelled {
			t.r.Event(schema.Event{Event: "interrupt"})
		}
		if c.cancelled || t.r.Last == rows.LastPrompt || t.r.Last == rows.LastText || t.r.Last == rows.LastReasoning {
			t.r.Last = rows.LastInterrupt
		}
	case "error":
		t.r.Last = rows.LastError
	}
	t.log.Put(&c.row)
}

// total handles the usage of requests that are no longer in the log, or that sub-agents made: it is one
// row for several calls.
func (t *task) total(e *element) {
	var u usage
	if !u.scan(t.log.Bytes(e.text)) || !u.stated() {
		return
	}
	row := t.r.Model(t.log.ID("response", t.id, e.what, strconv.FormatInt(e.ts, 10)))
	row.RequestModel, row.ProviderName = t.model, t.provider
	u.put(t, &row)
	row.UsageGrain = "session"
	row.IsSidechain = e.what == "subagent_usage"
	t.log.Put(&row)
	t.log.Observe(row.ModelCallID, e.line, t.log.At(), row.Usage, "")
}

// retry handles the notice that a request is made again.
func (t *task) retry(e *element) {
	t.call.failed = true
	er := schema.Error{Source: "api", ErrorType: "api_retry", IsFinal: schema.Known(false)}
	text := t.log.Bytes(e.text)
	er.MessageHash = schema.HashBytes(text)
	var s jscan.Scanner
	s.Reset(text)
	if s.Kind() == jscan.Object {
		for s.Object(); s.Key(); {
			switch string(s.Name) {
			case "attempt":
				er.Attempt = rows.Count(&s)
			case "delaySeconds":
				if n := rows.Count(&s); n.Valid && n.V < 1e6 {
					er.RetryAfterMS = schema.Known(n.V * 1000)
				}
			case "failed":
				final, _ := s.Bool()
				er.IsFinal = schema.Known(final)
			case "errorMessage":
				if kind := rows.ErrorType(schema.Int{}, s.View()); kind != "unknown" {
					er.ErrorType = kind
				}
			default:
				s.Skip()
			}
		}
	} else if kind := rows.ErrorType(schema.Int{}, text); kind != "unknown" {
		er.ErrorType = kind
	}
	t.r.Error(er)
	if er.IsFinal.V {
		t.r.Last = rows.LastError
	}
}

// failed handles a request that failed and waits for the user.
func (t *task) failed(e *element) {
	t.call.failed = true
	text := t.log.Bytes(e.text)
	t.r.Error(schema.Error{Source: "api", ErrorType: rows.ErrorType(statusIn(text), text), HTTPStatus: statusIn(text),
		IsFinal: schema.Known(true), MessageHash: schema.HashBytes(text)})
	t.r.Last = rows.LastError
}

// statusIn reads an HTTP status that stands at the start of a message, or behind the word status.
func statusIn(text []byte) schema.Int {
	text = bytes.TrimPrefix(text, []byte("["))
	for _, mark := range []string{"", `"status":`, `"code":`, "status code ", "status: "} {
		i := bytes.Index(text, []byte(mark))
		if i < 0 {
			continue
		}
		rest := text[i+len(mark):]
		if len(rest) < 3 || len(rest) > 3 && rest[3] >= '0' && rest[3] <= '9' {
			continue
		}
		if n, err := strconv.Atoi(string(rest[:3])); err == nil && n >= 400 && n < 600 {
			return schema.Known(int64(n))
		}
	}
	return schema.Int{}
}
