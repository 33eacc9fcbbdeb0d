// Package rows builds rows for parsers. What the logs of all agents yield in the same way (turns,
// messages, tool calls with their commands, files and texts, runs, sessions, problems) is built here,
// so that a parser only says what happened.
package rows

import (
	"bytes"
	"context"
	"io"
	"unicode/utf8"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// Offsets of the parts of a record in the ids of rows; messages count from zero.
const (
	partTurn = 1 << 32
	partNote = 2000
	partFile = 1000
)

// maxProblems bounds the kinds of problem of one source that are told apart.
const maxProblems = 200

// A Log is one source being read. Everything that is told belongs to the record that began last.
type Log struct {
	// Version of the agent, as far as known: problems carry it.
	Version string

	agent string
	src   *ingest.Source
	sink  ingest.Emit
	err   error

	line  int64
	at    schema.Instant
	key   schema.ID
	texts uint64 // messages of this record so far
	notes uint64 // events and errors of it
	seq   int64

	sessions []*Session
	problems []schema.Problem
	dead     []schema.DeadBranch
	buf      []byte
	document []byte // whose memory the next source may use

	row struct {
		record  schema.Record
		message schema.Message
		text    schema.Text
		command schema.Command
		change  schema.FileChange
		read    schema.FileRead
		seen    schema.UsageObservation
	}
}

// New begins a source.
func New(agent string, src *ingest.Source, emit ingest.Emit) *Log {
	return &Log{agent: agent, src: src, sink: emit}
}

// Begin starts the next record: where it stands, when it was, and its key. The instant may be unknown.
func (l *Log) Begin(line int64, at schema.Instant, key schema.ID) {
	l.src.Records++
	l.line, l.at, l.key = line, at, key
	l.texts, l.notes = 0, 0
}

// Now says when the rest of the current record was, where it tells of several instants.
func (l *Log) Now(at schema.Instant) { l.at = at }

// Line, At and Key are those of the record that began last.
func (l *Log) Line() int64        { return l.line }
func (l *Log) At() schema.Instant { return l.at }
func (l *Log) Key() schema.ID     { return l.key }

// Where is the place of the record that began last.
func (l *Log) Where() schema.Where { return schema.Where{Line: l.line} }

// Next is the place of the next row in the order of its session.
func (l *Log) Next() int64 {
	l.seq = max(l.seq+1, int64(l.at))
	return l.seq
}

// ID names a thing of this agent.
func (l *Log) ID(kind string, parts ...string) schema.ID {
	var room [8]string // enough for all that is named
	return schema.IDOf(append(append(room[:0], l.agent, kind), parts...)...)
}

// Put emits a row, unless an earlier one failed.
func (l *Log) Put(row schema.Row) {
	if l.err == nil {
		l.err = l.sink(row)
	}
}

// Err is the error of the sink, after which nothing is emitted.
func (l *Log) Err() error { return l.err }

// Content says which texts may be kept.
func (l *Log) Content() ingest.Content { return l.src.Content }

// Problem counts what could not be understood: one row for each kind, with the line of the first.
func (l *Log) Problem(kind, recordType, field string) {
	recordType, _ = Cut([]byte(recordType), 200)
	field, _ = Cut([]byte(field), 200)
	for i := range l.problems {
		q := &l.problems[i]
		if q.ProblemKind == kind && q.RecordType == recordType && q.Field == field && q.AgentVersion == l.Version {
			q.OccurrenceCount++
			return
		}
	}
	if len(l.problems) >= maxProblems && (recordType != "" || field != "") {
		l.Problem(kind, "", "") // a file of noise: the rest is counted together
		return
	}
	l.problems = append(l.problems, schema.Problem{
		Where: l.Where(), ProblemKind: kind, RecordType: recordType, Field: field, AgentVersion: l.Version, OccurrenceCount: 1,
	})
}

// Unknown counts the current record as one of a type that is not known.
func (l *Log) Unknown(recordType string) {
	l.src.Unknown++
	l.Problem(schema.ProblemUnknownType, recordType, "")
}

// Bad counts a record that could not be read at all.
func (l *Log) Bad(kind string) {
	l.src.Unknown++
	l.Problem(kind, "", "")
}

// Instant reads a timestamp, and notes one that cannot be read.
func (l *Log) Instant(t jscan.Text, recordType string) schema.Instant {
	if len(t.Raw) == 0 {
		return 0
	}
	at := schema.ParseInstant(t.Raw)
	if at == 0 {
		l.Problem(schema.ProblemBadTime, recordType, "timestamp")
	}
	return at
}

// Bytes decodes a text into a buffer that the next call uses again.
func (l *Log) Bytes(t jscan.Text) []byte {
	if !t.Escaped {
		return t.Raw
	}
	l.buf = jscan.Unquote(l.buf[:0], t.Raw)
	return l.buf
}

// Close emits what was held back until the end and returns the error of the sink.
func (l *Log) Close() error {
	for _, s := range l.sessions {
		s.close()
	}
	l.putDead()
	for i := range l.problems {
		l.Put(&l.problems[i])
	}
	if l.document != nil {
		l.src.Reuse(l.document)
		l.document = nil
	}
	return l.err
}

// MaxDocument is the largest JSON document that is read: it has to be in memory as a whole.
const MaxDocument = ingest.MaxDocument

// Document reads a source that is one JSON value. It is valid until Close.
func (l *Log) Document() ([]byte, error) {
	data, err := l.src.Document()
	if err != nil {
		return nil, err
	}
	l.document = data
	l.src.ParsedOffset = int64(len(data))
	return l.valid(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))), nil
}

