// Package recording reads the chat recordings of Gemini CLI, which its forks wrote as well before they
// had formats of their own: one JSON document that is rewritten, or JSON Lines that are appended to.
//
// In the lines a message comes again whole each time something is added to it, and control lines take
// messages out of the conversation. So a message is known by its id: its rows stand where it came
// first, each thing in it is told once, and what is taken out stays on the bill.
package recording

import (
	"bytes"
	"context"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A Dialect is one agent's use of the format.
type Dialect struct {
	Agent string // the word in the column agent
	Model string // the type of the model's messages
}

// peeked is how much of a source may decide which of the two forms it has.
const peeked = 64 << 10

// partThought keeps the reasoning of a message apart from its text, which may come later.
const partThought = 1 << 40

// Read reads one source.
func Read(ctx context.Context, src *ingest.Source, emit ingest.Emit, d Dialect) error {
	r := &reader{l: rows.New(d.Agent, src, emit), src: src, d: d, seen: map[schema.ID]*message{}}
	head, err := src.Head(peeked)
	if err != nil {
		return err
	}
	if isDocument(head) {
		err = r.document(ctx)
	} else {
		r.deferred = true
		r.whole, err = r.l.Lines(ctx, r.take)
	}
	if err != nil {
		return err
	}
	return r.finish()
}

// isDocument tells the document by its first line: of the other form it is an object without messages.
func isDocument(head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	line, _, ended := bytes.Cut(head, []byte{'\n'})
	var s jscan.Scanner
	s.Reset(line)
	if s.Kind() != jscan.Object {
		return false
	}
	for s.Object(); s.Key(); {
		if string(s.Name) == "messages" {
			return true
		}
		s.Skip()
	}
	return ended && s.End() != nil
}

// A reader holds what one source has said so far.
type reader struct {
	l        *rows.Log
	src      *ingest.Source
	d        Dialect
	s        *rows.Session
	run      *rows.Run
	scanner  jscan.Scanner
	inner    jscan.Scanner
	native   string // the id of the conversation: of a session or of a sub-agent
	title    string
	deferred bool // messages may come again
	whole    bool

	seen    map[schema.ID]*message
	visible []*message
	replay  bool // the messages come from a history that was put in place of another

	pending *message // the model's message that is being written
	ver     version  // what it says so far
	line    int64    // of its last version

	open    []*openCall
	calls   []*call
	model   string
	shrunk  *schema.Event // a compaction that the next message closes
	shrunkM message       // where it happened
	hasTime bool
	prompts int
	buf     []byte
}

// A message is one id.
type message struct {
	line                int64
	at                  schema.Instant
	key                 schema.ID
	id                  string
	turn                schema.ID
	call                *call
	told, text, thought bool
}

// A call is one response, kept until the end.
type call struct{ row schema.ModelCall }

func (r *reader) take(line []byte, no int64, _ schema.ID) bool {
	var v version
	if !v.scan(&r.scanner, line) {
		return false
	}
	r.src.Records++
	switch {
	case v.rewind.Present:
		r.rewind(no, r.l.Bytes(v.rewind))
	case v.set != nil:
		r.set(v.set, no)
	case v.typ.Present:
		r.message(&v, no)
	case v.session.Present || v.hash.Present || v.start.Present:
		r.header(&v, no)
	default:
		r.at(no, 0, 0)
		r.l.Unknown("")
	}
	return true
}

// at begins a record that has been counted already.
func (r *reader) at(line int64, at schema.Instant, key schema.ID) {
	r.l.Begin(line, at, key)
	r.src.Records--
}

func (r *reader) header(v *version, line int64) {
	if r.s == nil {
		r.at(line, 0, 0)
		r.start(v.session.String(), v.kind.String())
	}
	if len(v.summary.Raw) > 0 {
		r.title = v.summary.String()
	}
}

// document reads the form that is one JSON value. The line of a row is the number of its message.
func (r *reader) document(ctx context.Context) error {
	data, err := r.l.Document()
	if err != nil {
		return err
	}
	var v version
	s := &r.scanner
	r.whole = v.scan(s, data)
	if s.Pos() == 0 || v.messages == nil && !r.whole {
		// Cut inside the messages: those before the cut can be read still.
		v.messages = tail(data, &v)
	}
	if s.Kind() == jscan.None && v.messages == nil && !v.session.Present {
		r.at(1, 0, 0)
		r.src.Records++
		r.l.Bad(schema.ProblemBadJSON)
		return nil
	}
	r.header(&v, 1)
	r.each(v.messages, func(v *version, n int64) bool {
		r.src.Records++
		r.message(v, n)
		return ctx.Err() == nil && r.l.Err() == nil
	})
	if !r.whole {
		r.l.Problem(schema.ProblemTruncated, "", "")
	}
	return ctx.Err()
}

// tail finds the list of messages of a document that ends within it, and reads what stands before.
func tail(data []byte, v *version) []byte {
	var s jscan.Scanner
	s.Reset(data)
	if s.Kind() != jscan.Object {
		return nil
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "sessionId":
			v.session = s.Text()
		case "kind":
			v.kind = s.Text()
		case "messages":
			return data[s.Pos():]
		default:
			s.Skip()
		}
	}
	return nil
}

