package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/agenttrace/agenttrace/queries/redact"
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
	code, hint := exitCode(err), hintOf(err)
	if e.jsonErrors {
		printJSONError(e, err, code, hint)
		return code
	}
	fmt.Fprintf(e.stderr, "agenttrace: %s\n", message(err))
	if hint != "" {
		fmt.Fprintf(e.stderr, "hint: %s\n", hint)
	}
	return code
}

// message is an error as people read it.
// What the engine says quotes values now and then, so it passes redaction like everything that is printed.
func message(err error) string { return strings.TrimRight(redact.Text(clean(err.Error())), "\n") }

// hintOf is the remedy, if one is known.
func hintOf(err error) string {
	var (
		h     *hinted
		usage *usageError
	)
	switch {
	case errors.As(err, &h):
		return redact.Text(clean(h.hint))
	case errors.As(err, &usage):
		return redact.Text(clean(usage.hint))
	case errors.Is(err, store.ErrDamaged):
		return "move the file away and run agenttrace ingest: it reads again what the logs still hold"
	case errors.Is(err, store.ErrNewer):
		return "update agenttrace, or name another store with --db"
	}
	return ""
}

// exitCode is the code of an error.
func exitCode(err error) int {
	var (
		usage *usageError
		gate  *gateError
		limit *limitError
		query *store.QueryError
	)
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
	}
	return exitFailed
}

// printJSONError writes an error for a program that reads it.
func printJSONError(e *env, err error, code int, hint string) {
	type position struct {
		File   string `json:"file,omitempty"`
		Line   int    `json:"line"`
		Column int    `json:"column,omitempty"`
	}
	kind := map[int]string{exitUsage: "usage", exitGate: "gate", exitLimit: "limit", exitBusy: "busy", exitDamaged: "damaged"}[code]
	if kind == "" {
		kind = "failed"
	}
	out := struct {
		Code     int       `json:"code"`
		Kind     string    `json:"kind"`
		Message  string    `json:"message"`
		Hint     string    `json:"hint,omitempty"`
		Position *position `json:"position,omitempty"`
	}{Code: code, Kind: kind, Message: message(err), Hint: hint}
	var query *store.QueryError
	if errors.As(err, &query) {
		out.Kind = "sql"
	}
	var failure *sqlFailure
	if errors.As(err, &failure) {
		out.Position = &position{failure.file, failure.line, failure.column}
	}
	enc := json.NewEncoder(e.stderr)
	enc.SetEscapeHTML(false)
	enc.Encode(out)
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
