package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/queries/redact"
	"github.com/agenttrace/agenttrace/queries/render"
	"github.com/agenttrace/agenttrace/schema/lake"
	"github.com/agenttrace/agenttrace/schema/store"
)

type exportOptions struct {
	common
	dir       string
	kind      string
	relations []string
	anonymize bool
	dryRun    bool
}

func newExportCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the relations as Parquet, CSV or JSON files",
		Long: `Writes the relations of this machine's sessions to a folder: as Parquet for archives, other machines and other
engines, or as CSV or JSON. No text of prompts, answers and commands leaves the store unless asked for.`,
		Example: `  agenttrace export parquet ~/lake
  agenttrace export csv out --relations sessions,anomalies

` + exitHelp,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return &usageError{text: fmt.Sprintf("%s: no such format", args[0]), hint: "agenttrace export parquet|csv|json DIR"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return &usageError{text: "export wants a format and a folder", hint: "agenttrace export parquet|csv|json DIR"}
		},
	}
	for _, kind := range []string{"parquet", "csv", "json"} {
		c := newExportKind(e, kind)
		c.SetFlagErrorFunc(flagError)
		cmd.AddCommand(c)
	}
	return cmd
}

func newExportKind(e *env, kind string) *cobra.Command {
	o := exportOptions{kind: kind}
	words := map[string]string{
		"parquet": `Writes what this machine's logs say, and the relations and metrics made of it, as Parquet files compressed with zstd:

  DIR/v=1/table=NAME/month=YYYY-MM/machine=ID/part-000.parquet

Any number of machines can share a folder: each writes only below its own name, and only what changed. Requests
that several machines have seen count once when agenttrace import or agenttrace sql --lake reads them all.`,
		"csv":  `Writes one CSV file per relation, with the rows as agenttrace sql prints them.`,
		"json": `Writes one JSON file per relation, an array of objects as agenttrace sql prints them.`,
	}
	cmd := &cobra.Command{
		Use:   kind + " DIR",
		Short: map[string]string{"parquet": "A Parquet folder, by month and machine, that many machines can share", "csv": "One CSV file per relation", "json": "One JSON file per relation"}[kind],
		Long:  words[kind],
		Example: fmt.Sprintf(`  agenttrace export %[1]s out
  agenttrace export %[1]s out --relations sessions,model_calls --since 3mo

%[2]s`, kind, exitHelp),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{text: "export " + kind + " wants one folder", hint: "agenttrace export " + kind + " DIR"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = args[0]
			return runExport(e, o)
		},
	}
	f := cmd.Flags()
	o.addStore(f)
	f.StringSliceVar(&o.relations, "relations", nil, "only these relations: names of agenttrace schema, and raw for what the logs say (repeatable, or with commas)")
	f.StringVar(&o.since, "since", "", "from the month of this date, timestamp, or age on: 2026-01-31, 7d, 3mo; what the folder has of earlier months stays")
	f.StringVar(&o.content, "content", "none", "none: no texts, names of files hashed; preview: the texts that the store holds, secrets hidden")
	f.BoolVar(&o.anonymize, "anonymize", false, "hash accounts, hosts, projects, folders and branches with a salt that stays beside the store")
	f.BoolVar(&o.dryRun, "dry-run", false, "print tables, columns, what is done to them, and row counts; write nothing")
	f.StringVarP(&o.format, "format", "f", "", "of what is printed: text or json")
	return cmd
}

func runExport(e *env, o exportOptions) error {
	format, err := o.outputFormat("text", "text", "json")
	if err != nil {
		return err
	}
	if o.content != "none" && o.content != "preview" {
		return usagef("--content %s: want none or preview", o.content)
	}
	if o.anonymize && o.content == "preview" {
		return usagef("--anonymize and --content preview cannot go together: texts name people and projects")
	}
	since, err := instant("since", o.since, time.UTC, e.now())
	if err != nil {
		return err
	}
	names, err := lake.Names(o.relations, o.kind == "parquet")
	if err != nil {
		var unknown *lake.UnknownError
		if errors.As(err, &unknown) {
			return &usageError{text: err.Error(), hint: hintNearest(unknown.Name, unknown.Known)}
		}
		return usagef("%v", err)
	}
	if info, err := os.Stat(o.dir); err == nil && !info.IsDir() {
		return usagef("%s: is a file, not a folder", o.dir)
	}
	open := o.common
	open.content, open.since = "", ""
	d, err := open.open(e, inputs{}, trusted)
	if err != nil {
		return err
	}
	defer d.leave(e)
	salt := lake.NewSalt()
	if d.Path() != store.Memory {
		if salt, err = lake.SaltBeside(d.Path()); err != nil {
			return err
		}
	}
	x, err := lake.Begin(e.ctx, d.Store, lake.Options{
		Relations: o.relations, Since: since, Content: o.content, Anonymize: o.anonymize, Salt: salt, Redact: redact.Text, Version: version,
	})
	if err != nil {
		return err
	}
	defer x.Close()
	switch {
	case o.dryRun:
		counts, err := x.Counts(e.ctx, names)
		if err != nil {
			return err
		}
		return o.printDryRun(e, counts, format)
	case o.kind == "parquet":
		res, err := x.WriteParquet(e.ctx, o.dir)
		if err != nil {
			return lakeError(err)
		}
		return o.printExport(e, res, format)
	}
	return o.exportRows(e, x, names, format)
}

