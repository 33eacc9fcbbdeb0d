package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/queries/render"
	"github.com/agenttrace/agenttrace/schema/lake"
	"github.com/agenttrace/agenttrace/schema/store"
)

type importOptions struct {
	common
	dir string
}

func newImportCommand(e *env) *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use:   "import DIR",
		Short: "Read a Parquet folder of this or another machine into the store",
		Long: `Reads a folder that agenttrace export parquet made, your own archive or a colleague's, into the store. Files are
held to their manifest first, and nothing is taken unless all is whole. Requests that the store has already
count once; reading the same folder again changes nothing.`,
		Example: `  agenttrace import ~/lake
  agenttrace import /mnt/backup/agenttrace --db archive.duckdb

` + exitHelp,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{text: "import wants one folder", hint: "agenttrace import DIR"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = args[0]
			return runImport(e, o)
		},
	}
	o.addStore(cmd.Flags())
	cmd.Flags().MarkHidden("no-refresh")
	cmd.Flags().StringVarP(&o.format, "format", "f", "", "text or json")
	return cmd
}

func runImport(e *env, o importOptions) error {
	format, err := o.outputFormat("text", "text", "json")
	if err != nil {
		return err
	}
	if o.noRefresh {
		return usagef("--no-refresh has no effect on import")
	}
	// What is no export needs no store.
	if _, err := lake.Manifests(o.dir); err != nil {
		return lakeError(err)
	}
	path, err := o.dbPath(e)
	if err != nil {
		return err
	}
	so, err := o.storeOptions(e, path)
	if err != nil {
		return err
	}
	s, err := store.Open(e.ctx, so)
	if err != nil {
		return busyHint(err)
	}
	done, err := o.importInto(e, &data{Store: s}, o.dir)
	if cerr := s.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if format == "json" {
		err = writeJSON(&b, importJSON(o.dir, path, done))
	} else {
		err = importText(&b, o.dir, done)
	}
	if err == nil {
		_, err = e.stdout.Write(b.Bytes())
	}
	return err
}

// importInto brings an open store up to a lake. The logs of this machine are not looked at.
func (c *common) importInto(e *env, d *data, dir string) (*lake.Imported, error) {
	if err := c.refresh(e, d, ingest.Options{}, false); err != nil {
		return nil, err
	}
	bar := newProgress(e, c)
	bar.report(ingest.Progress{Step: "reading " + clean(dir)})
	defer bar.done()
	done, err := lake.Import(e.ctx, d.Store, dir, version, e.now)
	return done, lakeError(err)
}

// openLake reads the exports of many machines into a store that lives in memory.
func (c *common) openLake(e *env, in inputs, a access) (*data, error) {
	if c.demo || len(in.paths) > 0 || c.noRefresh || c.home != "" {
		return nil, usagef("--lake has sessions of its own: paths, --dir, --demo, --home and --no-refresh have no effect with it")
	}
	if _, err := lake.Manifests(c.lake); err != nil {
		return nil, lakeError(err)
	}
	so, err := c.storeOptions(e, store.Memory)
	if err != nil {
		return nil, err
	}
	s, err := store.Open(e.ctx, so)
	if err != nil {
		return nil, err
	}
	d := &data{Store: s, apart: true}
	if _, err := c.importInto(e, d, c.lake); err != nil {
		s.Close()
		return nil, err
	}
	if err := c.timed(e, "findings", func() error { return d.DeriveFindings(e.ctx) }); err != nil {
		s.Close()
		return nil, err
	}
	return d, c.lock(e, d, a)
}

func importText(b *bytes.Buffer, dir string, r *lake.Imported) error {
	t := &render.Table{Columns: []render.TableColumn{
		{Name: "machine"}, {Name: "files", Align: render.Right}, {Name: "taken", Align: render.Right}, {Name: "known", Align: render.Right},
		{Name: "sessions", Align: render.Right}, {Name: "model calls", Align: render.Right}, {Name: "from"}, {Name: "to"},
	}}
	day := func(t *time.Time) string {
		if t == nil {
			return ""
		}
		return t.UTC().Format("2006-01-02")
	}
	for _, m := range r.Machines {
		t.Rows = append(t.Rows, []string{m.Machine, render.Int(m.Sources), render.Int(m.New), render.Int(m.Known), render.Int(m.Sessions), render.Int(m.ModelCalls), day(m.Oldest), day(m.Newest)})
	}
	return render.WriteDoc(b, render.Doc{
		Title:    "agenttrace import",
		Lead:     []string{fmt.Sprintf("%s: exports of %s, in %.2f s.", clean(dir), plural(int64(len(r.Machines)), "machine"), r.Seconds)},
		Sections: []render.Section{{Title: "Taken", Table: t, Lines: []string{"Sessions and calls as the logs have them: what is there already counts once."}}},
	}, render.DocOptions{Format: "text"})
}

func importJSON(dir, path string, r *lake.Imported) any {
	list := []any{}
	for _, m := range r.Machines {
		list = append(list, map[string]any{
			"machine": m.Machine, "content": m.Content, "anonymized": m.Anonymized, "source_count": m.Sources, "taken_source_count": m.New, "known_source_count": m.Known,
			"session_count": m.Sessions, "model_call_count": m.ModelCalls, "oldest_at": m.Oldest, "newest_at": m.Newest,
		})
	}
	return map[string]any{"schema_version": 1, "report": "import", "directory": dir, "store": path, "seconds": seconds3(r.Seconds), "machines": list}
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
