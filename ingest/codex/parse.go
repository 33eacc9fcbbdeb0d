package codex

import (
	"bytes"
	"context"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/edits"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/jsonl"
	"github.com/agenttrace/agenttrace/schema"
)

// headSize is how much is read ahead, to tell the kinds of file apart and to find the thread's id in
// copies that do not begin with it.
const headSize = 64 << 10

// A parser holds the state of one file.
type parser struct {
	src  *ingest.Source
	sink ingest.Emit
	err  error // of sink: nothing is emitted after it

	rec  record
	sub  record // an object inside the record
	line int64
	key  schema.ID // of the current record
	at   schema.Instant
	seq  int64
	evNo uint64 // events and errors of the current record so far

	// The last instant and the keys of the lines that bear it: only those can repeat.
	lastAt   schema.Instant
	sameAt   []schema.ID
	sameMany map[schema.ID]uint64

	thread  thread
	turn    *turn
	turnBuf turn
	turns   int
	starts  []int64 // first lines of the turns that are not rolled back
	prompt  prompt
	ctx     modelContext
	usage   usageLog
	group   group
	replay  replay
	facts   facts
	limits  [2]bool // rate limit windows that are full
	compact compaction
	lastErr schema.ID // message of the last error record, so that its echo at the end of the turn is not another
	churn   edits.Churn

	problems []schema.Problem
	words    map[string]string
	buf      []byte
	buf2     []byte
	buf3     []byte

	// Rows are used again: the sink keeps no reference.
	row struct {
		record  schema.Record
		message schema.Message
		event   schema.Event
		text    schema.Text
		command schema.Command
		change  schema.FileChange
		read    schema.FileRead
	}
}

// facts are what the file shows, for the row of the session.
type facts struct {
	known      bool // at least one record was understood
	times      bool
	usage      bool
	cache      bool
	reasoning  bool
	apiErrors  bool
	items      bool // response items
	eventTexts bool // texts of the event family
	userEvents bool
	enveloped  bool
	execStream bool
	incomplete bool // the last record is cut
	endState   string
}

// Parse reads one rollout.
func (Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	p := newParser(src, emit)
	defer p.release()
	lines := src.Lines()
	defer src.Done(lines)
	head, err := lines.Peek(headSize)
	if err != nil {
		return err
	}
	var z *zstReader
	if isZstd(head) {
		if z, err = newZstReader(lines.Unread()); err != nil {
			return err
		}
		defer z.d.Close()
		lines = jsonl.NewReader(z, nil)
		if head, err = lines.Peek(headSize); err != nil {
			return err
		}
	}
	p.thread.fallback, p.thread.headMeta = lookForThread(src.Path, head)
	if isDocument(head) {
		err = p.document(lines.Unread())
	} else {
		p.thread.headMeta = bytes.Clone(p.thread.headMeta)
		err = p.lines(ctx, lines)
	}
	if z != nil {
		if z.damaged != nil {
			kind := schema.ProblemBadEncoding
			if z.truncated() {
				kind = schema.ProblemTruncated
			}
			p.problem(kind, "", "")
			p.facts.incomplete = true
		}
		src.ParsedOffset = z.src.n
	}
	p.finish()
	if p.err != nil {
		return p.err
	}
	return err
}

// parsers are used again: what a file needs of maps and buffers, the next one needs too.
var parsers = sync.Pool{New: func() any {
	return &parser{
		words: map[string]string{},
		group: group{byID: map[string]*call{}},
		usage: usageLog{nth: map[schema.ID]uint64{}},
	}
}}

func newParser(src *ingest.Source, emit ingest.Emit) *parser {
	p := parsers.Get().(*parser)
	p.src, p.sink = src, emit
	return p
}

// maxKept bounds what a parser keeps from a large file for small ones: entries of a map or bytes of a
// buffer.
const (
	maxKept      = 1 << 12
	maxKeptBytes = 1 << 20
)

// release gives the parser back without what it knows of the file. Words stay: they are names that every
// file has.
func (p *parser) release() {
	g, l := &p.group, &p.usage
	clear(g.byID)
	clear(l.nth)
	if len(p.words) > maxKept/2 {
		clear(p.words)
	}
	next := parser{
		words: p.words,
		buf:   kept(p.buf), buf2: kept(p.buf2), buf3: kept(p.buf3),
		rec:   record{used: p.rec.used},
		sub:   record{used: p.sub.used},
		group: group{byID: g.byID, messages: g.messages[:0], calls: g.calls[:0], done: g.done[:0], free: g.free},
		usage: usageLog{nth: l.nth},
	}
	next.rec.reset()
	next.sub.reset()
	next.starts, next.sameAt = p.starts[:0], p.sameAt[:0]
	if cap(l.seen) <= maxKept {
		clear(l.events)
		clear(l.seen)
		next.usage.events, next.usage.seen = l.events[:0], l.seen[:0]
	}
	*p = next
	parsers.Put(p)
}

