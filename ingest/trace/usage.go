package trace

import (
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// Counts are the token counters of a request as a log writes them. Whether Input holds the cached part
// and Output the reasoning differs from format to format: see Usage.
type Counts struct {
	Input, CacheRead, CacheWrite, CacheWrite1h, Output, Reasoning, Total schema.Int

	anthropic  bool // the names of the cache counters are those beside an exclusive input
	details    bool // the cached part stands in a details object of the input
	thoughts   bool // the reasoning is counted apart by name
	hitAndMiss bool // input is what was not in the cache, by name
}

// Inclusive says what a format means by input: with the cached part, without, or that the figures must
// tell.
type Inclusive int

// The conventions.
const (
	ByFigures Inclusive = iota
	WithCache
	WithoutCache
)

// CountsOf reads a usage object in any of the usual spellings.
func CountsOf(o Object) Counts {
	var c Counts
	take := func(dst *schema.Int, raw []byte) bool {
		if dst.Valid {
			return false
		}
		*dst = Int(raw)
		return dst.Valid
	}
	if take(&c.Input, o.Find("promptcachemisstokens")) {
		c.hitAndMiss = true
	}
	take(&c.Input, o.Find("inputtokens", "prompttokens", "input", "prompt", "prompttokencount", "tokenssent", "tokensin", "promptevalcount",
		"inputtokencount", "llmtokencountprompt", "genaiusageinputtokens"))
	take(&c.Output, o.Find("outputtokens", "completiontokens", "output", "completion", "candidatestokencount", "tokensreceived", "tokensout",
		"evalcount", "outputtokencount", "llmtokencountcompletion", "genaiusageoutputtokens"))
	take(&c.Total, o.Find("totaltokens", "total", "totaltokencount", "llmtokencounttotal"))

	for _, name := range [...]string{"prompttokensdetails", "inputtokensdetails", "inputtokendetails", "inputdetails"} {
		d := ObjectOf(o.Find(name))
		if take(&c.CacheRead, d.Find("cachedtokens", "cacheread", "cachereadtokens", "cachedinputtokens")) {
			c.details = true
		}
		take(&c.CacheWrite, d.Find("cachewritetokens", "cachecreation", "cachecreationtokens", "cachewrite"))
	}
	for _, name := range [...]string{"completiontokensdetails", "outputtokensdetails", "outputtokendetails", "outputdetails"} {
		take(&c.Reasoning, ObjectOf(o.Find(name)).Find("reasoningtokens", "thinkingtokens", "reasoning"))
	}
	if take(&c.CacheRead, o.Find("cachereadinputtokens")) {
		c.anthropic = true
	}
	take(&c.CacheRead, o.Find("cachereadtokens", "cachedtokens", "cachedinputtokens", "inputtokenscacheread", "cachedcontenttokencount",
		"promptcachehittokens", "inputcachedtokens", "inputcacheread", "cacheread"))
	if take(&c.CacheWrite, o.Find("cachecreationinputtokens")) {
		c.anthropic = true
	}
	take(&c.CacheWrite, o.Find("cachewritetokens", "cachewriteinputtokens", "inputtokenscachewrite", "inputcachecreation", "cachewrite"))
	if cache := ObjectOf(o.Find("cache")); cache.Len() > 0 {
		take(&c.CacheRead, cache.Raw("read"))
		take(&c.CacheWrite, cache.Raw("write"))
	}
	if split := o.Object("cache_creation"); split.Len() > 0 {
		five := split.Int("ephemeral_5m_input_tokens")
		c.CacheWrite1h = split.Int("ephemeral_1h_input_tokens")
		switch {
		case !c.CacheWrite.Valid:
			c.CacheWrite = five
		case c.CacheWrite1h.Valid && c.CacheWrite1h.V <= c.CacheWrite.V:
			c.CacheWrite.V -= c.CacheWrite1h.V
		}
	}
	if take(&c.Reasoning, o.Find("thoughtstokencount")) {
		c.thoughts = true
	}
	take(&c.Reasoning, o.Find("reasoningtokens", "reasoning", "thinkingtokens", "outputreasoningtokens", "outputreasoning", "reasoningoutputtokens"))
	// Input counters of these names beside prompt_tokens are copies for another reader.
	if Kind(o.Find("prompttokens")) == jscan.Number || Kind(o.Find("prompttokencount")) == jscan.Number {
		c.anthropic = false
	}
	return c
}

// Any reports whether a counter is known.
func (c Counts) Any() bool {
	return c.Input.Valid || c.Output.Valid || c.CacheRead.Valid || c.CacheWrite.Valid || c.CacheWrite1h.Valid
}

// IsZero reports whether nothing was counted: programs write zeros where they know nothing.
func (c Counts) IsZero() bool {
	return c.Input.V == 0 && c.Output.V == 0 && c.CacheRead.V == 0 && c.CacheWrite.V == 0 && c.CacheWrite1h.V == 0 && c.Reasoning.V == 0
}

// Usage brings the counters to five disjoint ones. What a format does not settle is settled by the
// total, then by the sizes and the names; where nothing settles it, the uncached input is unknown.
func (c Counts) Usage(by Inclusive) schema.Usage {
	u := schema.Usage{
		UncachedInput: c.Input, CacheRead: c.CacheRead, CacheCreation5m: c.CacheWrite, CacheCreation1h: c.CacheWrite1h,
		Output: c.Output, Reasoning: c.Reasoning,
	}
	c.settleOutput(&u)
	cached := c.CacheRead.V + c.CacheWrite.V + c.CacheWrite1h.V
	if !c.Input.Valid || cached == 0 {
		return u
	}
	if by == ByFigures {
		by = c.inclusive(u.Output.V, cached)
	}
	switch {
	case by == WithoutCache, c.Input.V < cached:
		// A smaller input cannot hold the cached part.
	case by == WithCache:
		u.UncachedInput.V -= cached
	default:
		u.UncachedInput = schema.Int{}
	}
	return u
}

// inclusive judges by the figures whether the input holds the cached part.
func (c Counts) inclusive(output, cached int64) Inclusive {
	switch {
	case c.Input.V < c.CacheRead.V:
		return WithoutCache
	case c.Total.Valid && (c.Total.V == c.Input.V+output || c.Total.V == c.Input.V+c.Output.V):
		return WithCache
	case c.Total.Valid && (c.Total.V == c.Input.V+output+cached || c.Total.V == c.Input.V+c.Output.V+cached):
		return WithoutCache
	case c.anthropic, c.hitAndMiss:
		return WithoutCache
	case c.details:
		return WithCache
	}
	return ByFigures
}

// settleOutput makes the output hold the reasoning.
func (c Counts) settleOutput(u *schema.Usage) {
	if !c.Reasoning.Valid || !c.Output.Valid || c.Reasoning.V == 0 {
		return
	}
	apart := c.thoughts
	if !apart && c.Total.Valid && c.Input.Valid {
		cached := c.CacheRead.V + c.CacheWrite.V + c.CacheWrite1h.V
		rest := c.Total.V - c.Input.V - c.Output.V
		apart = rest == c.Reasoning.V || rest == c.Reasoning.V+cached
	}
	if apart || c.Reasoning.V > c.Output.V {
		u.Output.V += c.Reasoning.V
	}
}
