package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"sync"
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
	width, height                  int
	ctx                            context.Context
	warned                         map[string]bool // what was said of deprecated views
	leaving                        bool            // the process ends with the command
	jsonErrors                     bool            // an error is one JSON object
	interrupts                     *interrupts
}

// interrupts is what Ctrl-C does: it ends the program, unless somebody catches it.
type interrupts struct {
	mu     sync.Mutex
	caught func()
}

// catch runs f instead of ending the program, until the function it returns is called.
func (i *interrupts) catch(f func()) (release func()) {
	i.set(f)
	return func() { i.set(nil) }
}

func (i *interrupts) set(f func()) {
	if i == nil {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.caught = f
}

// arrived passes an interrupt on, and reports whether somebody caught it.
func (i *interrupts) arrived() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.caught == nil {
		return false
	}
	i.caught()
	return true
}

func systemEnv() *env {
	ctx, cancel := context.WithCancel(context.Background())
	e := &env{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, now: time.Now, ctx: ctx, leaving: true, interrupts: &interrupts{},
		stdinTTY:  term.IsTerminal(int(os.Stdin.Fd())),
		stdoutTTY: term.IsTerminal(int(os.Stdout.Fd())),
		stderrTTY: term.IsTerminal(int(os.Stderr.Fd())),
	}
	e.measure()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for s := range signals {
			if s != os.Interrupt || !e.interrupts.arrived() {
				cancel()
			}
		}
	}()
	return e
}

// measure looks how large the terminal is.
func (e *env) measure() {
	if !e.stdoutTTY || e.stdout != os.Stdout {
		return
	}
	if w, h, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
		e.width, e.height = w, h
	}
}
