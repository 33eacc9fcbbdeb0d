// Package store keeps the rows in a DuckDB file and answers queries. It is the only package that knows
// the database.
package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// Catalog is the name under which the store's file is attached. It is no part of any view: the file can
// be opened by any DuckDB client under any name.
const Catalog = "agenttrace"

// StorageVersion pins the file format: every DuckDB of the 1.4 and later lines reads it.
const StorageVersion = "v1.4.0"

// blockSize of a new store's file, in bytes. Every column of a table that is being filled holds a block,
// so that a quarter of the engine's usual size saves memory while reading (measured: 45 MB of 370) and
// space in the file (6 of 50 MB).
const blockSize = 64 << 10

// rowGroupSize of a new store's tables, in rows: the engine shares out its work, also that of writing the
// file, by the row group, and of its usual ones most tables have but one.
const rowGroupSize = 40960

// Memory is the name of the store that lives only in memory.
const Memory = ":memory:"

// Options say how to open a store.
type Options struct {
	// Path of the file, or Memory.
	Path string
	// ReadOnly opens an existing file without the right to change it.
	ReadOnly bool
	// Sandbox cuts the engine off from files, network, extensions and settings. It is one way.
	Sandbox bool
	// MemoryLimit is DuckDB's own, in bytes; 0 = DefaultMemoryLimit.
	MemoryLimit int64
	// Threads of the engine; 0 = one per processor.
	Threads int
	// LockTimeout is how long to wait for another process that holds the file.
	LockTimeout time.Duration
	// Waiting, if set, is called once when a wait begins, with the reason.
	Waiting func(reason string)
}

// DefaultMemoryLimit bounds what the engine keeps in memory; above it, it spills beside the store.
const DefaultMemoryLimit = 300 << 20

// Errors that callers decide by.
var (
	// ErrBusy: another process holds the file.
	ErrBusy = errors.New("the store is in use by another process")
	// ErrDamaged: the file is no store, or a broken one.
	ErrDamaged = errors.New("the store is damaged")
	// ErrNewer: the file was written by a newer program.
	ErrNewer = errors.New("the store was written by a newer agenttrace")
	// ErrMissing: there is no file, and it was to be opened read-only.
	ErrMissing = errors.New("there is no store yet")
)

// openings numbers the openings of this process.
var openings atomic.Int64

// A Store is an open store.
type Store struct {
	db   *sql.DB
	opts Options
	temp string
	// fresh: the file did not exist before.
	fresh bool
	// writing: the engine is set up for writers; see alone.
	writing bool
}

// Open opens the store and creates it if need be. It does not migrate: see Migrate.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.MemoryLimit == 0 {
		o.MemoryLimit = DefaultMemoryLimit
	}
	s := &Store{opts: o}
	if o.Path != Memory {
		if err := s.prepareFile(); err != nil {
			return nil, err
		}
	}
	deadline := time.Now().Add(o.LockTimeout)
	announced := false
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		err := s.open(ctx)
		if err == nil {
			return s, nil
		}
		if !errors.Is(err, ErrBusy) || !time.Now().Before(deadline) {
			return nil, err
		}
		if !announced && o.Waiting != nil {
			o.Waiting(err.Error())
			announced = true
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// prepareFile makes the folder private and, for a new store, the file too: DuckDB itself would create
// it readable for others.
func (s *Store) prepareFile() error {
	dir := filepath.Dir(s.opts.Path)
	if s.opts.ReadOnly {
		if _, err := os.Stat(s.opts.Path); errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%s: %w", s.opts.Path, ErrMissing)
		} else if err != nil {
			return err
		}
		return nil
	}
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	info, err := os.Stat(s.opts.Path)
	s.fresh = errors.Is(err, os.ErrNotExist)
	if err == nil && info.IsDir() {
		return fmt.Errorf("%s: is a folder, not a store", s.opts.Path)
	}
	return nil
}

func (s *Store) open(ctx context.Context) error {
	var once sync.Once
	connector, err := duckdb.NewConnector(":memory:", func(conn driver.ExecerContext) error {
		// Settings are global to the engine and go in a fixed order, once; the default schema belongs to each
		// connection.
		var err error
		first := false
		once.Do(func() { first, err = true, s.setUp(ctx, conn) })
		if err != nil || first {
			return err
		}
		_, err = conn.ExecContext(ctx, "USE "+Catalog, nil)
		return err
	})
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	if err := db.PingContext(ctx); err != nil {
		db.Close()
		s.removeTemp()
		return s.classify(err)
	}
	if s.opts.Sandbox {
		// A locked engine refuses the set-up of a second connection.
		db.SetMaxOpenConns(1)
	}
	s.db = db
	if !s.opts.ReadOnly && s.opts.Path != Memory {
		// We alone hold the file now: what lies there was left by programs that were killed.
		left, _ := filepath.Glob(globQuote(s.opts.Path) + ".tmp-*")
		for _, dir := range left {
			if dir != s.temp {
				os.RemoveAll(dir)
			}
		}
	}
	s.makePrivate()
	return nil
}

