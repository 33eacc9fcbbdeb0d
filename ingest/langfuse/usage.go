package langfuse

import (
	"strings"

	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// usageOf reads the counters of an observation. The names in usageDetails are free: what has "cache" in
// it is of the cache, "reasoning" of the output. Whether input and output hold these parts depends on
// who sent them, and the total tells; without a total they stand apart, as Langfuse itself writes them.
func usageOf(o trace.Object) schema.Usage {
	details := trace.ObjectOf(trace.Unwrap(o.First("usageDetails", "usage_details")))
	if details.Len() == 0 {
		u := o.Object("usage")
		c := trace.Counts{Input: trace.Int(u.First("input", "promptTokens", "prompt_tokens")), Output: trace.Int(u.First("output", "completionTokens", "completion_tokens"))}
		if unit := u.Str("unit"); unit != "" && unit != "TOKENS" || c.IsZero() {
			return schema.Usage{}
		}
		return c.Usage(trace.WithoutCache)
	}
	var c trace.Counts
	var in, out int64 // parts with other names
	inside := false
	for name, raw := range details.Members() {
		v := trace.Int(raw)
		if !v.Valid {
			continue
		}
		low := strings.ToLower(name)
		inside = inside || strings.HasPrefix(low, "prompt_details.") || strings.HasPrefix(low, "completion_details.")
		switch {
		case low == "input" || low == "input_tokens" || low == "prompt_tokens" || low == "prompt":
			add(&c.Input, v)
		case low == "output" || low == "output_tokens" || low == "completion_tokens" || low == "completion":
			add(&c.Output, v)
		case low == "total" || low == "total_tokens":
			c.Total = v
		case strings.Contains(low, "cach") && (strings.Contains(low, "creat") || strings.Contains(low, "write")):
			add(&c.CacheWrite, v)
		case strings.Contains(low, "cach"):
			add(&c.CacheRead, v)
		case strings.Contains(low, "reasoning") || strings.Contains(low, "thinking"):
			add(&c.Reasoning, v)
		case strings.Contains(low, "input") || strings.HasPrefix(low, "prompt"):
			in += v.V
		case strings.Contains(low, "output") || strings.HasPrefix(low, "completion"):
			out += v.V
		}
	}
	if c.IsZero() && in == 0 && out == 0 {
		return schema.Usage{}
	}
	cached := c.CacheRead.V + c.CacheWrite.V
	holdsCache, holdsReasoning := inside, inside
	if c.Total.Valid {
		// The four ways in which the parts can stand to the whole.
		for _, way := range [...]struct{ cache, reasoning bool }{{false, false}, {true, true}, {false, true}, {true, false}} {
			sum := c.Input.V + c.Output.V
			if !way.cache {
				sum += cached + in
			}
			if !way.reasoning {
				sum += c.Reasoning.V + out
			}
			if sum == c.Total.V {
				holdsCache, holdsReasoning = way.cache, way.reasoning
				break
			}
		}
	}
	u := schema.Usage{UncachedInput: c.Input, CacheRead: c.CacheRead, CacheCreation5m: c.CacheWrite, Output: c.Output, Reasoning: c.Reasoning}
	switch {
	case !holdsCache && (in > 0 || u.UncachedInput.Valid):
		u.UncachedInput = schema.Known(u.UncachedInput.V + in)
	case holdsCache && u.UncachedInput.Valid:
		u.UncachedInput.V = max(u.UncachedInput.V-cached, 0)
	}
	if !holdsReasoning && (u.Output.Valid || c.Reasoning.Valid || out > 0) {
		u.Output = schema.Known(u.Output.V + c.Reasoning.V + out)
	}
	return u
}

func add(to *schema.Int, v schema.Int) { *to = schema.Known(to.V + v.V) }

// costOf reads what Langfuse says the observation cost.
func costOf(o trace.Object) schema.Picodollars {
	details := trace.ObjectOf(trace.Unwrap(o.First("costDetails", "cost_details")))
	for _, v := range [...]schema.Float{
		details.Float("total"), trace.Float(o.First("totalCost", "total_cost", "calculatedTotalCost")), o.Object("usage").Float("totalCost"),
	} {
		if v.Valid && v.V > 0 {
			return rows.Dollars(v.V)
		}
	}
	return schema.Picodollars{}
}
