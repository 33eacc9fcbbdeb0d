package main

import (
	"embed"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
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
		Long:  "Prints the overview of sample sessions that are built in. Your own logs and store are not touched.",
		Example: `  agenttrace demo
  agenttrace demo -f json

` + exitHelp,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.noteGates(cmd)
			return runDemo(e, o)
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func runDemo(e *env, o reportOptions) error {
	dir, err := os.MkdirTemp("", "agenttrace-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	err = fs.WalkDir(demoFiles, "demo", func(path string, d fs.DirEntry, err error) error {
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
	if err != nil {
		return err
	}
	o.dirs, o.args = []string{filepath.Join(dir, "demo")}, nil
	r, err := newReporter(e, &o, inputs{paths: o.dirs})
	if err != nil {
		return err
	}
	defer r.close()
	return r.overview("agenttrace demo: built-in sample sessions")
}
