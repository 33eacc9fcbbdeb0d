package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// A rewriter fills a new file from an old one, which is attached beside it as old.
type rewriter struct {
	ctx  context.Context
	path string // of the old file
	new  *Store
	conn *sql.Conn
}

// rewrite makes a store anew: fill copies what is to stay, and then the new file takes the place of the old
// one, which nobody else can open meanwhile. If anything fails, the old one stays as it is.
func rewrite(ctx context.Context, o Options, fill func(*rewriter) error) (err error) {
	fresh := o
	// Under the name of what the next opening clears away, should this program be killed.
	fresh.Path = fmt.Sprintf("%s.tmp-new-%d-%d", o.Path, os.Getpid(), openings.Add(1))
	fresh.Waiting, fresh.LockTimeout = nil, 0
	s, err := Open(ctx, fresh)
	if err != nil {
		return err
	}
	placed := false
	defer func() {
		if s.db != nil {
			err = errors.Join(err, s.Close())
		}
		if !placed {
			os.Remove(fresh.Path)
			os.Remove(fresh.Path + ".wal")
		}
	}()
	if err := attachOld(ctx, s, o); err != nil {
		return err
	}
	steps, err := Migrations(sqlfiles.Migrations())
	if err != nil {
		return err
	}
	if err := s.Migrate(ctx, steps); err != nil {
		return err
	}
	if err := s.Prepare(ctx); err != nil {
		return err
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	err = fill(&rewriter{ctx: ctx, path: o.Path, new: s, conn: conn})
	if err = errors.Join(err, conn.Close()); err != nil {
		return err
	}
	placed, err = s.takePlace(o.Path)
	return err
}

// attachOld opens the old file for this program alone, and brings what its log holds into it.
func attachOld(ctx context.Context, s *Store, o Options) error {
	old := &Store{opts: o}
	deadline, announced := time.Now().Add(o.LockTimeout), false
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		_, err := s.db.ExecContext(ctx, fmt.Sprintf("ATTACH %s AS old", Quote(o.Path)))
		if err == nil {
			_, err = s.db.ExecContext(ctx, "CHECKPOINT old")
		}
		if err == nil {
			return nil
		}
		if err = old.classify(err); !errors.Is(err, ErrBusy) || !time.Now().Before(deadline) {
			return err
		}
		if !announced && o.Waiting != nil {
			o.Waiting(err.Error())
			announced = true
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// takePlace writes the new file to the disk and gives it the name of the old one, which stays locked until
// then. It reports whether that was done.
func (s *Store) takePlace(path string) (bool, error) {
	if _, err := s.db.Exec("USE memory; DETACH " + Catalog); err != nil {
		return false, err
	}
	s.makePrivate()
	if err := syncFile(s.opts.Path); err != nil {
		return false, err
	}
	err := os.Rename(s.opts.Path, path)
	if err != nil {
		// Some systems do not replace a file that is open.
		if _, e := s.db.Exec("DETACH old"); e != nil {
			return false, errors.Join(err, e)
		}
		if err = os.Rename(s.opts.Path, path); err != nil {
			return false, err
		}
	}
	syncFile(filepath.Dir(path)) // not every system can; the name is then written a little later
	err = s.db.Close()
	s.db = nil
	s.removeTemp()
	return true, err
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (r *rewriter) exec(text string) error {
	_, err := r.conn.ExecContext(r.ctx, text)
	return err
}

// refuseOther makes sure that the old file is a store of this very program: others give it other tables.
func (r *rewriter) refuseOther() error {
	var same bool
	err := r.conn.QueryRowContext(r.ctx, `SELECT
		(SELECT list(checksum ORDER BY number) FROM old.raw.migrations) IS NOT DISTINCT FROM (SELECT list(checksum ORDER BY number) FROM raw.migrations)
		AND (SELECT max(value) FROM old.raw.store_info WHERE key = 'views') IS NOT DISTINCT FROM (SELECT max(value) FROM raw.store_info WHERE key = 'views')`).Scan(&same)
	if err == nil && !same {
		err = fmt.Errorf("%s: the store was changed by another version of agenttrace meanwhile", r.path)
	}
	return err
}

// A oldTable is a table of the old store, with the columns that the new one has too.
type oldTable struct {
	schema, name string
	columns      []string
}

// tables lists what both stores have, but for what the new one knows better by itself.
func (r *rewriter) tables() ([]oldTable, error) {
	rows, err := r.conn.QueryContext(r.ctx, `
		SELECT o.schema_name, o.table_name, c.column_name
		FROM duckdb_tables() AS o
		JOIN duckdb_tables() AS n ON n.database_name = $catalog AND n.schema_name = o.schema_name AND n.table_name = o.table_name
		JOIN duckdb_columns() AS c ON c.database_name = 'old' AND c.schema_name = o.schema_name AND c.table_name = o.table_name
		JOIN duckdb_columns() AS d ON d.database_name = $catalog AND d.schema_name = o.schema_name AND d.table_name = o.table_name AND d.column_name = c.column_name
		WHERE o.database_name = 'old' AND o.schema_name IN ('raw', 'kept') AND o.table_name NOT IN ('migrations', 'view_catalog')
		ORDER BY o.schema_name DESC, o.table_name, c.column_index`, sql.Named("catalog", Catalog))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []oldTable
	for rows.Next() {
		var schemaName, table, column string
		if err := rows.Scan(&schemaName, &table, &column); err != nil {
			return nil, err
		}
		if n := len(out); n == 0 || out[n-1].schema != schemaName || out[n-1].name != table {
			out = append(out, oldTable{schema: schemaName, name: table})
		}
		out[len(out)-1].columns = append(out[len(out)-1].columns, column)
	}
	return out, rows.Err()
}

// copyTables copies the rows for which where, a condition or "", holds.
func (r *rewriter) copyTables(where func(schemaName, table string, columns []string) string) error {
	tables, err := r.tables()
	if err != nil {
		return err
	}
	for _, t := range tables {
		condition := where(t.schema, t.name, t.columns)
		if condition != "" {
			condition = " WHERE " + condition
		}
		list := strings.Join(t.columns, ", ")
		err := r.exec(fmt.Sprintf("DELETE FROM %[1]s.%[2]s; INSERT INTO %[1]s.%[2]s (%[3]s) SELECT %[3]s FROM old.%[1]s.%[2]s%[4]s", t.schema, t.name, list, condition))
		if err != nil {
			return fmt.Errorf("%s.%s: %w", t.schema, t.name, err)
		}
	}
	// The words of the views are no rows: they are written when nobody waits.
	return r.exec("DELETE FROM raw.store_info WHERE key = 'comments'")
}

// copyForeign copies what the user has put into the file with other programs.
func (r *rewriter) copyForeign() error {
	schemas, err := texts(r.ctx, r.conn, `
		SELECT schema_name FROM duckdb_schemas() WHERE database_name = 'old' AND NOT internal AND schema_name NOT IN (SELECT schema_name FROM duckdb_schemas() WHERE database_name = 'agenttrace')`)
	if err != nil {
		return err
	}
	for _, name := range schemas {
		if err := r.exec("CREATE SCHEMA " + ident(name)); err != nil {
			return err
		}
	}
	var foreign []oldTable
	rows, err := r.conn.QueryContext(r.ctx, `
		SELECT o.schema_name, o.table_name FROM duckdb_tables() AS o
		ANTI JOIN duckdb_tables() AS n ON n.database_name = $catalog AND n.schema_name = o.schema_name AND n.table_name = o.table_name
		WHERE o.database_name = 'old' AND o.schema_name NOT IN ('raw', 'kept', 'core')
		ORDER BY ALL`, sql.Named("catalog", Catalog))
	if err != nil {
		return err
	}
	for rows.Next() {
		var t oldTable
		if err := rows.Scan(&t.schema, &t.name); err != nil {
			return errors.Join(err, rows.Close())
		}
		foreign = append(foreign, t)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, t := range foreign {
		name := ident(t.schema) + "." + ident(t.name)
		if err := r.exec(fmt.Sprintf("CREATE TABLE %[1]s AS FROM old.%[1]s", name)); err != nil {
			return fmt.Errorf("your table %s: %w", name, err)
		}
	}
	views, err := texts(r.ctx, r.conn, `
		SELECT o.sql FROM duckdb_views() AS o
		ANTI JOIN duckdb_views() AS n ON n.database_name = 'agenttrace' AND n.schema_name = o.schema_name AND n.view_name = o.view_name
		WHERE o.database_name = 'old' AND NOT o.internal AND o.schema_name NOT IN ('raw', 'kept', 'core')
		ORDER BY o.view_oid`)
	if err != nil {
		return err
	}
	// A view may stand on another: as long as a round makes one, there is another round.
	for len(views) > 0 {
		var failed error
		left := slices.DeleteFunc(slices.Clone(views), func(text string) bool {
			err := r.exec(text)
			failed = errors.Join(failed, err)
			return err == nil
		})
		if len(left) == len(views) {
			return fmt.Errorf("your views: %w", failed)
		}
		views = left
	}
	return nil
}

func ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
