package copilot

import (
	"context"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A node is a JSON value that operations change. What they do not touch stays as it was written.
type node struct {
	raw    []byte // of a value that was not taken apart
	kind   jscan.Kind
	open   bool // names and list hold the value
	names  []string
	list   []*node
	absent bool
}

func nodeOf(raw []byte) *node {
	var s jscan.Scanner
	s.Reset(raw)
	return &node{raw: raw, kind: s.Kind()}
}

// take opens an object or array, so that its parts can be changed.
func (n *node) take() {
	if n.open {
		return
	}
	n.open = true
	var s jscan.Scanner
	s.Reset(n.raw)
	switch n.kind {
	case jscan.Object:
		for s.Object(); s.Key(); {
			n.names = append(n.names, string(s.Name))
			n.list = append(n.list, nodeOf(s.Raw()))
		}
	case jscan.Array:
		for s.Array(); s.Elem(); {
			n.list = append(n.list, nodeOf(s.Raw()))
		}
	}
	n.raw = nil
}

// member returns the index of a member of an object, or -1.
func (n *node) member(name string) int {
	for i := range n.names {
		if n.names[i] == name {
			return i
		}
	}
	return -1
}

// step is one element of a path.
type step struct {
	name  string
	index int64
	named bool
}

// find returns the node at a path, or nil; operations on paths that are not there are passed over.
func (n *node) find(path []step) *node {
	for _, p := range path {
		n.take()
		i := n.at(p)
		if i < 0 {
			return nil
		}
		n = n.list[i]
	}
	return n
}

func (n *node) at(p step) int {
	switch {
	case p.named && n.kind == jscan.Object:
		return n.member(p.name)
	case !p.named && n.kind == jscan.Array && p.index >= 0 && p.index < int64(len(n.list)):
		return int(p.index)
	}
	return -1
}

// set puts a value at the last element of a path.
func (n *node) set(path []step, v *node) bool {
	if len(path) == 0 {
		return false
	}
	parent := n.find(path[:len(path)-1])
	if parent == nil {
		return false
	}
	parent.take()
	last := path[len(path)-1]
	if i := parent.at(last); i >= 0 {
		parent.list[i] = v
		return true
	}
	switch {
	case last.named && parent.kind == jscan.Object:
		parent.names = append(parent.names, last.name)
		parent.list = append(parent.list, v)
	case !last.named && parent.kind == jscan.Array && last.index == int64(len(parent.list)):
		parent.list = append(parent.list, v)
	default:
		return false
	}
	return true
}

// push cuts the array at a path to a length, if one is given, and appends values.
func (n *node) push(path []step, length int64, values []*node) bool {
	arr := n.find(path)
	if arr == nil || arr.absent {
		arr = &node{kind: jscan.Array, open: true}
		if !n.set(path, arr) {
			return false
		}
	}
	arr.take()
	if arr.kind != jscan.Array {
		return false
	}
	if length >= 0 && length < int64(len(arr.list)) {
		arr.list = arr.list[:length]
	}
	arr.list = append(arr.list, values...)
	return true
}

// append writes the value as JSON.
func (n *node) append(b []byte) []byte {
	if n.absent {
		return append(b, "null"...)
	}
	if !n.open {
		if len(n.raw) == 0 {
			return append(b, "null"...)
		}
		return append(b, n.raw...)
	}
	switch n.kind {
	case jscan.Object:
		b = append(b, '{')
		first := true
		for i, v := range n.list {
			if v.absent {
				continue
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			b = appendString(b, n.names[i])
			b = v.append(append(b, ':'))
		}
		return append(b, '}')
	case jscan.Array:
		b = append(b, '[')
		for i, v := range n.list {
			if i > 0 {
				b = append(b, ',')
			}
			b = v.append(b)
		}
		return append(b, ']')
	}
	return append(b, "null"...)
}

func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// maxState bounds the values that a log of operations builds.
const maxState = rows.MaxDocument

// readOperations replays the log of operations and reads the chat session that it leaves.
func readOperations(ctx context.Context, log *rows.Log, src *ingest.Source) error {
	var root *node
	size, skipped, lines := 0, false, int64(0)
	whole, err := log.Lines(ctx, func(line []byte, no int64, _ schema.ID) bool {
		lines++
		op, path, length, value, ok := operation(append([]byte{}, line...))
		if !ok {
			return false
		}
		if op == 0 {
			size = 0 // a new base: what was before is garbage
		}
		if size += len(line); size > maxState {
			skipped = true
			return true
		}
		done := false
		switch {
		case op == 0 && value != nil && value.kind == jscan.Object:
			root, done = value, true
		case root == nil:
		case op == 1 && value != nil:
			done = root.set(path, value)
		case op == 1 || op == 3:
			done = root.set(path, &node{absent: true})
		case op == 2:
			var list []*node
			if value != nil {
				value.take()
				list = value.list
			}
			done = root.push(path, length, list)
		}
		if !done {
			skipped = true
			log.Begin(no, 0, 0)
			src.Records--
			log.Problem(schema.ProblemUnknownField, "operation", "path")
		}
		return true
	})
	if err != nil || root == nil {
		return err
	}
	partial := !whole || skipped
	return chatSession(log, src, root.append(nil), partial)
}

// operation reads {"kind":…,"k":[…],"v":…,"i":…}.
func operation(line []byte) (op int64, path []step, length int64, value *node, ok bool) {
	length, op = -1, -1
	var s jscan.Scanner
	s.Reset(line)
	if s.Kind() != jscan.Object {
		return
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "kind":
			if v, isInt := s.Int(); isInt {
				op = v
			}
		case "k":
			for ok := s.ArrayOrSkip(); ok && s.Elem(); {
				if s.Kind() == jscan.String {
					path = append(path, step{name: s.Str(), named: true})
				} else if v, isInt := s.Int(); isInt {
					path = append(path, step{index: v})
				}
			}
		case "v":
			value = nodeOf(s.Raw())
		case "i":
			if v, isInt := s.Int(); isInt && v >= 0 {
				length = v
			}
		default:
			s.Skip()
		}
	}
	return op, path, length, value, s.End() == nil
}
