package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// example is a command of the README and what the README shows of its output.
type example struct {
	command string
	shows   []string
}

// examples are the lines of fenced blocks that begin with "$ ", each with what follows it.
func examples(t *testing.T, text string) []example {
	t.Helper()
	var out []example
	fenced, open := false, false // open: a command of this block came already
	for _, line := range strings.Split(text, "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			fenced, open = !fenced, false
		case fenced && strings.HasPrefix(line, "$ "):
			out, open = append(out, example{command: line[2:]}), true
		case open:
			last := &out[len(out)-1]
			last.shows = append(last.shows, line)
		}
	}
	if fenced {
		t.Fatal("a fence is not closed")
	}
	return out
}

// TestReadme runs every command that the README shows, over the sample logs, and holds its output to what
// the README shows of it; a line of … stands for any number of lines.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"go run ./cmd/agenttrace overview ", "go test ./... "} {
		if !strings.Contains(string(text), "\n"+command) {
			t.Errorf("the README does not name %q", command)
		}
	}
	list := examples(t, string(text))
	if len(list) < 10 {
		t.Fatalf("only %d examples", len(list))
	}
	home, db := sampleStore(t)
	dir := t.TempDir()
	session, err := filepath.Glob(filepath.Join(home, ".codex", "sessions", "*", "*", "*", "*.jsonl"))
	if err != nil || len(session) == 0 {
		t.Fatal("no sample session", err)
	}
	for _, to := range []string{"path/to/session.jsonl", "path/to/folder/session.jsonl"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(to)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := copyFile(session[0], filepath.Join(dir, to), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range list {
		t.Run(e.command, func(t *testing.T) {
			cmd := exec.Command("sh", "-c", e.command)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "HOME="+home, "TZ=UTC", "AGENTTRACE_DB="+db)
			var errs strings.Builder
			cmd.Stderr = &errs
			out, err := cmd.Output()
			code, want := 0, 0
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				code = exit.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(e.command, "--fail-") {
				want = exitGate // the samples hold a session that is critical
			}
			if code != want {
				t.Fatalf("exit code %d, want %d: %s", code, want, errs.String())
			}
			matchShown(t, strings.Split(string(out), "\n"), e.shows)
		})
	}
}

// matchShown finds the shown lines in the output, in order and without a gap except where … stands.
func matchShown(t *testing.T, out, shows []string) {
	t.Helper()
	at, free := 0, false
	for _, want := range shows {
		want = strings.TrimRight(want, " ")
		if want == "…" {
			free = true
			continue
		}
		for free && at < len(out) && out[at] != want {
			at++
		}
		if at == len(out) || out[at] != want {
			got := "the end"
			if at < len(out) {
				got = out[at]
			}
			t.Fatalf("the README shows\n%s\nthe program says\n%s", want, got)
		}
		at, free = at+1, false
	}
}
