package rows

import (
	"slices"

	"github.com/agenttrace/agenttrace/schema"
)

// Dead tells that the user took the lines from first to last, both included, out of the conversation.
// The ranges are emitted at the end, for a later one may hold an earlier one.
func (l *Log) Dead(first, last int64) {
	if first <= last {
		l.dead = append(l.dead, schema.DeadBranch{Where: schema.Where{Line: max(first, 1)}, LastLine: last})
	}
}

func (l *Log) putDead() {
	slices.SortFunc(l.dead, func(a, b schema.DeadBranch) int { return int(a.Line - b.Line) })
	for i := 0; i < len(l.dead); i++ {
		d := l.dead[i]
		for i+1 < len(l.dead) && l.dead[i+1].Line <= d.LastLine+1 {
			i++
			d.LastLine = max(d.LastLine, l.dead[i].LastLine)
		}
		l.Put(&d)
	}
}
