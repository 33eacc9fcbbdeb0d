package pi

import (
	"unsafe"

	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A tree remembers which entry follows which, once an entry does not follow the one before it: the user
// went back, and what came after the place he went back to is a dead branch.
type tree struct {
	nodes  []node
	index  map[schema.ID]int // of the nodes, from when it is first needed
	last   schema.ID
	split  bool
	talked int // last node of the conversation, -1 = none
}

type node struct {
	id, parent schema.ID
	line       int64
	talk       bool // an item of the conversation
}

func (t *tree) add(p *parser, e *entry) {
	if len(e.id.Raw) == 0 || e.typ.is("session") {
		return
	}
	id := schema.IDOf(str(e.id.Raw))
	parent := schema.ID(0)
	switch {
	case len(e.parent.Raw) > 0:
		parent = schema.IDOf(str(e.parent.Raw))
	case e.typ.is("reset_boundary"):
		parent = t.last // it clears the context, and no branch dies by that
	}
	if t.last != 0 && parent != t.last && (parent != 0 || e.rootParent) && t.leaves(parent) {
		p.run.Setting(schema.Event{Event: "rewind"})
		t.split = true
	}
	if t.index != nil {
		t.index[id] = len(t.nodes)
	}
	t.nodes = append(t.nodes, node{id: id, parent: parent, line: p.log.Line(), talk: e.typ.is("message")})
	if e.typ.is("message") {
		t.talked = len(t.nodes) - 1
	}
	t.last = id
}

// leaves reports whether going on from an entry leaves something of the conversation behind. A parent
// that is not in the file (a copy of a part) tells nothing.
func (t *tree) leaves(parent schema.ID) bool {
	from := -1
	if parent != 0 {
		var ok bool
		if from, ok = t.find(parent); !ok {
			return false
		}
	}
	return t.talked > from
}

func (t *tree) find(id schema.ID) (int, bool) {
	if t.index == nil {
		t.index = make(map[schema.ID]int, len(t.nodes))
		for i, n := range t.nodes {
			t.index[n.id] = i
		}
	}
	i, ok := t.index[id]
	return i, ok
}

// end emits the dead branches: what does not lead to the last entry.
func (t *tree) end(log *rows.Log) {
	if !t.split {
		return
	}
	alive := make([]bool, len(t.nodes))
	for i := len(t.nodes) - 1; i >= 0 && !alive[i]; {
		alive[i] = true
		next, ok := t.find(t.nodes[i].parent)
		if !ok {
			break
		}
		i = next
	}
	for i := 0; i < len(t.nodes); i++ {
		if alive[i] {
			continue
		}
		from, talk := i, t.nodes[i].talk
		for i+1 < len(t.nodes) && !alive[i+1] {
			i++
			talk = talk || t.nodes[i].talk
		}
		if talk {
			log.Put(&schema.DeadBranch{Where: schema.Where{Line: t.nodes[from].line}, LastLine: t.nodes[i].line})
		}
	}
}

// str views bytes as a string for calls that do not keep it.
func str(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
