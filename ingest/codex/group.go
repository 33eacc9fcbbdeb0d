package codex

import (
	"github.com/agenttrace/agenttrace/schema"
)

// maxHeld bounds what waits for its model call in files that never name one.
const maxHeld = 256

// A group is one response of the model: its texts and tool calls come first, its usage behind them.
// They wait for it, and calls for their results; so little more than one response is in memory.
type group struct {
	messages []pendingMessage
	calls    []*call // of this response
	done     []*call // of any response, complete and not emitted
	byID     map[string]*call
	free     []*call

	modelCall schema.ID
	closed    bool // the usage has come: the next item begins another response
	byRecord  bool // modelCall comes from a token_usage_record
}

type pendingMessage struct {
	row   schema.Message
	text  string
	whole bool
}

// begin is called for each item of the model.
func (g *group) begin(p *parser) {
	if g.closed || len(g.messages)+len(g.done) > maxHeld {
		p.flush()
	}
}

// message returns a place for a message of this response.
func (g *group) message() *pendingMessage {
	g.messages = append(g.messages, pendingMessage{})
	return &g.messages[len(g.messages)-1]
}

// usage tells which model call the items before it came from.
func (g *group) usage(id schema.ID, byRecord bool) {
	if g.closed && !(byRecord && !g.byRecord) {
		return
	}
	g.closed, g.modelCall, g.byRecord = true, id, byRecord
}

// flush emits what has waited.
func (p *parser) flush() {
	g := &p.group
	for i := range g.messages {
		m := &g.messages[i]
		m.row.ModelCallID = g.modelCall
		p.emit(&m.row)
		p.emitText("message", m.row.MessageID, m.row.Line, "text", m.text, m.whole)
	}
	clear(g.messages)
	g.messages = g.messages[:0]
	for _, c := range g.calls {
		c.row.ModelCallID = g.modelCall
	}
	g.calls = g.calls[:0]
	for _, c := range g.done {
		p.emitCall(c)
		if g.byID[c.row.NativeCallID] == c {
			delete(g.byID, c.row.NativeCallID)
		}
		c.clear()
		g.free = append(g.free, c)
	}
	g.done = g.done[:0]
	g.closed, g.modelCall, g.byRecord = false, 0, false
}

// flushOpen emits the calls that never got a result, in the order in which they were made.
func (p *parser) flushOpen() {
	g := &p.group
	var rest []*call
	for _, c := range g.byID {
		rest = append(rest, c)
	}
	sortCalls(rest)
	for _, c := range rest {
		c.row.Status = "no_result"
		if c.aborted {
			c.row.Status = "interrupted"
		}
		p.emitCall(c)
	}
	clear(g.byID)
}

func (g *group) newCall() *call {
	if n := len(g.free); n > 0 {
		c := g.free[n-1]
		g.free = g.free[:n-1]
		return c
	}
	return &call{}
}
