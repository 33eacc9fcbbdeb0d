package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"sync/atomic"
	"time"

	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
	"github.com/agenttrace/agenttrace/schema"
)

// A DatabaseParser reads an agent that keeps its sessions in a SQLite database. Each session is a source of
// its own, named "path#session", which is read again when its mark changes; Parse finds the database in
// src.DB and the session in src.Session, and Match is not asked.
type DatabaseParser interface {
	Parser

	// MatchDatabase says whose a database is from its tables.
	MatchDatabase(path string, db *sqlitedb.DB) Match

	// Sessions lists the sessions with their marks. It reads little: indexes and the heads of rows, and no
	// texts.
	Sessions(ctx context.Context, db *sqlitedb.DB, list func(DatabaseSession) error) error
}

// A DatabaseSession is a session as Sessions lists it.
type DatabaseSession struct {
	ID string
	// Mark changes when anything of the session does: rows that are new, gone or rewritten.
	Mark string
	// UpdatedAt is when the session changed last, as far as the database says.
	UpdatedAt schema.Instant
}

// What stands in the head hash of sources in databases, which have no head.
const (
	databaseHash = "database"
	markPrefix   = "mark:"
)

// A database is a file that holds sessions.
type database struct {
	parser  DatabaseParser
	refusal *Refusal
	err     error
	// incomplete: not every session could be read, so the database has to be looked at again.
	incomplete atomic.Bool
}

// A part is one session of a database.
type part struct {
	in   *database
	path string // of the database
	id   string
	mark string
}

// databases takes the databases among the candidates apart into their sessions, unless nothing changed in
// them. Their write-ahead logs count as part of them.
func (r *run) databases(ctx context.Context, candidates []Candidate, known []schema.Source) ([]Candidate, error) {
	r.untouched = map[string]bool{}
	r.listed = map[string]bool{}
	byPath := map[string]*schema.Source{}
	for i := range known {
		if k := &known[i]; k.State != schema.SourceReplaced && (k.HeadHash == databaseHash || sqlitedb.Named(k.Path)) {
			byPath[k.Path] = k
		}
	}
	there := map[string]bool{}
	for _, c := range candidates {
		if sqlitedb.Named(c.Path) {
			there[c.Path] = true
		}
	}
	version := r.versions()
	out := candidates[:0:0]
	for _, c := range candidates {
		if main, ok := sqlitedb.Beside(c.Path); ok && there[main] {
			r.sum.Seen-- // part of the database
			continue
		}
		k := byPath[c.key()]
		if k == nil && !c.Named && !sqlitedb.Named(c.Path) {
			out = append(out, c)
			continue
		}
		c.Size, c.ModTime = sqlitedb.Stat(c.Path, c.Size, c.ModTime)
		switch {
		case k != nil && k.SizeBytes == c.Size && k.ModifiedAt == c.modified() && current(k, version) && !r.o.Full:
			r.untouched[c.key()] = k.HeadHash == databaseHash
		case isDatabase(c.Path):
			parts, wanted, err := r.list(ctx, &c)
			if err != nil {
				return nil, err
			}
			if !wanted {
				r.untouched[c.key()] = true
				continue
			}
			out = append(out, parts...)
		}
		out = append(out, c)
	}
	return out, nil
}

// current reports whether a source was judged by the parsers as they are now.
func current(k *schema.Source, version map[string]int32) bool {
	return k.State == schema.SourceRefused && k.ParserVersion == refusedVersion(version) ||
		(k.State == schema.SourcePresent || k.State == schema.SourceForgotten) && version[k.Parser] == k.ParserVersion
}

func (r *run) versions() map[string]int32 {
	version := map[string]int32{}
	for _, p := range r.o.Parsers {
		f := p.Format()
		version[f.Name()] = int32(f.Version)
	}
	return version
}

func isDatabase(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false // the reading says why
	}
	defer f.Close()
	head := make([]byte, 16)
	_, err = io.ReadFull(f, head)
	return err == nil && sqlitedb.Is(head)
}

