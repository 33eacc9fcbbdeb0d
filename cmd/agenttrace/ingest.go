package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/queries/redact"
	"github.com/agenttrace/agenttrace/queries/render"
	"github.com/agenttrace/agenttrace/queries/report"
	"github.com/agenttrace/agenttrace/schema/store"
)

type ingestOptions struct {
	common
	paths []string
	full  bool
	scan  bool // search for secrets what is new
}

func newIngestCommand(e *env) *cobra.Command {
	var o ingestOptions
	cmd := &cobra.Command{
		Use:   "ingest [PATH...]",
		Short: "Find session logs and load what is new or changed into the store",
		Long: `Finds the logs of every known agent and loads what is new or changed. With PATHs or -d, it loads those
files and folders instead. What was loaded stays, also when an agent deletes its log.`,
		Example: `  agenttrace ingest
  agenttrace ingest -d ~/backup/claude-logs

` + exitHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.paths = args
			return runIngest(e, o)
		},
	}
	o.addStore(cmd.Flags())
	cmd.Flags().MarkHidden("no-refresh")
	cmd.Flags().StringVarP(&o.format, "format", "f", "", "text or json")
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "write the summary to this file")
	cmd.Flags().StringArrayVarP(&o.dirs, "dir", "d", nil, "load this folder (repeatable)")
	cmd.Flags().StringArrayVar(&o.agents, "agent", nil, "only this agent (repeatable)")
	cmd.Flags().BoolVar(&o.full, "full", false, "read everything again")
	cmd.Flags().BoolVar(&o.scan, "scan-secrets", false, "search what was not searched yet for secrets, as agenttrace secrets scan does")
	cmd.Flags().StringVar(&o.content, "content", "", "how much text to keep: preview (default), none or full")
	return cmd
}

func runIngest(e *env, o ingestOptions) error {
	format, err := o.outputFormat("text", "text", "json")
	if err != nil {
		return err
	}
	if o.noRefresh {
		return usagef("--no-refresh has no effect on ingest")
	}
	if err := knownAgents(o.agents); err != nil {
		return err
	}
	path, err := o.dbPath(e)
	if err != nil {
		return err
	}
	io, err := o.ingestOptions(e)
	if err != nil {
		return err
	}
	io.Paths = append(append([]string(nil), o.dirs...), o.paths...)
	io.Roots = len(io.Paths) == 0
	if err := checkPaths(io.Paths); err != nil {
		return err
	}
	io.Agents, io.Full, io.Record = o.agents, o.full, true
	so, err := o.storeOptions(e, path)
	if err != nil {
		return err
	}
	io.Search = ingest.Begin(io) // while the store opens
	sum, err := o.nothingNew(e, path, io)
	if err == nil && sum == nil {
		sum, err = o.ingest(e, so, io)
	}
	if err != nil {
		return err
	}
	if o.scan {
		if err := scanStore(e, &o.common, so, false); err != nil {
			return err
		}
	}
	// Of what was named, at least one session must have been new or known.
	nothing := len(io.Paths) > 0 && sum.Read == 0 && sum.Skipped == int64(len(sum.Refused))
	if !nothing || format == "json" {
		err := o.writeTo(e, func(b *bytes.Buffer) error { return writeSummary(b, sum, e, &o.common, format, path) })
		if err != nil {
			return err
		}
	}
	if nothing {
		return nothingRead(io.Paths, sum)
	}
	if !o.quiet {
		for i, err := range sum.Errors {
			if i == 10 && !o.verbose {
				o.notice(e, "and %d more that could not be read; --verbose lists them", len(sum.Errors)-10)
				break
			}
			o.notice(e, "not read: %v", err)
		}
	}
	return nil
}

