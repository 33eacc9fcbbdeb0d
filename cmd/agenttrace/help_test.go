package main

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// everyCommand calls f for each command that a user can name.
func everyCommand(cmd *cobra.Command, f func(*cobra.Command)) {
	if cmd.Hidden || cmd.Name() == "help" {
		return
	}
	f(cmd)
	for _, c := range cmd.Commands() {
		everyCommand(c, f)
	}
}

// TestHelp: every command shows two examples, which name commands and flags that there are, and its exit codes.
func TestHelp(t *testing.T) {
	t.Parallel()
	e := &env{stdin: strings.NewReader(""), stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}, getenv: os.Getenv, now: time.Now, ctx: context.Background()}
	n := 0
	everyCommand(newRoot(e), func(cmd *cobra.Command) {
		shown := 0
		for line := range strings.Lines(cmd.Example) {
			words := words(strings.TrimSpace(line))
			if len(words) == 0 || words[0] != "agenttrace" {
				continue
			}
			shown++
			checkExample(t, cmd, words[1:])
		}
		if shown < 2 {
			t.Errorf("%s: %d examples", cmd.CommandPath(), shown)
		}
		if !strings.Contains(cmd.Example, "Exit codes: 0 fine") {
			t.Errorf("%s: no exit codes", cmd.CommandPath())
		}
		n++
	})
	if n < 20 {
		t.Errorf("only %d commands", n)
	}
}

// checkExample parses an example as the program would, without running it.
func checkExample(t *testing.T, of *cobra.Command, args []string) {
	t.Helper()
	e := &env{stdin: strings.NewReader(""), stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}, getenv: os.Getenv, now: time.Now, ctx: context.Background()}
	for i, a := range args {
		if a == "|" || a == ">" || a == "&&" || a == "<" {
			args = args[:i]
			break
		}
	}
	cmd, rest, err := newRoot(e).Find(args)
	if err == nil {
		err = cmd.ParseFlags(rest)
	}
	if err == nil && cmd.Args != nil {
		err = cmd.Args(cmd, cmd.Flags().Args())
	}
	if err != nil {
		t.Errorf("the example of %s: agenttrace %s: %v", of.CommandPath(), strings.Join(args, " "), err)
	}
}

var word = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|'[^']*'|\S+`)

// words splits a line as a shell does, near enough.
func words(line string) []string {
	var out []string
	for _, w := range word.FindAllString(line, -1) {
		if strings.HasPrefix(w, "#") {
			break
		}
		out = append(out, strings.Trim(w, `"'`))
	}
	return out
}

// TestIdleFlags: a flag that a command has not is refused with exit code 2, whichever command and whichever flag.
func TestIdleFlags(t *testing.T) {
	t.Parallel()
	quiet := func() *env {
		return &env{stdin: strings.NewReader(""), stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}, getenv: func(string) string { return "" }, now: time.Now, ctx: context.Background()}
	}
	flags := map[string]bool{}
	var paths [][]string
	has := map[string]map[string]bool{}
	everyCommand(newRoot(quiet()), func(cmd *cobra.Command) {
		path := strings.Fields(cmd.CommandPath())[1:]
		paths = append(paths, path)
		own := map[string]bool{}
		for _, usage := range regexp.MustCompile(`--([a-z][a-z-]*)`).FindAllStringSubmatch(cmd.Flags().FlagUsages(), -1) {
			if cmd.Flags().Lookup(usage[1]) != nil {
				own[usage[1]], flags[usage[1]] = true, true
			}
		}
		has[strings.Join(path, " ")] = own
	})
	if len(flags) < 30 {
		t.Fatalf("only %d flags", len(flags))
	}
	for _, path := range paths {
		for flag := range flags {
			key := strings.Join(path, " ")
			if has[key][flag] || key == "" || flag == "help" {
				continue
			}
			e := quiet()
			if code := run(e, append(append([]string{}, path...), "--"+flag)); code != exitUsage {
				t.Errorf("agenttrace %s --%s ended with %d: %s", key, flag, code, e.stderr)
			}
		}
	}
}