func kept(b []byte) []byte {
	if cap(b) > maxKeptBytes {
		return nil
	}
	return b[:0]
}

func (p *parser) lines(ctx context.Context, lines *jsonl.Reader) error {
	for p.err == nil {
		ln, err := lines.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if ln.No&1023 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		p.src.Records++
		p.line = ln.No
		switch {
		case ln.Oversized:
			p.src.Unknown++
			p.problem(schema.ProblemOversized, "", "")
		case p.read(ln.Bytes):
		case !ln.Ended:
			p.src.Unknown++
			p.facts.incomplete = true
			p.problem(schema.ProblemTruncated, "", "")
			return nil
		default:
			p.src.Unknown++
			p.problem(schema.ProblemBadJSON, "", "")
		}
		p.src.ParsedOffset = ln.Offset + ln.Size
	}
	return nil
}

// read takes one line. It reports whether the line is a JSON object.
func (p *parser) read(line []byte) bool {
	key := schema.HashBytes(line)
	if !utf8.Valid(line) {
		p.problem(schema.ProblemBadEncoding, "", "")
		line = bytes.ToValidUTF8(line, []byte("\uFFFD"))
	}
	if !p.rec.scan(line) {
		return false
	}
	p.take(key)
	return true
}

// take handles the record that was scanned.
func (p *parser) take(lineHash schema.ID) {
	r := &p.rec
	p.at, p.evNo = 0, 0
	if r.ts.Present {
		if p.at = schema.ParseInstant(r.ts.Raw); p.at == 0 {
			p.problem(schema.ProblemBadTime, p.typeName(), "timestamp")
		}
	}
	typ := r.typ.raw
	if r.typ.kind != jscan.String {
		typ = nil
	}
	isMeta := string(typ) == "session_meta" || typ == nil && p.isBareHeader()
	p.identify(isMeta)
	p.key = p.recordKey(lineHash)

	known := true
	switch {
	case isMeta:
		p.meta(typ == nil)
	case typ == nil:
		known = p.untyped()
	case r.payload:
		known = p.enveloped(typ)
	default:
		known = p.flat(typ)
	}
	if known {
		p.facts.known = true
		if !isMeta {
			p.sawInstant()
		}
	} else {
		p.src.Unknown++
	}
}

func (p *parser) sawInstant() {
	if p.at == 0 {
		return
	}
	p.facts.times = true
	if p.turn != nil {
		p.turn.lastAt = p.at
	}
}

// enveloped handles {"timestamp","type","payload"}.
func (p *parser) enveloped(typ []byte) bool {
	p.facts.enveloped = true
	sub := p.rec.v[fSub].raw
	switch string(typ) {
	case "response_item":
		p.record()
		if !p.item(sub) {
			p.problem(schema.ProblemUnknownField, "response_item", p.word(sub))
			return false
		}
	case "event_msg":
		p.record()
		if !p.event(sub) {
			p.problem(schema.ProblemUnknownField, "event_msg", p.word(sub))
			return false
		}
	default:
		if !p.wrapped(typ) {
			p.problem(schema.ProblemUnknownType, p.word(typ), "")
			return false
		}
	}
	return true
}

// wrapped handles the types of line that have no subtypes.
func (p *parser) wrapped(typ []byte) bool {
	switch string(typ) {
	case "turn_context":
		p.record()
		p.turnContext()
	case "compacted":
		p.record()
		p.compacted()
	case "token_usage_record":
		p.record()
		p.usageRecord()
	case "world_state", "retained_context", "security_risk_score", "realtime_item":
		// State of the client, not part of the conversation.
	default:
		return bytes.HasPrefix(typ, []byte("inter_agent_communication"))
	}
	return true
}

// flat handles records without an envelope: bare items of 2025, flattened payloads, and the stream of
// codex exec.
func (p *parser) flat(typ []byte) bool {
	switch string(typ) {
	case "thread.started", "turn.started", "turn.completed", "turn.failed",
		"item.started", "item.updated", "item.completed", "error":
		p.facts.execStream = true
		p.record()
		if p.exec(typ) {
			return true
		}
	default:
		if p.wrapped(typ) {
			return true
		}
		p.record()
		if p.item(typ) || p.event(typ) {
			return true
		}
	}
	p.problem(schema.ProblemUnknownType, p.word(typ), "")
	return false
}

func (p *parser) untyped() bool {
	if p.rec.v[fRecordType].kind == jscan.String {
		return true // a marker of the client's state
	}
	p.problem(schema.ProblemUnknownType, "", "")
	return false
}

