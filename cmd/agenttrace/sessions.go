package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/queries/redact"
	"github.com/agenttrace/agenttrace/queries/render"
)

type sessionsOptions struct {
	common
	sort  string
	limit int
	paths []string
}

// sessionSorts are the orders of the list.
var sessionSorts = map[string]string{
	"started": "s.started_at DESC NULLS LAST", "cost": "m.cost_usd DESC NULLS LAST", "health": "h.score ASC NULLS LAST",
	"duration": "epoch_ms(s.ended_at) - epoch_ms(s.started_at) DESC NULLS LAST", "tokens": "m.input_tokens + m.output_tokens DESC NULLS LAST",
	"tools": "m.tool_call_count DESC NULLS LAST", "failures": "m.tool_failed_count DESC NULLS LAST",
}

func newSessionsCommand(e *env) *cobra.Command {
	var o sessionsOptions
	cmd := &cobra.Command{
		Use:   "sessions",
		Short: "List sessions, with filters and sort",
		Example: `  agenttrace sessions --since 7d --sort cost
  agenttrace sessions --agent codex -f json

` + exitHelp,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runSessions(e, o) },
	}
	o.addStore(cmd.Flags())
	o.addOutput(cmd.Flags(), strings.Join(render.Formats, ", "))
	o.addScope(cmd.Flags())
	cmd.Flags().StringVar(&o.sort, "sort", "started", "started, cost, health, duration, tokens, tools or failures")
	cmd.Flags().IntVar(&o.limit, "limit", 0, "at most this many (default all)")
	return cmd
}

func runSessions(e *env, o sessionsOptions) error {
	if o.sort == "" {
		o.sort = "started"
	}
	order, ok := sessionSorts[o.sort]
	if !ok {
		return usagef("--sort %s: want started, cost, health, duration, tokens, tools or failures", o.sort)
	}
	format, err := o.outputFormat("table", render.Formats...)
	if err != nil {
		return err
	}
	// The report's own machinery gives store, zone and scope.
	ro := reportOptions{common: o.common}
	ro.format, ro.output = "", ""
	r, err := newReporter(e, &ro, inputs{paths: append(append([]string(nil), o.dirs...), o.paths...)})
	if err != nil {
		return err
	}
	defer r.close()
	if err := r.scope(""); err != nil {
		return err
	}
	q := fmt.Sprintf(`SELECT s.session_id, s.agent, p.name AS project, s.started_at, epoch_ms(s.ended_at) - epoch_ms(s.started_at) AS span_ms,
			s.end_state, h.score AS health, m.model_call_count, m.tool_call_count, m.tool_failed_count, m.input_tokens, m.output_tokens, m.cost_usd, m.unpriced_call_count,
			s.native_session_id
		FROM sessions_v1 AS s SEMI JOIN scope USING (session_id)
		LEFT JOIN session_metrics_v1 AS m USING (session_id) LEFT JOIN session_health_v1 AS h USING (session_id)
		LEFT JOIN projects_v1 AS p ON p.project_id = s.project_id
		ORDER BY %s, s.session_id`, order)
	if o.limit > 0 {
		q += " LIMIT $limit"
	}
	var args []any
	if o.limit > 0 {
		args = append(args, sql.Named("limit", o.limit))
	}
	rows, err := r.conn.Query(e.ctx, q, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	color, err := o.useColor(e)
	if err != nil {
		return err
	}
	opt := render.Options{Format: format, Zone: r.zone, Color: color, Width: e.width, Redact: redact.Text, Notice: func(s string) { o.notice(e, "%s", s) }}
	if o.secrets {
		opt.Redact = nil
	}
	return o.writeTo(e, func(b *bytes.Buffer) error {
		_, err := render.Write(b, rows, opt)
		return err
	})
}
