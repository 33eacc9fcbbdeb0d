package main

import (
	"bufio"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/queries/render"
	"github.com/agenttrace/agenttrace/queries/report"
	"github.com/agenttrace/agenttrace/schema"
	"github.com/agenttrace/agenttrace/schema/store"
)

type forgetOptions struct {
	common
	words  []string
	before string
	yes    bool
}

func newForgetCommand(e *env) *cobra.Command {
	var o forgetOptions
	cmd := &cobra.Command{
		Use:   "forget SESSION...|--project P|--before DATE",
		Short: "Remove sessions from the store for good",
		Long: `Removes sessions from the store: their rows, and their bytes from the file. It is the only thing that does;
logs are left alone, and a forgotten session does not come back while its log still lies there. Requests that
another session's log shows too still count, for that session.

It shows what would go and asks. In scripts, --yes stands for the answer.`,
		Example: `  agenttrace forget 3f2a9c
  agenttrace forget --project acme --before 2026-01-01 --yes

` + exitHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.words = args
			return runForget(e, o)
		},
	}
	o.addStore(cmd.Flags())
	o.addOutput(cmd.Flags(), reportFormats)
	cmd.Flags().StringArrayVar(&o.projects, "project", nil, "sessions of this project: name, folder or id (repeatable)")
	cmd.Flags().StringVar(&o.before, "before", "", "sessions that ended before this date, timestamp, or age: 2026-01-31, 90d, 1y")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do it without asking")
	return cmd
}

func runForget(e *env, o forgetOptions) error {
	if len(o.words) == 0 && len(o.projects) == 0 && o.before == "" {
		return &usageError{text: "forget wants sessions, --project or --before", hint: "agenttrace sessions lists them"}
	}
	if len(o.words) > 0 && (len(o.projects) > 0 || o.before != "") {
		return usagef("name sessions, or choose them by --project and --before: not both")
	}
	path, err := o.dbPath(e)
	if err != nil {
		return err
	}
	if path == store.Memory {
		return usagef("forget has no effect on a store in memory")
	}
	r, rep, ids, err := o.chosen(e)
	if err != nil {
		return err
	}
	defer func() {
		if r.conn != nil {
			r.close()
		}
	}()
	if len(ids) == 0 {
		return errNoSession
	}
	// The answer may take its time: meanwhile the store is free for others.
	r.conn.Close()
	r.conn = nil
	if err := r.data.Close(); err != nil {
		return err
	}
	what := plural(int64(len(ids)), "session")
	asks := e.stdinTTY && !o.yes
	rep.Head = append(rep.Head, report.Field{Name: "is_removed", Value: o.yes})
	rep.Lead = []string{what + " would be removed from the store for good. The logs stay as they are."}
	switch {
	case o.yes:
		if err := o.remove(e, path, ids); err != nil {
			return err
		}
		rep.Lead = []string{what + " removed from the store for good. The logs stay as they are, and are not read again."}
		return r.write(rep)
	case asks && r.format == "text":
		if err := r.write(rep); err != nil {
			return err
		}
	case !asks:
		if err := r.write(rep); err != nil {
			return err
		}
		return &usageError{text: "nothing was removed: there is no terminal to ask on", hint: "--yes removes what is listed"}
	}
	if ok, err := confirm(e, "Remove "+what+" for good?"); err != nil || !ok {
		if err == nil {
			o.notice(e, "nothing was removed")
		}
		return err
	}
	if err := o.remove(e, path, ids); err != nil {
		return err
	}
	o.notice(e, "%s removed", what)
	if r.format == "text" {
		return nil
	}
	rep.Head[len(rep.Head)-1].Value = true
	return r.write(rep)
}

// chosen finds the sessions, and tells about them.
func (o *forgetOptions) chosen(e *env) (*reporter, *report.Report, []schema.ID, error) {
	ro := &reportOptions{common: o.common}
	r, err := newReporter(e, ro, inputs{})
	if err != nil {
		return nil, nil, nil, err
	}
	fail := func(err error) (*reporter, *report.Report, []schema.ID, error) {
		r.close()
		return nil, nil, nil, err
	}
	before, err := instant("before", o.before, r.zone, e.now())
	if err != nil {
		return fail(err)
	}
	if err := r.scope(""); err != nil {
		return fail(err)
	}
	only := ""
	if len(o.words) > 0 {
		var list []string
		for _, word := range o.words {
			id, err := resolve(e.ctx, r.conn, word)
			if err != nil {
				return fail(err)
			}
			list = append(list, store.Quote(id))
		}
		only = " AND session_id IN (" + strings.Join(list, ", ") + ")"
	}
	var limit any
	if !before.IsZero() {
		limit = before
	}
	err = r.conn.Exec(e.ctx, `CREATE OR REPLACE TEMP TABLE forget_scope AS SELECT session_key FROM scope
		WHERE ($before::TIMESTAMPTZ IS NULL OR session_key IN (SELECT session_id FROM core.sessions_v1 WHERE coalesce(ended_at, started_at) < $before::TIMESTAMPTZ))`+only, sql.Named("before", limit))
	if err != nil {
		return fail(err)
	}
	rep, err := r.build("forget", "agenttrace forget", "")
	if err != nil {
		return fail(err)
	}
	keys, err := column(e, r.conn, "SELECT session_key::VARCHAR FROM forget_scope ORDER BY ALL")
	if err != nil {
		return fail(err)
	}
	ids := make([]schema.ID, len(keys))
	for i, key := range keys {
		if _, err := fmt.Sscan(key, (*uint64)(&ids[i])); err != nil {
			return fail(err)
		}
	}
	if t := rep.Find("sessions"); t != nil {
		t.Show = 40
	}
	rep.Head = append(rep.Head, report.Field{Name: "notices", Value: r.notices()})
	return r, rep, ids, nil
}

// remove makes the store anew without the sessions, and says what that did to its file.
func (o *forgetOptions) remove(e *env, path string, ids []schema.ID) error {
	so, err := o.storeOptions(e, path)
	if err != nil {
		return err
	}
	size := func() int64 {
		if info, err := os.Stat(path); err == nil {
			return info.Size()
		}
		return 0
	}
	was, began := size(), time.Now()
	if err := store.Forget(e.ctx, so, ids, ingest.ForgottenPath); err != nil {
		return busyHint(err)
	}
	if o.verbose {
		o.notice(e, "the store was written anew in %.1f s: %s, before %s", time.Since(began).Seconds(), render.Bytes(size()), render.Bytes(was))
	}
	return nil
}

// confirm asks on the terminal.
func confirm(e *env, question string) (bool, error) {
	fmt.Fprint(e.stderr, question+" [y/N] ")
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(e.stdin).ReadString('\n')
		answer <- line
	}()
	select {
	case <-e.ctx.Done():
		return false, e.ctx.Err()
	case line := <-answer:
		line = strings.ToLower(strings.TrimSpace(line))
		return line == "y" || line == "yes", nil
	}
}
