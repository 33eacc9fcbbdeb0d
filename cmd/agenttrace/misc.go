package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/agenttrace/agenttrace/queries/render"
	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

func newVersionCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Version of the program, its price book and its parsers",
		Example: `  agenttrace version
  agenttrace --version

` + exitHelp,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runVersion(e) },
	}
	return cmd
}

func runVersion(e *env) error {
	rev := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				rev = " (" + s.Value[:12] + ")"
			}
		}
	}
	_, err := fmt.Fprintf(e.stdout, "agenttrace %s%s\n%s %s/%s\nprice book %s\n", version, rev, runtime.Version(), runtime.GOOS, runtime.GOARCH, sqlfiles.PriceBook())
	return err
}

func newManCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write man pages into a folder",
		Example: `  agenttrace man ~/.local/share/man/man1
  agenttrace man .

` + exitHelp,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("man wants a folder")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			root.DisableAutoGenTag = true
			return doc.GenManTree(root, &doc.GenManHeader{Title: "AGENTTRACE", Section: "1"}, args[0])
		},
	}
}

// newCompletionCommand writes completion scripts.
func newCompletionCommand(e *env) *cobra.Command {
	shells := map[string]func(*cobra.Command) error{
		"bash":       func(root *cobra.Command) error { return root.GenBashCompletionV2(e.stdout, true) },
		"zsh":        func(root *cobra.Command) error { return root.GenZshCompletion(e.stdout) },
		"fish":       func(root *cobra.Command) error { return root.GenFishCompletion(e.stdout, true) },
		"powershell": func(root *cobra.Command) error { return root.GenPowerShellCompletionWithDesc(e.stdout) },
	}
	names := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:       "completion SHELL",
		Short:     "Completion script for bash, zsh, fish or powershell",
		ValidArgs: names,
		Example: `  agenttrace completion bash > /etc/bash_completion.d/agenttrace
  agenttrace completion zsh > "${fpath[1]}/_agenttrace"

` + exitHelp,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) != 1:
				return usagef("completion wants one shell: %s", strings.Join(names, ", "))
			case shells[args[0]] == nil:
				return &usageError{text: "completion: unknown shell " + args[0], hint: hintNearest(args[0], names)}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return shells[args[0]](cmd.Root()) },
	}
}

func newPricesCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "prices",
		Short: "The price book",
		Example: `  agenttrace prices list
  agenttrace prices missing

` + exitHelp,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	var lo common
	list := &cobra.Command{
		Use:   "list",
		Short: "Every price with its dates, USD per million tokens",
		Example: `  agenttrace prices list
  agenttrace prices list -f csv

` + exitHelp,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runPricesList(e, lo) },
	}
	lo.addOutput(list.Flags(), strings.Join(render.Formats, ", "))
	lo.addStore(list.Flags())
	var mo common
	missing := &cobra.Command{
		Use:   "missing",
		Short: "Models of your logs that have no price",
		Example: `  agenttrace prices missing
  agenttrace prices missing -f json

` + exitHelp,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runPricesMissing(e, mo) },
	}
	mo.addOutput(missing.Flags(), strings.Join(render.Formats, ", "))
	mo.addStore(missing.Flags())
	mo.addDemo(missing.Flags())
	missing.Flags().StringArrayVarP(&mo.dirs, "dir", "d", nil, "ask the logs of this folder instead of the store (repeatable)")
	cmd.AddCommand(list, missing)
	for _, c := range cmd.Commands() {
		c.SetFlagErrorFunc(flagError)
	}
	return cmd
}

func runPricesList(e *env, c common) error {
	format, err := c.outputFormat("table", render.Formats...)
	if err != nil {
		return err
	}
	d, err := c.catalogue(e)
	if err != nil {
		return err
	}
	defer d.Close()
	conn, err := d.Session(e.ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return c.print(e, conn, format, `SELECT provider, model, (effective_from AT TIME ZONE 'UTC')::DATE AS effective_from,
		(effective_to AT TIME ZONE 'UTC')::DATE AS effective_to, input, output, cache_read, cache_write_5m, cache_write_1h,
		long_context_threshold, long_input, long_output, confidence FROM prices ORDER BY provider, model, effective_from`)
}

func runPricesMissing(e *env, c common) error {
	format, err := c.outputFormat("table", render.Formats...)
	if err != nil {
		return err
	}
	d, err := c.open(e, inputs{paths: c.dirs}, trusted)
	if err != nil {
		return err
	}
	defer d.Close()
	conn, err := d.Session(e.ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return c.print(e, conn, format, `SELECT response_model, agent, count(*) AS model_call_count, sum(input_tokens)::BIGINT AS input_tokens,
		sum(output_tokens)::BIGINT AS output_tokens, min(occurred_at) AS first_at, max(occurred_at) AS last_at
		FROM model_call_costs_v1 WHERE cost_usd IS NULL GROUP BY ALL ORDER BY model_call_count DESC, response_model`)
}

// runPricesUpdate is honest about what this version cannot do.
func runPricesUpdate() error {
	return withHint(fmt.Errorf("prices update is not part of this version: the price book is built in (%s)", sqlfiles.PriceBook()),
		"agenttrace prices missing lists models without a price")
}
