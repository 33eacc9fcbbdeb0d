package codex

import "github.com/agenttrace/agenttrace/schema"

// A replay is the evidence that the file begins with a copy of its parent's history. Such a copy is
// written at once, under the instant of the file's own start: so when the first two places that state
// usage share one second, that second is the copy. Where the parent's file is at hand, its turn ids
// tell better; that comparison needs both files and is not made here.
type replay struct {
	usages int
	second schema.Instant
	end    int64 // last line of the copy
	before int64 // end as it was before the current record
	over   bool  // a turn began in that second behind the last usage: it is the file's own
	copied bool
}

const second = schema.Instant(1_000_000)

// usage is called at each token_count that states usage.
func (r *replay) usage(p *parser) {
	r.usages++
	at := p.at / second
	switch {
	case p.at == 0:
	case r.usages == 1:
		r.second = at
	case at != r.second:
	case r.usages == 2:
		r.copied = true
		r.end, r.over = p.line, false
	case r.copied:
		r.end, r.over = p.line, false
	}
}

// line is called at each record of the conversation.
func (r *replay) line(p *parser) {
	r.before = r.end
	if r.copied && !r.over && p.at/second == r.second {
		r.end = p.line
	}
}

// turnStarts is called where a turn with another id begins, after line.
func (r *replay) turnStarts() {
	if r.copied && !r.over {
		r.over = true
		r.end = r.before
	}
}

// until is the last line of the copy, 0 where nothing shows one. Only a fork, or a thread that another
// one started, can hold a copy, and not where its history is referenced instead.
func (r *replay) until(t *thread) int64 {
	if !r.copied || t.historyBase || t.forkedFrom == "" && t.parent == "" && !t.secondMeta {
		return 0
	}
	return r.end
}