// keepContent applies the content setting of the store: one that was made without content stays so, whoever
// brings it up to date, unless ingest is told otherwise.
func (c *common) keepContent(e *env, d *data, io *ingest.Options) error {
	kept, err := d.Info(e.ctx, "content")
	if err != nil {
		return err
	}
	if c.content != "" {
		var texts bool
		err := d.DB().QueryRowContext(e.ctx, "SELECT EXISTS (FROM raw.texts)").Scan(&texts)
		if texts && c.content != kept && !io.Full {
			c.notice(e, "--content %s is for what is read from now on; --full reads again what is still there", c.content)
		}
		if err != nil || kept == c.content {
			return err
		}
		return d.SetInfo(e.ctx, "content", c.content)
	}
	was := common{content: kept}
	io.Content, err = was.contentMode()
	return err
}

func knownAgents(names []string) error {
	for _, name := range names {
		if !contains(agentNames(), name) {
			return &usageError{text: fmt.Sprintf("--agent %s: unknown agent", name), hint: hintNearest(name, agentNames())}
		}
	}
	return nil
}

// nothingNew answers for a store that has everything: it is only read, so that others can read it at the
// same time, and no row of imports is written. The summary is nil if there is something to do.
func (o *ingestOptions) nothingNew(e *env, path string, io ingest.Options) (*ingest.Summary, error) {
	if o.full || o.content != "" || len(o.agents) > 0 || path == store.Memory {
		return nil, nil
	}
	so, err := o.storeOptions(e, path)
	if err != nil {
		return nil, err
	}
	so.ReadOnly, so.LockTimeout, so.Waiting = true, 0, nil
	var sum *ingest.Summary
	err = o.timed(e, "look", func() error {
		s, err := store.Open(e.ctx, so)
		if err != nil {
			return nil // whoever opens it to write says why
		}
		d := &data{Store: s}
		defer func() {
			if sum != nil {
				d.leave(e)
			} else {
				s.Close() // to be opened again to write
			}
		}()
		ready, err := usable(e, s)
		if err == nil && ready {
			ready, err = s.Explained(e.ctx)
		}
		if err != nil || !ready {
			return nil
		}
		pending, found, err := ingest.Check(e.ctx, sink{Store: s}, io)
		if err != nil || pending {
			return err
		}
		found.ImportID, err = s.LastImport(e.ctx)
		sum = found
		return err
	})
	return sum, err
}

// ingest reads what is new.
func (o *ingestOptions) ingest(e *env, so store.Options, io ingest.Options) (*ingest.Summary, error) {
	var s *store.Store
	err := o.timed(e, "open", func() (err error) { s, err = store.Open(e.ctx, so); return err })
	if err != nil {
		return nil, busyHint(err)
	}
	d := &data{Store: s}
	if err := o.refresh(e, d, io, false); err != nil {
		s.Close()
		return nil, err
	}
	// The first reading of a store is the one that people wait for.
	if d.summary.ImportID > 1 {
		if err := o.timed(e, "comments", func() error { return s.Explain(e.ctx) }); err != nil {
			s.Close()
			return nil, err
		}
	}
	if err := o.timed(e, "close", s.Close); err != nil {
		return nil, err
	}
	return d.summary, nil
}

