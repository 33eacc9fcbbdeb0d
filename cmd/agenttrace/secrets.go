package main

import (
	"bytes"
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/agents"
	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/queries/redact"
	"github.com/agenttrace/agenttrace/queries/render"
	"github.com/agenttrace/agenttrace/queries/report"
	"github.com/agenttrace/agenttrace/schema"
	"github.com/agenttrace/agenttrace/schema/store"
)

type secretsOptions struct {
	common
	paths         []string
	full          bool
	minConfidence string
}

func newSecretsCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "secrets",
		Short: "Where secrets lie in the logs: place, kind and count, never the value",
		Example: `  agenttrace secrets scan
  agenttrace secrets list --min-confidence high -f csv

` + exitHelp,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSecretsScanCommand(e), newSecretsListCommand(e))
	for _, c := range cmd.Commands() {
		c.SetFlagErrorFunc(flagError)
	}
	return cmd
}

func newSecretsScanCommand(e *env) *cobra.Command {
	var o secretsOptions
	cmd := &cobra.Command{
		Use:   "scan [PATH...]",
		Short: "Search the logs for secrets and list where they lie",
		Long: `Searches the logs for secrets by the rules that redaction goes by: forms of known tokens, private keys,
credentials in URLs and headers, and random values beside a telling name. What is found is kept as
secret_findings: source, line, kind, confidence and count, and a hash that tells equal values, never the value.
Logs that did not change since the last search are not read again. Nothing leaves the machine.`,
		Example: `  agenttrace secrets scan
  agenttrace secrets scan ~/backup/claude-logs -f json

` + exitHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.paths = args
			return runSecretsScan(e, o)
		},
	}
	o.addFlags(cmd)
	cmd.Flags().StringArrayVarP(&o.dirs, "dir", "d", nil, "only this folder and all below it, read into memory (repeatable)")
	cmd.Flags().BoolVar(&o.full, "full", false, "search every log again")
	return cmd
}

func newSecretsListCommand(e *env) *cobra.Command {
	var o secretsOptions
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List what the last search found",
		Example: `  agenttrace secrets list
  agenttrace secrets list --min-confidence high -f csv

` + exitHelp,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runSecretsList(e, o) },
	}
	o.addFlags(cmd)
	return cmd
}

func (o *secretsOptions) addFlags(cmd *cobra.Command) {
	o.addStore(cmd.Flags())
	o.addOutput(cmd.Flags(), strings.Join(render.Formats, ", "))
	cmd.Flags().StringVar(&o.minConfidence, "min-confidence", "medium", "list what is at least this sure: high, medium or low")
}

// check refuses flags that make no sense before any work is done.
func (o *secretsOptions) check() error {
	if !slices.Contains([]string{string(redact.High), string(redact.Medium), string(redact.Low)}, o.minConfidence) {
		return usagef("--min-confidence %s: want high, medium or low", o.minConfidence)
	}
	_, err := o.outputFormat("table", render.Formats...)
	return err
}

func runSecretsList(e *env, o secretsOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	ro := reportOptions{common: o.common}
	ro.format = "text"
	r, err := newReporter(e, &ro, inputs{})
	if err != nil {
		return err
	}
	defer r.close()
	return o.list(e, r)
}

// list writes the findings.
func (o *secretsOptions) list(e *env, r *reporter) error {
	format, err := o.outputFormat("table", render.Formats...)
	if err != nil {
		return err
	}
	sections, err := report.Sections("secrets")
	if err != nil {
		return err
	}
	tables, err := report.Run(e.ctx, r.conn, sections, func(name string) any { return sql.Named(name, o.minConfidence) })
	if err != nil {
		return err
	}
	if len(tables[0].Rows) == 0 {
		// That nothing was found is one thing, that nothing was looked for another.
		left, err := r.data.Unscanned(e.ctx, redact.Version)
		if err != nil {
			return err
		}
		if len(left) > 0 {
			o.notice(e, "%s not searched yet: agenttrace secrets scan does it", plural(int64(len(left)), "log"))
		}
	}
	return o.writeTo(e, func(b *bytes.Buffer) error {
		if format == "table" {
			if len(tables[0].Rows) == 0 {
				return render.WriteDoc(b, render.Doc{Lead: []string{"No secret is known of."}}, render.DocOptions{})
			}
			return r.writeList(b, &tables[0])
		}
		columns, rows := tables[0].ForJSON()
		_, err := render.Write(b, queries.NewRows(columns, rows...), render.Options{Format: format, Zone: r.zone, Redact: r.redact(), Notice: func(s string) { o.notice(e, "%s", s) }})
		return err
	})
}

