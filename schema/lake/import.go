package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/agenttrace/agenttrace/schema"
	"github.com/agenttrace/agenttrace/schema/store"
	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// An Imported says what an import did.
type Imported struct {
	Machines []ImportedMachine
	Seconds  float64
}

// An ImportedMachine counts what came from one machine.
type ImportedMachine struct {
	Machine              string
	Content              string
	Anonymized           bool
	Sources, New, Known  int64 // log files: of the export, taken, already there
	Sessions, ModelCalls int64 // in what was taken, copies included
	Oldest, Newest       *time.Time
}

// Import reads the raw tables of every machine of a lake into a store that is prepared: all or nothing. What
// is there already stays, unless the lake has a later reading of it. Which request counts is then worked out
// from all rows together.
func Import(ctx context.Context, s *store.Store, dir, version string, now func() time.Time) (*Imported, error) {
	began := now()
	files, machines, err := check(dir)
	if err != nil {
		return nil, err
	}
	own, err := s.MachineID(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.Sources(ctx)
	if err != nil {
		return nil, err
	}
	id, err := s.BeginImport(ctx, began, version, sqlfiles.PriceBook())
	if err != nil {
		return nil, err
	}
	kept, err := s.Info(ctx, "content")
	if err != nil {
		return nil, err
	}
	r := &reader{ctx: ctx, own: own, importID: id, files: files, bare: kept == "none"}
	err = s.Transact(ctx, func(tx *sql.Conn) error {
		r.tx = tx
		return r.read()
	})
	im := schema.Import{ImportID: id, StartedAt: schema.InstantOf(began), ToolVersion: version, Status: "failed"}
	if err != nil {
		im.EndedAt = schema.InstantOf(now())
		return nil, errors.Join(fmt.Errorf("%s: %w", dir, err), s.EndImport(context.WithoutCancel(ctx), &im))
	}
	if len(r.touched) > 0 {
		if err := s.Finish(ctx, r.touched, len(all) == 0); err != nil {
			return nil, err
		}
	}
	im.Status, im.EndedAt, im.Seen, im.Read, im.Records = "ok", schema.InstantOf(now()), r.seen, int64(len(r.touched)), r.records
	im.Skipped = im.Seen - im.Read
	if err := s.EndImport(ctx, &im); err != nil {
		return nil, err
	}
	out := &Imported{Seconds: now().Sub(began).Seconds()}
	for _, m := range machines {
		c := r.counts[m.Machine]
		c.Machine, c.Content, c.Anonymized = m.Machine, m.Content, m.Anonymized
		if t := m.table(rawPrefix + "records"); t != nil {
			for _, mo := range t.Months {
				if mo.MinTime != nil && (c.Oldest == nil || mo.MinTime.Before(*c.Oldest)) {
					c.Oldest = mo.MinTime
				}
				if mo.MaxTime != nil && (c.Newest == nil || mo.MaxTime.After(*c.Newest)) {
					c.Newest = mo.MaxTime
				}
			}
		}
		out.Machines = append(out.Machines, c)
	}
	return out, nil
}

// check holds every machine's files to its manifest and lists them by raw table. Nothing is read before all
// of it is known to be whole.
func check(dir string) (files map[string][]string, machines []*Manifest, err error) {
	if machines, err = Manifests(dir); err != nil {
		return nil, nil, err
	}
	migrations, err := store.Migrations(sqlfiles.Migrations())
	if err != nil {
		return nil, nil, err
	}
	files = map[string][]string{}
	for _, m := range machines {
		if m.TablesVersion > len(migrations) {
			return nil, nil, fmt.Errorf("%s: %w: tables of version %d, this program knows %d", manifestPath(dir, m.Machine), ErrNewer, m.TablesVersion, len(migrations))
		}
		for _, name := range rawTables() {
			t := m.table(name)
			if t == nil {
				return nil, nil, fmt.Errorf("%s: the export of %s has no table %s: export without --relations, or with --relations raw beside others", dir, m.Machine, name)
			}
			list, err := m.verify(dir, t)
			if err != nil {
				return nil, nil, err
			}
			for _, f := range list {
				abs, err := filepath.Abs(f)
				if err != nil {
					return nil, nil, err
				}
				files[name] = append(files[name], abs)
			}
		}
	}
	return files, machines, nil
}

// A reader is one import under way.
type reader struct {
	ctx      context.Context
	tx       *sql.Conn
	own      string
	bare     bool // the store keeps no text
	importID int64
	files    map[string][]string
	touched  []int64
	seen     int64
	records  int64
	counts   map[string]ImportedMachine
}

func (r *reader) exec(q string, args ...any) error {
	_, err := r.tx.ExecContext(r.ctx, q, args...)
	return err
}

func (r *reader) read() error {
	r.counts = map[string]ImportedMachine{}
	sources := r.files[rawPrefix+"sources"]
	if len(sources) == 0 {
		return nil
	}
	if err := r.match(sources); err != nil {
		return err
	}
	// Readings that are replaced go first.
	for _, row := range schema.Rows() {
		if err := r.exec("DELETE FROM raw." + row.TableName() + " WHERE source_id IN (SELECT local_id FROM temp.lake_map WHERE is_replaced)"); err != nil {
			return err
		}
	}
	if err := r.exec("DELETE FROM raw.sources WHERE source_id IN (SELECT local_id FROM temp.lake_map WHERE is_replaced)"); err != nil {
		return err
	}
	for _, name := range rawTables() {
		if err := r.table(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, step := range []func() error{r.forget, r.commands, r.count} {
		if err := step(); err != nil {
			return err
		}
	}
	return r.exec("DROP TABLE temp.lake_map")
}

// scan reads the files of a table, with machine and month from their folders.
func (r *reader) scan(name string) string {
	return fmt.Sprintf("read_parquet(%s, union_by_name = true, hive_partitioning = true, hive_types = {'machine': VARCHAR, 'month': VARCHAR, 'v': VARCHAR, 'table': VARCHAR})",
		store.QuoteFiles(r.files[name]))
}

// match decides what to take: sources that are not there, and later readings of those that came from an
// export before. A source that moved on to another month may still lie in an older one: its newest counts.
// What this very store has read itself, it knows better. The fullest of several copies gets the last number, as
// where only one can be asked it is the last.
func (r *reader) match(sources []string) error {
	content, err := r.has(rawPrefix+"sources", "content")
	if err != nil {
		return err
	}
	if !content {
		return fmt.Errorf("%w: it has no column content", ErrDamaged)
	}
	if err := r.exec(fmt.Sprintf(`CREATE OR REPLACE TEMP TABLE lake_map AS
		WITH offered AS (
			SELECT machine, month, source_id AS origin_id, coalesce(last_import_id, 0) AS origin_import_id, content, parsed_record_count
			FROM %[1]s
			QUALIFY row_number() OVER (PARTITION BY machine, source_id ORDER BY month = 'unknown', month DESC) = 1
		),
		there AS (
			SELECT
				machine_id, source_id, starts_with(file_id, %[2]s) AS is_imported,
				CASE WHEN starts_with(file_id, %[2]s) THEN split_part(file_id, ':', 2)::BIGINT ELSE source_id END AS origin_id,
				CASE WHEN starts_with(file_id, %[2]s) THEN split_part(file_id, ':', 3)::BIGINT END AS origin_import_id,
				CASE WHEN starts_with(file_id, %[2]s) THEN split_part(file_id, ':', 4) END AS content
			FROM raw.sources
			WHERE starts_with(file_id, %[2]s) OR machine_id = %[3]s
			QUALIFY row_number() OVER (PARTITION BY machine_id, origin_id ORDER BY is_imported DESC, source_id DESC) = 1
		),
		judged AS (
			SELECT
				o.*, t.source_id AS there_id,
				t.source_id IS NOT NULL AND t.is_imported AND (
					o.origin_import_id > t.origin_import_id
					OR o.origin_import_id = t.origin_import_id AND o.content = 'preview' AND t.content <> 'preview'
				) AS is_replaced
			FROM offered AS o
			LEFT JOIN there AS t ON t.machine_id = o.machine AND t.origin_id = o.origin_id
		)
		SELECT
			machine, month, origin_id, origin_import_id, content, parsed_record_count, is_replaced,
			there_id IS NULL OR is_replaced AS is_taken,
			coalesce(there_id, (SELECT coalesce(max(source_id), 0) FROM raw.sources) + row_number() OVER (PARTITION BY there_id IS NULL ORDER BY parsed_record_count, machine, origin_id)) AS local_id
		FROM judged`, r.scan(rawPrefix+"sources"), store.Quote(schema.ImportedPrefix), store.Quote(r.own))); err != nil {
		return err
	}
	rows, err := r.tx.QueryContext(r.ctx, "SELECT local_id, parsed_record_count, is_taken FROM temp.lake_map ORDER BY local_id")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, records int64
		var taken bool
		if err := rows.Scan(&id, &records, &taken); err != nil {
			return err
		}
		r.seen++
		if taken {
			r.touched = append(r.touched, id)
			r.records += records
		}
	}
	return rows.Err()
}

// has reports whether the files of a table have a column.
func (r *reader) has(table, column string) (bool, error) {
	columns, err := r.columns("(DESCRIBE SELECT * FROM "+r.scan(table)+")", "column_name", "column_type")
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(columns, func(c Column) bool { return c.Name == column }), nil
}

func (r *reader) columns(from, name, dataType string) ([]Column, error) {
	rows, err := r.tx.QueryContext(r.ctx, fmt.Sprintf("SELECT %s, %s FROM %s", name, dataType, from))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Column
	for rows.Next() {
		var c Column
		if err := rows.Scan(&c.Name, &c.Type); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// table copies the rows of one raw table that belong to what is taken.
func (r *reader) table(name string) error {
	if len(r.files[name]) == 0 || r.bare && name == rawPrefix+"texts" {
		return nil
	}
	raw := strings.TrimPrefix(name, rawPrefix)
	ours, err := r.columns(fmt.Sprintf("duckdb_columns() WHERE database_name = current_database() AND schema_name = 'raw' AND table_name = %s ORDER BY column_index", store.Quote(raw)), "column_name", "data_type")
	if err != nil {
		return err
	}
	theirs, err := r.columns("(DESCRIBE SELECT * FROM "+r.scan(name)+")", "column_name", "column_type")
	if err != nil {
		return err
	}
	var names, values []string
	for _, c := range ours {
		e := "p." + c.Name
		switch {
		case c.Name == "source_id":
			e = "m.local_id"
		case raw == "sources" && c.Name == "machine_id":
			e = "m.machine"
		case raw == "sources" && c.Name == "file_id":
			e = fmt.Sprintf("%s || m.origin_id || ':' || m.origin_import_id || ':' || m.content", store.Quote(schema.ImportedPrefix))
		case raw == "sources" && (c.Name == "first_import_id" || c.Name == "last_import_id"):
			e = fmt.Sprint(r.importID)
		case !slices.ContainsFunc(theirs, func(t Column) bool { return t.Name == c.Name }):
			continue // of a later version, or not exported
		case r.bare && c.Name == "title":
			e = "NULL"
		case c.Type == "UBIGINT":
			e = fmt.Sprintf("('0x' || p.%s)::UBIGINT", c.Name)
		default:
			e += "::" + c.Type
		}
		names, values = append(names, c.Name), append(values, e)
	}
	err = r.exec(fmt.Sprintf("INSERT INTO raw.%s (%s) SELECT %s FROM %s AS p JOIN temp.lake_map AS m ON m.machine = p.machine AND m.month = p.month AND m.origin_id = p.source_id WHERE m.is_taken",
		raw, strings.Join(names, ", "), strings.Join(values, ", "), r.scan(name)))
	return err
}

// commands keeps what their machine says of the commands that were taken: it has the text to judge by.
func (r *reader) commands() error {
	name := rawPrefix + "commands"
	if len(r.files[name]) == 0 {
		return nil
	}
	return r.exec(fmt.Sprintf(`
		CREATE OR REPLACE TEMP TABLE lake_commands AS
		SELECT ('0x' || command_key)::UBIGINT AS command_key, any_value(program) AS program, any_value(%s) AS rest,
			any_value(command_class) AS command_class, any_value(verification_kind) AS verification_kind, any_value(is_destructive) AS is_destructive
		FROM %s WHERE command_key IS NOT NULL GROUP BY command_key;
		DELETE FROM lake_commands WHERE command_key NOT IN (SELECT command_key FROM raw.commands WHERE command_key IS NOT NULL);
		UPDATE raw.command_texts SET rest = c.rest FROM lake_commands AS c WHERE c.command_key = command_texts.command_key AND command_texts.rest IS NULL AND c.rest IS NOT NULL;
		INSERT INTO raw.command_texts SELECT command_key, program, rest FROM lake_commands WHERE command_key NOT IN (SELECT command_key FROM raw.command_texts);
		INSERT INTO raw.command_classes
		SELECT command_key, command_class, verification_kind, is_destructive FROM lake_commands
		WHERE command_class IS NOT NULL AND command_key NOT IN (SELECT command_key FROM raw.command_classes);
		DROP TABLE lake_commands`, choice(r.bare, "NULL::VARCHAR", "rest"), r.scan(name)))
}

// forget takes out again what the user had removed from this store for good.
func (r *reader) forget() error {
	var some bool
	if err := r.tx.QueryRowContext(r.ctx, "SELECT EXISTS (FROM raw.forgotten_sessions)").Scan(&some); err != nil || !some {
		return err
	}
	const taken = "source_id IN (SELECT local_id FROM temp.lake_map WHERE is_taken)"
	const gone = taken + " AND session_id IN (SELECT session_id FROM raw.forgotten_sessions)"
	err := r.exec(fmt.Sprintf(`
		CREATE OR REPLACE TEMP TABLE lake_gone AS
		SELECT source_id, message_id AS owner_id FROM raw.messages WHERE %[1]s
		UNION SELECT source_id, tool_call_id FROM raw.tool_calls WHERE %[1]s
		UNION SELECT source_id, model_call_id FROM raw.model_calls WHERE %[1]s;
		DELETE FROM raw.texts WHERE (source_id, owner_id) IN (SELECT (source_id, owner_id) FROM lake_gone);
		DELETE FROM raw.usage_records WHERE (source_id, model_call_id) IN (SELECT (source_id, owner_id) FROM lake_gone);
		DROP TABLE lake_gone`, gone))
	if err != nil {
		return err
	}
	for _, row := range schema.Rows() {
		if _, ok := schema.SessionOf(row); ok {
			if err := r.exec("DELETE FROM raw." + row.TableName() + " WHERE " + gone); err != nil {
				return err
			}
		}
	}
	// A log of nothing else leaves no trace.
	const empty = taken + " AND source_id NOT IN (SELECT source_id FROM raw.sessions) AND source_id NOT IN (SELECT source_id FROM raw.records)"
	for _, row := range schema.Rows() {
		if err := r.exec("DELETE FROM raw." + row.TableName() + " WHERE " + empty); err != nil {
			return err
		}
	}
	return r.exec("DELETE FROM raw.sources WHERE " + empty)
}

// count counts what was taken, machine by machine.
func (r *reader) count() error {
	rows, err := r.tx.QueryContext(r.ctx, `
		SELECT machine, count(*), count(*) FILTER (is_taken),
			(SELECT count(DISTINCT s.session_id) FROM raw.sessions AS s WHERE s.source_id IN (SELECT local_id FROM temp.lake_map AS t WHERE t.is_taken AND t.machine = m.machine)),
			(SELECT count(*) FROM raw.model_calls AS s WHERE s.source_id IN (SELECT local_id FROM temp.lake_map AS t WHERE t.is_taken AND t.machine = m.machine))
		FROM temp.lake_map AS m GROUP BY machine`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var c ImportedMachine
		if err := rows.Scan(&c.Machine, &c.Sources, &c.New, &c.Sessions, &c.ModelCalls); err != nil {
			return err
		}
		c.Known = c.Sources - c.New
		r.counts[c.Machine] = c
	}
	return rows.Err()
}
