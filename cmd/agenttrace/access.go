package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/agents"
	"github.com/agenttrace/agenttrace/schema/store"
	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// sink is the store as ingest sees it.
type sink struct {
	*store.Store
	writers *store.WriterPool
	ready   func() error // waits until the store has its views
}

func (k sink) Writer(ctx context.Context) (ingest.Writer, error) { return k.writers.Writer(ctx) }

func (k sink) BeginImport(ctx context.Context, started time.Time, version string) (int64, error) {
	return k.Store.BeginImport(ctx, started, version, sqlfiles.PriceBook())
}

// Finish brings the facts up to date.
func (k sink) Finish(ctx context.Context, touched []int64, all bool) error {
	if err := k.ready(); err != nil {
		return err
	}
	return k.Store.Finish(ctx, touched, all)
}

// data is an open store that is up to date, or as near as can be.
type data struct {
	*store.Store
	summary *ingest.Summary // of the refresh; nil if there was none
	stale   string          // why the answer may lag behind the logs; "" if it does not
	apart   bool            // not the user's own sessions: explicit inputs, or the samples
}

// leave closes the store at the end of a command.
func (d *data) leave(e *env) error {
	if e.leaving {
		return d.Leave()
	}
	return d.Close()
}

// access is what the queries of a command may do.
type access uint8

const (
	trusted   access = iota // the program's own queries
	withFiles               // the user's: files may be read and written, but never the store
	confined                // the user's: cut off from everything but the store, which is read-only
)

// inputs are what a command was told to read instead of the user's own logs.
type inputs struct {
	paths   []string
	emptyOK bool // that no session is there is an answer, not an error
}

// open gives a store to read from.
//
// Explicit inputs are read into a store of their own that lives in memory. Otherwise it is the user's
// store, brought up to date first. Looking whether anything is new needs no more than reading, so
// readers do not get into each other's way; only when there is something to write is the file taken.
func (c *common) open(e *env, in inputs, a access) (*data, error) {
	if (c.demo || len(in.paths) > 0 || c.lake != "") && c.db != "" && c.db != store.Memory {
		c.notice(e, "%s stays as it is: this is read into memory; agenttrace ingest is what writes to a store", c.db)
	}
	if c.lake != "" {
		return c.openLake(e, in, a)
	}
	if c.demo {
		return c.openDemo(e, in, a)
	}
	if len(in.paths) > 0 {
		return c.openInputs(e, in, a)
	}
	path, err := c.dbPath(e)
	if err != nil {
		return nil, err
	}
	if path == store.Memory {
		return c.openMemory(e, a)
	}
	var search *ingest.Search
	if !c.noRefresh {
		o, err := c.ingestOptions(e)
		if err != nil {
			return nil, err
		}
		o.Roots = true
		search = ingest.Begin(o) // while the store opens
	}
	d, err := c.openCurrent(e, path, a, search)
	if d != nil || err != nil {
		return d, err
	}
	return c.openRefreshed(e, path, a, search)
}

func (c *common) storeOptions(e *env, path string) (store.Options, error) {
	limit, err := c.memoryLimit()
	if err == nil && path != store.Memory {
		err = refuseOtherFile(path)
	}
	return store.Options{
		Path: path, LockTimeout: c.lockTimeout, MemoryLimit: limit,
		Waiting: func(reason string) {
			c.notice(e, "waiting up to %s: %s", c.lockTimeout, reason)
		},
	}, err
}

// refuseOtherFile keeps a file that is no database from being taken for a store: the engine itself takes
// a small one for an empty database.
func refuseOtherFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return nil // opening the store says why
	}
	defer f.Close()
	head := make([]byte, 12)
	n, err := io.ReadFull(f, head)
	if n == 0 || err == nil && string(head[8:]) == "DUCK" {
		return nil
	}
	return fmt.Errorf("%s: %w, or no store at all: it does not begin as a DuckDB file does", path, store.ErrDamaged)
}

