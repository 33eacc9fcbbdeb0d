package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

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
