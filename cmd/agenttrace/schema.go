package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/queries/redact"
	"github.com/agenttrace/agenttrace/queries/render"
	"github.com/agenttrace/agenttrace/schema/store"
	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

type schemaOptions struct {
	common
	relation string
	raw      bool
}

func newSchemaCommand(e *env) *cobra.Command {
	var o schemaOptions
	cmd := &cobra.Command{
		Use:   "schema [RELATION]",
		Short: "Relations and columns, with types and meanings",
		Long:  "Lists the relations that SQL can ask, or the columns of one, from the comments that stand in the database itself.",
		Example: `  agenttrace schema
  agenttrace schema model_calls -f markdown

` + exitHelp,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("schema wants one relation")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.relation = args[0]
			}
			return runSchema(e, o)
		},
	}
	o.addStore(cmd.Flags())
	o.addOutput(cmd.Flags(), strings.Join(render.Formats, ", "))
	cmd.Flags().BoolVar(&o.raw, "raw", false, "the raw tables too")
	return cmd
}

// catalogue opens a store that has the views: the user's if there is one, else an empty one.
func (c *common) catalogue(e *env) (*data, error) {
	path, err := c.dbPath(e)
	if err != nil {
		return nil, err
	}
	if path != store.Memory {
		so, err := c.storeOptions(e, path)
		if err != nil {
			return nil, err
		}
		so.ReadOnly, so.LockTimeout, so.Waiting = true, 0, nil
		if s, err := store.Open(e.ctx, so); err == nil {
			if ok, err := s.Usable(e.ctx); ok && err == nil {
				return &data{Store: s}, nil
			}
			s.Close()
		}
	}
	so, err := c.storeOptions(e, store.Memory)
	if err != nil {
		return nil, err
	}
	s, err := store.Open(e.ctx, so)
	if err != nil {
		return nil, err
	}
	d := &data{Store: s}
	steps, err := store.Migrations(sqlfiles.Migrations())
	if err == nil {
		err = s.Migrate(e.ctx, steps)
	}
	if err == nil {
		err = s.Prepare(e.ctx)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return d, nil
}

func migrations() ([]store.Migration, error) { return store.Migrations(sqlfiles.Migrations()) }

const relationsSQL = `
WITH relations AS (
    SELECT schema_name, view_name AS name, 'view' AS kind, comment FROM duckdb_views() WHERE database_name = current_database() AND NOT internal
    UNION ALL
    SELECT schema_name, table_name, 'table', comment FROM duckdb_tables() WHERE database_name = current_database()
    UNION ALL
    SELECT schema_name, function_name, 'macro', comment FROM duckdb_functions()
    WHERE database_name = current_database() AND function_type = 'table_macro' AND NOT internal
)

SELECT
    CASE WHEN r.schema_name = 'main' THEN r.name ELSE r.schema_name || '.' || r.name END AS relation,
    r.kind,
    coalesce(v.summary, CASE WHEN f.name IS NOT NULL THEN 'Current version: ' || f.name || '. ' || f.summary END, r.comment,
        CASE r.name WHEN 'view_catalog' THEN 'The versioned views: what they promise, and how they compute it.' END) AS meaning
FROM relations AS r
LEFT JOIN view_catalog AS v ON r.schema_name = 'main' AND v.name = r.name
LEFT JOIN view_catalog AS f ON r.schema_name = 'main' AND f.family = r.name AND f.status = 'current'
WHERE r.schema_name = 'main' OR r.schema_name = 'raw' AND $raw::BOOLEAN
ORDER BY r.schema_name, r.name`

const columnsSQL = `
WITH promised AS (
    SELECT unnest(columns, recursive := true) FROM view_catalog
    WHERE $schema = 'main' AND (name = $name OR family = $name AND status = 'current')
)

SELECT d.column_name AS column, d.data_type AS type, p.unit, coalesce(p.meaning, d.comment) AS meaning
FROM duckdb_columns() AS d
LEFT JOIN promised AS p ON p.name = d.column_name
WHERE d.database_name = current_database() AND d.table_name = $name AND d.schema_name = $schema
ORDER BY d.column_index`

func runSchema(e *env, o schemaOptions) error {
	format, err := o.outputFormat("table", render.Formats...)
	if err != nil {
		return err
	}
	d, err := o.catalogue(e)
	if err != nil {
		return err
	}
	defer d.Close()
	conn, err := d.Session(e.ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if o.relation == "" {
		return o.print(e, conn, format, relationsSQL, sql.Named("raw", o.raw))
	}
	schemaName, name := "main", o.relation
	if s, n, ok := strings.Cut(o.relation, "."); ok {
		schemaName, name = s, n
	}
	found, err := exists(e, conn, schemaName, name)
	if err != nil {
		return err
	}
	if !found {
		names, err := column(e, conn, relationsSQL, sql.Named("raw", true))
		if err != nil {
			return err
		}
		return &usageError{text: fmt.Sprintf("no relation %q", o.relation), hint: hintNearest(o.relation, names)}
	}
	return o.print(e, conn, format, columnsSQL, sql.Named("name", name), sql.Named("schema", schemaName))
}

func exists(e *env, conn *store.Session, schemaName, name string) (bool, error) {
	got, err := column(e, conn, `SELECT DISTINCT table_name FROM duckdb_columns() WHERE database_name = current_database() AND table_name = $name AND schema_name = $schema`,
		sql.Named("name", name), sql.Named("schema", schemaName))
	return len(got) > 0, err
}

// column collects the first column of a result.
func column(e *env, q queries.Querier, text string, args ...any) ([]string, error) {
	rows, err := q.Query(e.ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		out = append(out, fmt.Sprint(rows.Values()[0]))
	}
	return out, rows.Err()
}

func hintNearest(word string, names []string) string {
	if near := nearest(word, names); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	return "possible: " + strings.Join(names, ", ")
}

// print writes the rows of a query.
func (c *common) print(e *env, conn *store.Session, format, text string, args ...any) error {
	zone, err := c.zone()
	if err != nil {
		return err
	}
	color, err := c.useColor(e)
	if err != nil {
		return err
	}
	rows, err := conn.Query(e.ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	opt := render.Options{Format: format, Zone: zone, Color: color, Notice: func(s string) { c.notice(e, "%s", s) }}
	if e.stdoutTTY && c.output == "" {
		opt.Width = e.width
	}
	if !c.secrets {
		opt.Redact = redact.Text
	}
	return c.writeTo(e, func(b *bytes.Buffer) error {
		_, err := render.Write(b, rows, opt)
		return err
	})
}
