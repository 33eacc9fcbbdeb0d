package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// Settle decides, after sources were read or removed, which of their lines and calls count, and marks
// the sessions concerned for deriving. touched lists the sources; all says that every source of the
// store is among them.
func (s *Store) Settle(ctx context.Context, touched []int64, all bool) error {
	if len(touched) == 0 && !all {
		return nil
	}
	return s.Transact(ctx, func(tx *sql.Conn) error {
		exec := func(q string) error {
			_, err := tx.ExecContext(ctx, q)
			return err
		}
		if err := exec("CREATE OR REPLACE TEMP TABLE family (source_id BIGINT)"); err != nil {
			return err
		}
		if all {
			if err := exec("INSERT INTO family SELECT DISTINCT source_id FROM raw.sessions UNION SELECT DISTINCT source_id FROM raw.records"); err != nil {
				return err
			}
		} else {
			if err := exec("INSERT INTO family VALUES " + values(touched)); err != nil {
				return err
			}
			if err := grow(ctx, tx); err != nil {
				return err
			}
		}
		if err := reroot(ctx, tx); err != nil {
			return err
		}
		if err := exec(sqlfiles.Settle("copies")); err != nil {
			return fmt.Errorf("settle copies: %w", err)
		}
		return exec("DROP TABLE family")
	})
}

// grow completes the family: until a round adds nothing.
func grow(ctx context.Context, tx *sql.Conn) error {
	for {
		res, err := tx.ExecContext(ctx, sqlfiles.Settle("family"))
		if err != nil {
			return fmt.Errorf("settle family: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
	}
}

// reroot moves what sub-agents of sub-agents logged under their caller's thread to the session of the
// main run: an agent that names only the direct parent leaves it to the reader to climb.
func reroot(ctx context.Context, tx *sql.Conn) error {
	for range 100 {
		rows, err := tx.QueryContext(ctx, `SELECT DISTINCT a.own_session_id, min(a.session_id)
			FROM raw.runs AS a JOIN raw.runs AS r ON r.session_id = a.own_session_id
			WHERE a.own_session_id IS NOT NULL AND a.own_session_id <> a.session_id GROUP BY a.own_session_id`)
		if err != nil {
			return err
		}
		var q strings.Builder
		for rows.Next() {
			var from, to uint64
			if err := rows.Scan(&from, &to); err != nil {
				rows.Close()
				return err
			}
			for _, table := range []string{"records", "sessions", "runs", "turns", "messages", "model_calls", "tool_calls", "commands", "file_changes", "file_reads", "events", "errors"} {
				fmt.Fprintf(&q, "UPDATE raw.%s SET session_id = %d WHERE session_id = %d;\n", table, to, from)
			}
		}
		if err := rows.Close(); err != nil {
			return err
		}
		if q.Len() == 0 {
			return nil
		}
		if _, err := tx.ExecContext(ctx, q.String()); err != nil {
			return err
		}
	}
	return nil
}

// values writes ids as rows of a VALUES list.
func values(ids []int64) string {
	var b strings.Builder
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "(%d)", id)
	}
	return b.String()
}
