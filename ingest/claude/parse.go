package claude

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
	"unsafe"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/edits"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// Where a row's ID is derived from its record's, these offsets keep the kinds apart; below them lie
// the numbers of blocks.
const (
	partTurn     = 1 << 32
	partStripped = 1 << 20 // text of the agent in front of a prompt
	partChange   = 1000    // of a tool call
	partExtra    = 2000    // events and errors
)

// Parse reads one transcript.
func (Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	r := newReader(src, emit)
	defer r.release()
	if strings.HasSuffix(src.Path, ".json") {
		if err := r.document(); err != nil {
			return err
		}
		return r.finish()
	}
	lines := src.Lines()
	defer src.Done(lines)
	for {
		line, err := lines.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if r.line&1023 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		r.line, r.offset = line.No, line.Offset
		if line.Oversized {
			src.Records++
			src.Unknown++
			r.problem(schema.ProblemOversized, "", "")
			src.ParsedOffset = line.Offset + line.Size
			continue
		}
		b := line.Bytes
		if b[0] == 0 {
			// A crash leaves a run of NULs, which the next record may follow on the same line.
			b = bytes.TrimLeft(b, "\x00")
			if line.Ended || len(b) > 0 {
				r.problem(schema.ProblemBadJSON, "", "")
			}
			if len(bytes.TrimSpace(b)) == 0 {
				if line.Ended {
					src.ParsedOffset = line.Offset + line.Size
				}
				continue
			}
		}
		if !r.rec.scan(&r.scanner, b) {
			if !line.Ended && !jsonValue(b) {
				// The agent is still writing, or died while it did.
				r.truncated = true
				r.problem(schema.ProblemTruncated, "", "")
				break
			}
			src.Records++
			src.Unknown++
			r.problem(schema.ProblemBadJSON, "", "")
			src.ParsedOffset = line.Offset + line.Size
			continue
		}
		r.record(b)
		if r.err != nil {
			return r.err
		}
		src.ParsedOffset = line.Offset + line.Size
	}
	return r.finish()
}

// jsonValue reports whether b is a whole JSON value, of whatever kind.
func jsonValue(b []byte) bool {
	var s jscan.Scanner
	s.Reset(b)
	s.Skip()
	return s.End() == nil
}

// document reads the web export: {"loglines":[record, …]}. The line of a row is the record's number.
func (r *reader) document() error {
	data, err := r.src.Document()
	if err != nil {
		return err
	}
	body := bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	base := int64(len(data) - len(body))
	var s jscan.Scanner
	s.Reset(body)
	if s.Kind() != jscan.Object {
		if len(body) > 0 {
			r.line = 1
			r.problem(schema.ProblemBadJSON, "", "")
		}
		return nil
	}
	for s.Object(); s.Key(); {
		if string(s.Name) != "loglines" || s.Kind() != jscan.Array {
			s.Skip()
			continue
		}
		for s.Array(); s.Elem(); {
			r.line++
			r.offset = base + int64(s.Pos())
			raw := s.Raw()
			if s.Bad() {
				break
			}
			if r.rec.scan(&r.scanner, raw) {
				r.record(raw)
			} else {
				r.src.Records++
				r.src.Unknown++
				r.problem(schema.ProblemBadJSON, "", "")
			}
			if r.err != nil {
				return r.err
			}
		}
	}
	if s.End() != nil {
		r.truncated = true
		r.problem(schema.ProblemTruncated, "", "")
	}
	r.src.ParsedOffset = int64(len(data))
	return nil
}

// A reader holds what one file has said so far.
type reader struct {
	src     *ingest.Source
	emit    ingest.Emit
	err     error // the first error of emit
	scanner jscan.Scanner
	inner   jscan.Scanner // for parts of the record that are read a second time
	rec     record
	scratch []byte // a decoded text, until the next one
	second  []byte
	arena   []byte // the decoded texts of one change

	line, offset int64
	at           schema.Instant // of the current record
	key          schema.ID      // of the current record
	extra        uint64         // events and errors of the current record
	badText      bool           // the current line is not UTF-8
	seq          int64
	truncated    bool
	anyStop      bool // some response of this file has a stop reason

	stem      string // the session's id where no record has one
	fileAgent string // the agent id in the file's name
	runKind   string // of sub-agents in this file
	meta      sidecar

	seen     map[schema.ID]struct{} // records of this file
	names    map[string]string      // every distinct name once
	sessions map[string]*session
	order    []*session
	current  *session
	ses      *session           // of the current record
	run      *run               // of the current record
	chain    map[schema.ID]*run // runs of sidechain records without an agent id

	calls  []call
	callAt map[callKey]int
	tools  map[schema.ID]*tool
	open   []*tool
	free   []*tool

	problems  map[problemKey]*schema.Problem
	problemNo []problemKey
	unread    schema.Problem // badly encoded lines

	lastCWD, lastBranch, lastVersion, lastModel, lastTier, lastGeo cache

	row rows
}

