package generic

import (
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// A response is what a provider answered, in any of the shapes.
type response struct {
	id, model, finish string
	at                schema.Instant
	counts            trace.Counts
	usage             schema.Usage
	cost              schema.Picodollars
	messages          []trace.Message
}

// readResponse reads a response.
func readResponse(o trace.Object) response {
	r := response{
		id: trace.Str(o.First("id", "responseId", "response_id")), model: trace.Str(o.First("model", "modelVersion", "modelId")),
		at: trace.Instant(o.First("created", "created_at", "createTime")), finish: trace.Str(o.First("stop_reason", "stopReason", "done_reason")),
	}
	usage, by := o.Object("usage"), trace.WithCache
	add := func(m trace.Object) {
		if msg, ok := trace.MessageOf(m); ok {
			r.messages = append(r.messages, msg)
		}
	}
	switch {
	case o.Has("choices"):
		for e := range trace.Elems(o.Raw("choices")) {
			choice := trace.ObjectOf(e)
			r.finish = choice.Str("finish_reason")
			add(choice.Object("message"))
			break // others are not what the conversation goes on with
		}
	case o.Has("candidates"):
		usage = o.Object("usageMetadata")
		for e := range trace.Elems(o.Raw("candidates")) {
			candidate := trace.ObjectOf(e)
			r.finish = trace.Str(candidate.First("finishReason", "finish_reason"))
			add(candidate.Object("content"))
			break
		}
	case o.Str("object") == "response":
		r.finish = o.Str("status")
		if reason := o.Object("incomplete_details").Str("reason"); reason != "" {
			r.finish = reason
		}
		for e := range trace.Elems(o.Raw("output")) {
			add(trace.ObjectOf(e))
		}
	case o.Object("output").Has("message"):
		by = trace.WithoutCache
		add(o.Object("output").Object("message"))
	case o.Has("done"):
		usage = o
		add(o.Object("message"))
	default:
		by = trace.WithoutCache
		add(o)
	}
	r.counts = trace.CountsOf(usage)
	r.usage = r.counts.Usage(by)
	r.cost = rows.Dollars(trace.Float(usage.First("cost", "total_cost")).V)
	if !r.cost.Valid {
		r.cost = rows.Dollars(o.Float("response_cost").V)
	}
	return r
}
