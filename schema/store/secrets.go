package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/agenttrace/agenttrace/schema"
	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// SecretHash gives the function that hashes secrets with the key of this store, which is made when it is
// first needed. Without the key nobody can try values against the hashes.
func (s *Store) SecretHash(ctx context.Context) (func(value string) schema.ID, error) {
	const name = "secret_key"
	text, err := s.Info(ctx, name)
	if err != nil {
		return nil, err
	}
	if text == "" {
		var b [32]byte
		rand.Read(b[:])
		text = hex.EncodeToString(b[:])
		if err := s.SetInfo(ctx, name, text); err != nil {
			return nil, err
		}
	}
	key, err := hex.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("the key of the secrets' hashes: %w", err)
	}
	return func(value string) schema.ID {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(value))
		return schema.ID(binary.BigEndian.Uint64(h.Sum(nil)) | 1)
	}, nil
}

// Unscanned lists the sources that were not searched for secrets by these rules as they are now.
func (s *Store) Unscanned(ctx context.Context, rulesVersion int) (map[int64]bool, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT x.source_id FROM raw.sources AS x
		ANTI JOIN (FROM raw.secret_scans WHERE rules_version = ?) AS c
			ON c.source_id = x.source_id AND c.size_bytes = x.size_bytes AND c.modified_at IS NOT DISTINCT FROM x.modified_at AND c.tail_hash IS NOT DISTINCT FROM coalesce(x.tail_hash, x.head_hash)
		WHERE x.source_state IN ('present', 'missing', 'replaced') AND x.head_hash IS DISTINCT FROM 'database'`, rulesVersion)
	if err != nil {
		return nil, s.classify(err)
	}
	defer rows.Close()
	out := map[int64]bool{}
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out[id] = true
	}
	return out, rows.Err()
}

// Scanned is what was found in one source.
type Scanned struct {
	SourceID int64
	Findings []schema.SecretFinding
}

// SaveScans stores what a search found, in the place of what an earlier one did, and has the findings of the
// sessions concerned derived anew.
func (s *Store) SaveScans(ctx context.Context, rulesVersion int, scans []Scanned) error {
	if len(scans) == 0 {
		return nil
	}
	ids := make([]int64, len(scans))
	for i, scan := range scans {
		ids[i] = scan.SourceID
	}
	in := "(SELECT * FROM (VALUES " + values(ids) + "))"
	return s.Transact(ctx, func(tx *sql.Conn) error {
		exec := func(q string) error {
			_, err := tx.ExecContext(ctx, q)
			return err
		}
		const sessions = `SELECT DISTINCT session_id FROM core.secret_findings_v1 WHERE session_id IS NOT NULL AND source_id IN `
		if err := exec("CREATE OR REPLACE TEMP TABLE touched_by_scan AS " + sessions + in); err != nil {
			return err
		}
		if err := exec("DELETE FROM raw.secret_findings WHERE source_id IN " + in + "; DELETE FROM raw.secret_scans WHERE source_id IN " + in); err != nil {
			return err
		}
		var rows []string
		flush := func() error {
			if len(rows) == 0 {
				return nil
			}
			err := exec("INSERT INTO raw.secret_findings VALUES " + strings.Join(rows, ", "))
			rows = rows[:0]
			return err
		}
		for _, scan := range scans {
			for _, f := range scan.Findings {
				rows = append(rows, fmt.Sprintf("(%d, %d, nullif(%d::UBIGINT, 0), nullif(%d::UBIGINT, 0), %s, %s, %d, %d::UBIGINT, %s, %d)", scan.SourceID, f.Line,
					uint64(f.SessionID), uint64(f.OwnerID), Quote(f.Location), Quote(f.RuleID), rulesVersion, uint64(f.ValueHash), Quote(f.Confidence), f.OccurrenceCount))
				if len(rows) == 1000 {
					if err := flush(); err != nil {
						return err
					}
				}
			}
		}
		if err := flush(); err != nil {
			return err
		}
		return exec(fmt.Sprintf(`
			INSERT INTO raw.secret_scans SELECT source_id, %d, size_bytes, modified_at, coalesce(tail_hash, head_hash), now() FROM raw.sources WHERE source_id IN %s;
			INSERT INTO touched_by_scan %s%s;
			INSERT INTO raw.stale_sessions SELECT DISTINCT session_id, %s FROM touched_by_scan;
			DROP TABLE touched_by_scan`, rulesVersion, in, sessions, in, Quote(sqlfiles.KeptFindings)))
	})
}

// KeptTexts passes on the texts that the store keeps of a source whose log is gone, with what holds them.
func (s *Store) KeptTexts(ctx context.Context, sourceID int64, each func(line int64, session, owner schema.ID, location, body string)) error {
	rows, err := s.db.QueryContext(ctx, `
		SELECT x.line, coalesce(t.session_id, m.session_id, 0::UBIGINT), x.owner_id,
			CASE x.part WHEN 'args' THEN 'tool_args' WHEN 'result' THEN 'tool_result' ELSE CASE m.role WHEN 'assistant' THEN 'answer' WHEN 'tool' THEN 'tool_result' ELSE 'prompt' END END, x.body
		FROM raw.texts AS x
		LEFT JOIN raw.tool_calls AS t ON t.source_id = x.source_id AND t.tool_call_id = x.owner_id AND x.owner_kind = 'tool_call'
		LEFT JOIN raw.messages AS m ON m.source_id = x.source_id AND m.message_id = x.owner_id AND x.owner_kind = 'message'
		WHERE x.source_id = ? AND x.body IS NOT NULL`, sourceID)
	if err != nil {
		return s.classify(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line int64
		var session, owner uint64
		var location, body string
		if err := rows.Scan(&line, &session, &owner, &location, &body); err != nil {
			return err
		}
		each(line, schema.ID(session), schema.ID(owner), location, body)
	}
	return rows.Err()
}