// exportRows writes a file per relation; each appears when all of it is there.
func (o *exportOptions) exportRows(e *env, x *lake.Export, names []string, format string) error {
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return err
	}
	var files []exportedFile
	err := x.Rows(e.ctx, names, func(name string, rows queries.Rows) error {
		path := filepath.Join(o.dir, name+"."+o.kind)
		out, err := fileTarget(path)
		if err != nil {
			return err
		}
		counted := &cappedRows{Rows: rows}
		if _, err := render.Write(out, counted, render.Options{Format: o.kind, Zone: time.UTC, Redact: redact.Text, Notice: func(string) {}}); err != nil {
			out.discard()
			return err
		}
		if err := out.commit(); err != nil {
			return err
		}
		files = append(files, exportedFile{name, path, counted.n})
		return os.Chmod(path, 0o600)
	})
	if err != nil {
		return err
	}
	return o.printFiles(e, files, format)
}

// lakeError tells what a folder of others' files is about.
func lakeError(err error) error {
	switch {
	case errors.Is(err, lake.ErrNewer):
		return withHint(err, "update agenttrace, or choose another folder")
	case errors.Is(err, lake.ErrDamaged):
		return withHint(err, "let agenttrace export parquet end, or run it again where the folder was made")
	case errors.Is(err, lake.ErrForeign):
		return withHint(err, "agenttrace export parquet DIR makes such a folder")
	}
	return err
}

func (o *exportOptions) print(e *env, f func(*bytes.Buffer) error) error {
	var b bytes.Buffer
	if err := f(&b); err != nil {
		return err
	}
	_, err := e.stdout.Write(b.Bytes())
	return err
}

func (o *exportOptions) printExport(e *env, r *lake.Result, format string) error {
	return o.print(e, func(b *bytes.Buffer) error {
		if format == "json" {
			return writeJSON(b, map[string]any{
				"schema_version": 1, "report": "export", "directory": o.dir, "machine": r.Machine, "written_file_count": r.Written,
				"unchanged_file_count": r.Unchanged, "removed_file_count": r.Removed, "row_count": r.Rows, "bytes": r.Bytes, "content": r.Manifest.Content, "anonymized": r.Manifest.Anonymized,
			})
		}
		months := map[string]bool{}
		for _, t := range r.Manifest.Tables {
			for _, m := range t.Months {
				months[m.Month] = true
			}
		}
		fmt.Fprintf(b, "%s of %s: %s rows of %d tables in %s, %s.\n", clean(o.dir), "machine "+r.Machine, render.Int(r.Rows), len(r.Manifest.Tables), plural(int64(len(months)), "month"), render.Bytes(r.Bytes))
		fmt.Fprintf(b, "%s written, %d unchanged, %d removed.\n", plural(int64(r.Written), "file"), r.Unchanged, r.Removed)
		fmt.Fprintln(b, policyLine(o))
		return nil
	})
}

func policyLine(o *exportOptions) string {
	switch {
	case o.anonymize:
		return "No texts; accounts, projects, folders and files are hashed. Names of tools, programs and models are there."
	case o.content == "preview":
		return "With the texts that the store holds, known forms of secrets hidden."
	}
	return "No texts; names of files are hashed. Projects, branches and accounts are there: --anonymize hashes them."
}

type exportedFile struct {
	name, path string
	rows       int64
}

func (o *exportOptions) printFiles(e *env, files []exportedFile, format string) error {
	return o.print(e, func(b *bytes.Buffer) error {
		if format == "json" {
			list := []any{}
			for _, f := range files {
				list = append(list, map[string]any{"relation": f.name, "path": f.path, "row_count": f.rows})
			}
			return writeJSON(b, map[string]any{"schema_version": 1, "report": "export", "directory": o.dir, "files": list})
		}
		var rows int64
		for _, f := range files {
			rows += f.rows
		}
		fmt.Fprintf(b, "%s in %s, %s rows.\n%s\n", plural(int64(len(files)), "file"), clean(o.dir), render.Int(rows), policyLine(o))
		return nil
	})
}

func (o *exportOptions) printDryRun(e *env, counts []lake.Count, format string) error {
	return o.print(e, func(b *bytes.Buffer) error {
		if format == "json" {
			list := []any{}
			for _, c := range counts {
				list = append(list, map[string]any{"table": c.Table, "row_count": c.Rows, "month_count": c.Months, "columns": c.Columns})
			}
			return writeJSON(b, map[string]any{"schema_version": 1, "report": "export", "content": o.content, "anonymized": o.anonymize, "tables": list})
		}
		for _, c := range counts {
			fmt.Fprintf(b, "%s: %s in %s\n", c.Table, plural(c.Rows, "row"), plural(int64(c.Months), "month"))
			by := map[string][]string{}
			var order []string
			for _, col := range c.Columns {
				if by[col.Policy] == nil {
					order = append(order, col.Policy)
				}
				by[col.Policy] = append(by[col.Policy], col.Name)
			}
			for _, p := range order {
				fmt.Fprintf(b, "  %-9s %s\n", p, strings.Join(by[p], ", "))
			}
		}
		fmt.Fprintln(b, "Nothing was written.", policyLine(o))
		return nil
	})
}
