package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/queries/render"
	"github.com/agenttrace/agenttrace/queries/report"
)

type gateOptions struct {
	reportOptions
	controls     []string
	params       []string
	outs         []string
	minSessions  int64
	advisory     bool
	onIncomplete string
}

func newGateCommand(e *env) *cobra.Command {
	var o gateOptions
	cmd := &cobra.Command{
		Use:   "gate",
		Short: "Health gate for CI: limits and control queries over the sessions in scope",
		Long: `Judges the sessions in scope by limits and by control queries, and ends with 3 if one fails. The report is
written in any case; --out writes more of them in the same run.

Verdicts: pass, warn, fail; skip where a control does not apply; collecting where there are fewer sessions
than --min-sessions; incomplete where too little is known to judge, which counts as --on-incomplete says.`,
		Example: `  agenttrace gate --since 7d --fail-under-health 80 --max-tool-fail-rate 15
  agenttrace gate --control ci.budget -p max_session_usd=5 --control ci.verified --out junit:gate.xml --out github

` + exitHelp,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.noteGates(cmd)
			return runGate(e, o)
		},
	}
	o.addFlags(cmd.Flags())
	f := cmd.Flags()
	f.StringArrayVar(&o.controls, "control", nil, "a control query that must not fail, such as ci.verified (repeatable)")
	f.StringArrayVarP(&o.params, "param", "p", nil, "name=value of a parameter of the controls (repeatable)")
	f.StringArrayVar(&o.outs, "out", nil, "also write KIND:FILE, of text, markdown, json, html or junit; or github, for a job of GitHub Actions (repeatable)")
	f.Int64Var(&o.minSessions, "min-sessions", 0, "with fewer sessions in scope the verdict is collecting, which never fails")
	f.BoolVar(&o.advisory, "advisory", false, "say what fails, and end with 0")
	f.StringVar(&o.onIncomplete, "on-incomplete", "fail", "what too little data to judge counts as: fail, warn or ignore")
	return cmd
}

func runGate(e *env, o gateOptions) error {
	if len(o.gates)+len(o.controls) == 0 {
		return withHint(usagef("a gate needs a limit"), "--fail-under-health N, --fail-on-critical, --max-tool-fail-rate P or --control NAME; agenttrace query lists the controls")
	}
	if !slices.Contains([]string{"fail", "warn", "ignore"}, o.onIncomplete) {
		return usagef("--on-incomplete %s: want fail, warn or ignore", o.onIncomplete)
	}
	outs, err := gateOutputs(o.outs)
	if err != nil {
		return err
	}
	controls, err := o.judgeControls(e)
	if err != nil {
		return err
	}
	r, err := newReporter(e, &o.reportOptions, o.inputs())
	if err != nil {
		return err
	}
	defer r.close()
	rep, gates, err := r.gateReport(controls, o)
	if err != nil {
		return err
	}
	if err := r.write(rep); err != nil {
		return err
	}
	for _, out := range outs {
		if err := out.write(r, rep, gates); err != nil {
			return err
		}
	}
	err = verdict(gates)
	if err != nil && o.advisory {
		o.notice(e, "%v; the gate is advisory", err)
		return nil
	}
	return err
}

// gateReport judges, and shows the verdicts with the sessions that are behind them.
func (r *reporter) gateReport(controls []gate, o gateOptions) (*report.Report, []gate, error) {
	if err := r.scope(""); err != nil {
		return nil, nil, err
	}
	if err := r.narrow(); err != nil {
		return nil, nil, err
	}
	all, err := report.Sections("overview")
	if err != nil {
		return nil, nil, err
	}
	var sections []report.Section
	for _, s := range all {
		if slices.Contains([]string{"coverage", "riskiest_sessions", "totals", "health"}, s.Key) {
			sections = append(sections, s)
		}
	}
	tables, err := r.overviewTables(sections)
	if err != nil {
		return nil, nil, err
	}
	rep := r.report("gate", "agenttrace gate", tables)
	gates, err := r.judge()
	if err != nil {
		return nil, nil, err
	}
	if err := r.evidence(gates); err != nil {
		return nil, nil, err
	}
	gates = append(gates, controls...)
	sessions := count(rep, "coverage", "session_count")
	for i := range gates {
		g := &gates[i]
		if sessions < o.minSessions {
			g.Status = "collecting"
			g.Reason = fmt.Sprintf("%s so far, the gate begins at %d; %s", plural(sessions, "session"), o.minSessions, g.Reason)
		}
		if g.Status == "incomplete" && o.onIncomplete != "fail" {
			g.Accepted = true
		}
	}
	rep.Head = append(rep.Head, report.Field{Name: "scope", Value: r.scopeValue()}, report.Field{Name: "notices", Value: r.notices()},
		report.Field{Name: "verdict", Value: worstStatus(gates)}, report.Field{Name: "advisory", Value: o.advisory})
	rep.Lead = append([]string{gateLine(gates, o.advisory)}, r.overviewLead(rep)...)
	if t := rep.Find("totals"); t != nil {
		t.Note = totalsNote(rep)
	}
	attach(rep, gates)
	for _, g := range gates {
		if g.Status == "pass" || g.Status == "skip" {
			continue
		}
		s := render.Section{Title: gateLabel(g) + ": " + g.Status, Lines: []string{g.Reason + "."}}
		if len(g.Worst) > 0 {
			s.Lines = append(s.Lines, "Worst sessions: "+strings.Join(g.Worst, ", "))
		}
		s.Lines = append(s.Lines, "Ask: "+g.Query)
		rep.TailDoc = append(rep.TailDoc, s)
	}
	return rep, gates, nil
}