func (c *common) ingestOptions(e *env) (ingest.Options, error) {
	home, err := c.homeDir(e)
	if err != nil {
		return ingest.Options{}, err
	}
	content, err := c.contentMode()
	if err != nil {
		return ingest.Options{}, err
	}
	return ingest.Options{
		Parsers: agents.All(), Env: ingest.Env{Home: home, Getenv: e.getenv}, Content: content, Version: version, Now: e.now,
	}, nil
}

// openInputs reads explicit paths into memory.
func (c *common) openInputs(e *env, in inputs, a access) (*data, error) {
	if c.noRefresh {
		return nil, usagef("--no-refresh has no effect on explicit inputs: they are read each time")
	}
	if err := checkPaths(in.paths); err != nil {
		return nil, err
	}
	o, err := c.ingestOptions(e)
	if err != nil {
		return nil, err
	}
	o.Paths = in.paths
	d, err := c.fill(e, o)
	if err != nil {
		return nil, err
	}
	d.apart = true
	if len(d.summary.Agents) == 0 && !in.emptyOK {
		defer d.Close()
		return nil, nothingRead(in.paths, d.summary)
	}
	for _, err := range d.summary.Errors {
		c.notice(e, "%v", err)
	}
	return d, c.lock(e, d, a)
}

// nothingRead says why explicit inputs gave no session.
func nothingRead(paths []string, sum *ingest.Summary) error {
	if len(sum.Errors) > 0 {
		return errors.Join(sum.Errors...)
	}
	if len(sum.Refused) == 1 {
		return fmt.Errorf("%s: %s", sum.Refused[0].Path, sum.Refused[0].Reason)
	}
	if len(sum.Refused) > 1 {
		return withHint(fmt.Errorf("no session log among %d files, the first: %s: %s", len(sum.Refused), sum.Refused[0].Path, sum.Refused[0].Reason),
			"agenttrace doctor -d FOLDER lists every file and the reason")
	}
	return fmt.Errorf("%s: no files there", strings.Join(paths, ", "))
}

func (c *common) openMemory(e *env, a access) (*data, error) {
	o, err := c.ingestOptions(e)
	if err != nil {
		return nil, err
	}
	o.Roots = !c.noRefresh
	d, err := c.fill(e, o)
	if err != nil {
		return nil, err
	}
	return d, c.lock(e, d, a)
}

// fill reads into a new store in memory.
func (c *common) fill(e *env, o ingest.Options) (*data, error) {
	so, err := c.storeOptions(e, store.Memory)
	if err != nil {
		return nil, err
	}
	var s *store.Store
	err = c.timed(e, "open", func() (err error) { s, err = store.Open(e.ctx, so); return err })
	if err != nil {
		return nil, err
	}
	d := &data{Store: s}
	if err := c.refresh(e, d, o, true); err != nil {
		s.Close()
		return nil, err
	}
	return d, nil
}

// lock prepares a store for the user's queries: days are those of the zone, and the confined ones are cut
// off from everything else.
func (c *common) lock(e *env, d *data, a access) error {
	if a == trusted {
		return nil
	}
	zone, err := c.zone()
	if err == nil {
		d.DB().SetMaxOpenConns(1) // the setting is that of a connection
		_, err = d.DB().ExecContext(e.ctx, "SET TimeZone = "+store.Quote(zoneForSQL(zone, e.now())))
	}
	if err == nil && a == confined {
		err = d.EnterSandbox()
	}
	if err != nil {
		d.Close()
	}
	return err
}