// list finds whose a database is and what sessions it holds. Only the end of ctx is an error; what is wrong
// with the database goes into the candidate.
func (r *run) list(ctx context.Context, c *Candidate) (parts []Candidate, wanted bool, err error) {
	d := &database{}
	c.db = d
	d.err = steady(ctx, c.Path, func(db *sqlitedb.DB) error {
		parts = parts[:0]
		d.parser, d.refusal = detectDatabase(r.o.Parsers, *c, db)
		if d.parser == nil || !r.wanted(d.parser.Format().Agent) {
			return nil
		}
		seen := map[string]bool{}
		return d.parser.Sessions(ctx, db, func(s DatabaseSession) error {
			if s.ID == "" || seen[s.ID] {
				return nil
			}
			seen[s.ID] = true
			p := Candidate{
				Path: c.Path + "#" + s.ID, ModTime: s.UpdatedAt.Time(), Named: c.Named, Agent: c.Agent,
				part: &part{in: d, path: c.Path, id: s.ID, mark: fmt.Sprintf("%s%016x", markPrefix, uint64(schema.HashString(s.Mark)))},
			}
			if c.FileID != "" {
				p.FileID = c.FileID + "#" + s.ID
			}
			parts = append(parts, p)
			return nil
		})
	})
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	switch {
	case d.err != nil:
		parts = nil
	case d.parser != nil && !r.wanted(d.parser.Format().Agent):
		return nil, false, nil
	}
	// What an earlier reading found in a database that cannot be read now stays as it is.
	r.listed[c.key()] = d.err == nil && d.refusal == nil
	r.untouched[c.key()] = !r.listed[c.key()]
	r.sum.Seen += int64(len(parts))
	return parts, true, nil
}

// steady runs f over a database that does not change meanwhile: over its pages, again if they changed, and
// at last over a copy.
func steady(ctx context.Context, path string, f func(*sqlitedb.DB) error) error {
	for range 3 {
		db, err := sqlitedb.Open(ctx, path)
		if err != nil {
			return err
		}
		err = f(db)
		changed := db.Changed()
		db.Close()
		if !changed || ctx.Err() != nil {
			return err
		}
	}
	db, err := sqlitedb.OpenCopy(ctx, path)
	if err != nil {
		return err
	}
	defer db.Close()
	return f(db)
}

// detectDatabase asks every parser of databases, as detect does.
func detectDatabase(parsers []Parser, c Candidate, db *sqlitedb.DB) (DatabaseParser, *Refusal) {
	var best []DatabaseParser
	var top Match
	for _, p := range parsers {
		dp, ok := p.(DatabaseParser)
		if !ok {
			continue
		}
		m := dp.MatchDatabase(c.Path, db)
		if m.Verdict > top.Verdict {
			best, top = best[:0], m
		}
		if m.Verdict == top.Verdict && m.Verdict > Foreign {
			best = append(best, dp)
		}
	}
	switch {
	case top.Verdict == Foreign:
		return nil, &Refusal{c.Path, c.Agent, "a SQLite database without the tables of a known agent"}
	case top.Verdict == NotSession:
		return nil, &Refusal{c.Path, best[0].Format().Agent, top.Reason}
	case len(best) == 1:
		return best[0], nil
	}
	var names []string
	for _, p := range best {
		if p.Format().Agent == c.Agent {
			return p, nil
		}
		names = append(names, p.Format().Agent)
	}
	sort.Strings(names)
	return nil, &Refusal{c.Path, "", "could be a database of " + strings.Join(names, " or ")}
}

// same reports whether a source is as it was when it was read.
func (c *Candidate) same(k *schema.Source) bool {
	switch {
	case c.part != nil:
		return k.HeadHash == c.part.mark
	case c.db != nil:
		return false
	}
	return k.SizeBytes == c.Size && k.ModifiedAt == c.modified()
}

// gone reports whether a source that no candidate stands for is no longer there.
func (r *run) gone(k *schema.Source) bool {
	path := k.Path
	if strings.HasPrefix(k.HeadHash, markPrefix) {
		path = r.databaseOf(path)
		if r.untouched[path] {
			return false
		}
		if r.listed[path] {
			return true // the database is there and holds the session no more
		}
	}
	_, err := os.Lstat(path)
	return errors.Is(err, os.ErrNotExist)
}

// databaseOf is the database in the name of one of its sessions; both may hold the sign between them.
func (r *run) databaseOf(path string) string {
	for i := range path {
		if path[i] == '#' && (r.untouched[path[:i]] || r.listed[path[:i]]) {
			return path[:i]
		}
	}
	for i := range path {
		if path[i] == '#' && sqlitedb.Named(path[:i]) {
			return path[:i]
		}
	}
	before, _, _ := strings.Cut(path, "#")
	return before
}

// apart takes the databases themselves out of the jobs: they are noted when their sessions are safe in the
// store, so that a run that is cut off looks into them again.
func apart(jobs []job) (files, databases []job) {
	for _, j := range jobs {
		if j.db != nil {
			databases = append(databases, j)
		} else {
			files = append(files, j)
		}
	}
	return files, databases
}

