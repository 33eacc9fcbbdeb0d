package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/agenttrace/agenttrace/schema"
)

// commandText is a row of raw.new_command_texts.
type commandText struct {
	SourceID   int64     `col:"-"`
	CommandKey schema.ID `col:"command_key"`
	Program    string    `col:"program"`
	Rest       string    `col:"rest"`
}

func (*commandText) TableName() string { return "new_command_texts" }

// A seenCommands remembers which command texts this run has stored.
type seenCommands struct {
	mu   sync.Mutex
	keys map[schema.ID]struct{}
}

func (s *seenCommands) first(key schema.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.keys[key]; ok {
		return false
	}
	s.keys[key] = struct{}{}
	return true
}

// A WriterPool makes the writers of one ingest; each serves one goroutine on a connection of its own.
type WriterPool struct {
	store *Store
	seen  *seenCommands
}

// Writers begins an ingest.
func (s *Store) Writers() *WriterPool {
	return &WriterPool{store: s, seen: &seenCommands{keys: map[schema.ID]struct{}{}}}
}

// alone keeps the engine from sharing out the work of one statement. While several writers are at work
// they fill the processors by themselves, and an insert that is shared out copies every row once more
// (measured: a fifth of the ingest's CPU time).
func (s *Store) alone(ctx context.Context, on bool) error {
	if s.writing == on {
		return nil
	}
	s.writing = on
	text := "RESET threads"
	if on {
		text = "SET threads=1"
	} else if s.opts.Threads > 0 {
		text = fmt.Sprintf("SET threads=%d", s.opts.Threads)
	}
	_, err := s.db.ExecContext(ctx, text)
	return err
}

// A Writer stores the rows of one source after the other. What it wrote is visible to others after
// Commit; many sources go into one transaction, as a commit costs more than a small source.
type Writer struct {
	conn    *sql.Conn
	native  mapping.Connection
	batches map[unsafe.Pointer]*batch
	order   []*batch
	source  int64
	replace bool // the rows of an earlier reading are still there
	inTx    bool
	seen    *seenCommands
	text    commandText
}

func (p *WriterPool) begin(ctx context.Context) error {
	p.seen.mu.Lock()
	defer p.seen.mu.Unlock()
	return p.store.alone(ctx, true)
}

// Writer opens a connection.
func (p *WriterPool) Writer(ctx context.Context) (*Writer, error) {
	if err := p.begin(ctx); err != nil {
		return nil, err
	}
	conn, err := p.store.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	native, err := nativeConn(conn)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &Writer{conn: conn, native: native, batches: map[unsafe.Pointer]*batch{}, seen: p.seen}, nil
}

// Begin starts a source. replace says that an earlier reading left rows: they give way to those that
// follow once the source is saved, and stay if it is discarded.
func (w *Writer) Begin(ctx context.Context, sourceID int64, replace bool) error {
	if !w.inTx {
		if _, err := w.conn.ExecContext(ctx, "BEGIN"); err != nil {
			return err
		}
		w.inTx = true
	}
	w.source, w.replace = sourceID, replace
	return nil
}

// firstNewRow is the rowid from which the engine numbers the rows of a transaction that is not committed
// yet: below it are those of earlier ones.
const firstNewRow = 36028797018960000

// remove deletes from every table the rows of the source that this transaction wrote, or those of an
// earlier reading.
func (w *Writer) remove(ctx context.Context, earlier bool) error {
	which := ">="
	if earlier {
		which = "<"
	}
	var q strings.Builder
	for _, row := range schema.Rows() {
		fmt.Fprintf(&q, "DELETE FROM raw.%s WHERE source_id = %d AND rowid %s %d;\n", row.TableName(), w.source, which, int64(firstNewRow))
	}
	_, err := w.conn.ExecContext(ctx, q.String())
	return err
}

// Write stores one row under the source of the last Begin.
func (w *Writer) Write(row schema.Row) error {
	b := w.batches[typeOf(row)]
	if b == nil {
		var err error
		if b, err = newBatch(w.native, row.TableName(), planOf(row)); err != nil {
			return err
		}
		w.batches[typeOf(row)] = b
		w.order = append(w.order, b)
	}
	if c, ok := row.(*schema.Command); ok && w.seen.first(c.CommandKey) {
		w.text = commandText{CommandKey: c.CommandKey, Program: c.Program, Rest: c.CommandNorm}
		if err := w.Write(&w.text); err != nil {
			return err
		}
	}
	return b.add(pointerOf(row), w.source)
}

// Discard takes back what was written since Begin, so that a source is in the store whole or not at
// all. The other sources of the transaction stay, and what an earlier reading of this one found.
func (w *Writer) Discard(ctx context.Context) error {
	if err := w.flush(); err != nil {
		return err
	}
	w.replace = false
	return w.remove(ctx, false)
}

// SaveSource ends a source and writes its own row; known says that there is an earlier one to replace.
func (w *Writer) SaveSource(ctx context.Context, src *schema.Source, known bool) error {
	if w.replace {
		w.replace = false
		if err := w.remove(ctx, true); err != nil {
			return err
		}
	}
	if known {
		if _, err := w.conn.ExecContext(ctx, `DELETE FROM raw.sources WHERE source_id = ?`, src.SourceID); err != nil {
			return err
		}
	}
	w.source = src.SourceID
	return w.Write(src)
}

func (w *Writer) flush() error {
	for _, b := range w.order {
		if err := b.flush(); err != nil {
			return err
		}
	}
	return nil
}

// Commit makes everything since the first Begin durable.
func (w *Writer) Commit(ctx context.Context) error {
	if !w.inTx {
		return nil
	}
	if err := w.flush(); err != nil {
		return err
	}
	w.inTx = false
	_, err := w.conn.ExecContext(ctx, "COMMIT")
	return err
}

// Close gives the connection back; what was not committed is rolled back.
func (w *Writer) Close() error {
	if w.conn == nil {
		return nil
	}
	for _, b := range w.order {
		b.drop()
		b.close()
	}
	var errs []error
	if w.inTx {
		_, err := w.conn.ExecContext(context.Background(), "ROLLBACK")
		errs = append(errs, err)
	}
	errs = append(errs, w.conn.Close())
	w.conn, w.inTx = nil, false
	return errors.Join(errs...)
}