func (l *Log) valid(data []byte) []byte {
	if utf8.Valid(data) {
		return data
	}
	l.Problem(schema.ProblemBadEncoding, "", "")
	return bytes.ToValidUTF8(data, []byte("\uFFFD"))
}

// Lines reads JSON Lines. take gets each line with the hash of its bytes, begins the record, and
// reports whether the line is a JSON object; whole is false if the last line lacked its end.
func (l *Log) Lines(ctx context.Context, take func(line []byte, no int64, hash schema.ID) bool) (whole bool, err error) {
	lines := l.src.Lines()
	defer l.src.Done(lines)
	for l.err == nil {
		ln, err := lines.Next()
		if err == io.EOF {
			l.src.ParsedOffset = lines.Offset() // blank lines at the end included
			return true, nil
		}
		if err != nil {
			return false, err
		}
		if ln.No&1023 == 0 && ctx.Err() != nil {
			return false, ctx.Err()
		}
		l.line = ln.No
		switch {
		case ln.Oversized:
			l.src.Records++
			l.Bad(schema.ProblemOversized)
		case take(l.valid(ln.Bytes), ln.No, schema.HashBytes(ln.Bytes)):
		case !ln.Ended:
			l.src.Records++
			l.Bad(schema.ProblemTruncated)
			return false, nil
		default:
			l.src.Records++
			l.Bad(schema.ProblemBadJSON)
		}
		l.src.ParsedOffset = ln.Offset + ln.Size
	}
	return true, nil
}

// Cut returns at most n bytes of a text, cut at the border of a rune, and whether that is all of it.
func Cut(b []byte, n int) (text string, whole bool) {
	if len(b) <= n {
		return string(b), true
	}
	for n > 0 && !utf8.RuneStart(b[n]) {
		n--
	}
	return string(b[:n]), false
}

// text emits a preview of content, or the whole, as the user chose.
func (l *Log) text(owner string, id schema.ID, line int64, part, body string, whole bool) {
	if body == "" {
		return
	}
	l.row.text = schema.Text{Where: schema.Where{Line: line}, OwnerKind: owner, OwnerID: id, Part: part, Body: body, IsWhole: whole}
	l.Put(&l.row.text)
}