// openCurrent opens the store read-only if it needs nothing written: no new logs, no upgrade, no
// findings to derive. It returns nil if something has to be written first.
func (c *common) openCurrent(e *env, path string, a access, search *ingest.Search) (*data, error) {
	so, err := c.storeOptions(e, path)
	if err != nil {
		return nil, err
	}
	so.ReadOnly, so.LockTimeout, so.Waiting = true, 0, nil
	if c.noRefresh {
		so.LockTimeout = c.lockTimeout
		so.Waiting = func(reason string) { c.notice(e, "waiting up to %s: %s", c.lockTimeout, reason) }
	}
	s, err := store.Open(e.ctx, so)
	switch {
	case errors.Is(err, store.ErrMissing) && c.noRefresh:
		return nil, withHint(err, "run agenttrace ingest, or leave out --no-refresh")
	case errors.Is(err, store.ErrMissing), errors.Is(err, store.ErrBusy) && !c.noRefresh:
		return nil, nil
	case err != nil:
		return nil, err
	}
	d := &data{Store: s}
	usable, err := usable(e, s)
	if err != nil {
		s.Close()
		return nil, err
	}
	if !usable {
		s.Close()
		if c.noRefresh {
			return nil, withHint(fmt.Errorf("%s: the store was made by another version of agenttrace", path), "run agenttrace ingest once")
		}
		return nil, nil
	}
	waiting, stale, err := s.Waiting(e.ctx)
	if err != nil {
		s.Close()
		return nil, err
	}
	own, err := e.thresholds()
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if current, err := s.ThresholdsCurrent(e.ctx, own); err != nil || !current {
		return nil, errors.Join(err, s.Close())
	}
	prices, err := e.ownPrices()
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if current, err := s.OwnPricesCurrent(e.ctx, prices); err != nil || !current {
		return nil, errors.Join(err, s.Close())
	}
	if waiting != "" {
		// Findings are derived before they are shown, also when no new logs are looked for; what needs the
		// logs waits for a command that may look for them.
		if stale || !c.noRefresh {
			return nil, s.Close()
		}
		d.stale = waiting
		c.notice(e, "%s; --no-refresh leaves it so", waiting)
	}
	if !c.noRefresh {
		o, err := c.ingestOptions(e)
		if err != nil {
			s.Close()
			return nil, err
		}
		o.Roots, o.Search = true, search
		pending, sum, err := ingest.Check(e.ctx, sink{Store: s}, o)
		if err != nil {
			s.Close()
			return nil, err
		}
		if pending {
			s.Close()
			return nil, nil
		}
		d.summary = sum
	}
	return d, c.lock(e, d, a)
}

// usable reports whether a store can be read as it is: neither ahead of this program nor behind it.
func usable(e *env, s *store.Store) (bool, error) {
	steps, err := migrations()
	if err != nil {
		return false, err
	}
	if err := s.Migrate(e.ctx, steps); errors.Is(err, store.ErrNewer) || errors.Is(err, store.ErrDamaged) {
		return false, err
	}
	return s.Usable(e.ctx)
}

// openRefreshed takes the file, brings it up to date, and goes on with it. If others read it meanwhile,
// the answer comes from its last state.
func (c *common) openRefreshed(e *env, path string, a access, search *ingest.Search) (*data, error) {
	so, err := c.storeOptions(e, path)
	if err != nil {
		return nil, err
	}
	readOnly := so
	readOnly.ReadOnly, readOnly.LockTimeout, readOnly.Waiting = true, 0, nil
	so.LockTimeout, so.Waiting = 0, nil
	deadline, announced := time.Now().Add(c.lockTimeout), false
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		s, err := store.Open(e.ctx, so)
		if err == nil {
			d := &data{Store: s}
			o, err := c.ingestOptions(e)
			if err == nil {
				o.Roots = !c.noRefresh
				if !announced {
					o.Search = search // after a wait it would be old
				}
				err = c.refresh(e, d, o, true)
			}
			if err == nil && c.noRefresh {
				if d.stale, _, err = s.Waiting(e.ctx); d.stale != "" {
					c.notice(e, "%s; --no-refresh leaves it so", d.stale)
				}
			}
			if err != nil {
				s.Close()
				return nil, err
			}
			if a == trusted {
				return d, nil
			}
			return c.reopen(e, d, path, a)
		}
		readable := errors.Is(err, store.ErrBusy) || errors.Is(err, fs.ErrPermission) || isReadOnly(err)
		if !readable {
			return nil, err
		}
		if d := c.lastState(e, readOnly, err); d != nil {
			return d, c.lock(e, d, a)
		}
		if !errors.Is(err, store.ErrBusy) || !time.Now().Before(deadline) {
			return nil, busyHint(err)
		}
		if !announced {
			c.notice(e, "waiting up to %s: %v", c.lockTimeout, err)
			announced = true
		}
		select {
		case <-e.ctx.Done():
			return nil, e.ctx.Err()
		case <-time.After(pause):
		}
	}
}

