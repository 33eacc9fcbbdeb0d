package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/queries/report"
)

func newShowCommand(e *env) *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "show SESSION",
		Short: "Audit of one session, by id or the beginning of one",
		Long:  "Audit of one session. SESSION is a session id, the agent's own id, or an unambiguous beginning of either.",
		Example: `  agenttrace show 3f2a9c
  agenttrace show 3f2a9c --timeline -f json

` + exitHelp,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{text: "show wants one session", hint: "agenttrace sessions lists them"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.noteGates(cmd)
			return runShow(e, o, args[0])
		},
	}
	o.addStore(cmd.Flags())
	o.addOutput(cmd.Flags(), reportFormats)
	cmd.Flags().StringArrayVarP(&o.dirs, "dir", "d", nil, "look in this folder instead of the store (repeatable)")
	cmd.Flags().BoolVar(&o.timeline, "timeline", false, "list the steps of the session")
	return cmd
}

func runShow(e *env, o reportOptions, word string) error {
	r, err := newReporter(e, &o, inputs{paths: o.dirs})
	if err != nil {
		return err
	}
	defer r.close()
	id, err := resolve(e.ctx, r.conn, word)
	if err != nil {
		return err
	}
	return r.session(id)
}

func newLatestCommand(e *env) *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "latest",
		Short: "Audit of the newest session",
		Example: `  agenttrace latest
  agenttrace latest --agent codex -f json

` + exitHelp,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.noteGates(cmd)
			return runLatest(e, o)
		},
	}
	o.addFlags(cmd.Flags())
	cmd.Flags().BoolVar(&o.timeline, "timeline", false, "list the steps of the session")
	return cmd
}

func runLatest(e *env, o reportOptions) error {
	r, err := newReporter(e, &o, inputs{paths: append(append([]string(nil), o.dirs...), o.args...)})
	if err != nil {
		return err
	}
	defer r.close()
	if err := r.scope(""); err != nil {
		return err
	}
	id, err := r.newest()
	if errors.Is(err, errNoSession) {
		if len(o.gates) > 0 {
			gates, err := r.judge()
			if err != nil {
				return err
			}
			return verdict(gates)
		}
		return withHint(err, "agenttrace doctor lists the places that were looked into")
	}
	if err != nil {
		return err
	}
	return r.session(id)
}

// timelineSQL lists the steps of a session in order: prompts, answers, tool calls, events, errors.
const timelineSQL = `
WITH steps AS (
    SELECT seq, occurred_at AS at, run_id, kind AS step, role AS what, NULL::BIGINT AS duration_ms, NULL AS status, NULL AS about, source_id, line
    FROM messages_v1 WHERE session_id = $session
    UNION ALL
    SELECT seq, requested_at, run_id, 'tool', tool_name, duration_ms, coalesce(error_type, status), target_path, source_id, line
    FROM tool_calls_v1 WHERE session_id = $session
    UNION ALL
    SELECT seq, occurred_at, run_id, event, coalesce(detail, ''), duration_ms, NULL, NULL, source_id, line
    FROM session_events_v1 WHERE session_id = $session
    UNION ALL
    SELECT seq, occurred_at, run_id, 'error', source || ' ' || error_type, retry_after_ms, CASE WHEN is_final THEN 'final' ELSE 'retried' END, NULL, source_id, line
    FROM errors_v1 WHERE session_id = $session
)

SELECT s.at, CASE WHEN r.run_kind = 'main' THEN '' ELSE r.run_kind END AS run, s.step, s.what, s.status, s.duration_ms, s.about, s.line
FROM steps AS s JOIN runs_v1 AS r USING (run_id)
ORDER BY s.seq, s.line`

func (r *reporter) addTimeline(rep *report.Report, id string) error {
	tables, err := report.Run(r.e.ctx, r.conn, []report.Section{{
		Key: "timeline", Title: "Timeline", Kind: "table", SQL: timelineSQL,
	}}, r.arg(id))
	if err != nil {
		return err
	}
	rep.Tables = append(rep.Tables, tables...)
	return nil
}
