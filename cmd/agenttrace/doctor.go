package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/ingest/agents"
	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/queries/report"
	"github.com/agenttrace/agenttrace/schema/store"
)

type doctorOptions struct {
	common
	paths []string
}

func newDoctorCommand(e *env) *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use:   "doctor [PATH...]",
		Short: "What was found and read, what was not and why, and the health of the store",
		Example: `  agenttrace doctor
  agenttrace doctor -d ~/backup/logs -f json

` + exitHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.paths = args
			return runDoctor(e, o)
		},
	}
	o.addStore(cmd.Flags())
	o.addDemo(cmd.Flags())
	o.addOutput(cmd.Flags(), reportFormats)
	cmd.Flags().StringArrayVarP(&o.dirs, "dir", "d", nil, "examine this folder instead (repeatable)")
	return cmd
}

func runDoctor(e *env, o doctorOptions) error {
	in := inputs{paths: append(append([]string(nil), o.dirs...), o.paths...), emptyOK: true}
	r, err := newReporter(e, &reportOptions{common: o.common}, in)
	if err != nil {
		return err
	}
	defer r.close()
	if err := r.scope(""); err != nil {
		return err
	}
	if err := r.narrow(); err != nil {
		return err
	}
	rep, err := r.build("doctor", "agenttrace doctor", "")
	if err != nil {
		return err
	}
	coverage, err := r.run("overview", "", "coverage")
	if err != nil {
		return err
	}
	rep.Head = append(rep.Head, report.Field{Name: "notices", Value: r.notices()})
	rep.Tables = append(append(coverage, r.storeTable(), r.places(), retention(e, r)), rep.Tables...)
	rep.Lead = doctorLead(r, rep)
	return r.write(rep)
}

// doctorLead sums up in one sentence what is fine and what is not.
func doctorLead(r *reporter, rep *report.Report) []string {
	var sessions, files, unknown int64
	agents := rep.Find("agents")
	for i := range agents.Rows {
		row := report.Table{Columns: agents.Columns, Rows: agents.Rows[i : i+1]}
		add := func(sum *int64, column string) {
			if n, ok := row.Value(column).(int64); ok {
				*sum += n
			}
		}
		add(&sessions, "session_count")
		add(&files, "file_count")
		add(&unknown, "unknown_record_count")
	}
	if files == 0 {
		text := "No session log was found in the places below."
		if r.data.apart {
			text = "No session log was found there."
		}
		return append([]string{text}, r.notices()...)
	}
	text := fmt.Sprintf("%s in %s.", plural(sessions, "session"), plural(files, "log file"))
	trouble := false
	for _, t := range []struct{ key, one string }{
		{"not_read", "file that was not read"}, {"unknown_records", "kind of record that is unknown"}, {"problems", "kind of line that could not be understood"},
		{"unpriced_models", "model without a price"},
	} {
		if n := len(rep.Find(t.key).Rows); n > 0 {
			trouble = true
			text += " " + plural(int64(n), t.one) + "."
		}
	}
	if !trouble {
		text += " All of it was understood and priced."
	}
	return append([]string{text}, r.notices()...)
}

// storeTable is the state of the store's file.
func (r *reporter) storeTable() report.Table {
	path := r.data.Path()
	t := report.Table{Section: report.Section{Key: "store", Title: "Store", Kind: "facts"}}
	var size, fileMode, dirMode, state any
	state = "in memory"
	if path != store.Memory {
		state = "fine"
		if info, err := os.Stat(path); err == nil {
			size = info.Size()
			fileMode = fmt.Sprintf("%04o", info.Mode().Perm())
			if info.Mode().Perm()&0o077 != 0 {
				state = "readable for others: chmod 600 it"
			}
		}
		if info, err := os.Stat(filepath.Dir(path)); err == nil {
			dirMode = fmt.Sprintf("%04o", info.Mode().Perm())
		}
	}
	t.Columns = []queries.Column{{Name: "path", Type: "VARCHAR"}, {Name: "size_bytes", Type: "BIGINT"}, {Name: "file_mode", Type: "VARCHAR"}, {Name: "folder_mode", Type: "VARCHAR"}, {Name: "state", Type: "VARCHAR"}}
	t.Rows = [][]any{{path, size, fileMode, dirMode, state}}
	return t
}

// places lists where was looked: what is there, and in one line what is not.
func (r *reporter) places() report.Table {
	t := report.Table{Section: report.Section{Key: "places", Title: "Places looked into", Kind: "table"}}
	t.Columns = []queries.Column{{Name: "agent", Type: "VARCHAR"}, {Name: "place", Type: "VARCHAR"}, {Name: "because", Type: "VARCHAR"}, {Name: "state", Type: "VARCHAR"}, {Name: "file_count", Type: "BIGINT"}}
	if r.data.summary == nil {
		return t
	}
	var absent [][]any
	var names []string
	for _, p := range r.data.summary.Places {
		state := "used"
		switch {
		case p.Err != nil:
			state = "not readable: " + p.Err.Error()
		case !p.Exists:
			absent = append(absent, []any{p.Agent, p.Path, p.Why, "not there", int64(0)})
			names = append(names, r.shortPath(p.Path))
			continue
		case p.Files == 0:
			state = "no logs"
		}
		t.Rows = append(t.Rows, []any{p.Agent, p.Path, p.Why, state, int64(p.Files)})
	}
	if len(t.Rows) > 0 { // where nothing is there at all, each place is worth a line
		t.Show, t.More = len(t.Rows), "Not there: "+strings.Join(names, ", ")+"."
	}
	t.Rows = append(t.Rows, absent...)
	return t
}

// shortPath writes a path below the home as people do.
func (r *reporter) shortPath(path string) string {
	if home, err := r.o.homeDir(r.e); err == nil {
		if rel, ok := strings.CutPrefix(path, home+string(filepath.Separator)); ok {
			return filepath.Join("~", rel)
		}
	}
	return path
}

// retention says which logs their agent will soon delete.
func retention(e *env, r *reporter) report.Table {
	t := report.Table{Section: report.Section{Key: "retention", Title: "Logs that their agent deletes", Kind: "table",
		Note: "The store keeps what was read of them."}}
	t.Columns = []queries.Column{{Name: "agent", Type: "VARCHAR"}, {Name: "kept_days", Type: "BIGINT"}, {Name: "oldest_at", Type: "TIMESTAMPTZ"}, {Name: "deleted_within_7_days_count", Type: "BIGINT"}}
	for _, p := range agents.All() {
		f := p.Format()
		if f.RetentionDays == 0 {
			continue
		}
		rows, err := r.conn.Query(e.ctx, fmt.Sprintf(`SELECT min(modified_at), count(*) FILTER (modified_at < now() - INTERVAL %d DAY)
			FROM raw.sources WHERE agent = %s AND source_state = 'present'`, max(f.RetentionDays-7, 0), store.Quote(f.Agent)))
		if err != nil {
			continue
		}
		if rows.Next() {
			v := rows.Values()
			if _, ok := v[0].(time.Time); ok {
				t.Rows = append(t.Rows, []any{f.Agent, int64(f.RetentionDays), v[0], v[1]})
			}
		}
		rows.Close()
	}
	return t
}

func agentNames() []string {
	var out []string
	for _, p := range agents.All() {
		out = append(out, p.Format().Agent)
	}
	return out
}
