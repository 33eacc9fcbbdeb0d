package opencode

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// Parse reads one session; the line of a row is the number of its message.
func (Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	t := &thread{agent: Agent, src: src, log: rows.New(Agent, src, emit)}
	t.parent = t.parentBeside
	t.calls = trace.NewCalls(t.log)
	data, err := t.log.Document()
	if err != nil {
		return err
	}
	o := trace.ObjectOf(data)
	switch {
	case isExport(o) || o.Has("messages"):
		t.begin(o.Object("info"))
		for e, whole := range trace.Elems(o.Raw("messages")) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if m := trace.ObjectOf(e); whole {
				t.message(m.Object("info"), list(m.Raw("parts")))
			}
		}
	case o.Len() > 0:
		t.begin(o)
		t.tree(o.Str("id"))
	default:
		t.log.Problem(schema.ProblemBadJSON, "", "")
		return t.log.Close()
	}
	if o.Cut {
		t.log.Problem(schema.ProblemTruncated, "", "")
		t.s.Row.IsComplete = schema.Known(false)
	}
	return t.close()
}

// list takes an array of objects apart; one that is cut is left out.
func list(raw []byte) []trace.Object {
	var out []trace.Object
	for e, whole := range trace.Elems(raw) {
		if whole {
			out = append(out, trace.ObjectOf(e))
		}
	}
	return out
}

// A thread is one session being read.
type thread struct {
	agent string
	src   *ingest.Source
	log   *rows.Log
	calls *trace.Calls
	tools *trace.Tools // of the current message
	name  string       // of the current message, and what it rests on
	basis string
	marks map[string]bool // fingerprints of the session so far
	s     *rows.Session
	run   *rows.Run
	root  string // the session that the run belongs to
	child bool   // another session started this one
	// parent names the session that started another, if that is known.
	parent func(id string) string

	worktree    string // of the project, where the session names no folder
	n           int64
	revert      string // the message from which on the user went back
	revertLine  int64
	compaction  string // asked for and not yet seen: auto or manual
	mode, model string
}

// begin takes the session's own description.
func (t *thread) begin(info trace.Object) {
	id := info.Str("id")
	if id == "" {
		id = stem(t.src.Path)
	}
	t.log.Version = info.Str("version")
	parent := info.Str("parentID")
	t.root = id
	if parent != "" {
		t.child, t.root = true, t.rootOf(parent)
	}
	t.s = t.log.Session(t.root)
	t.run = t.s.Main
	r := &t.s.Row
	if t.child {
		r.IsMain = false
		t.run = t.s.Run(id)
		t.run.Row.Line = 1
		t.run.Row.OwnSessionID = schema.IDOf(t.agent, id)
		if parent != t.root {
			t.run.Row.ParentRunID, t.run.Row.Depth = t.log.ID("run", t.root, parent), schema.Int{}
		}
	}
	r.AgentVersion = t.log.Version
	r.HasToolStatus, r.HasToolArgs, r.HasCompactions, r.HasAPIErrors = true, true, true, true
	if dir := info.Str("directory"); dir != "" && dir != "/" {
		r.Workspace, t.s.Dir = dir, dir
	}
	if t.src.Content != ingest.ContentNone && !t.child {
		r.Title = info.Str("title")
	}
	t.revert = info.Object("revert").Str("messageID")
}

// rootOf climbs from a session to the one that no other started, as far as they are there.
func (t *thread) rootOf(id string) string {
	for range 16 {
		up := t.parent(id)
		if up == "" || up == id {
			return id
		}
		id = up
	}
	return id
}

// parentBeside looks into the session files beside this one.
func (t *thread) parentBeside(id string) string {
	if t.src.ReadBeside == nil || strings.ContainsAny(id, `/\`) {
		return ""
	}
	data, err := t.src.ReadBeside(id + ".json")
	if err != nil {
		return ""
	}
	return trace.ObjectOf(data).Str("parentID")
}

func stem(path string) string {
	base := path[strings.LastIndexAny(path, `/\`)+1:]
	return strings.TrimSuffix(base, ".json")
}

// A file is one object of a tree, with the name it had.
type file struct {
	name string
	o    trace.Object
}

// tree reads the messages of a session and their parts from the files beside it.
func (t *thread) tree(id string) {
	if t.src.ReadBeside == nil || t.src.ListBeside == nil || strings.ContainsAny(id, `/\`) {
		return
	}
	messages, parts := "../../message/"+id, "../../part/"
	found := t.files(messages)
	if len(found) == 0 { // the first layout
		messages, parts = "../message/"+id, "../part/"+id+"/"
		found = t.files(messages)
	}
	slices.SortStableFunc(found, func(a, b file) int {
		x, y := a.o.Object("time").Float("created").V, b.o.Object("time").Float("created").V
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return strings.Compare(a.name, b.name)
	})
	var loose []file
	looked := false
	for _, m := range found {
		mid := m.o.Str("id")
		if mid == "" {
			mid = strings.TrimSuffix(m.name, ".json")
		}
		own := t.files(parts + mid)
		if len(own) == 0 && len(list(m.o.Raw("parts"))) == 0 {
			if !looked {
				looked, loose = true, t.files(strings.TrimSuffix(parts, "/"))
			}
			for _, p := range loose {
				if p.o.Str("messageID") == mid {
					own = append(own, p)
				}
			}
		}
		objects := list(m.o.Raw("parts"))
		for _, p := range own {
			objects = append(objects, p.o)
		}
		t.message(m.o, objects)
	}
}

// maxBeside is the largest file that is read beside a source.
const maxBeside = 1 << 20

// files reads the JSON files of a folder, in the order of their names, which is that of time.
func (t *thread) files(dir string) []file {
	names, err := t.src.ListBeside(dir)
	if err != nil {
		return nil
	}
	var out []file
	for _, name := range names {
		if !strings.HasSuffix(name, ".json") {
			continue
		}
		data, err := t.src.ReadBeside(dir + "/" + name)
		if err != nil {
			continue
		}
		o := trace.ObjectOf(bytes.ToValidUTF8(data, []byte("\uFFFD")))
		switch {
		case o.Cut && len(data) >= maxBeside:
			t.log.Problem(schema.ProblemOversized, "part", "")
		case o.Cut, o.Len() == 0:
			t.src.Records++
			t.log.Bad(schema.ProblemBadJSON)
			continue
		}
		out = append(out, file{name, o})
	}
	return out
}

// close emits what was held back.
func (t *thread) close() error {
	if t.compaction != "" {
		t.run.Event(schema.Event{Event: "compaction", Detail: t.compaction})
	}
	if t.revertLine > 0 {
		// What the user went back from stays until the next prompt.
		t.log.Put(&schema.DeadBranch{Where: schema.Where{Line: t.revertLine}, LastLine: t.n})
		t.run.Event(schema.Event{Event: "rewind"})
	}
	if t.s.Row.Workspace == "" {
		t.s.Row.Workspace = t.worktree
	}
	t.calls.Close(t.s)
	return t.log.Close()
}
