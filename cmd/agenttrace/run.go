package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sort"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// run is the whole program: arguments in, exit code out.
func run(e *env, args []string) int {
	root := newRoot(e)
	root.SetArgs(commentsAreText(args))
	root.SetIn(e.stdin)
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	return finish(e, root.ExecuteContext(e.ctx))
}

// commentsAreText keeps a query that begins with a comment from being taken for a flag.
func commentsAreText(args []string) []string {
	out := append([]string(nil), args...)
	for i, a := range out {
		if strings.HasPrefix(a, "--") && len(a) > 2 && strings.ContainsRune(" \t\n\r-", rune(a[2])) {
			out[i] = "\n" + a
		}
	}
	return out
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
		newIngestCommand(e), newOverviewCommand(e), newLatestCommand(e), newShowCommand(e), newSessionsCommand(e), newTrendCommand(e), newDiffCommand(e), newExplainCommand(e),
		newForgetCommand(e), newSecretsCommand(e), newSQLCommand(e), newSchemaCommand(e), newViewsCommand(e), newDoctorCommand(e), newDemoCommand(e), newPricesCommand(e), newSkillCommand(e),
		newExportCommand(e), newImportCommand(e), newWatchCommand(e),
		newVersionCommand(e), newCompletionCommand(e), newManCommand(e),
	)
	root.AddCommand(newQueryCommand(e), newGateCommand(e))
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

// unknownWord refuses a word that is neither a command nor a path, with the nearest command.
func unknownWord(cmd *cobra.Command, word string) error {
	u := &usageError{text: fmt.Sprintf("%s: no such command, file or folder", word), hint: "agenttrace --help lists the commands"}
	if strings.ContainsAny(word, `/\.`) {
		return u
	}
	var names []string
	for _, c := range cmd.Root().Commands() {
		names = append(names, c.Name())
	}
	if near := nearest(word, names); near != "" {
		u.hint = fmt.Sprintf("did you mean agenttrace %s? %s", near, u.hint)
	} else {
		u.hint = fmt.Sprintf("the nearest command is agenttrace %s; %s", closest(word, names, len(word)+20), u.hint)
	}
	return u
}

// nearest is the closest name, if it is close enough to be meant.
func nearest(word string, names []string) string {
	return closest(word, names, max(1, len(word)/3))
}

// closest is the name with the fewest edits, within a limit.
func closest(word string, names []string, limit int) string {
	sort.Strings(names)
	best, dist := "", limit+1
	for _, n := range names {
		if d := editDistance(strings.ToLower(word), n); d < dist {
			best, dist = n, d
		}
	}
	return best
}

// editDistance counts insertions, deletions, replacements and exchanges of neighbours.
func editDistance(a, b string) int {
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j-1]+cost, row[j]+1, next[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}

// pathInputs checks that every argument is there; what is not there was perhaps meant as a command.
func pathInputs(cmd *cobra.Command, args []string) error {
	for _, a := range args {
		if _, err := os.Stat(a); errors.Is(err, fs.ErrNotExist) {
			return unknownWord(cmd, a)
		}
	}
	return nil
}

// checkPaths checks that files and folders that were named are there.
func checkPaths(paths []string) error {
	for _, p := range paths {
		_, err := os.Stat(p)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("%s: no such file or folder", p)
		case err != nil:
			return err
		}
	}
	return nil
}
