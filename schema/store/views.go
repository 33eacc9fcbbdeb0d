package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// viewsLayout is raised when the same definitions are to be installed in another way.
const viewsLayout = "1"

// InstallViews brings the tables of rules (LoadParameters) and the views of the store up to those that the
// program is built with, the views in one transaction. It costs next to nothing where they are the
// installed ones. What a user added to the schema main stays.
//
// The schema core holds one view per definition with ids as numbers; kept holds the stored results of
// the deep ones; main, the public schema, shows ids as text and has an alias per family.
func InstallViews(ctx context.Context, conn *sql.Conn) error {
	return prepare(ctx, conn, false)
}

func prepare(ctx context.Context, conn *sql.Conn, isNew bool) error {
	if err := loadParameters(ctx, conn, isNew); err != nil {
		return err
	}
	if ok, err := ViewsInstalled(ctx, conn); ok || err != nil {
		return err
	}
	set, err := sqlfiles.Views()
	if err != nil {
		return err
	}
	return installViews(ctx, conn, set, isNew)
}

// ViewsInstalled reports whether the store holds the views of this program.
func ViewsInstalled(ctx context.Context, conn *sql.Conn) (bool, error) {
	sum, err := sqlfiles.ViewsSum()
	if err != nil {
		return false, err
	}
	installed, err := info(ctx, conn, "views")
	return installed == viewsLayout+"-"+sum, err
}

func viewsSum(set *sqlfiles.Set) string { return viewsLayout + "-" + set.Sum }

func installViews(ctx context.Context, conn *sql.Conn, set *sqlfiles.Set, isNew bool) error {
	return transact(ctx, conn, func(conn *sql.Conn) error {
		i := installer{ctx: ctx, conn: conn, set: set, isNew: isNew}
		for _, step := range []func() error{i.drop, i.createStubs, i.createMain, i.createCore, i.markStale, i.record} {
			if err := step(); err != nil {
				return fmt.Errorf("install views: %w", err)
			}
		}
		return setInfo(ctx, conn, "views", viewsSum(set))
	})
}

// An installer replaces the installed views by those of a set.
type installer struct {
	ctx  context.Context
	conn *sql.Conn
	set  *sqlfiles.Set
	// isNew says that nothing was derived yet, and that rows must not be looked at; see Store.Prepare.
	isNew bool

	kept    map[string]string // name -> checksum of the installed kept results
	foreign map[string]bool   // names in main that are not ours
	columns map[string][]typedColumn
	changed map[string]bool // levels whose kept results must be derived anew
}

// A typedColumn is a column of an installed relation.
type typedColumn struct{ name, dataType string }

func (i *installer) exec(text string) error {
	_, err := i.conn.ExecContext(i.ctx, text)
	return err
}