// maxOpen is how many databases a worker keeps open.
const maxOpen = 4

// database returns the database of a session; old is one that must not be used again.
func (b *reader) database(ctx context.Context, path string, old *sqlitedb.DB, whole bool) (*sqlitedb.DB, error) {
	for i, db := range b.dbs {
		if db == old || db.Path() == path && old != nil {
			db.Close()
			b.dbs = append(b.dbs[:i], b.dbs[i+1:]...)
			break
		}
		if db.Path() == path {
			return db, nil
		}
	}
	open := sqlitedb.Open
	if whole {
		open = sqlitedb.OpenCopy
	}
	db, err := open(ctx, path)
	if err != nil {
		return nil, err
	}
	if len(b.dbs) == maxOpen {
		b.dbs[0].Close()
		b.dbs = append(b.dbs[:0], b.dbs[1:]...)
	}
	b.dbs = append(b.dbs, db)
	return db, nil
}

func (b *reader) close() {
	for _, db := range b.dbs {
		db.Close()
	}
	b.dbs = nil
}

// readDatabase notes a database whose sessions were read.
func (r *run) readDatabase(ctx context.Context, w Writer, j *job, row schema.Source) error {
	d := j.db
	switch {
	case d.err != nil:
		return r.failed(ctx, w, j, row, d.err)
	case d.refusal != nil:
		return r.refuse(ctx, w, j, row, d.refusal)
	}
	format := d.parser.Format()
	row.Agent, row.StoreKind, row.Parser, row.ParserVersion = format.Agent, format.StoreKind, format.Name(), int32(format.Version)
	row.HeadHash = databaseHash
	if d.incomplete.Load() {
		row.ModifiedAt = 0
	}
	if err := w.Begin(ctx, j.sourceID, j.replace); err != nil {
		return err
	}
	if err := w.SaveSource(ctx, &row, j.known != nil); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sum.Read++
	r.agent(format.Agent).Files++
	return nil
}

// readSession reads one session of a database into w.
func (r *run) readSession(ctx context.Context, w Writer, j *job, row schema.Source, b *reader) error {
	began := time.Now()
	p := j.part
	parser := p.in.parser
	format := parser.Format()
	row.Agent, row.StoreKind, row.Parser, row.ParserVersion = format.Agent, format.StoreKind, format.Name(), int32(format.Version)
	row.HeadHash = p.mark
	var src *Source
	var old *sqlitedb.DB
	var rows *rowSink
	for try := 0; ; try++ {
		db, err := b.database(ctx, p.path, old, try == 3)
		if err != nil {
			p.in.incomplete.Store(true)
			return r.failed(ctx, w, j, row, err)
		}
		if err := w.Begin(ctx, j.sourceID, j.replace); err != nil {
			return err
		}
		before := db.Read()
		src = sessionSource(p, db, r.o.Content)
		rows = newRowSink(w, r.forgot)
		err = parser.Parse(ctx, src, rows.emit)
		if err == nil {
			rows.end()
		}
		if rows.storeErr != nil {
			return fmt.Errorf("%s: %w", j.Path, rows.storeErr)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		changed := db.Changed()
		if err == nil && !changed {
			row.SizeBytes = db.Read() - before
			break
		}
		if err := w.Discard(ctx); err != nil {
			return err
		}
		if !changed {
			p.in.incomplete.Store(true)
			return r.failed(ctx, w, j, row, err)
		}
		old = db
	}
	row.Records, row.UnknownRecords = src.Records, src.Unknown
	if rows.forgets() {
		return r.saveForgotten(ctx, w, j, row)
	}
	if err := w.SaveSource(ctx, &row, j.known != nil); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.touched = append(r.touched, j.sourceID)
	r.sum.Read++
	a := r.agent(format.Agent)
	a.Sessions += int64(len(rows.sessions))
	a.Records += src.Records
	a.Unknown += src.Unknown
	a.Problems += rows.problems
	a.Bytes += row.SizeBytes
	a.Seconds += time.Since(began).Seconds()
	return nil
}

func sessionSource(p *part, db *sqlitedb.DB, content Content) *Source {
	return &Source{Path: p.path, Content: content, DB: db, Session: p.id, ReadBeside: beside(p.path), ListBeside: listBeside(p.path)}
}

// agent is the summary of an agent. The caller holds r.mu.
func (r *run) agent(name string) *AgentSummary {
	a := r.agents[name]
	if a == nil {
		a = &AgentSummary{Agent: name}
		r.agents[name] = a
	}
	return a
}
