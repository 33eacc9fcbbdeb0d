package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/agenttrace/agenttrace/schema/store"
)

// Exit codes, the same for every command.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitGate        = 3
	exitLimit       = 4
	exitBusy        = 5
	exitDamaged     = 6
	exitInterrupted = 130
)

const exitHelp = `Exit codes: 0 fine, 1 failed, 2 wrong usage or wrong SQL, 3 a gate failed, 4 time or row limit,
5 store busy, 6 store damaged or newer than this program, 130 interrupted.`

// A usageError is a command line that cannot be carried out.
type usageError struct {
	text string
	hint string
}

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{text: fmt.Sprintf(format, args...)} }

// A gateError says which gates failed; the report was written.
type gateError struct{ failed []string }

func (e *gateError) Error() string { return "gate failed: " + strings.Join(e.failed, "; ") }

// A limitError says which limit was met.
type limitError struct{ text string }

func (e *limitError) Error() string { return e.text }

// hinted adds a remedy as a second line.
type hinted struct {
	err  error
	hint string
}

func (h *hinted) Error() string { return h.err.Error() }
func (h *hinted) Unwrap() error { return h.err }

func withHint(err error, format string, args ...any) error {
	return &hinted{err, fmt.Sprintf(format, args...)}
}

// finish prints err and returns the exit code.
func finish(e *env, err error) int {
	if err == nil {
		return exitOK
	}
	// The reader of the pipe is gone (agenttrace … | head): nobody is left to be told.
	if errors.Is(err, syscall.EPIPE) {
		return exitOK
	}
	if errors.Is(err, context.Canceled) || e.ctx.Err() != nil {
		fmt.Fprintln(e.stderr, "agenttrace: interrupted")
		return exitInterrupted
	}
	fmt.Fprintf(e.stderr, "agenttrace: %s\n", strings.TrimRight(clean(err.Error()), "\n"))
	var h *hinted
	if errors.As(err, &h) {
		fmt.Fprintf(e.stderr, "hint: %s\n", h.hint)
	}
	var (
		usage *usageError
		gate  *gateError
		limit *limitError
		query *store.QueryError
	)
	switch {
	case errors.As(err, &usage) && usage.hint != "":
		fmt.Fprintf(e.stderr, "hint: %s\n", usage.hint)
	case errors.Is(err, store.ErrDamaged):
		fmt.Fprintln(e.stderr, "hint: move the file away and run agenttrace ingest: it reads again what the logs still hold")
	case errors.Is(err, store.ErrNewer):
		fmt.Fprintln(e.stderr, "hint: update agenttrace, or name another store with --db")
	}
	switch {
	case errors.As(err, &usage), errors.As(err, &query):
		return exitUsage
	case errors.As(err, &gate):
		return exitGate
	case errors.As(err, &limit):
		return exitLimit
	case errors.Is(err, store.ErrBusy):
		return exitBusy
	case errors.Is(err, store.ErrDamaged), errors.Is(err, store.ErrNewer):
		return exitDamaged
	case errors.Is(err, fs.ErrPermission):
		return exitFailed
	}
	return exitFailed
}

// clean keeps control characters of foreign text (paths, log content in messages) off the terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, s)
}
