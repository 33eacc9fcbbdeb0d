package cursor

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// Export reads what people take out of the editor's database as JSON: values by their keys, rows of key and
// value, or the bare value of one key. Its zero value is ready for use.
//
// Conversations that an export has whole are read as from the database. Of others it has the titles, and
// what was asked in lists that name no conversation: a prompt belongs to the one that was open at the time,
// if there is exactly one, and else to a session that stands for the work of the file.
type Export struct{}

const (
	promptsKey     = "aiService.prompts"
	generationsKey = "aiService.generations"
)

// Format describes the exports, which lie where the user put them.
func (Export) Format() ingest.Format {
	return ingest.Format{Agent: agent, Parser: "cursor-export", Title: "Cursor", Version: 2, StoreKind: "json", Roots: func(ingest.Env) []ingest.Root { return nil }}
}

// Match knows the names of the keys.
func (Export) Match(_ string, head []byte) ingest.Match {
	head = bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	has := func(words ...string) bool {
		for _, w := range words {
			if !bytes.Contains(head, []byte(w)) {
				return false
			}
		}
		return true
	}
	switch trace.Kind(head) {
	case jscan.Object:
		if _, _, ok := table(trace.ObjectOf(head)); ok && (has(`"aiService.`) || has(`"`+composersKey+`"`) || has(`"workbench.panel.aichat.`) || has(`"`+composerPrefix)) {
			return ingest.Match{Verdict: ingest.Sure}
		}
		for name, v := range trace.ObjectOf(head).Members() {
			switch {
			case (name == "usageEvents" || name == "usageEventsDisplay") && has(`"tokenUsage"`, `"chargedCents"`):
				return ingest.Match{Verdict: ingest.NotSession, Reason: usageExport}
			case name == promptsKey, name == generationsKey, name == composersKey, strings.HasPrefix(name, composerPrefix), strings.HasPrefix(name, bubblePrefix),
				name == chatKeys[0], name == chatKeys[1]:
				return ingest.Match{Verdict: ingest.Sure}
			case name == "allComposers" && trace.Kind(v) == jscan.Array, name == "composerData" && has(`"allComposers"`),
				name == "generations" && has(`"generationUUID"`), name == "fullConversationHeadersOnly" && has(`"composerId"`):
				return ingest.Match{Verdict: ingest.Sure}
			case name == "prompts" && has(`"commandType"`):
				return ingest.Match{Verdict: ingest.Weak}
			}
		}
	case jscan.Array:
		for e := range trace.Elems(head) {
			o := trace.ObjectOf(e)
			key := o.Str("key")
			switch {
			case o.Has("key") && o.Has("value") && (strings.HasPrefix(key, "aiService.") || key == composersKey || strings.HasPrefix(key, composerPrefix) || strings.HasPrefix(key, bubblePrefix)),
				o.Has("generationUUID") && o.Has("unixMs"):
				return ingest.Match{Verdict: ingest.Sure}
			case o.Has("text") && o.Has("commandType") && o.Len() == 2:
				return ingest.Match{Verdict: ingest.Weak}
			}
			break
		}
	}
	return ingest.Match{}
}

// An export is one file being read.
type export struct {
	src    *ingest.Source
	log    *rows.Log
	keys   []string // in the order of the file
	values map[string][]byte
	heads  []*head
	told   map[string]bool
	line   int64
	rest   *rows.Session // for what belongs to no conversation
}

// A head describes a conversation whose messages are not in the export.
type head struct {
	id       string
	o        trace.Object
	from, to schema.Instant
	s        *rows.Session
}

// Parse reads one export; the line of a row is the number of its message or prompt, in the order of the file.
func (Export) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	x := &export{src: src, log: rows.New(agent, src, emit), values: map[string][]byte{}, told: map[string]bool{}}
	data, err := x.log.Document()
	if err != nil {
		return err
	}
	for v, whole := range trace.Values(data) {
		if !whole {
			x.log.Begin(1, 0, 0)
			x.log.Bad(schema.ProblemTruncated)
		}
		x.take(v)
	}
	if err := x.conversations(ctx); err != nil {
		return err
	}
	x.outlines()
	x.prompts()
	return x.log.Close()
}