func (s *Store) setUp(ctx context.Context, conn driver.ExecerContext) error {
	// The store is written to its final form once, when it is closed: checkpoints on the way would rewrite
	// the same row groups again and again (measured: half again the size, and a third of the time).
	var q []string
	q = append(q, "SET TimeZone='UTC'", "SET autoinstall_known_extensions=false", "SET autoload_known_extensions=false",
		"SET preserve_insertion_order=false", "SET checkpoint_threshold='512MiB'",
		// The allocator need not give back what it will want again in a moment: the process is short-lived.
		"SET allocator_flush_threshold='4GB'", "SET allocator_bulk_deallocation_flush_threshold='4GB'",
		fmt.Sprintf("SET memory_limit='%dMiB'", max(s.opts.MemoryLimit>>20, 16)))
	if s.opts.Threads > 0 {
		q = append(q, fmt.Sprintf("SET threads=%d", s.opts.Threads))
	}
	if s.opts.Path != Memory {
		// A folder of its own for each opening: others that read the store spill too, and clean up after
		// themselves.
		s.temp = fmt.Sprintf("%s.tmp-%d-%d", s.opts.Path, os.Getpid(), openings.Add(1))
		// Made before the engine does, which would let others read what it spills. Where it cannot be made there is
		// nothing to spill to either.
		os.Mkdir(s.temp, 0o700)
	} else if dir, err := os.MkdirTemp("", "agenttrace-"); err == nil {
		s.temp = dir
	}
	q = append(q, "SET temp_directory="+Quote(s.temp))
	mode := "STORAGE_VERSION '" + StorageVersion + "'"
	if s.fresh {
		// Nothing is there yet that a log of changes could save: a first reading that is cut off starts anew.
		mode += fmt.Sprintf(", RECOVERY_MODE NO_WAL_WRITES, BLOCK_SIZE %d, ROW_GROUP_SIZE %d", blockSize, rowGroupSize)
	}
	if s.opts.ReadOnly {
		mode = "READ_ONLY"
	}
	q = append(q, fmt.Sprintf("ATTACH %s AS %s (%s)", Quote(s.opts.Path), Catalog, mode), "USE "+Catalog)
	if s.opts.Sandbox {
		q = append(q, "SET enable_external_access=false", "SET lock_configuration=true")
	}
	for _, text := range q {
		if _, err := conn.ExecContext(ctx, text, nil); err != nil {
			return err
		}
	}
	return nil
}

// makePrivate keeps the file, its log and spilled data to the user. It runs after open and after every
// checkpoint, as DuckDB creates these files anew.
func (s *Store) makePrivate() {
	if s.opts.Path == Memory || s.opts.ReadOnly {
		return
	}
	for _, p := range []string{s.opts.Path, s.opts.Path + ".wal"} {
		if info, err := os.Stat(p); err == nil && info.Mode().Perm() != 0o600 {
			os.Chmod(p, 0o600)
		}
	}
}

// globQuote makes a path stand for itself in a pattern.
func globQuote(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

func (s *Store) removeTemp() {
	if s.temp != "" {
		os.RemoveAll(s.temp)
	}
}

// classify turns DuckDB's words into errors to decide by.
func (s *Store) classify(err error) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "Could not set lock on file"), strings.Contains(text, "Conflicting lock"):
		who := ""
		if i := strings.Index(text, "Conflicting lock is held in "); i >= 0 {
			who = text[i+len("Conflicting lock is held in "):]
			if j := strings.IndexAny(who, ".\n"); j >= 0 && strings.Contains(who, ")") {
				who = who[:strings.Index(who, ")")+1]
			}
		}
		if who != "" {
			return fmt.Errorf("%s: %w: %s", s.opts.Path, ErrBusy, who)
		}
		return fmt.Errorf("%s: %w", s.opts.Path, ErrBusy)
	case strings.Contains(text, "newer version"), strings.Contains(text, "version number"):
		return fmt.Errorf("%s: %w: %w", s.opts.Path, ErrNewer, err)
	case strings.Contains(text, "not a valid DuckDB database file"), strings.Contains(text, "Corrupt"),
		strings.Contains(text, "Checksum"), strings.Contains(text, "checksum"), strings.Contains(text, "Serialization Error"),
		strings.Contains(text, "INTERNAL Error"), strings.Contains(text, "Could not read enough bytes"), strings.Contains(text, "Failed to load metadata"):
		return fmt.Errorf("%s: %w: %w", s.opts.Path, ErrDamaged, err)
	}
	return fmt.Errorf("%s: %w", s.opts.Path, err)
}

// DB gives the connection pool, for queries.
func (s *Store) DB() *sql.DB { return s.db }

// Path is the path it was opened with.
func (s *Store) Path() string { return s.opts.Path }

// Fresh reports whether there was no store before this one was opened.
func (s *Store) Fresh() bool { return s.fresh || s.opts.Path == Memory }

// ReadOnly reports whether it was opened read-only.
func (s *Store) ReadOnly() bool { return s.opts.ReadOnly }

// Close writes what is left to the file and closes it.
func (s *Store) Close() error {
	if s.db == nil {
		return nil
	}
	var errs []error
	if !s.opts.ReadOnly && s.opts.Path != Memory {
		// Detaching checkpoints.
		if _, err := s.db.Exec("USE memory; DETACH " + Catalog); err != nil {
			errs = append(errs, err)
		}
	}
	errs = append(errs, s.db.Close())
	s.makePrivate()
	s.removeTemp()
	s.db = nil
	return errors.Join(errs...)
}

// Leave is Close for a process that ends right after it: of a store that was only read nothing is written,
// and the system takes the memory back faster than the engine gives it (measured: 15 to 35 ms).
func (s *Store) Leave() error {
	if !s.opts.ReadOnly {
		return s.Close()
	}
	s.removeTemp()
	return nil
}

// Quote writes a string literal.
func Quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
