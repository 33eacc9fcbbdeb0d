package main

import (
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// run is the whole program: arguments in, exit code out.
func run(e *env, args []string) int {
	root := newRoot(e)
	root.SetArgs(args)
	root.SetIn(e.stdin)
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	return finish(e, root.ExecuteContext(e.ctx))
}

// newRoot builds the command tree.
func newRoot(e *env) *cobra.Command {
	var opts rootOptions
	root := &cobra.Command{
		Use:   "agenttrace [PATH...]",
		Short: "Ask questions about the session logs of AI coding agents",
		Long: `agenttrace reads the session logs that AI coding agents leave on this machine into an embedded
DuckDB store and answers questions about them: what a run cost, where its time went, what failed.
Nothing leaves the machine.

With PATHs it audits these session files or folders, without touching the store.`,
		Example: `  agenttrace overview
  agenttrace path/to/session.jsonl
  agenttrace sql "select agent, count(*) from sessions group by all"

` + exitHelp,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.args = args
			return runRoot(e, cmd, opts)
		},
	}
	opts.addFlags(root.Flags())
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(
		newIngestCommand(e), newOverviewCommand(e), newLatestCommand(e), newShowCommand(e), newSessionsCommand(e),
		newSQLCommand(e), newSchemaCommand(e), newViewsCommand(e), newDoctorCommand(e), newDemoCommand(e), newPricesCommand(e),
		newVersionCommand(e), newManCommand(e),
	)
	for _, c := range root.Commands() {
		c.SetFlagErrorFunc(flagError)
	}
	return root
}

// flagError turns cobra's refusal of a flag into ours: exit code 2. A flag of another command has no
// effect here; for one that does not exist, the nearest is named.
func flagError(cmd *cobra.Command, err error) error {
	u := &usageError{text: err.Error(), hint: cmd.CommandPath() + " --help lists its flags"}
	name, ok := strings.CutPrefix(u.text, "unknown flag: --")
	if !ok {
		return u
	}
	if hasFlag(cmd.Root(), name) {
		u.text = fmt.Sprintf("--%s has no effect on %s", name, cmd.CommandPath())
		return u
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := nearest(name, names); near != "" {
		u.hint = fmt.Sprintf("did you mean --%s? %s", near, u.hint)
	}
	return u
}

// hasFlag reports whether a command below cmd, or itself, has the flag.
func hasFlag(cmd *cobra.Command, name string) bool {
	if cmd.Flags().Lookup(name) != nil {
		return true
	}
	for _, c := range cmd.Commands() {
		if hasFlag(c, name) {
			return true
		}
	}
	return false
}

// unknownWord refuses a word that is neither a command nor a path.
func unknownWord(cmd *cobra.Command, word string) error {
	var names []string
	for _, c := range cmd.Root().Commands() {
		names = append(names, c.Name())
	}
	u := &usageError{text: fmt.Sprintf("%q is neither a command nor a file or folder", word), hint: "agenttrace --help lists the commands"}
	if near := nearest(word, names); near != "" {
		u.hint = fmt.Sprintf("did you mean agenttrace %s?", near)
	}
	return u
}

// nearest is the closest name, if it is close enough to be meant.
func nearest(word string, names []string) string {
	sort.Strings(names)
	best, dist := "", max(2, len(word)/3)+1
	for _, n := range names {
		if d := editDistance(strings.ToLower(word), n); d < dist {
			best, dist = n, d
		}
	}
	return best
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diag := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diag
			if a[i-1] != b[j-1] {
				cost = 1 + min(diag, row[j], row[j-1])
			}
			diag, row[j] = row[j], cost
		}
	}
	return row[len(b)]
}

// pathInputs checks that every argument is there.
func pathInputs(cmd *cobra.Command, args []string) error {
	for _, a := range args {
		if _, err := os.Stat(a); errors.Is(err, os.ErrNotExist) {
			if strings.ContainsAny(a, `/\.`) {
				return fmt.Errorf("%s: no such file or folder", a)
			}
			return unknownWord(cmd, a)
		}
	}
	return nil
}
