package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	o.addOutput(cmd.Flags(), reportFormats)
	cmd.Flags().StringArrayVarP(&o.dirs, "dir", "d", nil, "examine this folder instead (repeatable)")
	return cmd
}

// doctorSections are the questions of the doctor, in order.
var doctorSections = []report.Section{
	{Key: "agents", Title: "Agents", Kind: "table", Empty: "No session log was read.", SQL: `
		SELECT x.agent, count(*) FILTER (x.source_state <> 'refused') AS file_count, any_value(s.n) AS session_count,
			any_value(s.first_at) AS first_at, any_value(s.last_at) AS last_at,
			sum(x.parsed_record_count)::BIGINT AS record_count, sum(x.unknown_record_count)::BIGINT AS unknown_record_count,
			1 - sum(x.unknown_record_count) / nullif(sum(x.parsed_record_count), 0)::DOUBLE AS understood_ratio,
			count(*) FILTER (x.source_state = 'missing') AS missing_count, count(*) FILTER (x.source_state = 'unreadable') AS unreadable_count
		FROM raw.sources AS x
		LEFT JOIN (SELECT agent, count(*) AS n, min(started_at) AS first_at, max(ended_at) AS last_at FROM sessions_v1 GROUP BY agent) AS s USING (agent)
		GROUP BY x.agent HAVING file_count > 0 ORDER BY x.agent`},
	{Key: "not_read", Title: "Files that were not read, and why", Kind: "table", SQL: `
		SELECT path, source_state AS state, state_reason AS reason FROM raw.sources WHERE source_state IN ('unreadable', 'refused') ORDER BY source_state DESC, path`},
	{Key: "unknown_records", Title: "Records of unknown type", Kind: "table",
		Note: "Counted, never guessed at. Please report them with the version; no content is shown.", SQL: `
		SELECT x.agent, p.agent_version, p.problem_kind AS kind, p.record_type, p.field, sum(p.occurrence_count)::BIGINT AS record_count,
			count(DISTINCT p.source_id) AS file_count, min(x.path || ':' || p.line) AS example
		FROM raw.problems AS p JOIN raw.sources AS x USING (source_id) WHERE p.problem_kind IN ('unknown_type', 'unknown_field') GROUP BY ALL ORDER BY record_count DESC, ALL LIMIT 50`},
	{Key: "problems", Title: "Lines that could not be understood", Kind: "table", SQL: `
		SELECT x.agent, p.problem_kind AS kind, sum(p.occurrence_count)::BIGINT AS line_count, count(DISTINCT p.source_id) AS file_count,
			min(x.path || ':' || p.line) AS example
		FROM raw.problems AS p JOIN raw.sources AS x USING (source_id) WHERE p.problem_kind NOT IN ('unknown_type', 'unknown_field') GROUP BY ALL ORDER BY line_count DESC, ALL`},
	{Key: "unpriced_models", Title: "Models without a price", Kind: "table", SQL: `
		SELECT c.agent, coalesce(c.response_model, '(not in the log)') AS model, count(*) AS model_call_count, sum(c.input_tokens)::BIGINT AS input_tokens,
			sum(c.output_tokens)::BIGINT AS output_tokens, max(c.occurred_at) AS last_at
		FROM model_call_costs_v1 AS c WHERE c.cost_usd IS NULL GROUP BY ALL ORDER BY model_call_count DESC, ALL`},
	{Key: "imports", Title: "Newest imports", Kind: "table", SQL: `
		SELECT import_id, started_at, epoch_ms(ended_at) - epoch_ms(started_at) AS took_ms, tool_version, status, seen_source_count, read_source_count, failed_source_count, read_bytes
		FROM raw.imports ORDER BY import_id DESC LIMIT 5`},
}

func runDoctor(e *env, o doctorOptions) error {
	if err := o.checkPaths(); err != nil {
		return err
	}
	ro := reportOptions{common: o.common}
	in := inputs{paths: append(append([]string(nil), o.dirs...), o.paths...)}
	// A folder without any session is a finding here, not an error.
	r, err := newDoctorReporter(e, &ro, in)
	if err != nil {
		return err
	}
	defer r.close()
	tables, err := report.Run(e.ctx, r.conn, doctorSections, r.arg(""))
	if err != nil {
		return err
	}
	rep := &report.Report{Name: "doctor", Title: "agenttrace doctor", GeneratedAt: e.now(), Zone: r.zone}
	rep.Head = append(rep.Head, report.Field{Name: "versions", Value: versions()}, report.Field{Name: "notices", Value: r.notices()})
	rep.Tables = append(rep.Tables, r.storeTable(), r.places(), retention(e, r))
	rep.Tables = append(rep.Tables, tables...)
	rep.Lead = r.notices()
	return r.write(rep)
}

func (o *doctorOptions) checkPaths() error {
	for _, p := range append(append([]string(nil), o.dirs...), o.paths...) {
		if _, err := os.Stat(p); err != nil {
			return err
		}
	}
	return nil
}

// newDoctorReporter is newReporter, but reads folders without sessions too.
func newDoctorReporter(e *env, o *reportOptions, in inputs) (*reporter, error) {
	r, err := newReporter(e, o, inputs{})
	if len(in.paths) == 0 {
		return r, err
	}
	if err == nil {
		r.close()
	}
	io, err := o.ingestOptions(e)
	if err != nil {
		return nil, err
	}
	io.Paths = in.paths
	d, err := o.fill(e, io)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, errors.Join(err, d.Close())
	}
	r.data = d
	if r.conn, err = d.Session(e.ctx); err != nil {
		d.Close()
		return nil, err
	}
	return r, nil
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

// places lists where was looked.
func (r *reporter) places() report.Table {
	t := report.Table{Section: report.Section{Key: "places", Title: "Places looked into", Kind: "table"}}
	t.Columns = []queries.Column{{Name: "agent", Type: "VARCHAR"}, {Name: "place", Type: "VARCHAR"}, {Name: "because", Type: "VARCHAR"}, {Name: "state", Type: "VARCHAR"}, {Name: "file_count", Type: "BIGINT"}}
	if r.data.summary == nil {
		return t
	}
	for _, p := range r.data.summary.Places {
		state := "used"
		switch {
		case p.Err != nil:
			state = "not readable: " + p.Err.Error()
		case !p.Exists:
			state = "not there"
		case p.Files == 0:
			state = "no logs"
		}
		t.Rows = append(t.Rows, []any{p.Agent, p.Path, p.Why, state, int64(p.Files)})
	}
	return t
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
