package rows

import "github.com/agenttrace/agenttrace/schema"

// Rather puts these changes in the place of what the arguments told: a result that shows the files as
// they were and are knows better.
func (c *Call) Rather(list ...Change) {
	c.changes = c.changes[:0]
	for _, ch := range list {
		c.Change(ch)
	}
}

// Again goes back to a record, or to a part of one with a key of its own: rows that follow belong there,
// and nothing is counted.
func (l *Log) Again(line int64, at schema.Instant, key schema.ID) {
	l.line, l.at, l.key = line, at, key
	l.texts, l.notes = 0, 0
}
