package main

import (
	"embed"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/ingest"
)

// The demo's logs, laid out as the agents lay them out below a home folder. They are made up.
//
//go:embed all:demo
var demoFiles embed.FS

func newDemoCommand(e *env) *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "The overview of built-in sample sessions",
		Long: `Prints the overview of sample sessions that are built in. Your own logs and store are not touched.
The other commands ask the same sessions with --demo.`,
		Example: `  agenttrace demo
  agenttrace sql --demo "select agent, count(*) from sessions group by all"

` + exitHelp,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.noteGates(cmd)
			o.demo = true
			return runOverview(e, o)
		},
	}
	f := cmd.Flags()
	o.addRun(f)
	o.addOutput(f, reportFormats)
	o.addFilters(f)
	o.addGates(f)
	f.StringVar(&o.db, "db", "", "")
	f.MarkHidden("db")
	return cmd
}

// openDemo reads the sample sessions into memory, as the logs of a home of their own.
func (c *common) openDemo(e *env, in inputs, a access) (*data, error) {
	if len(in.paths) > 0 || c.home != "" || c.noRefresh {
		return nil, usagef("--demo has logs of its own: paths, --dir, --home and --no-refresh have no effect with it")
	}
	dir, err := os.MkdirTemp("", "agenttrace-demo-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := unpackDemo(dir); err != nil {
		return nil, err
	}
	o, err := c.ingestOptions(e)
	if err != nil {
		return nil, err
	}
	o.Roots, o.Env = true, ingest.Env{Home: filepath.Join(dir, "demo"), Getenv: func(string) string { return "" }}
	d, err := c.fill(e, o)
	if err != nil {
		return nil, err
	}
	d.apart = true
	return d, c.lock(e, d, a)
}

func unpackDemo(dir string) error {
	return fs.WalkDir(demoFiles, "demo", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(dir, filepath.FromSlash(path))
		if d.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		text, err := demoFiles.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o600)
	})
}
