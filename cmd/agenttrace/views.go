package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/queries/render"
	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

type viewsOptions struct {
	common
}

func newViewsCommand(e *env) *cobra.Command {
	var o viewsOptions
	cmd := &cobra.Command{
		Use:   "views",
		Short: "The catalogue of versioned views",
		Long:  "Lists the versioned views. Packs, reports and gates name a version; the name without a version points to the current one.",
		Example: `  agenttrace views
  agenttrace views show session_health_v1

` + exitHelp,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runViews(e, o) },
	}
	o.addStore(cmd.Flags())
	o.addOutput(cmd.Flags(), strings.Join(render.Formats, ", "))
	var so viewsOptions
	show := &cobra.Command{
		Use:   "show NAME",
		Short: "Definition, columns and changes of one view",
		Example: `  agenttrace views show session_metrics_v1
  agenttrace views show session_health -f markdown

` + exitHelp,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("views show wants one name")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runViewsShow(e, so, args[0]) },
	}
	so.addOutput(show.Flags(), "text, markdown or json")
	so.addStore(show.Flags())
	show.SetFlagErrorFunc(flagError)
	compare := newViewsDiffCommand(e)
	compare.SetFlagErrorFunc(flagError)
	cmd.AddCommand(show, compare)
	return cmd
}

func runViews(e *env, o viewsOptions) error {
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
	return o.print(e, conn, format, `SELECT name, family, version, layer, status, since, grain, kept, summary FROM view_catalog
		ORDER BY array_position(['base', 'core', 'metrics', 'anomalies', 'health', 'trends', 'diff'], layer), name`)
}

func runViewsShow(e *env, o viewsOptions, name string) error {
	format, err := o.outputFormat("text", "text", "markdown", "json")
	if err != nil {
		return err
	}
	color, err := o.useColor(e)
	if err != nil {
		return err
	}
	set, err := sqlfiles.Views()
	if err != nil {
		return err
	}
	def := set.Get(name)
	var names []string
	for _, d := range set.Definitions {
		names = append(names, d.Name)
		if d.Family == name && d.Status == sqlfiles.Current {
			def = d
		}
	}
	if def == nil {
		return &usageError{text: fmt.Sprintf("no view %q", name), hint: hintNearest(name, names)}
	}
	return o.writeTo(e, func(b *bytes.Buffer) error {
		if format == "json" {
			return viewJSON(b, def)
		}
		doc := render.Doc{Title: def.Name, Lead: []string{def.Summary}}
		doc.Sections = append(doc.Sections, render.Section{Title: "Facts", Facts: []render.Fact{
			{Label: "layer", Value: def.Layer}, {Label: "status", Value: def.Status}, {Label: "since", Value: def.Since},
			{Label: "one row per", Value: orNo(strings.Join(def.Grain, ", "))}, {Label: "result kept", Value: orNo(def.Kept)},
			{Label: "arguments", Value: orNo(strings.Join(def.Params, ", "))}, {Label: "reads", Value: orNo(strings.Join(def.Reads, ", "))},
			{Label: "other versions", Value: orNo(strings.Join(otherVersions(set, def), ", "))},
		}})
		t := &render.Table{Columns: []render.TableColumn{{Name: "column"}, {Name: "type", Spare: 1}, {Name: "unit"}, {Name: "meaning"}}}
		for _, c := range def.Columns {
			t.Rows = append(t.Rows, []string{c.Name, strings.Replace(c.Type, "UBIGINT", "VARCHAR", 1), c.Unit, c.Meaning})
		}
		doc.Sections = append(doc.Sections, render.Section{Title: "Columns", Table: t})
		if def.Changes != "" {
			doc.Sections = append(doc.Sections, render.Section{Title: "Changes", Lines: []string{def.Changes}})
		}
		if err := render.WriteDoc(b, doc, render.DocOptions{Format: format, Width: e.width, Color: color}); err != nil {
			return err
		}
		if format == "markdown" {
			fmt.Fprintf(b, "\n## Definition\n\n```sql\n%s\n```\n", strings.TrimSpace(def.Body))
		} else {
			fmt.Fprintf(b, "\nDefinition\n\n%s\n", strings.TrimSpace(def.Body))
		}
		return nil
	})
}

// otherVersions names the versions of the family, and which of them is current.
func otherVersions(set *sqlfiles.Set, def *sqlfiles.Definition) []string {
	var out []string
	for _, d := range set.Definitions {
		if d.Family == def.Family && d != def {
			out = append(out, d.Name+" ("+d.Status+")")
		}
	}
	return out
}

func orNo(s string) string {
	if s == "" {
		return "no"
	}
	return s
}

func viewJSON(b *bytes.Buffer, d *sqlfiles.Definition) error {
	var cols []any
	for _, c := range d.Columns {
		cols = append(cols, map[string]any{"name": c.Name, "type": strings.Replace(c.Type, "UBIGINT", "VARCHAR", 1), "unit": c.Unit, "meaning": c.Meaning})
	}
	var grain []any
	for _, g := range d.Grain {
		grain = append(grain, g)
	}
	rows := queries.NewRows([]queries.Column{
		{Name: "name", Type: "VARCHAR"}, {Name: "family", Type: "VARCHAR"}, {Name: "version", Type: "INTEGER"}, {Name: "layer", Type: "VARCHAR"}, {Name: "status", Type: "VARCHAR"},
		{Name: "since", Type: "VARCHAR"}, {Name: "grain", Type: "VARCHAR[]"}, {Name: "kept", Type: "VARCHAR"}, {Name: "summary", Type: "VARCHAR"},
		{Name: "columns", Type: "STRUCT(\"name\" VARCHAR, \"type\" VARCHAR, unit VARCHAR, meaning VARCHAR)[]"}, {Name: "changes", Type: "VARCHAR"}, {Name: "definition", Type: "VARCHAR"},
	}, []any{d.Name, d.Family, int64(d.Version), d.Layer, d.Status, d.Since, grain, d.Kept, d.Summary, cols, d.Changes, d.Body})
	_, err := render.Write(b, rows, render.Options{Format: "json"})
	return err
}