// each walks over a list of messages, up to where it is cut.
func (r *reader) each(list []byte, take func(v *version, n int64) bool) {
	var s jscan.Scanner
	s.Reset(list)
	if s.Kind() != jscan.Array {
		return
	}
	n := int64(0)
	for s.Array(); s.Elem(); {
		n++
		if s.Kind() != jscan.Object {
			s.Skip()
			continue
		}
		raw := s.Raw()
		if s.Bad() {
			return
		}
		var v version
		if v.scan(&r.inner, raw) && !take(&v, n) {
			return
		}
	}
}

// start begins the session. A sub-agent's recording lies in a folder that is named after its session.
func (r *reader) start(id, kind string) {
	dirs := strings.Split(strings.ReplaceAll(r.src.Path, `\`, "/"), "/")
	base := dirs[len(dirs)-1]
	parent := ""
	if n := len(dirs); n >= 3 && dirs[n-3] == "chats" {
		parent = strings.ToValidUTF8(dirs[n-2], "\uFFFD")
	}
	r.native = id
	if r.native == "" {
		r.native = strings.ToValidUTF8(strings.TrimSuffix(strings.TrimSuffix(base, ".jsonl"), ".json"), "\uFFFD")
	}
	if r.native == "" {
		r.native = "session"
	}
	switch {
	case parent != "":
		r.s = r.l.Session(parent)
		r.s.Row.IsMain = false
		r.run = r.s.Run(r.native)
		r.run.Row.OwnSessionID = r.l.ID(r.native)
	case kind == "subagent":
		// Whose it is, nothing tells.
		r.s = r.l.Session(r.native)
		r.s.Row.IsMain, r.s.Row.SessionKind = false, "background"
		r.run = r.s.Run(r.native)
		r.run.Row.ParentRunID = 0
	default:
		r.s = r.l.Session(r.native)
		r.run = r.s.Main
	}
	if r.s.Row.SessionKind == "" {
		r.s.Row.SessionKind = "user"
	}
	r.s.Row.Workspace = r.workspace(dirs, parent != "")
	r.s.Dir = r.s.Row.Workspace
}

// workspace looks up the folder of a project, whose recordings are filed under a short name for it.
func (r *reader) workspace(dirs []string, nested bool) string {
	n := len(dirs) - 2 // chats
	up := ".."
	if nested {
		n, up = n-1, "../.."
	}
	if r.src.ReadBeside == nil || n < 1 || dirs[n] != "chats" {
		return ""
	}
	if root, err := r.src.ReadBeside(up + "/.project_root"); err == nil {
		if path := strings.ToValidUTF8(strings.TrimSpace(string(root)), "\uFFFD"); rows.IsAbs(path) && len(path) < 4<<10 {
			return path
		}
	}
	list, err := r.src.ReadBeside(up + "/../../projects.json")
	if err != nil {
		return ""
	}
	var s jscan.Scanner
	s.Reset(list)
	if s.Kind() != jscan.Object {
		return ""
	}
	for s.Object(); s.Key(); {
		if string(s.Name) != "projects" || s.Kind() != jscan.Object {
			s.Skip()
			continue
		}
		for s.Object(); s.Key(); {
			path := string(s.Name)
			if s.Str() == dirs[n-1] && rows.IsAbs(path) {
				return strings.ToValidUTF8(path, "\uFFFD")
			}
		}
	}
	return ""
}

// finish emits what was open until the end.
func (r *reader) finish() error {
	if r.s == nil {
		if r.src.Records == 0 {
			return r.l.Close()
		}
		r.start("", "")
	}
	r.flush()
	r.compacted()
	for _, o := range r.open {
		if o.v.final() && !o.c.Ended() {
			r.end(o.m, o.c, &o.v)
		}
	}
	s := &r.s.Row
	for _, c := range r.calls {
		m := &c.row
		if m.UncachedInput.Valid || m.Output.Valid {
			m.UsageQuality = "final"
			s.HasUsage, s.HasCache = true, s.HasCache || m.CacheRead.Valid
			s.HasReasoning = s.HasReasoning || m.Reasoning.Valid
		}
		r.l.Put(m)
	}
	if len(r.calls) == 0 {
		s.HasUsage, s.HasCache, s.HasReasoning = true, true, true
	}
	s.HasToolStatus, s.HasToolArgs, s.HasCompactions, s.HasAPIErrors = true, true, true, true
	s.HasTimes = r.hasTime || len(r.seen) == 0
	s.IsComplete = schema.Known(r.whole)
	if r.src.Content != ingest.ContentNone {
		s.Title = r.title
	}
	return r.l.Close()
}