// reopen gives up the right to write.
func (c *common) reopen(e *env, d *data, path string, a access) (*data, error) {
	if err := d.Close(); err != nil {
		return nil, err
	}
	so, err := c.storeOptions(e, path)
	if err != nil {
		return nil, err
	}
	so.ReadOnly = true
	s, err := store.Open(e.ctx, so)
	if err != nil {
		return nil, err
	}
	d = &data{Store: s, summary: d.summary, stale: d.stale}
	return d, c.lock(e, d, a)
}

// lastState opens the store as it is, if it can be read and used.
func (c *common) lastState(e *env, o store.Options, reason error) *data {
	s, err := store.Open(e.ctx, o)
	if err != nil {
		return nil
	}
	if ready, err := usable(e, s); err != nil || !ready {
		s.Close()
		return nil
	}
	d := &data{Store: s, stale: "new logs were not read, as the store cannot be written now"}
	if waiting, _, err := s.Waiting(e.ctx); err == nil && waiting != "" {
		d.stale += "; " + waiting
	}
	own, err := e.thresholds()
	if err == nil {
		if current, err := s.ThresholdsCurrent(e.ctx, own); err == nil && !current {
			d.stale += "; findings are by other thresholds than those of your file"
		}
	}
	if prices, err := e.ownPrices(); err == nil {
		if current, err := s.OwnPricesCurrent(e.ctx, prices); err == nil && !current {
			d.stale += "; costs are by other prices than those of your file"
		}
	}
	c.notice(e, "answering from the last state of the store: %v", reason)
	return d
}

func busyHint(err error) error {
	if errors.Is(err, store.ErrBusy) {
		return withHint(err, "try again when it has ended, wait longer with --lock-timeout 60s, or use --no-refresh while others only read")
	}
	return err
}

// refresh brings an open store up to date: tables, views, facts, and findings if wanted.
func (c *common) refresh(e *env, d *data, o ingest.Options, findings bool) error {
	steps, err := store.Migrations(sqlfiles.Migrations())
	if err != nil {
		return err
	}
	err = c.timed(e, "tables", func() error { return d.Migrate(e.ctx, steps) })
	if err == nil {
		err = c.keepContent(e, d, &o)
	}
	if err != nil {
		return err
	}
	reads := o.Roots || len(o.Paths) > 0
	own, err := e.thresholds()
	if err != nil {
		return err
	}
	// Rows need no views: those of a new store are made while its first logs are read.
	ready := sync.OnceValue(func() error { return d.Prepare(e.ctx) })
	if d.Fresh() && reads {
		go ready()
	} else if err := c.timed(e, "views", ready); err != nil {
		return err
	}
	if reads {
		bar := newProgress(e, c)
		o.Progress = bar.report
		err = c.timed(e, "logs", func() (err error) {
			d.summary, err = ingest.Run(e.ctx, sink{d.Store, d.Writers(), ready}, o)
			return errors.Join(err, ready())
		})
		bar.done()
		if err != nil {
			return err
		}
	}
	if err := d.SetThresholds(e.ctx, own); err != nil {
		return err
	}
	prices, err := e.ownPrices()
	if err == nil {
		err = d.SetOwnPrices(e.ctx, prices)
	}
	if err != nil {
		return err
	}
	// Without a session there is nothing to derive from.
	if findings && (d.Path() != store.Memory || d.summary == nil || len(d.summary.Agents) > 0) {
		bar := newProgress(e, c)
		bar.report(ingest.Progress{Step: "deriving findings"})
		err := c.timed(e, "findings", func() error { return d.DeriveFindings(e.ctx) })
		bar.done()
		return err
	}
	return nil
}

// timed runs a step; with --verbose it says how long it took.
func (c *common) timed(e *env, name string, f func() error) error {
	began := time.Now()
	err := f()
	if c.verbose {
		c.notice(e, "%-10s %6.3f s", name, time.Since(began).Seconds())
	}
	return err
}
