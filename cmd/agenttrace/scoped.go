package main

import (
	"fmt"
	"strings"

	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// putInScope makes a temporary relation stand for one that definitions read within the scope. A macro gives
// the rows whatever its arguments: those of the report are always the same.
func (r *reporter) putInScope(name, rows string) error {
	set, err := sqlfiles.Views()
	if err != nil {
		return err
	}
	r.madeInScope[name] = true
	d := set.Get(name)
	if d.Params == nil {
		return r.conn.Exec(r.e.ctx, fmt.Sprintf("CREATE OR REPLACE TEMP VIEW %s AS FROM %s", inScope(name), rows))
	}
	return r.conn.Exec(r.e.ctx, fmt.Sprintf("CREATE OR REPLACE TEMP MACRO %s(%s) AS TABLE FROM %s", inScope(name), strings.Join(d.Params, ", "), rows))
}

// scopeMacros puts temporary macros before those of the store, which then see the sessions in scope alone:
// the same definitions over fewer rows.
func (r *reporter) scopeMacros(names ...string) error {
	set, err := sqlfiles.Views()
	if err != nil {
		return err
	}
	m := macroScoper{r: r, set: set, made: r.madeInScope}
	for _, name := range names {
		if err := m.macro(set.Get(name), name); err != nil {
			return err
		}
	}
	return nil
}

type macroScoper struct {
	r    *reporter
	set  *sqlfiles.Set
	made map[string]bool
}

// inScope names what a definition reads within the scope.
func inScope(name string) string { return "scoped_" + name }

func (m *macroScoper) macro(d *sqlfiles.Definition, as string) error {
	for _, name := range d.Reads {
		if m.made[name] {
			continue
		}
		m.made[name] = true
		read := m.set.Get(name)
		if read.Params != nil {
			if err := m.macro(read, inScope(name)); err != nil {
				return err
			}
			continue
		}
		if m.r.inTables && read.Layer != "base" && read.Kept == "" {
			// Computed over the few rows in scope, once.
			if err := m.macro(read, ""); err != nil {
				return err
			}
			if err := m.r.conn.Exec(m.r.e.ctx, fmt.Sprintf("CREATE OR REPLACE TEMP TABLE %s AS %s", inScope(name), read.SQL(inScope))); err != nil {
				return err
			}
			continue
		}
		kind := "VIEW"
		if m.r.inTables {
			kind = "TABLE"
		}
		q := fmt.Sprintf("CREATE OR REPLACE TEMP %s %s AS SELECT * FROM core.%s", kind, inScope(name), name)
		if !m.r.part {
			if err := m.r.conn.Exec(m.r.e.ctx, q); err != nil {
				return err
			}
			continue
		}
		for _, c := range read.Columns {
			if c.Name == "session_id" {
				q += " WHERE session_id IN (SELECT session_key FROM scope)"
			}
		}
		if err := m.r.conn.Exec(m.r.e.ctx, q); err != nil {
			return err
		}
	}
	if as == "" {
		return nil // only what it reads
	}
	var columns []string
	for _, c := range d.Columns {
		if as == d.Name {
			c.Name = asText(c)
		}
		columns = append(columns, c.Name)
	}
	if d.Params == nil {
		return m.r.conn.Exec(m.r.e.ctx, fmt.Sprintf("CREATE OR REPLACE TEMP TABLE %s AS SELECT %s FROM (\n%s\n)", as, strings.Join(columns, ", "), d.SQL(inScope)))
	}
	return m.r.conn.Exec(m.r.e.ctx, fmt.Sprintf("CREATE OR REPLACE TEMP MACRO %s(%s) AS TABLE SELECT %s FROM (\n%s\n)",
		as, strings.Join(d.Params, ", "), strings.Join(columns, ", "), d.SQL(inScope)))
}

// asText shows a column as the public views do: ids are text there.
func asText(c sqlfiles.Column) string {
	switch c.Type {
	case "UBIGINT":
		return fmt.Sprintf("lower(hex(%[1]s)) AS %[1]s", c.Name)
	case "UBIGINT[]":
		return fmt.Sprintf("list_transform(%[1]s, lambda id: lower(hex(id))) AS %[1]s", c.Name)
	}
	return c.Name
}
