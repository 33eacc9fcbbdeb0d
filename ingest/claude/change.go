package claude

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/edits"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// maxHashed is the largest file whose state before and after a change is hashed.
const maxHashed = 1 << 20

// applied is what came of the change that a call asked for.
type applied struct {
	path           string
	op             string
	basis          string
	ok             schema.Bool
	added, removed schema.Int
	self           schema.Int
	before, after  schema.ID
}

// A step is one replacement of an edit.
type step struct {
	old, new []byte
	all      bool
}

// wanted is a change as its arguments ask for it.
type wanted struct {
	path    string
	steps   []step
	content []byte // of a whole file or cell
	hasBody bool
	mode    string // of a notebook cell
}

func (r *reader) wanted(t *tool) wanted {
	w := wanted{path: t.row.TargetPath}
	var one step
	r.arena = r.arena[:0]
	s := &r.inner
	s.Reset(t.input)
	if s.Kind() != jscan.Object {
		return w
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "old_string":
			one.old = r.view(s.Text())
		case "new_string":
			one.new = r.view(s.Text())
		case "replace_all":
			one.all = isTrue(s)
		case "content", "new_source":
			w.hasBody = s.Kind() == jscan.String
			w.content = r.view(s.Text())
		case "edit_mode":
			w.mode = s.Str()
		case "edits":
			if !s.ArrayOrSkip() {
				continue
			}
			for s.Elem() {
				var e step
				if !s.ObjectOrSkip() {
					continue
				}
				for s.Key() {
					switch string(s.Name) {
					case "old_string":
						e.old = r.view(s.Text())
					case "new_string":
						e.new = r.view(s.Text())
					case "replace_all":
						e.all = isTrue(s)
					default:
						s.Skip()
					}
				}
				w.steps = append(w.steps, e)
			}
		default:
			s.Skip()
		}
	}
	if t.act == actEdit {
		w.steps = append(w.steps[:0], one)
	}
	return w
}

// applied works out the change of a call from its arguments and its result, which is nil where none
// came. It returns nil where the arguments name no file.
func (r *reader) applied(t *tool, res *result, text jscan.Text) *applied {
	w := r.wanted(t)
	if w.path == "" {
		return nil
	}
	a := &applied{path: w.path, op: "modify", basis: "tool_args"}
	if res != nil {
		a.ok = schema.Known(t.row.Status == "ok")
	}
	succeeded := a.ok.Valid && a.ok.V

	var added, removed [][]byte
	var original []byte
	hasOriginal := succeeded && res.original.Present
	if hasOriginal && len(res.original.Raw) <= maxHashed {
		original = r.decoded(res.original)
	} else {
		hasOriginal = false
	}

	known := true // the removed lines are
	switch {
	case t.act == actWrite:
		a.op = opOfWrite(t, res, text)
		switch {
		case a.op == "create":
			added = edits.Lines(w.content)
		case succeeded && res.patch != nil:
			added, removed = r.patchLines(res.patch)
			a.basis = "patch"
		case hasOriginal:
			added, removed = edits.Replace(original, w.content)
		default:
			added, known = edits.Lines(w.content), false
		}
	case t.act == actNotebook:
		// What a replaced or deleted cell held is not in the log.
		known = w.mode == "insert"
		if w.mode != "delete" {
			added = edits.Lines(w.content)
		}
	case succeeded && res.patch != nil:
		added, removed = r.patchLines(res.patch)
		a.basis = "patch"
	default:
		for _, e := range w.steps {
			add, del := edits.Replace(e.old, e.new)
			added, removed = append(added, add...), append(removed, del...)
			known = known && !e.all // how often it was replaced is unknown
		}
		if !known {
			added, removed = nil, nil
		}
	}
	if t.act != actEdit && t.act != actMultiEdit || known {
		a.added = schema.Known(int64(len(added)))
	}
	if known {
		a.removed = schema.Known(int64(len(removed)))
	}
	if t.act == actEdit && len(w.steps) == 1 && len(w.steps[0].old) == 0 && succeeded && (res.noOriginal || hasOriginal && len(original) == 0) {
		a.op = "create"
	}
	if succeeded {
		if self := t.ses.churn.Apply(a.path, added, removed); known {
			a.self = schema.Known(self)
		}
		r.states(t, res, w, a, original, hasOriginal)
	}
	return a
}

