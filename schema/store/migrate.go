package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"sort"
	"strconv"
	"strings"
)

// A Migration is one numbered step of the tables.
type Migration struct {
	Number   int
	Name     string
	SQL      string
	Checksum string
}

// Migrations reads NNNN_name.sql files from fsys, in order of their numbers, which must run from 1
// without a gap.
func Migrations(fsys fs.FS) ([]Migration, error) {
	names, err := fs.Glob(fsys, "*.sql")
	if err != nil {
		return nil, err
	}
	sort.Strings(names)
	var out []Migration
	for i, name := range names {
		number, err := strconv.Atoi(strings.SplitN(name, "_", 2)[0])
		if err != nil || number != i+1 {
			return nil, fmt.Errorf("migration %s: want number %04d", name, i+1)
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(text)
		out = append(out, Migration{number, strings.TrimSuffix(name, ".sql"), string(text), hex.EncodeToString(sum[:8])})
	}
	return out, nil
}

// Migrate brings the tables up to date, each step in a transaction of its own. It changes nothing in a
// store that is up to date, and refuses one that is ahead (ErrNewer).
func (s *Store) Migrate(ctx context.Context, steps []Migration) error {
	applied, err := s.applied(ctx)
	if err != nil {
		return err
	}
	if len(applied) > len(steps) {
		return fmt.Errorf("%s: %w: it has migration %d, this program knows %d", s.opts.Path, ErrNewer, len(applied), len(steps))
	}
	for i, sum := range applied {
		if steps[i].Checksum != sum {
			return fmt.Errorf("%s: %w: migration %s was applied in another form", s.opts.Path, ErrDamaged, steps[i].Name)
		}
	}
	if len(applied) == len(steps) {
		return nil
	}
	if s.opts.ReadOnly {
		return fmt.Errorf("%s: the store needs an upgrade and is read-only", s.opts.Path)
	}
	for _, step := range steps[len(applied):] {
		if err := s.apply(ctx, step); err != nil {
			return fmt.Errorf("migration %s: %w", step.Name, err)
		}
	}
	s.makePrivate()
	return nil
}

// applied lists the checksums of the steps that were applied, in order.
func (s *Store) applied(ctx context.Context) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT checksum FROM raw.migrations ORDER BY number`)
	if err != nil && strings.Contains(err.Error(), "does not exist") {
		return nil, s.refuseForeign(ctx)
	}
	if err != nil {
		return nil, s.classify(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var sum string
		if err := rows.Scan(&sum); err != nil {
			return nil, err
		}
		out = append(out, sum)
	}
	return out, rows.Err()
}

// refuseForeign keeps agenttrace from moving into somebody else's database.
func (s *Store) refuseForeign(ctx context.Context) error {
	var n int
	err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM duckdb_tables() WHERE database_name = ?`, Catalog).Scan(&n)
	if err != nil {
		return s.classify(err)
	}
	if n > 0 {
		return fmt.Errorf("%s: is a DuckDB database, but no agenttrace store", s.opts.Path)
	}
	return nil
}

func (s *Store) apply(ctx context.Context, step Migration) error {
	return s.Transact(ctx, func(tx *sql.Conn) error {
		_, err := tx.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS raw;
			CREATE TABLE IF NOT EXISTS raw.migrations (number INTEGER NOT NULL, name VARCHAR NOT NULL, checksum VARCHAR NOT NULL, applied_at TIMESTAMPTZ NOT NULL);
			COMMENT ON TABLE raw.migrations IS 'Migrations applied to this store.';
			COMMENT ON COLUMN raw.migrations.number IS 'Number of the step.';
			COMMENT ON COLUMN raw.migrations.name IS 'Name of the step.';
			COMMENT ON COLUMN raw.migrations.checksum IS 'Checksum of its text.';
			COMMENT ON COLUMN raw.migrations.applied_at IS 'When it was applied, UTC.';`)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, step.SQL); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO raw.migrations VALUES (?, ?, ?, now())`, step.Number, step.Name, step.Checksum)
		return err
	})
}

// Transact runs f on one connection inside a transaction.
func (s *Store) Transact(ctx context.Context, f func(*sql.Conn) error) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return transact(ctx, conn, f)
}

func transact(ctx context.Context, conn *sql.Conn, f func(*sql.Conn) error) error {
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		return err
	}
	if err := f(conn); err != nil {
		// The context may be the reason; the rollback must happen all the same.
		conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return err
	}
	_, err := conn.ExecContext(ctx, "COMMIT")
	return err
}
