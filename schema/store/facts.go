package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// Prepare makes a migrated store ready for questions: the views and the tables of rules that the program is
// built with. In a Fresh store it may run beside the writers of the first rows, so there it does not look at
// rows: DuckDB 1.5 plans a query by statistics that may lag behind rows that are being committed, and then
// reads these wrongly (with two writers, SELECT s FROM t WHERE s IS NOT NULL gave NULL in 370 of 8,572 reads,
// and DISTINCT gave texts cut short). Nothing in this program may read a table that another connection is
// writing, but by rows of its own transaction.
func (s *Store) Prepare(ctx context.Context) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return prepare(ctx, conn, s.Fresh())
}

// Explain writes the words of the views' headers as comments, where every DuckDB client shows them. It
// takes a good part of a second, once per version of the views: do it when nobody waits.
func (s *Store) Explain(ctx context.Context) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return CommentViews(ctx, conn)
}

// Explained reports whether Explain has nothing left to write.
func (s *Store) Explained(ctx context.Context) (bool, error) {
	sum, err := sqlfiles.ViewsSum()
	if err != nil {
		return false, err
	}
	done, err := s.Info(ctx, "comments")
	return done == viewsLayout+"-"+sum, err
}

// Finish brings the facts up to date after an ingest: names and commands that are new, copies, and the
// kept facts of the sessions concerned. touched lists the sources that changed; all says that they are
// all there are.
func (s *Store) Finish(ctx context.Context, touched []int64, all bool) error {
	if err := s.alone(ctx, false); err != nil {
		return err
	}
	if err := s.KeepCommandTexts(ctx); err != nil {
		return err
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, step := range []func(context.Context, *sql.Conn) error{FoldTools, ClassifyCommands, ResolveModels} {
		if err := step(ctx, conn); err != nil {
			return err
		}
	}
	// The rules have seen the commands; a store without content keeps none of their text.
	content, err := s.Info(ctx, "content")
	if err != nil {
		return err
	}
	if content == "none" {
		if _, err := conn.ExecContext(ctx, "UPDATE raw.command_texts SET rest = NULL WHERE rest IS NOT NULL"); err != nil {
			return err
		}
	}
	conn.Close()
	written := s.checkpointBeside(ctx)
	err = s.Settle(ctx, touched, all)
	if err := errors.Join(err, <-written); err != nil {
		return err
	}
	_, err = s.Derive(ctx, sqlfiles.KeptFacts)
	return err
}

// checkpointBeside writes what a first reading left in memory to the file while Settle, which needs one
// processor, works out who copied whom. The channel gives the outcome. Later readings are small: their
// checkpoint is that of Close.
func (s *Store) checkpointBeside(ctx context.Context) <-chan error {
	done := make(chan error, 1)
	if !s.fresh || s.opts.Path == Memory {
		done <- nil
		return done
	}
	go func() {
		_, err := s.db.ExecContext(ctx, "CHECKPOINT "+Catalog)
		done <- err
	}()
	return done
}

// ended are the sessions that were taken to go on when their findings were derived, and by the clock are no
// longer: their end counts now.
const ended = `FROM core.sessions_v1 WHERE live_until <= now() AND live_until >
	coalesce((SELECT value::TIMESTAMPTZ FROM raw.store_info WHERE key = 'findings_at'), '-infinity'::TIMESTAMPTZ)`

// DeriveFindings brings the kept findings up to date for the sessions that wait for it.
func (s *Store) DeriveFindings(ctx context.Context) error {
	var waiting bool
	if err := s.db.QueryRowContext(ctx, "SELECT EXISTS (FROM raw.stale_sessions) OR EXISTS ("+ended+")").Scan(&waiting); err != nil || !waiting {
		return err
	}
	err := s.Transact(ctx, func(tx *sql.Conn) error {
		if _, err := tx.ExecContext(ctx, "INSERT INTO raw.stale_sessions SELECT session_id, "+Quote(sqlfiles.KeptFindings)+" "+ended); err != nil {
			return err
		}
		var now string
		if err := tx.QueryRowContext(ctx, "SELECT now()::VARCHAR").Scan(&now); err != nil {
			return err
		}
		return setInfo(ctx, tx, "findings_at", now)
	})
	if err != nil {
		return err
	}
	if _, err := s.Derive(ctx, sqlfiles.KeptFindings); err != nil {
		return err
	}
	_, err = s.Derive(ctx, sqlfiles.KeptTogether)
	return err
}

// Usable reports whether the store can be asked by this program as it is: it has our views.
func (s *Store) Usable(ctx context.Context) (bool, error) {
	if _, err := s.applied(ctx); err != nil {
		return false, err
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	ok, err := ViewsInstalled(ctx, conn)
	if err != nil && strings.Contains(err.Error(), "does not exist") {
		return false, nil
	}
	return ok, err
}

// Waiting says what has to be written before every answer is up to date, "" if nothing has; and whether
// that is, or includes, findings to derive, for which no logs are needed.
func (s *Store) Waiting(ctx context.Context) (reason string, findings bool, err error) {
	var cut bool
	var sessions int64
	err = s.db.QueryRowContext(ctx, `SELECT EXISTS (FROM raw.imports WHERE status = 'running'),
		(SELECT count(DISTINCT session_id) FROM (SELECT session_id FROM raw.stale_sessions UNION ALL SELECT session_id `+ended+`))`).Scan(&cut, &sessions)
	switch {
	case err != nil:
		return "", false, s.classify(err)
	case cut:
		return "the last ingest was cut off: copies may be counted twice", sessions > 0, nil
	case sessions > 0:
		return fmt.Sprintf("metrics and findings of %d sessions are not derived yet", sessions), true, nil
	}
	return "", false, nil
}

// EnterSandbox cuts the open store off from files, network, extensions and settings, for good. What a
// user's query can still do is read, and make temporary tables: the store itself is read-only by then,
// or lives in memory.
func (s *Store) EnterSandbox() error {
	s.db.SetMaxOpenConns(1) // a locked engine refuses the set-up of a second connection
	_, err := s.db.Exec("SET enable_external_access=false; SET lock_configuration=true")
	return err
}