func runSecretsScan(e *env, o secretsOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	ro := reportOptions{common: o.common, args: o.paths}
	ro.format = "text"
	r, err := newReporter(e, &ro, ro.inputs())
	if err != nil {
		return err
	}
	defer func() { r.close() }()
	if !r.data.apart && r.data.Path() != store.Memory {
		// Others may read while the logs are searched: the store is written when that is done.
		r.conn.Close()
		if err := r.data.Close(); err != nil {
			return err
		}
		so, err := o.storeOptions(e, r.data.Path())
		if err != nil {
			return err
		}
		if err := scanStore(e, &o.common, so, o.full); err != nil {
			return err
		}
		ro.noRefresh = true
		ro.format = "text"
		again, err := newReporter(e, &ro, inputs{})
		if err != nil {
			return err
		}
		r = again
		return o.list(e, r)
	}
	if err := scanOpen(e, &o.common, r.data.Store, o.full); err != nil {
		return err
	}
	return o.list(e, r)
}

// scanStore searches the logs of a store that is a file. It is opened to write, as the key of the hashes and
// the findings go there.
func scanStore(e *env, c *common, so store.Options, full bool) error {
	s, err := store.Open(e.ctx, so)
	if err != nil {
		return busyHint(err)
	}
	err = scanOpen(e, c, s, full)
	return errors.Join(err, s.Close())
}

// saveEvery is how many sources are searched before what was found is stored.
const saveEvery = 200

func scanOpen(e *env, c *common, s *store.Store, full bool) error {
	hash, err := s.SecretHash(e.ctx)
	if err != nil {
		return err
	}
	version := redact.Version
	if full {
		version = 0 // no search was by these rules
	}
	wanted, err := s.Unscanned(e.ctx, version)
	if err != nil {
		return err
	}
	sources, err := s.Sources(e.ctx)
	if err != nil {
		return err
	}
	find := finder(hash)
	scanner := ingest.Scanner{Parsers: agents.All(), Find: find}
	bar := newProgress(e, c)
	defer bar.done()
	var scans []store.Scanned
	searched, failed := 0, 0
	for i := range sources {
		k := &sources[i]
		if !wanted[k.SourceID] {
			continue
		}
		if err := e.ctx.Err(); err != nil {
			return err
		}
		bar.report(ingest.Progress{Files: int64(searched), TotalFiles: int64(len(wanted)), Step: "searching"})
		found, err := scanSource(e, s, &scanner, k)
		searched++
		if err != nil {
			failed++
			c.notice(e, "not searched: %v", err)
			continue
		}
		if scans = append(scans, store.Scanned{SourceID: k.SourceID, Findings: found}); len(scans) == saveEvery {
			if err := s.SaveScans(e.ctx, redact.Version, scans); err != nil {
				return err
			}
			scans = scans[:0]
		}
	}
	if err := s.SaveScans(e.ctx, redact.Version, scans); err != nil {
		return err
	}
	if searched > 0 {
		c.notice(e, "%s searched", plural(int64(searched-failed), "log"))
	}
	return s.DeriveFindings(e.ctx)
}

// scanSource searches the log, or, where that is gone, what the store keeps of it.
func scanSource(e *env, s *store.Store, scanner *ingest.Scanner, k *schema.Source) ([]schema.SecretFinding, error) {
	if k.State == schema.SourcePresent {
		found, err := scanner.Scan(e.ctx, k)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			if err != nil && !strings.Contains(err.Error(), k.Path) {
				err = fmt.Errorf("%s: %w", k.Path, err)
			}
			return found, err
		}
	}
	type place struct {
		line           int64
		location, rule string
		value          schema.ID
	}
	found := map[place]*schema.SecretFinding{}
	err := s.KeptTexts(e.ctx, k.SourceID, func(line int64, session, owner schema.ID, location, body string) {
		for _, m := range scanner.Find(body, false) {
			p := place{line, location, m.Rule, m.ValueHash}
			if found[p] == nil {
				found[p] = &schema.SecretFinding{Line: line, SessionID: session, OwnerID: owner, Location: location, RuleID: m.Rule, ValueHash: m.ValueHash, Confidence: m.Confidence}
			}
			found[p].OccurrenceCount++
		}
	})
	var out []schema.SecretFinding
	for _, f := range found {
		out = append(out, *f)
	}
	slices.SortFunc(out, func(a, b schema.SecretFinding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.RuleID, b.RuleID), cmp.Compare(a.ValueHash, b.ValueHash))
	})
	return out, err
}

// finder is the one set of rules that redaction goes by, as the search of logs uses it.
func finder(hash func(string) schema.ID) func(text string, raw bool) []ingest.Secret {
	return func(text string, raw bool) []ingest.Secret {
		var out []ingest.Secret
		for _, m := range redact.Find(text) {
			value := text[m.Start:m.End]
			if raw {
				value = ingest.Unquote(value)
			}
			out = append(out, ingest.Secret{Rule: m.Rule, Confidence: string(m.Confidence(text)), ValueHash: hash(value)})
		}
		return out
	}
}