func (x *export) set(key string, raw []byte) {
	for range 2 { // a value may be written as text, and that again
		if trace.Kind(raw) != jscan.String {
			break
		}
		inner := bytes.TrimSpace(trace.Text(raw).Bytes(nil))
		if len(inner) == 0 || inner[0] != '{' && inner[0] != '[' && inner[0] != '"' {
			break
		}
		raw = inner
	}
	if x.values[key] == nil {
		x.keys = append(x.keys, key)
	}
	x.values[key] = raw
}

// take sorts a value of the file by its shape.
func (x *export) take(raw []byte) {
	if trace.Kind(raw) == jscan.Array {
		for e, whole := range trace.Elems(raw) {
			o := trace.ObjectOf(e)
			switch {
			case !whole:
			case o.Has("key"):
				x.set(o.Str("key"), o.Raw("value"))
				continue
			case o.Has("generationUUID"):
				x.set(generationsKey, raw)
			case o.Has("commandType"):
				x.set(promptsKey, raw)
			case o.Has("composerId"):
				x.set(composersKey, raw)
			}
			return
		}
		return
	}
	o := trace.ObjectOf(raw)
	if key, value, ok := table(o); ok {
		for e := range trace.Elems(o.Raw("rows")) {
			var cells [][]byte
			for c := range trace.Elems(e) {
				cells = append(cells, c)
			}
			if key < len(cells) && value < len(cells) {
				x.set(trace.Str(cells[key]), cells[value])
			}
		}
		return
	}
	if id := o.Str("composerId"); id != "" {
		x.set(composerPrefix+id, raw)
		return
	}
	if o.Has("allComposers") {
		x.set(composersKey, raw)
		return
	}
	for name, v := range o.Members() {
		switch name {
		case "prompts":
			name = promptsKey
		case "generations":
			name = generationsKey
		case "composerData":
			name = composersKey
		}
		x.set(name, v)
	}
}

// table finds the columns of keys and values in what a web front end of the database returned.
func table(o trace.Object) (key, value int, ok bool) {
	if trace.Kind(o.Raw("rows")) != jscan.Array {
		return 0, 0, false
	}
	key, value = -1, -1
	n := 0
	for c := range trace.Elems(o.Raw("columns")) {
		switch trace.Str(c) {
		case "key":
			key = n
		case "value":
			value = n
		}
		n++
	}
	return key, value, key >= 0 && value >= 0
}

func (x *export) get(key string) ([]byte, error) { return x.values[key], nil }

// conversations tells those that are whole.
func (x *export) conversations(ctx context.Context) error {
	parents := map[string]string{}
	for _, key := range x.keys {
		id, ok := strings.CutPrefix(key, composerPrefix)
		if !ok {
			continue
		}
		o := trace.ObjectOf(x.values[key])
		for _, name := range []string{"subagentComposerIds", "subComposerIds"} {
			for e := range trace.Elems(o.Raw(name)) {
				if child := trace.Str(e); child != "" && child != id && parents[child] == "" {
					parents[child] = id
				}
			}
		}
	}
	tell := func(id string, o trace.Object, chat bool) error {
		if x.told[id] || ctx.Err() != nil {
			return ctx.Err()
		}
		x.told[id] = true
		t := newConversation(x.log, id)
		t.get, t.parents, t.base = x.get, parents, x.line
		err := t.tell(x.src, o, chat)
		x.line += t.line
		return err
	}
	for _, key := range x.keys {
		id, ok := strings.CutPrefix(key, composerPrefix)
		if !ok || id == "" || strings.Contains(id, "\n") || strings.HasPrefix(id, "task-") {
			continue
		}
		o := trace.ObjectOf(x.values[key])
		if hasElements(o.Raw("conversation")) || x.hasBubbles(id, o) {
			if err := tell(id, o, false); err != nil {
				return err
			}
			continue
		}
		x.head(id, o)
	}
	return inside(x.get, tell)
}

func (x *export) hasBubbles(id string, o trace.Object) bool {
	for e := range trace.Elems(o.Raw("fullConversationHeadersOnly")) {
		if x.values[bubblePrefix+id+":"+trace.ObjectOf(e).Str("bubbleId")] != nil {
			return true
		}
	}
	return false
}

