package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"
)

// version is set by the release build.
var version = "0.1.0-dev"

// env is everything outside the program: nothing below run touches the streams, the environment or the
// clock in another way.
type env struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	getenv func(string) string
	now    func() time.Time
	// Terminal widths; 0 = no terminal.
	stdinTTY, stdoutTTY, stderrTTY bool
	width                          int
	ctx                            context.Context
	warned                         map[string]bool // what was said of deprecated views
	leaving                        bool            // the process ends with the command
}

func systemEnv() *env {
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	e := &env{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, now: time.Now, ctx: ctx, leaving: true,
		stdinTTY:  term.IsTerminal(int(os.Stdin.Fd())),
		stdoutTTY: term.IsTerminal(int(os.Stdout.Fd())),
		stderrTTY: term.IsTerminal(int(os.Stderr.Fd())),
	}
	if e.stdoutTTY {
		if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
			e.width = w
		}
	}
	return e
}