// evidence names the worst sessions of the limits that were passed, and how to see the rest.
func (r *reporter) evidence(gates []gate) error {
	for i := range gates {
		g := &gates[i]
		order := "score NULLS LAST, cost_usd DESC NULLS LAST"
		switch g.Name {
		case "max-tool-fail-rate":
			order = "tool_failed_count DESC NULLS LAST"
			g.Query = `agenttrace sql "select session_id, tool_failed_count from session_metrics order by tool_failed_count desc nulls last limit 20"`
		default:
			g.Query = fmt.Sprintf(`agenttrace sql "select session_id, score, band from %s where score is not null order by score limit 20"`, r.healthView())
		}
		if g.Status != "fail" || g.Value == nil {
			continue
		}
		var err error
		if g.Worst, err = column(r.e, r.conn, "SELECT session_id FROM scoped_health ORDER BY "+order+", session_id LIMIT 3"); err != nil {
			return err
		}
	}
	return nil
}

// The verdicts, the best first.
var statuses = []string{"skip", "pass", "collecting", "warn", "incomplete", "fail", "error"}

func worstStatus(gates []gate) string {
	worst := 0
	for _, g := range gates {
		worst = max(worst, slices.Index(statuses, g.Status))
	}
	return statuses[worst]
}

// gateLine is the verdict in one sentence.
func gateLine(gates []gate, advisory bool) string {
	n := map[string]int{}
	for _, g := range gates {
		n[g.Status]++
	}
	var parts []string
	for _, s := range slices.Backward(statuses) {
		if n[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[s], s))
		}
	}
	line := fmt.Sprintf("Verdict: %s (%s).", worstStatus(gates), strings.Join(parts, ", "))
	if advisory {
		line += " Advisory: it decides nothing."
	}
	return line
}

// gateLabel names a gate as it is asked for.
func gateLabel(g gate) string {
	if g.Control {
		return "--control " + g.Name
	}
	return "--" + g.Name
}

// A gateOutput is one of --out.
type gateOutput struct{ kind, file string }

func gateOutputs(specs []string) ([]gateOutput, error) {
	var out []gateOutput
	for _, s := range specs {
		kind, file, _ := strings.Cut(s, ":")
		switch {
		case kind == "github" && file == "":
		case slices.Contains([]string{"text", "markdown", "json", "html", "junit"}, kind) && file != "":
		default:
			return nil, usagef("--out %s: want text:FILE, markdown:FILE, json:FILE, html:FILE, junit:FILE or github", s)
		}
		out = append(out, gateOutput{kind, file})
	}
	return out, nil
}

func (o gateOutput) write(r *reporter, rep *report.Report, gates []gate) error {
	if o.kind == "github" {
		return writeGitHub(r, rep, gates)
	}
	var b bytes.Buffer
	var err error
	switch o.kind {
	case "json":
		err = rep.WriteJSON(&b, r.redact())
	case "junit":
		err = writeJUnit(&b, gates, r.redact())
	default:
		err = render.WriteDoc(&b, rep.Doc(), render.DocOptions{Format: o.kind, Redact: r.redact()})
	}
	if err != nil {
		return err
	}
	return saveFile(o.file, b.Bytes())
}

func saveFile(path string, data []byte) error {
	t, err := fileTarget(path)
	if err != nil {
		return err
	}
	if _, err := t.Write(data); err != nil {
		t.discard()
		return err
	}
	return t.commit()
}