// rows are reused, so that emitting one allocates nothing.
type rows struct {
	record  schema.Record
	message schema.Message
	text    schema.Text
	usage   schema.UsageObservation
	event   schema.Event
	error   schema.Error
	command schema.Command
	change  schema.FileChange
	read    schema.FileRead
	dead    schema.DeadBranch
}

// A session is what this file says of one session.
type session struct {
	row         schema.Session
	native      string
	main        *run
	runs        []*run
	byAgent     map[string]*run
	talked      bool // it has records of conversation here
	title       string
	aiTitle     string
	summary     string
	mode        string
	prompts     map[schema.ID]prompt
	churn       edits.Churn
	calls       bool // it has responses here,
	hasUsage    bool // and some with usage,
	hasCache    bool // with cache counters,
	hasThinking bool // with thinking tokens
	leaves      map[schema.ID]string
}

// A prompt is remembered by its parent, to see when the user goes back to before it.
type prompt struct {
	line int64
	key  schema.ID
}

// readers are used again: what a file needs of maps and buffers, the next one needs too.
var readers = sync.Pool{New: func() any {
	return &reader{
		seen:     map[schema.ID]struct{}{},
		names:    map[string]string{},
		sessions: map[string]*session{},
		callAt:   map[callKey]int{},
		tools:    map[schema.ID]*tool{},
		problems: map[problemKey]*schema.Problem{},
	}
}}