// drop removes what an earlier installation created, all but the kept results that are still right.
func (i *installer) drop() error {
	i.kept, i.changed = map[string]string{}, map[string]bool{}
	if err := i.readForeign(); err != nil {
		return err
	}
	rows, err := i.conn.QueryContext(i.ctx, `SELECT name, family, status, coalesce(kept, ''), kept_sha256, parameters IS NOT NULL FROM raw.view_catalog`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var q strings.Builder
	for rows.Next() {
		var name, family, status, kept, sum string
		var macro bool
		if err := rows.Scan(&name, &family, &status, &kept, &sum, &macro); err != nil {
			return err
		}
		kind := "VIEW"
		if macro {
			kind = "MACRO TABLE"
		}
		if status == sqlfiles.Current && !i.foreign[family] {
			fmt.Fprintf(&q, "DROP %s IF EXISTS main.%s;\n", kind, family)
		}
		fmt.Fprintf(&q, "DROP %s IF EXISTS main.%s;\nDROP %s IF EXISTS core.%s;\n", kind, name, kind, name)
		if kept == "" {
			continue
		}
		if d := i.set.Get(name); d != nil && d.Kept != "" && d.DeepSum == sum {
			i.kept[name] = sum
		} else {
			fmt.Fprintf(&q, "DROP TABLE IF EXISTS kept.%s;\n", name)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return i.exec(q.String() + "DELETE FROM raw.view_catalog;\nCREATE SCHEMA IF NOT EXISTS core;\nCREATE SCHEMA IF NOT EXISTS kept;\n")
}

// readForeign lists what stands in main and is not ours: neither a definition of the catalogue nor an alias
// of one, as we write it.
func (i *installer) readForeign() error {
	i.foreign = map[string]bool{}
	names, err := texts(i.ctx, i.conn, `
		SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'main'
		UNION ALL
		SELECT v.view_name
		FROM duckdb_views() AS v
		LEFT JOIN raw.view_catalog AS c
			ON v.view_name = c.name
			OR (v.view_name = c.family AND v.sql = format('CREATE VIEW {} AS SELECT * FROM main.{};', c.family, c.name))
		WHERE v.database_name = current_database() AND v.schema_name = 'main' AND NOT v.internal
			AND c.name IS NULL AND v.view_name <> 'view_catalog'`)
	for _, name := range names {
		i.foreign[name] = true
	}
	return err
}

// inCore gives the name of what a definition reads. Full names matter: a temporary table of the user
// would be found before an unqualified one.
func inCore(name string) string {
	if strings.HasPrefix(name, "own_") {
		return "raw." + name
	}
	return "core." + name
}

// createStubs creates core views that have the right columns and no rows. The engine works out a view when
// it is created, and all that stands on it again: so the public views are put on stubs, which are then
// replaced. Where types are not known the stubs are the real views.
func (i *installer) createStubs() error {
	var q strings.Builder
	for _, d := range i.set.Definitions {
		if !i.stubs() {
			if err := i.exec(i.coreSQL(d)); err != nil {
				return fmt.Errorf("%s: %w", d.Path, err)
			}
			continue
		}
		var columns []string
		for _, c := range d.Columns {
			columns = append(columns, fmt.Sprintf("NULL::%s AS %s", c.Type, c.Name))
		}
		if d.Params != nil {
			fmt.Fprintf(&q, "CREATE MACRO core.%s(%s) AS TABLE SELECT %s;\n", d.Name, strings.Join(d.Params, ", "), strings.Join(columns, ", "))
			continue
		}
		fmt.Fprintf(&q, "CREATE VIEW core.%s AS SELECT %s;\n", d.Name, strings.Join(columns, ", "))
	}
	if q.Len() == 0 {
		return nil
	}
	return i.exec(q.String())
}

func (i *installer) stubs() bool {
	return !slices.ContainsFunc(i.set.Definitions, func(d *sqlfiles.Definition) bool { return !d.Typed() })
}

// createCore puts the real views in the place of the stubs, the highest first: so each stands on stubs while
// it is worked out, and not on all that is below.
func (i *installer) createCore() error {
	if !i.stubs() {
		return nil
	}
	for _, d := range slices.Backward(i.set.Definitions) {
		if err := i.exec(i.coreSQL(d)); err != nil {
			return fmt.Errorf("%s: %w", d.Path, err)
		}
	}
	return nil
}

// coreSQL creates a definition in the schema core, and the table of its kept results where that is not
// there yet.
func (i *installer) coreSQL(d *sqlfiles.Definition) string {
	body := d.SQL(inCore)
	switch {
	case d.Params != nil:
		return fmt.Sprintf("CREATE OR REPLACE MACRO core.%s(%s) AS TABLE\n%s", d.Name, strings.Join(d.Params, ", "), body)
	case d.Kept == "":
		return fmt.Sprintf("CREATE OR REPLACE VIEW core.%s AS\n%s", d.Name, body)
	}
	view := fmt.Sprintf("CREATE OR REPLACE VIEW core.%s AS SELECT %s FROM kept.%s", d.Name, columnNames(d), d.Name)
	if i.kept[d.Name] != "" {
		return view
	}
	i.changed[d.Kept] = true
	table := fmt.Sprintf("AS SELECT * FROM (\n%s\n) LIMIT 0", body)
	if d.Typed() {
		var columns []string
		for _, c := range d.Columns {
			columns = append(columns, c.Name+" "+c.Type)
		}
		table = "(" + strings.Join(columns, ", ") + ")"
	}
	return fmt.Sprintf("DROP TABLE IF EXISTS kept.%s;\nCREATE TABLE kept.%s %s;\n%s", d.Name, d.Name, table, view)
}

// markStale has the results of changed definitions derived anew, and with the facts all that follows.
func (i *installer) markStale() error {
	if i.isNew {
		return nil
	}
	if i.changed[sqlfiles.KeptFacts] {
		i.changed[sqlfiles.KeptFindings] = true
	}
	for _, level := range []string{sqlfiles.KeptFacts, sqlfiles.KeptFindings, sqlfiles.KeptTogether} {
		if i.changed[level] {
			if err := MarkAllStale(i.ctx, i.conn, level); err != nil {
				return err
			}
		}
	}
	return nil
}

// createMain creates the public views, which show ids as text, and an alias per family.
func (i *installer) createMain() error {
	if err := i.readColumns(); err != nil {
		return err
	}
	var q strings.Builder
	for _, d := range i.set.Definitions {
		if i.foreign[d.Name] {
			return fmt.Errorf("the store has a relation main.%s that is not agenttrace's\nhint: rename it and try again", d.Name)
		}
		var cols []string
		for _, c := range i.columns[d.Name] {
			cols = append(cols, public(c))
		}
		list := strings.Join(cols, ", ")
		alias := d.Status == sqlfiles.Current && !i.foreign[d.Family]
		if d.Params != nil {
			params := strings.Join(d.Params, ", ")
			fmt.Fprintf(&q, "CREATE MACRO main.%s(%s) AS TABLE SELECT %s FROM core.%s(%s);\n", d.Name, params, list, d.Name, params)
			fmt.Fprintf(&q, "COMMENT ON MACRO TABLE main.%s IS %s;\n", d.Name, Quote(d.Summary))
			if alias {
				fmt.Fprintf(&q, "CREATE MACRO main.%s(%s) AS TABLE SELECT * FROM main.%s(%s);\n", d.Family, params, d.Name, params)
				fmt.Fprintf(&q, "COMMENT ON MACRO TABLE main.%s IS %s;\n", d.Family, Quote(d.Summary))
			}
			continue
		}
		fmt.Fprintf(&q, "CREATE VIEW main.%s AS SELECT %s FROM core.%s;\n", d.Name, list, d.Name)
		fmt.Fprintf(&q, "COMMENT ON VIEW main.%s IS %s;\n", d.Name, Quote(d.Summary))
		if alias {
			fmt.Fprintf(&q, "CREATE VIEW main.%s AS SELECT * FROM main.%s;\n", d.Family, d.Name)
			fmt.Fprintf(&q, "COMMENT ON VIEW main.%s IS %s;\n", d.Family, Quote(d.Summary))
		}
	}
	q.WriteString(`CREATE OR REPLACE VIEW main.view_catalog AS
		SELECT name, family, version, layer, status, since, grain, kept, parameters, sha256, summary, changes, columns, reads, definition
		FROM raw.view_catalog;
		COMMENT ON VIEW main.view_catalog IS 'The relations of this store: what each holds, its columns with units, and how it is computed.';`)
	return i.exec(q.String())
}

// public is the expression that shows a column in the schema main.
func public(c typedColumn) string {
	switch c.dataType {
	case "UBIGINT":
		return fmt.Sprintf("lower(hex(%s)) AS %s", c.name, c.name)
	case "UBIGINT[]":
		return fmt.Sprintf("list_transform(%s, lambda id: lower(hex(id))) AS %s", c.name, c.name)
	}
	return c.name
}

// readColumns finds the columns of what was created: they are written down, or the engine is asked.
func (i *installer) readColumns() error {
	i.columns = map[string][]typedColumn{}
	if i.stubs() {
		for _, d := range i.set.Definitions {
			for _, c := range d.Columns {
				i.columns[d.Name] = append(i.columns[d.Name], typedColumn{c.Name, c.Type})
			}
		}
		return nil
	}
	rows, err := i.conn.QueryContext(i.ctx, `
		SELECT table_name, column_name, data_type FROM duckdb_columns()
		WHERE database_name = current_database() AND schema_name = 'core' ORDER BY table_name, column_index`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var table string
		var c typedColumn
		if err := rows.Scan(&table, &c.name, &c.dataType); err != nil {
			return err
		}
		i.columns[table] = append(i.columns[table], c)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, d := range i.set.Definitions {
		if d.Params == nil {
			continue
		}
		cols, err := describeMacro(i.ctx, i.conn, d)
		if err != nil {
			return err
		}
		i.columns[d.Name] = cols
	}
	return nil
}

// describeMacro asks for the columns of a table macro. Which arguments it gets does not matter.
func describeMacro(ctx context.Context, conn *sql.Conn, d *sqlfiles.Definition) ([]typedColumn, error) {
	args := strings.TrimSuffix(strings.Repeat("NULL, ", len(d.Params)), ", ")
	rows, err := conn.QueryContext(ctx, fmt.Sprintf("SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM core.%s(%s))", d.Name, args))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.Path, err)
	}
	defer rows.Close()
	var out []typedColumn
	for rows.Next() {
		var c typedColumn
		if err := rows.Scan(&c.name, &c.dataType); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// record writes the catalogue: as one text that the engine takes apart, for a literal of this size is slow
// to parse.
func (i *installer) record() error {
	var rows [][]string
	for _, d := range i.set.Definitions {
		meanings := map[string]sqlfiles.Column{}
		for _, c := range d.Columns {
			meanings[c.Name] = c
		}
		var cols []string
		for _, c := range i.columns[d.Name] {
			shown := strings.Replace(c.dataType, "UBIGINT", "VARCHAR", 1)
			cols = append(cols, strings.Join([]string{c.name, shown, meanings[c.name].Unit, meanings[c.name].Meaning}, "\x1c"))
		}
		row := []string{d.Name, d.Family, strconv.Itoa(d.Version), d.Layer, d.Status, d.Since, strings.Join(d.Grain, "\x1d"), d.Kept,
			strings.Join(d.Params, "\x1d"), d.Sum, d.DeepSum, d.Summary, d.Changes, strings.Join(cols, "\x1d"), strings.Join(d.Reads, "\x1d"), d.Body}
		rows = append(rows, row)
	}
	_, err := i.conn.ExecContext(i.ctx, `
		INSERT INTO raw.view_catalog
		SELECT
			f[1], f[2], f[3]::INTEGER, f[4], f[5], f[6],
			CASE WHEN f[7] = '' THEN [] ELSE string_split(f[7], chr(29)) END,
			nullif(f[8], ''),
			string_split(nullif(f[9], ''), chr(29)),
			f[10], f[11], f[12], nullif(f[13], ''),
			list_transform(string_split(f[14], chr(29)), lambda c: {
				'name': split_part(c, chr(28), 1), 'type': split_part(c, chr(28), 2),
				'unit': nullif(split_part(c, chr(28), 3), ''), 'meaning': nullif(split_part(c, chr(28), 4), '')
			}),
			CASE WHEN f[15] = '' THEN [] ELSE string_split(f[15], chr(29)) END,
			f[16]
		FROM (SELECT string_split(record, chr(31)) AS f FROM (SELECT unnest(string_split(?, chr(30))) AS record))`, packRows(rows))
	return err
}

// CommentViews writes what the headers say of columns where every DuckDB client shows it. It takes a good
// part of a second, as the engine binds a view anew for each of its comments, and happens once per
// version of the views: do it when nobody waits.
func CommentViews(ctx context.Context, conn *sql.Conn) error {
	sum, err := sqlfiles.ViewsSum()
	if err != nil {
		return err
	}
	done, err := info(ctx, conn, "comments")
	if err != nil || done == viewsLayout+"-"+sum {
		return err
	}
	set, err := sqlfiles.Views()
	if err != nil {
		return err
	}
	return transact(ctx, conn, func(conn *sql.Conn) error {
		if _, err := conn.ExecContext(ctx, commentSQL(set)); err != nil {
			return fmt.Errorf("comment views: %w", err)
		}
		return setInfo(ctx, conn, "comments", viewsSum(set))
	})
}

func commentSQL(set *sqlfiles.Set) string {
	var q strings.Builder
	for _, d := range set.Definitions {
		if d.Params != nil {
			continue // the columns of a macro take no comments
		}
		for _, c := range d.Columns {
			meaning := c.Meaning
			if c.Unit != "" {
				meaning += " [" + c.Unit + "]"
			}
			fmt.Fprintf(&q, "COMMENT ON COLUMN main.%s.%s IS %s;\n", d.Name, c.Name, Quote(meaning))
		}
	}
	return q.String()
}

func columnNames(d *sqlfiles.Definition) string {
	var out []string
	for _, c := range d.Columns {
		out = append(out, c.Name)
	}
	return strings.Join(out, ", ")
}

func quoteOrNull(text string) string {
	if text == "" {
		return "NULL"
	}
	return Quote(text)
}

// info reads a fact about the store; "" if it is not set.
func info(ctx context.Context, conn *sql.Conn, key string) (string, error) {
	var value string
	err := conn.QueryRowContext(ctx, `SELECT coalesce(max(value), '') FROM raw.store_info WHERE key = ?`, key).Scan(&value)
	return value, err
}

func setInfo(ctx context.Context, conn *sql.Conn, key, value string) error {
	_, err := conn.ExecContext(ctx, fmt.Sprintf("DELETE FROM raw.store_info WHERE key = %s; INSERT INTO raw.store_info VALUES (%s, %s)", Quote(key), Quote(key), Quote(value)))
	return err
}
