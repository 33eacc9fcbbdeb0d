package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/agenttrace/agenttrace/schema"
)

// Sources lists every source ever read, in the order of their ids.
func (s *Store) Sources(ctx context.Context) ([]schema.Source, error) {
	var out []schema.Source
	err := fetch(ctx, s.db, `SELECT source_id, machine_id, agent, store_kind, path, file_id, size_bytes, modified_at, head_hash, tail_hash,
		parsed_offset, parsed_record_count, unknown_record_count, parser, parser_version, source_state, state_reason, first_import_id, last_import_id
		FROM raw.sources`, func(c *chunk) {
		for i := range c.rows {
			out = append(out, schema.Source{
				SourceID: c.int64(0, i), MachineID: c.text(1, i), Agent: c.text(2, i), StoreKind: c.text(3, i), Path: c.text(4, i), FileID: c.text(5, i),
				SizeBytes: c.int64(6, i), ModifiedAt: schema.Instant(c.int64(7, i)), HeadHash: c.text(8, i), TailHash: c.text(9, i),
				ParsedOffset: c.int64(10, i), Records: c.int64(11, i), UnknownRecords: c.int64(12, i), Parser: c.text(13, i),
				ParserVersion: c.int32(14, i), State: c.text(15, i), StateReason: c.text(16, i), FirstImportID: c.int64(17, i), LastImportID: c.int64(18, i),
			})
		}
	})
	if err != nil {
		return nil, s.classify(err)
	}
	// The engine takes longer to sort them than to read them.
	slices.SortFunc(out, func(a, b schema.Source) int { return cmp.Compare(a.SourceID, b.SourceID) })
	return out, nil
}

// SetSourceState notes what became of sources that were not read.
func (s *Store) SetSourceState(ctx context.Context, ids []int64, state, reason string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := s.db.ExecContext(ctx, `UPDATE raw.sources SET source_state = ?, state_reason = nullif(?, '') WHERE source_id IN (SELECT * FROM (VALUES `+values(ids)+`))`, state, reason)
	return err
}

// MoveSource notes that a source was found again under another path.
func (s *Store) MoveSource(ctx context.Context, id int64, path, fileID string) error {
	_, err := s.db.ExecContext(ctx, `UPDATE raw.sources SET path = ?, file_id = nullif(?, ''), source_state = 'present', state_reason = NULL WHERE source_id = ?`, path, fileID, id)
	return err
}

// Unsettled lists the sources that an import read which did not come to its end: which of their lines
// count was never decided.
func (s *Store) Unsettled(ctx context.Context) ([]int64, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT source_id FROM raw.sources
		WHERE last_import_id IN (SELECT import_id FROM raw.imports WHERE status = 'running') ORDER BY source_id`)
	if err != nil {
		return nil, s.classify(err)
	}
	defer rows.Close()
	var out []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

// BeginImport writes the row of a new import, still running, and returns its id. Imports left running
// by a killed program are closed as failed when this one ends.
func (s *Store) BeginImport(ctx context.Context, started time.Time, version, priceBook string) (int64, error) {
	var id int64
	err := s.db.QueryRowContext(ctx, `INSERT INTO raw.imports (import_id, started_at, tool_version, schema_version, price_book, status)
		SELECT coalesce(max(import_id), 0) + 1, make_timestamptz(?::BIGINT), ?, (SELECT max(number) FROM raw.migrations), nullif(?, ''), 'running' FROM raw.imports
		RETURNING import_id`, started.UnixMicro(), version, priceBook).Scan(&id)
	return id, err
}

// EndImport completes the row of an import.
func (s *Store) EndImport(ctx context.Context, im *schema.Import) error {
	_, err := s.db.ExecContext(ctx, `UPDATE raw.imports SET ended_at = make_timestamptz(?::BIGINT), seen_source_count = ?, read_source_count = ?,
		skipped_source_count = ?, failed_source_count = ?, read_bytes = ?, record_count = ?, unknown_record_count = ?, status = ? WHERE import_id = ?`,
		int64(im.EndedAt), im.Seen, im.Read, im.Skipped, im.Failed, im.ReadBytes, im.Records, im.UnknownRecords, im.Status, im.ImportID)
	if err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, `UPDATE raw.imports SET status = 'failed' WHERE status = 'running' AND import_id < ?`, im.ImportID)
	return err
}

// LastImport is the id of the newest import; 0 if there was none.
func (s *Store) LastImport(ctx context.Context) (id int64, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT coalesce(max(import_id), 0) FROM raw.imports`).Scan(&id)
	return id, err
}

// Info reads a fact about the store; "" if it is not set.
func (s *Store) Info(ctx context.Context, key string) (string, error) {
	var v sql.NullString
	err := s.db.QueryRowContext(ctx, `SELECT value FROM raw.store_info WHERE key = ?`, key).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return v.String, err
}

// SetInfo sets a fact about the store.
func (s *Store) SetInfo(ctx context.Context, key, value string) error {
	return s.Transact(ctx, func(tx *sql.Conn) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM raw.store_info WHERE key = ?`, key); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO raw.store_info VALUES (?, ?)`, key, value)
		return err
	})
}

// MachineID is the random name of the machine that made this store.
func (s *Store) MachineID(ctx context.Context) (string, error) {
	id, err := s.Info(ctx, "machine_id")
	if err != nil || id != "" {
		return id, err
	}
	var b [8]byte
	rand.Read(b[:])
	id = hex.EncodeToString(b[:])
	return id, s.SetInfo(ctx, "machine_id", id)
}

// KeepCommandTexts moves the command texts that an ingest met to where the rules look for them.
func (s *Store) KeepCommandTexts(ctx context.Context) error {
	return s.Transact(ctx, func(tx *sql.Conn) error {
		_, err := tx.ExecContext(ctx, strings.TrimSpace(`
			INSERT INTO raw.command_texts SELECT DISTINCT ON (command_key) command_key, program, rest FROM raw.new_command_texts
			WHERE command_key NOT IN (SELECT command_key FROM raw.command_texts);
			DELETE FROM raw.new_command_texts;`))
		return err
	})
}