// isBareHeader tells the first line of a file of 2025.
func (p *parser) isBareHeader() bool {
	r := &p.rec
	return !r.payload && r.v[fID].kind == jscan.String && r.ts.Present && !r.v[fRole].present() &&
		(r.v[fInstructions].kind != 0 || r.v[fGit].kind != 0)
}

// recordKey names the record after its thread and its bytes, so that copies of a file are seen as
// copies. The same line twice in one thread is two records; it can only repeat under one instant.
func (p *parser) recordKey(lineHash schema.ID) schema.ID {
	key := lineHash.With(uint64(p.thread.hash))
	if p.at != p.lastAt {
		p.lastAt = p.at
		p.sameAt = p.sameAt[:0]
		if p.sameMany != nil {
			p.sameMany = nil
		}
	}
	if p.sameMany == nil {
		n := uint64(0)
		for _, k := range p.sameAt {
			if k == key {
				n++
			}
		}
		p.sameAt = append(p.sameAt, key)
		if len(p.sameAt) == 32 {
			p.sameMany = map[schema.ID]uint64{}
			for _, k := range p.sameAt {
				p.sameMany[k]++
			}
		}
		if n > 0 {
			return key.With(n)
		}
		return key
	}
	n := p.sameMany[key]
	p.sameMany[key] = n + 1
	if n > 0 {
		return key.With(n)
	}
	return key
}

// record emits the row that makes this line comparable with copies of it.
func (p *parser) record() {
	p.row.record = schema.Record{
		Where:      p.here(),
		RecordKey:  p.key,
		SessionID:  p.thread.session,
		RunID:      p.thread.run,
		OccurredAt: p.at,
	}
	p.emit(&p.row.record)
	p.replay.line(p)
}

func (p *parser) emit(r schema.Row) {
	if p.err == nil {
		p.err = p.sink(r)
	}
}

func (p *parser) here() schema.Where { return schema.Where{Line: p.line} }

// next is the place of the next row of the current record in the order of its session.
func (p *parser) next() int64 {
	p.seq = max(p.seq+1, int64(p.at))
	return p.seq
}

// problem counts what could not be understood: one row for each kind, with the line of the first.
func (p *parser) problem(kind, recordType, field string) {
	ver := p.thread.version
	for i := range p.problems {
		q := &p.problems[i]
		if q.ProblemKind == kind && q.RecordType == recordType && q.Field == field && q.AgentVersion == ver {
			q.OccurrenceCount++
			return
		}
	}
	if len(p.problems) >= maxProblems {
		// A file of noise: the rest is counted together.
		recordType, field = "", ""
		for i := range p.problems {
			q := &p.problems[i]
			if q.ProblemKind == kind && q.RecordType == "" && q.Field == "" {
				q.OccurrenceCount++
				return
			}
		}
	}
	p.problems = append(p.problems, schema.Problem{
		Where: p.here(), ProblemKind: kind, RecordType: recordType, Field: field, AgentVersion: ver, OccurrenceCount: 1,
	})
}

const maxProblems = 200

func (p *parser) typeName() string {
	if p.rec.typ.kind == jscan.String {
		return p.word(p.rec.typ.raw)
	}
	return ""
}

// word returns a short string that occurs often, each distinct one allocated once. Names come from
// logs, so they are cut to a sensible length.
func (p *parser) word(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := p.words[string(b)]; ok {
		return s
	}
	if len(b) > 200 {
		n := 200
		for n > 0 && !utf8.RuneStart(b[n]) {
			n--
		}
		b = b[:n]
	}
	s := string(b)
	if len(p.words) < 4096 {
		p.words[s] = s
	}
	return s
}

// wordOf is word of a string value.
func (p *parser) wordOf(v value) string {
	if v.kind != jscan.String {
		return ""
	}
	if v.escaped {
		return p.word(jscan.Unquote(nil, v.raw))
	}
	return p.word(v.raw)
}

// full is a string that must not be cut, such as a path or an id, kept once as well.
func (p *parser) full(v value) string {
	if v.kind != jscan.String || len(v.raw) == 0 {
		return ""
	}
	if v.escaped || len(v.raw) > 200 {
		return v.str()
	}
	return p.word(v.raw)
}

// finish emits what was held until the end.
func (p *parser) finish() {
	if p.facts.known {
		p.identify(false)
		p.prompt.release(p)
		p.closeTurn()
		p.flush()
		p.flushOpen()
		p.usage.emit(p)
		p.emitRun()
		p.emitSession()
	}
	for i := range p.problems {
		p.emit(&p.problems[i])
	}
}
