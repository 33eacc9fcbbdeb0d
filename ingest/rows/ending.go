package rows

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// Interrupt tells that the user stopped the work: calls without a result were stopped with it.
func (r *Run) Interrupt() {
	r.Event(schema.Event{Event: "interrupt"})
	for _, c := range r.s.open {
		if c.run == r && !c.ended && !c.put {
			c.Row.Status = "interrupted"
		}
	}
	r.Last = LastInterrupt
}

// Aside emits the row of a record beside the conversation, such as a title: it does not lengthen the
// turn.
func (r *Run) Aside() {
	l := r.s.log
	l.row.record = schema.Record{Where: l.Where(), RecordKey: l.key, SessionID: r.s.Row.SessionID, RunID: r.Row.RunID, OccurredAt: l.at}
	l.Put(&l.row.record)
}

// PutModel emits a model call, and the place of its usage if it has any, and notes for the session
// what its log can tell.
func (r *Run) PutModel(c *schema.ModelCall) {
	l, u := r.s.log, &c.Usage
	if u.Reasoning.Valid && u.Output.Valid && u.Reasoning.V > u.Output.V {
		l.Problem(schema.ProblemUnknownField, "usage", "reasoning over output")
		u.Reasoning = schema.Int{}
	}
	has := u.UncachedInput.Valid || u.CacheRead.Valid || u.CacheCreation5m.Valid || u.CacheCreation1h.Valid || u.Output.Valid
	if has && c.UsageQuality == "missing" {
		c.UsageQuality = "final"
		if c.Status == "interrupted" {
			c.UsageQuality = "partial"
		}
	}
	if c.EndedAt < c.StartedAt {
		c.EndedAt = 0
	}
	if c.FirstTokenAt < c.StartedAt {
		c.FirstTokenAt = 0
	}
	s := &r.s.Row
	s.HasUsage = s.HasUsage || has
	s.HasCache = s.HasCache || u.CacheRead.Valid || u.CacheCreation5m.Valid || u.CacheCreation1h.Valid
	s.HasReasoning = s.HasReasoning || u.Reasoning.Valid
	l.Put(c)
	if has {
		l.Observe(c.ModelCallID, c.Line, c.OccurredAt, c.Usage, "")
	}
}

// Zero reports whether no counter is above zero. Agents write zeros where they know nothing.
func Zero(u *schema.Usage) bool {
	return u.UncachedInput.V == 0 && u.CacheRead.V == 0 && u.CacheCreation5m.V == 0 && u.CacheCreation1h.V == 0 && u.Output.V == 0
}

// Fingerprint extends an id by counters, for calls that have no id of their own.
func Fingerprint(id schema.ID, u *schema.Usage) schema.ID {
	for _, n := range [...]schema.Int{u.UncachedInput, u.CacheRead, u.CacheCreation5m, u.CacheCreation1h, u.Output} {
		if n.Valid {
			id = id.With(uint64(n.V) + 1)
		} else {
			id = id.With(0)
		}
	}
	return id
}

// An Ending is how a call ended by the text of its result.
type Ending struct {
	Status    string // error, denied or interrupted
	ErrorType string
	Exit      schema.Int
}

// Ending reads the result of a call of which the log says that it failed. The sentences looked for are
// those of the agents, which stand at either end; what lies between is the tool's.
func EndingOf(text []byte) Ending {
	head := text[:min(len(text), 1<<10)]
	first, _, _ := bytes.Cut(head, []byte{'\n'})
	last, low := lastLine(text), bytes.ToLower(head)
	switch {
	case begins(head, "[Request interrupted by user", "Request was aborted", "Operation aborted", "Skipped due to queued user message",
		"Tool execution was aborted") || begins(last, "Command aborted", "[Command aborted", "Operation aborted"):
		return Ending{Status: "interrupted"}
	case has(low, "rejected by user", "denied by user", "declined by user", "cancelled by user", "canceled by user", "user rejected",
		"user denied", "user declined", "user doesn't want to proceed"):
		return Ending{Status: "denied"}
	case begins(last, "Command timed out"):
		return Ending{Status: "error", ErrorType: "timeout"}
	}
	for _, line := range [2][]byte{last, first} {
		if exit := ExitIn(line); exit.Valid && exit.V != 0 {
			return Ending{Status: "error", ErrorType: "nonzero_exit", Exit: exit}
		}
	}
	switch {
	case begins(first, "Tool ") && (bytes.Contains(first, []byte(" not found")) || bytes.Contains(first, []byte(" does not exist"))):
		return Ending{Status: "error", ErrorType: "unknown_tool"}
	case has(low, "could not find the exact text", "string to replace not found", "no changes made", "validation failed", "must be unique",
		"is not unique", "occurrences of the text"):
		return Ending{Status: "error", ErrorType: "bad_args"}
	}
	return Ending{Status: "error", ErrorType: Failure(head)}
}

// exitMarks are the words before the code in the lines by which agents say how a command ended.
var exitMarks = []string{"exited with code ", "exited with exit code ", "exit code: ", "Exit code: ", "exit code ", "Exit code ", "exit status "}

// ExitIn reads an exit code out of a line that says how a command ended.
func ExitIn(line []byte) schema.Int {
	if len(line) > 200 {
		return schema.Int{}
	}
	for _, mark := range exitMarks {
		i := bytes.Index(line, []byte(mark))
		if i < 0 {
			continue
		}
		rest := line[i+len(mark):]
		neg := len(rest) > 0 && rest[0] == '-'
		if neg {
			rest = rest[1:]
		}
		n, size := int64(0), 0
		for size < len(rest) && size < 10 && rest[size] >= '0' && rest[size] <= '9' {
			n = n*10 + int64(rest[size]-'0')
			size++
		}
		if size == 0 {
			continue
		}
		if neg {
			n = -n
		}
		return schema.Known(n)
	}
	return schema.Int{}
}

// lastLine is the last line that is not blank, if it is short enough for a sentence.
func lastLine(text []byte) []byte {
	text = bytes.TrimRight(text[max(0, len(text)-512):], " \r\n\t")
	return text[bytes.LastIndexByte(text, '\n')+1:]
}

func begins(text []byte, words ...string) bool {
	for _, w := range words {
		if len(text) >= len(w) && string(text[:len(w)]) == w {
			return true
		}
	}
	return false
}

// Time takes an instant in any form that agents write: text, or a number of seconds or milliseconds.
func (l *Log) Time(raw []byte, recordType string) schema.Instant {
	if len(raw) == 0 {
		return 0
	}
	at := schema.Instant(0)
	switch raw[0] {
	case '"':
		at = schema.ParseInstant(raw[1 : len(raw)-1])
	case 'n':
		return 0
	default:
		if f, ok := number(raw); ok && f > 1e11 {
			at = schema.UnixMillis(int64(f))
		} else if ok {
			at = schema.UnixSeconds(f)
		}
	}
	if at == 0 {
		l.Problem(schema.ProblemBadTime, recordType, "timestamp")
	}
	return at
}

func number(raw []byte) (float64, bool) {
	var s jscan.Scanner
	s.Reset(raw)
	return s.Float()
}
