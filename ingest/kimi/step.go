package kimi

import (
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// begun starts a request. It is known by the record of its beginning, which copies of the log share:
// what comes of it refers to it before the provider's id and the counters are there.
func (r *reader) begun(a *agent, id schema.ID) *step {
	st := &step{row: a.run.Model(id), line: r.l.Line()}
	if r.l.At() != 0 {
		st.row.DedupBasis = "fingerprint"
	}
	st.row.StartedAt = r.l.At()
	if r.model != "" {
		st.row.RequestModel = r.model
	}
	a.step = st
	a.run.Response = id
	r.steps = append(r.steps, st)
	return st
}

// said notes that a request had an answer.
func (a *agent) said() {
	if a.step != nil {
		a.step.said = true
	}
}

// putSteps emits the requests that had an answer or counters.
func (r *reader) putSteps() {
	row := &r.s.Row
	fromSteps := r.form == formCode && !r.code.records
	any, used, cache := false, false, false
	for _, st := range r.steps {
		m := &st.row
		if fromSteps && st.hasEnd && !st.used {
			m.Usage, st.used = st.end, true
			r.l.Observe(m.ModelCallID, m.Line, m.OccurredAt, m.Usage, "")
		}
		if !st.used && !st.said {
			continue // no answer came
		}
		any = true
		if st.used && (m.UncachedInput.Valid || m.Output.Valid) {
			m.UsageQuality, used = "final", true
			cache = cache || m.CacheRead.Valid
		}
		m.OccurredAt = max(m.OccurredAt, 0)
		r.l.Put(m)
	}
	row.HasUsage, row.HasCache = !any || used, !any || cache
}

// larger keeps what is known, and of two numbers the larger.
func larger(a, b schema.Int) schema.Int {
	if !a.Valid || b.Valid && b.V > a.V {
		return b
	}
	return a
}

func add(u *schema.Usage, v schema.Usage) {
	u.UncachedInput = larger(u.UncachedInput, v.UncachedInput)
	u.CacheRead = larger(u.CacheRead, v.CacheRead)
	u.CacheCreation5m = larger(u.CacheCreation5m, v.CacheCreation5m)
	u.Output = larger(u.Output, v.Output)
}

// readUsage reads the counters under the names of either product. They are disjoint as they stand;
// reasoning is inside the output.
func readUsage(s *jscan.Scanner) (u schema.Usage, ok bool) {
	if !s.ObjectOrSkip() {
		return u, false
	}
	for s.Key() {
		switch string(s.Name) {
		case "input_other", "inputOther":
			u.UncachedInput = rows.Count(s)
		case "output":
			u.Output = rows.Count(s)
		case "input_cache_read", "inputCacheRead":
			u.CacheRead = rows.Count(s)
		case "input_cache_creation", "inputCacheCreation":
			u.CacheCreation5m = rows.Count(s)
		default:
			s.Skip()
		}
	}
	return u, u.UncachedInput.Valid || u.Output.Valid || u.CacheRead.Valid || u.CacheCreation5m.Valid
}

// key tells usages apart.
func usageKey(id schema.ID, u schema.Usage) schema.ID {
	for _, n := range [...]schema.Int{u.UncachedInput, u.CacheRead, u.CacheCreation5m, u.Output} {
		if n.Valid {
			id = id.With(uint64(n.V) + 1)
		} else {
			id = id.With(0)
		}
	}
	return id
}