func newReader(src *ingest.Source, emit ingest.Emit) *reader {
	r := readers.Get().(*reader)
	r.src, r.emit = src, emit
	r.place(strings.ReplaceAll(src.Path, `\`, "/"))
	return r
}

// maxKept bounds what a reader keeps from a large file for small ones: entries of a map or a list, and
// bytes of a buffer.
const (
	maxKept      = 1 << 12
	maxKeptBytes = 1 << 20
)

// release gives the reader back without what it knows of the file. Names stay: every file has the same.
func (r *reader) release() {
	if len(r.seen) > maxKept || len(r.tools) > maxKept || len(r.names) > maxKept || cap(r.calls) > maxKept {
		return // the next one begins anew
	}
	clear(r.seen)
	clear(r.sessions)
	clear(r.callAt)
	clear(r.tools)
	clear(r.problems)
	clear(r.calls)
	clear(r.order)
	clear(r.open)
	*r = reader{
		seen: r.seen, names: r.names, sessions: r.sessions, callAt: r.callAt, tools: r.tools, problems: r.problems,
		calls: r.calls[:0], order: r.order[:0], open: r.open[:0], free: r.free,
		scratch: kept(r.scratch), second: kept(r.second), arena: kept(r.arena),
		rec:     record{blocks: r.rec.blocks[:0], parts: r.rec.parts[:0]},
		lastCWD: r.lastCWD, lastBranch: r.lastBranch, lastVersion: r.lastVersion, lastModel: r.lastModel,
		lastTier: r.lastTier, lastGeo: r.lastGeo,
	}
	readers.Put(r)
}

func kept(b []byte) []byte {
	if cap(b) > maxKeptBytes {
		return nil
	}
	return b[:0]
}

// place takes from the path what it is good for: the session when no record names it, and which
// sub-agent the file is of.
func (r *reader) place(path string) {
	dirs := strings.Split(path, "/")
	base := dirs[len(dirs)-1]
	stem := strings.TrimSuffix(strings.TrimSuffix(base, ".jsonl"), ".json")
	r.stem = strings.ToValidUTF8(stem, "\uFFFD")
	r.runKind = "subagent"
	if agent, ok := strings.CutPrefix(stem, "agent-"); ok && agent != "" {
		r.fileAgent = strings.ToValidUTF8(agent, "\uFFFD")
		if strings.HasPrefix(agent, "acompact-") {
			r.runKind = "compaction"
		}
		workflow := false
		for i := len(dirs) - 2; i > 0; i-- {
			workflow = workflow || dirs[i] == "workflows"
			if dirs[i] != "subagents" {
				continue
			}
			r.stem = strings.ToValidUTF8(dirs[i-1], "\uFFFD")
			if workflow && r.runKind == "subagent" {
				r.runKind = "workflow"
			}
			break
		}
		if r.src.ReadBeside != nil {
			if data, err := r.src.ReadBeside(stem + ".meta.json"); err == nil {
				r.meta.read(data)
			}
		}
	}
	if r.stem == "" {
		r.stem = "session"
	}
}

// put emits one row, unless an earlier one was refused.
func (r *reader) put(row schema.Row) {
	if r.err == nil {
		r.err = r.emit(row)
	}
}

func (r *reader) where() schema.Where { return schema.Where{Line: r.line} }

// next is the sequence number of the next row: file order, and comparable by time between files.
func (r *reader) next() int64 {
	r.seq = max(r.seq+1, int64(r.at))
	return r.seq
}

func (r *reader) extraKey() schema.ID {
	r.extra++
	return r.key.With(partExtra + r.extra - 1)
}

// str views bytes as a string for calls that do not keep it.
func str(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// id hashes one of the agent's own ids.
func id(kind string, t jscan.Text) schema.ID {
	if !t.Escaped {
		return schema.IDOf(Agent, kind, str(t.Raw))
	}
	return schema.IDOf(Agent, kind, t.String())
}

// name returns the text as a string that is kept once per distinct value.
func (r *reader) name(t jscan.Text) string {
	b := t.Raw
	if t.Escaped {
		r.second = jscan.Unquote(r.second[:0], b)
		b = r.second
	}
	return r.nameOf(b)
}

func (r *reader) nameOf(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if v, ok := r.names[string(b)]; ok {
		return v
	}
	v := r.valid(string(b))
	if len(v) < 1<<10 {
		r.names[string(b)] = v
	}
	return v
}

func (r *reader) valid(s string) string {
	if r.badText {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return s
}

// A cache spares the look-up of a name that is the same on nearly every line.
type cache struct {
	raw []byte
	val string
}

func (r *reader) cached(c *cache, t jscan.Text) string {
	if len(t.Raw) == 0 {
		return ""
	}
	if !bytes.Equal(c.raw, t.Raw) {
		c.raw = append(c.raw[:0], t.Raw...)
		c.val = r.name(t)
	}
	return c.val
}

// decoded returns the text's bytes, valid until the next call.
func (r *reader) decoded(t jscan.Text) []byte {
	if !t.Escaped {
		return t.Raw
	}
	r.scratch = jscan.Unquote(r.scratch[:0], t.Raw)
	if !r.badText && bytes.Contains(r.scratch, replacement) && !bytes.Contains(t.Raw, replacement) {
		r.badText = true
		r.badlyEncoded()
	}
	return r.scratch
}

// replacement stands where a text had half of a surrogate pair.
var replacement = []byte("\uFFFD")

// badlyEncoded counts the current line as one whose text is not as it was.
func (r *reader) badlyEncoded() {
	if r.unread.OccurrenceCount == 0 {
		r.unread = r.newProblem(schema.ProblemBadEncoding, "", "")
	}
	r.unread.OccurrenceCount++
}

// record takes in one record; r.rec holds it.
func (r *reader) record(line []byte) {
	r.src.Records++
	rec := &r.rec
	r.at, r.extra = 0, 0
	if r.badText = !utf8.Valid(line); r.badText {
		r.badlyEncoded()
	}
	if rec.hasStamp {
		if rec.stampNumber.Valid {
			r.at = schema.UnixMillis(rec.stampNumber.V)
		} else {
			r.at = schema.ParseInstant(rec.stamp.Raw)
		}
		if r.at == 0 {
			r.problem(schema.ProblemBadTime, r.typeName(), "timestamp")
		}
	}
	switch string(rec.typ.Raw) {
	case "assistant", "user":
		if !rec.hasMessage {
			r.unknown(r.typeName(), "message")
			return
		}
		known := r.enter()
		switch {
		case string(rec.typ.Raw) == "assistant":
			r.assistant(known)
		case !known:
			r.user()
		}
	case "system":
		if !r.enter() {
			r.system()
		}
	case "attachment":
		if !r.enter() {
			r.attached()
		}
	case "progress":
		if !r.enter() {
			r.progress()
		}
	default:
		r.bookkeeping()
		return
	}
	r.run.touch(r.line, r.at)
}

func (r *reader) typeName() string { return className(r.rec.typ) }

// className cuts a word of the format for use in a problem, which must not hold content.
func className(t jscan.Text) string {
	s, _ := t.Prefix(48)
	return strings.ToValidUTF8(s, "\uFFFD")
}

// enter finds session and run of a record of conversation and emits its row. It reports whether this
// file had the record before: what it says then counts once, except for a usage that has grown.
func (r *reader) enter() (known bool) {
	rec := &r.rec
	r.ses = r.sessionOf(rec.session, true)
	if len(rec.uuid.Raw) > 0 {
		r.key = id("uuid", rec.uuid)
	} else {
		r.key = schema.IDOf(Agent, "line", r.ses.native).With(uint64(r.line))
	}
	r.run = r.runOf()
	r.row.record = schema.Record{Where: r.where(), RecordKey: r.key, SessionID: r.ses.row.SessionID, RunID: r.run.row.RunID, OccurredAt: r.at}
	r.put(&r.row.record)
	if _, known = r.seen[r.key]; !known {
		r.seen[r.key] = struct{}{}
		r.facts()
	}
	return known
}

// sessionOf finds a session by its own id; a record without one belongs to the session before it.
func (r *reader) sessionOf(t jscan.Text, talks bool) *session {
	s := r.current
	switch {
	case len(t.Raw) == 0 && s == nil:
		s = r.sessionNamed(r.stem)
	case len(t.Raw) == 0:
	case s == nil || s.native != str(t.Raw):
		s = r.sessionNamed(r.name(t))
	}
	if talks {
		if !s.talked {
			s.talked = true
			s.row.Line = r.line
		}
		r.current = s
	}
	return s
}

func (r *reader) sessionNamed(native string) *session {
	if s := r.sessions[native]; s != nil {
		return s
	}
	s := &session{native: native, byAgent: map[string]*run{}, prompts: map[schema.ID]prompt{}}
	s.row = schema.Session{
		Where: r.where(), SessionID: schema.IDOf(Agent, native), Agent: Agent, NativeSessionID: native,
		SessionKind: "user", Fidelity: "full",
		HasToolStatus: true, HasToolArgs: true, HasCompactions: true, HasAPIErrors: true,
	}
	r.sessions[native] = s
	r.order = append(r.order, s)
	return s
}

// facts takes what the envelope says of the session, and its changes in the run.
func (r *reader) facts() {
	rec, s, u := &r.rec, r.ses, r.run
	if r.at != 0 {
		s.row.HasTimes = true
	}
	if cwd := r.cached(&r.lastCWD, rec.cwd); cwd != "" {
		if s.row.Workspace == "" {
			s.row.Workspace = cwd
		}
		r.changed(&u.cwd, cwd, "workspace_changed")
	}
	if branch := r.cached(&r.lastBranch, rec.branch); branch != "" && branch != "HEAD" {
		if s.row.GitBranch == "" {
			s.row.GitBranch = branch
		}
		r.changed(&u.branch, branch, "branch_changed")
	}
	if v := r.cached(&r.lastVersion, rec.version); v != "" {
		if s.row.AgentVersion == "" {
			s.row.AgentVersion = v
		}
		r.changed(&u.version, v, "version_changed")
	}
	if s.row.Entrypoint == "" && len(rec.entrypoint.Raw) > 0 {
		s.row.Entrypoint = r.name(rec.entrypoint)
		switch s.row.Entrypoint {
		case "cli":
			s.row.IsHeadless = schema.Known(false)
		case "sdk-cli":
			s.row.IsHeadless = schema.Known(true)
		}
	}
	if string(rec.kind.Raw) == "bg" {
		s.row.IsMarkedCopy = true
		s.row.SessionKind = "background"
	}
	if s.leaves != nil && s.summary == "" {
		s.summary = s.leaves[r.key]
	}
	if len(rec.mode.Raw) > 0 && u == s.main {
		r.changed(&s.mode, r.name(rec.mode), "mode_changed")
	}
}

// changed emits an event when a known value becomes another one.
func (r *reader) changed(have *string, now, event string) {
	if *have == now {
		return
	}
	if *have != "" {
		r.event(event, now)
		r.put(&r.row.event)
	}
	*have = now
}

// event prepares an event of the current record.
func (r *reader) event(event, detail string) *schema.Event {
	r.row.event = schema.Event{
		Where: r.where(), EventID: r.extraKey(), SessionID: r.ses.row.SessionID, RunID: r.run.row.RunID, TurnID: r.run.turnID(),
		Seq: r.next(), OccurredAt: r.at, Event: event, Detail: detail,
	}
	return &r.row.event
}

// preview emits as much of a text as may be kept.
func (r *reader) preview(ownerKind string, owner schema.ID, part string, t jscan.Text, n int, line int64) {
	limit := r.src.Content.Limit(n)
	if limit == 0 || owner == 0 || len(t.Raw) == 0 {
		return
	}
	body, whole := t.Prefix(limit)
	body = r.valid(body)
	if body == "" {
		return
	}
	r.row.text = schema.Text{Where: schema.Where{Line: line}, OwnerKind: ownerKind, OwnerID: owner, Part: part, Body: body, IsWhole: whole}
	r.put(&r.row.text)
}

type problemKey struct{ kind, record, field, version string }

// maxProblems bounds how many kinds of problem one source may have; what is more is counted together.
const maxProblems = 256

func (r *reader) newProblem(kind, record, field string) schema.Problem {
	return schema.Problem{Where: r.where(), ByteOffset: schema.Known(r.offset), ProblemKind: kind, RecordType: record, Field: field}
}

// problem counts something that could not be understood.
func (r *reader) problem(kind, record, field string) {
	k := problemKey{kind: kind, record: record, field: field}
	if kind == schema.ProblemUnknownType || kind == schema.ProblemUnknownField {
		if k.version = r.cached(&r.lastVersion, r.rec.version); k.version == "" && r.current != nil {
			k.version = r.current.row.AgentVersion
		}
	}
	p := r.problems[k]
	if p == nil && len(r.problemNo) >= maxProblems {
		k = problemKey{kind: kind}
		p = r.problems[k]
	}
	if p == nil {
		row := r.newProblem(k.kind, k.record, k.field)
		row.AgentVersion = k.version
		p = &row
		r.problems[k] = p
		r.problemNo = append(r.problemNo, k)
	}
	p.OccurrenceCount++
}

// unknown counts a record that is of no use because of a type or a missing part.
func (r *reader) unknown(record, field string) {
	r.src.Unknown++
	if field == "" {
		r.problem(schema.ProblemUnknownType, record, "")
	} else {
		r.problem(schema.ProblemUnknownField, record, field)
	}
}

// finish emits what was open until the end of the file.
func (r *reader) finish() error {
	for _, t := range r.open {
		r.close(t)
	}
	for i := range r.calls {
		r.putCall(&r.calls[i])
	}
	talked := false
	for _, s := range r.order {
		talked = talked || s.talked
	}
	if !talked && len(r.order) == 0 && r.line > 0 {
		r.sessionNamed(r.stem)
	}
	for _, s := range r.order {
		// Bookkeeping may name a session of another file; alone in a file it is an empty session.
		if s.talked || !talked {
			r.putSession(s)
		}
	}
	for _, k := range r.problemNo {
		r.put(r.problems[k])
	}
	if r.unread.OccurrenceCount > 0 {
		r.put(&r.unread)
	}
	return r.err
}

func (r *reader) putSession(s *session) {
	if s.row.Line == 0 {
		s.row.Line = 1
	}
	if !s.talked && r.fileAgent == "" {
		r.mainOf(s)
	}
	s.row.IsMain = s.main != nil
	s.row.IsComplete = schema.Known(!r.truncated)
	if !s.talked {
		s.row.HasTimes = true
	}
	s.row.HasUsage = !s.calls || s.hasUsage
	s.row.HasCache = !s.calls || s.hasCache
	s.row.HasReasoning = s.hasThinking
	if r.src.Content != ingest.ContentNone {
		switch {
		case s.title != "":
			s.row.Title = s.title
		case s.aiTitle != "":
			s.row.Title = s.aiTitle
		default:
			s.row.Title = s.summary
		}
	}
	r.put(&s.row)
	for _, u := range s.runs {
		r.endTurn(u, "")
		u.row.EndState = u.endState(r.anyStop)
		r.put(&u.row)
	}
}