func (x *export) head(id string, o trace.Object) {
	if id == "" || x.told[id] || trace.IsTrue(o.Raw("isDraft")) {
		return
	}
	from, to := trace.Instant(o.Raw("createdAt")), trace.Instant(o.Raw("lastUpdatedAt"))
	if to == 0 {
		return // opened, and nothing was ever said
	}
	x.told[id] = true
	x.heads = append(x.heads, &head{id: id, o: o, from: from, to: to})
}

// outlines begins a session for each conversation of which only the description is there.
func (x *export) outlines() {
	heads := x.values[composersKey]
	if trace.Kind(heads) == jscan.Object {
		heads = trace.ObjectOf(heads).Raw("allComposers")
	}
	for e := range trace.Elems(heads) {
		o := trace.ObjectOf(e)
		x.head(o.Str("composerId"), o)
	}
	for _, h := range x.heads {
		t := newConversation(x.log, h.id)
		x.line++
		x.log.Begin(x.line, h.from, x.log.ID("head", h.id))
		t.about(x.src, h.o)
		h.s = t.s
		tellsAll(x.log, t.run, rankOutline)
		h.s.Row.Fidelity, h.s.Row.HasToolStatus, h.s.Row.HasToolArgs, h.s.Row.HasTimes = "outline", false, false, h.from != 0
		h.s.Main.Record()
		if h.from != h.to {
			x.log.Again(x.line, h.to, x.log.ID("head", h.id).With(1))
			h.s.Main.Record()
		}
	}
}

// prompts tells what was asked. Prompts and generations repeat each other's texts: those that have an
// instant count.
func (x *export) prompts() {
	dated := map[string]int{}
	for e, whole := range trace.Elems(x.values[generationsKey]) {
		if !whole {
			break
		}
		o := trace.ObjectOf(e)
		x.line++
		at := trace.Instant(o.Raw("unixMs"))
		key := x.log.ID("generation", o.Str("generationUUID"))
		if key == 0 {
			key = x.log.ID("generation of", x.src.Path).With(uint64(x.line))
		}
		x.log.Begin(x.line, at, key)
		text, ok := trace.Content(o.Raw("textDescription"))
		if !ok || trace.IsBlank(text) || o.Str("type") == "apply" {
			continue // an edit that was carried out
		}
		dated[string(text)]++
		run := x.open(at, o.Str("type"))
		if run == nil {
			continue // its conversation is told
		}
		run.Record()
		run.Session().Row.HasTimes = true
		run.Prompt("user", text)
	}
	for e, whole := range trace.Elems(x.values[promptsKey]) {
		if !whole {
			break
		}
		text, ok := trace.Content(trace.ObjectOf(e).Raw("text"))
		x.line++
		x.log.Begin(x.line, 0, x.log.ID("prompt of", x.src.Path).With(uint64(x.line)))
		if !ok || trace.IsBlank(text) {
			continue
		}
		if dated[string(text)] > 0 {
			dated[string(text)]--
			continue
		}
		if x.whole() {
			continue // the conversations tell what was asked in them
		}
		run := x.activity().Main
		run.Record()
		run.Prompt("user", text)
	}
}

// whole reports whether the export holds conversations with their messages.
func (x *export) whole() bool { return len(x.told) > len(x.heads) }

// open is whose a prompt is: of the one conversation that was open then. It is nil where conversations tell
// their prompts themselves.
func (x *export) open(at schema.Instant, kind string) *rows.Run {
	if kind == "composer" || kind == "chat" {
		var found *head
		n := 0
		for _, h := range x.heads {
			if at != 0 && h.from != 0 && at >= h.from && at <= h.to {
				found, n = h, n+1
			}
		}
		if n == 1 {
			return found.s.Main
		}
		if x.whole() {
			return nil
		}
	}
	return x.activity().Main
}

// activity is the session for what belongs to none.
func (x *export) activity() *rows.Session {
	if x.rest == nil {
		x.rest = x.log.Session(fmt.Sprintf("activity-%016x", uint64(schema.HashString(x.src.Path))))
		x.rest.Row.Fidelity = "outline"
	}
	return x.rest
}
