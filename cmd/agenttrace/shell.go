package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/queries/complete"
	"github.com/agenttrace/agenttrace/schema/store"
)

// A shell asks for statements and runs them, until its user leaves. It holds the store only while a
// statement runs: others may write to it meanwhile, and each statement sees what is new. Only where a
// statement left something behind, such as a temporary table, is the store kept open.
type shell struct {
	e        *env
	o        sqlOptions
	run      *sqlRun
	d        *data // the open store; nil between statements
	keep     bool  // something lives in the connection
	keepSaid bool
	inTx     bool   // a transaction is open
	once     string // file for the next result
	timer    bool
	previous string // the last SQL text, for \e
	last     *recorded
	cat      *complete.Catalogue
	depth    int // of .read
}

// runShell is sql without a query on a terminal.
func runShell(e *env, o sqlOptions, format string) error {
	switch {
	case !e.stdoutTTY:
		return &usageError{text: "no SQL was given", hint: `agenttrace sql "select * from sessions limit 5", --file FILE, or standard input; the shell wants a terminal as output too`}
	case o.output != "":
		return usagef("-o has no effect on the shell: .once FILE writes the next result to a file")
	case o.jsonErrors:
		return usagef("--json-errors has no effect on the shell")
	}
	s, err := newShell(e, o, format)
	if err != nil {
		return err
	}
	defer s.close()
	in := s.terminal()
	fmt.Fprintf(e.stdout, "agenttrace %s. Statements end with a semicolon; .help lists the commands, Ctrl-D leaves.\n", version)
	return s.loop(in)
}