// writeSummary says what an ingest did, agent by agent.
func writeSummary(b *bytes.Buffer, s *ingest.Summary, e *env, c *common, format, path string) error {
	if format == "json" {
		return summaryJSON(b, s, e, c, path)
	}
	t := &render.Table{Columns: []render.TableColumn{
		{Name: "agent"}, {Name: "files", Align: render.Right}, {Name: "sessions", Align: render.Right}, {Name: "records", Align: render.Right},
		{Name: "unknown", Align: render.Right}, {Name: "problems", Align: render.Right}, {Name: "read", Align: render.Right}, {Name: "seconds", Align: render.Right},
	}}
	for _, a := range s.Agents {
		t.Rows = append(t.Rows, []string{a.Agent, render.Int(a.Files), render.Int(a.Sessions), render.Int(a.Records), render.Int(a.Unknown), render.Int(a.Problems),
			render.Bytes(a.Bytes), fmt.Sprintf("%.2f", a.Seconds)})
	}
	d := render.Doc{Title: "agenttrace ingest"}
	sec := render.Section{Title: "Read", Table: t}
	if len(s.Agents) == 0 {
		sec.Table = nil
		sec.Lines = []string{"Nothing new."}
	}
	line := fmt.Sprintf("%s found, %d read, %d unchanged or no session, %d failed, in %.2f s.", plural(s.Seen, "file"), s.Read, s.Skipped, s.Failed, s.Seconds)
	if s.Missing > 0 {
		line += fmt.Sprintf(" %s gone since they were read: what was read of them stays.", plural(s.Missing, "file"))
	}
	if s.Moved > 0 {
		line += fmt.Sprintf(" %s moved.", plural(s.Moved, "file"))
	}
	d.Lead = []string{line}
	d.Sections = append(d.Sections, sec)
	if n := len(s.Refused); n > 0 {
		d.Sections = append(d.Sections, render.Section{Title: "No sessions", Lines: []string{
			fmt.Sprintf("%s: agenttrace doctor lists them with the reasons.", plural(int64(n), "file that is no session")),
		}})
	}
	d.Sections = append(d.Sections, render.Section{Title: "Store", Lines: []string{path}})
	return render.WriteDoc(b, d, render.DocOptions{Format: "text"})
}

func summaryJSON(b *bytes.Buffer, s *ingest.Summary, e *env, c *common, path string) error {
	zone, err := c.zone()
	if err != nil {
		return err
	}
	type agent struct {
		Agent    string  `json:"agent"`
		Files    int64   `json:"files"`
		Sessions int64   `json:"sessions"`
		Records  int64   `json:"records"`
		Unknown  int64   `json:"unknown"`
		Problems int64   `json:"problems"`
		Bytes    int64   `json:"bytes"`
		Seconds  float64 `json:"seconds"`
	}
	type coverage struct {
		Files    int64 `json:"files"`
		Read     int64 `json:"read"`
		Skipped  int64 `json:"skipped"`
		Failed   int64 `json:"failed"`
		Missing  int64 `json:"missing"`
		Refused  int   `json:"refused"`
		Records  int64 `json:"records"`
		Unknown  int64 `json:"unknown"`
		Problems int64 `json:"problems"`
		Bytes    int64 `json:"bytes"`
	}
	out := struct {
		SchemaVersion int      `json:"schema_version"`
		Report        string   `json:"report"`
		GeneratedAt   string   `json:"generated_at"`
		Zone          string   `json:"tz"`
		Versions      any      `json:"versions"`
		Store         string   `json:"store"`
		ImportID      int64    `json:"import_id"`
		Status        string   `json:"status"`
		Seconds       float64  `json:"seconds"`
		Coverage      coverage `json:"coverage"`
		Agents        []agent  `json:"agents"`
		Errors        []string `json:"errors"`
	}{
		SchemaVersion: report.SchemaVersion, Report: "ingest", GeneratedAt: e.now().In(zone).Format(time.RFC3339), Zone: report.ZoneName(zone, e.now()),
		Versions: versions(), Store: path, ImportID: s.ImportID, Status: s.Status, Seconds: seconds3(s.Seconds),
		Coverage: coverage{
			Files: s.Seen, Read: s.Read, Skipped: s.Skipped, Failed: s.Failed, Missing: s.Missing, Refused: len(s.Refused), Records: s.Records,
			Unknown: s.UnknownRecords, Problems: s.Problems, Bytes: s.ReadBytes,
		},
		Agents: []agent{}, Errors: []string{},
	}
	for _, a := range s.Agents {
		a.Seconds = seconds3(a.Seconds)
		out.Agents = append(out.Agents, agent(a))
	}
	for _, err := range s.Errors {
		out.Errors = append(out.Errors, redact.Text(clean(err.Error())))
	}
	enc := json.NewEncoder(b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

func seconds3(s float64) float64 { return math.Round(s*1000) / 1000 }