// opOfWrite says whether a write made a file. Where nothing tells, it is taken as new: a rule about
// files changed unseen must not fire because a log is silent.
func opOfWrite(t *tool, res *result, text jscan.Text) string {
	if res == nil || t.row.Status != "ok" {
		return "create"
	}
	switch string(res.op.Raw) {
	case "create":
		return "create"
	case "update":
		return "modify"
	}
	if bytes.Contains(text.Raw[:min(len(text.Raw), 512)], []byte("has been updated")) || len(res.original.Raw) > 0 {
		return "modify"
	}
	return "create"
}

// states hashes the file before and after the change, where the log gives the whole of it.
func (r *reader) states(t *tool, res *result, w wanted, a *applied, original []byte, hasOriginal bool) {
	if hasOriginal {
		a.before = schema.HashBytes(original)
	}
	if res.userChanged {
		return // the user edited the change before it was applied
	}
	switch t.act {
	case actWrite:
		if w.hasBody && len(w.content) <= maxHashed {
			a.after = schema.HashBytes(w.content)
		}
	case actEdit, actMultiEdit:
		if !hasOriginal && !(res.noOriginal && a.op == "create") {
			return
		}
		now := original
		for _, e := range w.steps {
			switch {
			case len(e.old) == 0 && len(now) == 0:
				now = e.new
			case len(e.old) == 0:
				return
			case !bytes.Contains(now, e.old):
				return // the log's copy is not what the edit was applied to
			case e.all:
				now = bytes.ReplaceAll(now, e.old, e.new)
			default:
				now = bytes.Replace(now, e.old, e.new, 1)
			}
			if len(now) > 2*maxHashed {
				return
			}
		}
		a.after = schema.HashBytes(now)
	}
}

// patchLines collects the lines that a structured patch adds and removes.
func (r *reader) patchLines(patch []byte) (added, removed [][]byte) {
	var s jscan.Scanner
	s.Reset(patch)
	for s.Array(); s.Elem(); {
		if !s.ObjectOrSkip() {
			continue
		}
		for s.Key() {
			if string(s.Name) != "lines" || s.Kind() != jscan.Array {
				s.Skip()
				continue
			}
			for s.Array(); s.Elem(); {
				line := s.Text()
				if len(line.Raw) == 0 {
					continue
				}
				sign := line.Raw[0]
				line.Raw = line.Raw[1:]
				switch sign {
				case '+':
					added = append(added, r.view(line))
				case '-':
					removed = append(removed, r.view(line))
				}
			}
		}
	}
	return added, removed
}

// view decodes a text for the change at hand. What it returned before stays valid until the next change.
func (r *reader) view(t jscan.Text) []byte {
	if !t.Escaped {
		return t.Raw
	}
	from := len(r.arena)
	r.arena = jscan.Unquote(r.arena, t.Raw)
	return r.arena[from:len(r.arena):len(r.arena)]
}

func (r *reader) putChange(t *tool, a *applied) {
	c := &t.row
	r.row.change = schema.FileChange{
		Where: c.Where, FileChangeID: c.ToolCallID.With(partChange), SessionID: c.SessionID, RunID: c.RunID, TurnID: c.TurnID,
		ToolCallID: c.ToolCallID, Seq: c.Seq, Path: a.path, Op: a.op, IsApplied: a.ok, FileRole: edits.Role(a.path),
		IsInWorkspace: within(t.ses.row.Workspace, a.path), AddedLineCount: a.added, RemovedLineCount: a.removed,
		SelfRemovedLineCount: a.self, BeforeHash: a.before, AfterHash: a.after, Basis: a.basis,
	}
	r.put(&r.row.change)
}

// within reports whether a path lies in the workspace; unknown without one.
func within(workspace, path string) schema.Bool {
	absolute := strings.HasPrefix(path, "/") || strings.HasPrefix(path, `\`) || len(path) > 2 && path[1] == ':'
	if workspace == "" && absolute {
		return schema.Bool{}
	}
	if !absolute {
		return schema.Known(!strings.HasPrefix(path, "../"))
	}
	w, p := strings.ReplaceAll(workspace, `\`, "/"), strings.ReplaceAll(path, `\`, "/")
	if len(w) > 1 && w[1] == ':' {
		// Windows folds case.
		w, p = strings.ToLower(w), strings.ToLower(p)
	}
	w = strings.TrimSuffix(w, "/")
	return schema.Known(strings.HasPrefix(p, w) && (len(p) == len(w) || p[len(w)] == '/') && !strings.Contains(p, "/../"))
}