// newShell opens the store once, to learn what there is and to fail at once where it cannot be opened.
func newShell(e *env, o sqlOptions, format string) (*shell, error) {
	run, err := o.newRun(e, format)
	if err != nil {
		return nil, err
	}
	if run.params, err = o.parameters(e, run.opt.Zone); err != nil {
		return nil, err
	}
	s := &shell{e: e, o: o, run: run}
	if err := s.open(e.ctx); err != nil {
		return nil, err
	}
	s.cat, err = s.catalogue(e.ctx)
	if err == nil {
		err = s.release()
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// A lineReader gives the next input: SQL up to its semicolon, or one command. errCleared means that the
// user gave a line up.
type lineReader interface {
	read(ctx context.Context) (string, error)
}

var errCleared = errors.New("the line was cleared")

// loop reads and runs until the end of the input.
func (s *shell) loop(in lineReader) error {
	for {
		text, err := in.read(s.e.ctx)
		switch {
		case errors.Is(err, errCleared):
			continue
		case errors.Is(err, io.EOF):
			s.feed(text)
			return nil
		case err != nil:
			return err
		}
		if s.feed(text) {
			return nil
		}
		if err := s.e.ctx.Err(); err != nil {
			return err
		}
	}
}

// complete reports whether a text can be run, or wants more lines.
func (s *shell) complete(text string) bool {
	t := strings.TrimSpace(text)
	return t == "" || isCommand(t) || bareWord(t) != "" || queries.Terminated(text)
}

func isCommand(t string) bool { return strings.HasPrefix(t, ".") || strings.HasPrefix(t, `\`) }

// bareWord is what people type who know another shell.
func bareWord(t string) string {
	switch w := strings.ToLower(strings.TrimRight(t, "; ")); w {
	case "quit", "exit", "help":
		return w
	}
	return ""
}

// feed runs one input, and reports whether the shell ends.
func (s *shell) feed(text string) (quit bool) {
	t := strings.TrimSpace(text)
	if t == "" {
		return false
	}
	if w := bareWord(t); w != "" {
		t = "." + w
	}
	ctx, cancel := context.WithCancel(s.e.ctx)
	defer cancel()
	release := s.e.interrupts.catch(cancel)
	defer release()
	s.e.measure()
	if s.run.opt.Width > 0 {
		s.run.opt.Width = s.e.width
	}
	var err error
	if isCommand(t) {
		quit, err = s.command(ctx, t)
	} else {
		s.previous = t
		err = s.execute(ctx, t)
	}
	if rerr := s.release(); err == nil {
		err = rerr
	}
	s.report(ctx, err)
	return quit
}

// report prints what went wrong; the shell goes on.
func (s *shell) report(ctx context.Context, err error) {
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE): // the reader left the pager
		return
	case ctx.Err() != nil && s.e.ctx.Err() == nil:
		fmt.Fprintln(s.e.stderr, "cancelled")
		return
	}
	fmt.Fprintf(s.e.stderr, "error: %s\n", message(err))
	if hint := hintOf(err); hint != "" {
		fmt.Fprintf(s.e.stderr, "hint: %s\n", hint)
	}
}

// execute runs SQL.
func (s *shell) execute(ctx context.Context, text string) error {
	statements := queries.Split(text)
	if err := s.o.warnDeprecated(s.e, text); err != nil {
		return err
	}
	if err := s.open(ctx); err != nil {
		return err
	}
	if missing := s.run.params.missing(statements); len(missing) > 0 {
		err := unbound(s.run.typeOf(ctx, missing, statements))
		return &usageError{text: err.Error(), hint: fmt.Sprintf(".params set %s VALUE binds one", missing[0].Name)}
	}
	s.run.text = sqlText{}
	s.run.text.add("", text)
	for i, st := range statements {
		if err := s.statement(ctx, st); err != nil {
			return s.run.failure(s.e, st, len(statements) > 1, i, err)
		}
	}
	return nil
}

func (s *shell) statement(ctx context.Context, st queries.Statement) error {
	began := time.Now()
	run, o := *s.run, s.o
	var rec *recorded
	run.tap = func(rows queries.Rows) queries.Rows {
		rec = &recorded{Rows: rows}
		return rec
	}
	if s.once != "" {
		o.output, o.format = s.once, ""
		format, err := o.outputFormat(run.opt.Format, sqlFormats...)
		if err != nil {
			return err
		}
		run.opt.Format, run.opt.Width, run.opt.MaxRowsShown, run.opt.Color, run.spool = format, 0, 0, false, true
	}
	out, err := o.target(s.e)
	if err != nil {
		return err
	}
	res, err := run.statement(ctx, st, out, out.path)
	if err != nil {
		out.discard()
		return err
	}
	if !res.answered {
		out.discard()
		s.inspect(ctx, st.Text)
		return s.status("done", began)
	}
	if err := out.commit(); err != nil {
		return err
	}
	s.last = rec
	switch n := countOf(res.rows, "row"); {
	case s.once != "":
		name := s.once
		s.once = ""
		return s.status(n+" written to "+name, began)
	case run.opt.Format == "table", run.opt.Format == "line", s.timer:
		return s.status(n, began)
	}
	return nil
}

func countOf(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// status is the line below a result.
func (s *shell) status(text string, began time.Time) error {
	if s.timer {
		text += fmt.Sprintf(" in %.1f ms", float64(time.Since(began).Microseconds())/1000)
	}
	if s.run.opt.Color {
		text = "\x1b[2m" + text + "\x1b[0m"
	}
	_, err := fmt.Fprintln(s.e.stdout, text)
	return err
}

// open opens the store for a statement, if it is not open.
func (s *shell) open(ctx context.Context) error {
	if s.d != nil {
		return nil
	}
	e := *s.e
	e.ctx = ctx
	d, err := s.o.open(&e, inputs{paths: s.o.dirs}, s.o.access())
	if err != nil {
		return err
	}
	if s.run.conn, err = d.Session(s.e.ctx); err != nil {
		return errors.Join(err, d.Close())
	}
	s.d = d
	return nil
}

const leftBehind = `SELECT count(*) > 0 FROM (
	SELECT table_name FROM duckdb_tables() WHERE temporary
	UNION ALL SELECT view_name FROM duckdb_views() WHERE temporary AND NOT internal
	UNION ALL SELECT function_name FROM duckdb_functions() WHERE database_name = 'temp' AND NOT internal
	UNION ALL SELECT type_name FROM duckdb_types() WHERE database_name = 'temp' AND NOT internal
	UNION ALL SELECT sequence_name FROM duckdb_sequences() WHERE temporary
	UNION ALL SELECT name FROM duckdb_prepared_statements())`

// inspect looks whether a statement left something in the connection.
func (s *shell) inspect(ctx context.Context, text string) {
	word, _, _ := strings.Cut(strings.ToLower(text), " ")
	switch word {
	case "begin", "start":
		s.inTx = true
	case "commit", "rollback", "abort", "end":
		s.inTx = false
	}
	got, err := column(&env{ctx: ctx}, s.run.conn, leftBehind)
	s.keep = s.inTx || err != nil || len(got) == 1 && got[0] == "true"
	if s.keep {
		s.relations(ctx, s.cat, "database_name = 'temp'") // completion without them is no harm
	}
	if s.keep && !s.keepSaid && s.d.Path() != store.Memory {
		s.keepSaid = true
		s.o.notice(s.e, "the store stays open for this: other commands answer from its last state until you drop it or leave")
	}
}

// release gives the store back between statements.
func (s *shell) release() error {
	if s.d == nil || s.keep || s.d.Path() == store.Memory {
		return nil
	}
	return s.shut()
}

func (s *shell) shut() error {
	err := errors.Join(s.run.conn.Close(), s.d.Close())
	s.d, s.run.conn = nil, nil
	return err
}

func (s *shell) close() {
	if s.d != nil {
		s.shut()
	}
}
