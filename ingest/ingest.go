// Package ingest turns the logs that agents leave on disk into rows: it finds files, asks each parser
// whether a file is its own, and runs the parsers. It knows neither SQL nor any single agent.
//
//	discover ──> detect ──> parse ──> rows ──> Sink
package ingest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/agenttrace/agenttrace/ingest/jsonl"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
	"github.com/agenttrace/agenttrace/schema"
)

// A Parser reads the logs of one coding agent. It translates what one file says into rows; it does not
// price, classify, or look for copies in other files: that is the work of views.
//
// A Parser holds no state between calls and is used by several goroutines at once.
type Parser interface {
	// Format describes the agent. It does no I/O.
	Format() Format

	// Match says what a file is from its path and first bytes alone. head holds the first HeadSize bytes
	// of the file (all of it, if shorter); its last line may be cut.
	Match(path string, head []byte) Match

	// Parse reads src once, in order, and passes each row to emit. What it cannot understand becomes a
	// schema.Problem row and a count in src; an error means that the rest of src could not be read. An
	// error from emit is returned unchanged.
	Parse(ctx context.Context, src *Source, emit Emit) error
}

// Emit takes one row. It keeps no reference to the row, so the parser may use it again; the strings in
// it may be kept.
type Emit func(schema.Row) error

// HeadSize is how much of a file Match may look at.
const HeadSize = 256 << 10

// A Format holds the passive facts of an agent.
type Format struct {
	// Agent is the word in the column agent: claude-code, codex, …
	Agent string
	// Parser names the parser where an agent has several; "" = as the agent.
	Parser string
	// Title is the agent's name as people write it.
	Title string
	// Version is raised when the same file would yield other rows, so that files are read again.
	Version int
	// StoreKind is jsonl, json, sqlite, markdown, zst or otlp.
	StoreKind string
	// Roots lists the folders (or single files) where the agent keeps its logs.
	Roots func(Env) []Root
	// Fallback says that the parser takes what many programs write: what any other knows is the other's.
	Fallback bool
	// Retention says how long the agent keeps its logs by default, in days; 0 = it does not delete them.
	RetentionDays int
}

// Name is the name of the parser, in the column parser of raw.sources.
func (f Format) Name() string {
	if f.Parser != "" {
		return f.Parser
	}
	return f.Agent
}

// Env is what roots may depend on.
type Env struct {
	Home   string
	Getenv func(string) string // never nil
}

// A Root is a place to look into.
type Root struct {
	Path string // absolute; need not exist
	Why  string // "default", or the environment variable that named it
	// Want picks the files below Path by their slash-separated path relative to it; nil takes every file.
	// It is a quick filter for names only; Match decides.
	Want func(rel string) bool
	// Skip names folders that are never entered (relative to Path, slash-separated).
	Skip func(rel string) bool
}

// A Match is a parser's verdict about a file.
type Match struct {
	Verdict Verdict
	// Reason says why a file that looks like the agent's is not taken; shown by doctor. That of a side file
	// whose content comes in with its session has the words "read with", and is no gap in a report.
	Reason string
}

// Verdict of a Match, in rising order.
type Verdict int

const (
	// Foreign: nothing of this agent.
	Foreign Verdict = iota
	// NotSession: written by this agent (or a copy of what it wrote), but holds no session of its own:
	// prompt histories, indexes, side files. Reason says which.
	NotSession
	// Weak: the content fits, and nothing proves it; taken when no other parser is sure.
	Weak
	// Sure: only this agent writes this.
	Sure
)

// Content is how much text a store keeps.
type Content int

const (
	ContentPreview Content = iota // bounded previews, the default
	ContentNone                   // no text at all
	ContentFull                   // everything
)

// Limit returns how many bytes of a text to keep where a preview would have n: 0 = none, and for full
// content more than any text has.
func (c Content) Limit(n int) int {
	switch c {
	case ContentNone:
		return 0
	case ContentFull:
		return 1 << 30
	}
	return n
}

// A Source is one file being parsed.
type Source struct {
	// Path is the absolute path of the file, for what its name tells.
	Path string
	// Reader gives its bytes from the start.
	Reader io.Reader
	// Content says which texts may be emitted.
	Content Content
	// ReadBeside reads a small file (at most 1 MiB) that belongs to this one, by a path relative to its
	// folder. It is nil where there is nothing beside.
	ReadBeside func(rel string) ([]byte, error)
	// ListBeside lists the names in a folder that belongs to this file, by a path relative to its own
	// folder, in order; for agents that keep a session in many files. It may be nil too.
	ListBeside func(rel string) ([]string, error)
	// At gives random access to the same bytes, Size of them, for containers that are read from the end.
	// It is nil where there is only the stream.
	At   io.ReaderAt
	Size int64
	// DB is the database that the source is a session of, and Session the agent's name for it; of other
	// sources there is neither.
	DB      *sqlitedb.DB
	Session string
	// Buf may be used as a read buffer; set it again when done for use with the next source.
	Buf []byte

	// Set by the parser:

	// Records counts records, understood or not; Unknown those it did not understand.
	Records, Unknown int64
	// ParsedOffset is the offset behind the last record that was understood or recorded as a problem: a
	// half-written last line stays outside.
	ParsedOffset int64
}

// Lines returns a line reader over the source. Call src.Done with it at the end.
func (src *Source) Lines() *jsonl.Reader { return jsonl.NewReader(src.Reader, src.Buf) }

// Done takes the reader's buffer back.
func (src *Source) Done(r *jsonl.Reader) { src.Buf = r.Buffer() }

// Head returns the first n bytes of the source, or all of it if it has fewer, without taking them. It is
// valid until the source is read.
func (src *Source) Head(n int) ([]byte, error) {
	if src.At == nil {
		head, err := io.ReadAll(io.LimitReader(src.Reader, int64(n)))
		src.Reader = io.MultiReader(bytes.NewReader(head), src.Reader)
		return head, err
	}
	if cap(src.Buf) < n {
		src.Buf = make([]byte, 0, max(n, jsonl.MinBuffer))
	}
	got, err := src.At.ReadAt(src.Buf[:n], 0)
	if err == io.EOF {
		err = nil
	}
	return src.Buf[:got], err
}

// MaxDocument is the largest document that is read. A format that cannot be read piece by piece has to be
// in memory as a whole.
const MaxDocument = 256 << 20

// Document reads all of the source, in Buf if it is large enough. Give it to src.Reuse when nothing of it
// is needed any more.
func (src *Source) Document() ([]byte, error) {
	data := src.Buf[:0]
	src.Buf = nil // two readers of one source must not share it
	if size := min(src.Size, MaxDocument) + 1; int64(cap(data)) < size {
		data = make([]byte, 0, size)
	}
	for {
		if len(data) > MaxDocument {
			return nil, fmt.Errorf("the document is larger than %d MiB", MaxDocument>>20)
		}
		if len(data) == cap(data) {
			data = slices.Grow(data, max(len(data), minDocument))
		}
		n, err := src.Reader.Read(data[len(data):min(cap(data), MaxDocument+1)])
		data = data[:len(data)+n]
		if err == io.EOF {
			return data, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// minDocument is the buffer for a document of unknown size.
const minDocument = 64 << 10

// Reuse lets the next source use the memory of a document.
func (src *Source) Reuse(document []byte) {
	if cap(document) <= jsonl.MaxKept && cap(document) > cap(src.Buf) {
		src.Buf = document[:0]
	}
}
