package main

import (
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/agenttrace/agenttrace/queries/report"
	"github.com/agenttrace/agenttrace/schema/store"
)

// groupKeys are what a group can be asked by.
var groupKeys = []string{"agent", "project", "model", "branch", "since", "until"}

// A group is one side of a comparison of many sessions with many.
type group struct {
	text string
	want map[string][]string
	ids  []string
}

// parseGroup reads "project=api since=2026-01-01"; a value with spaces stands in quotes.
func parseGroup(flag, text string) (*group, error) {
	g := &group{text: strings.TrimSpace(text), want: map[string][]string{}}
	for rest := g.text; rest != ""; rest = strings.TrimSpace(rest) {
		key, after, ok := strings.Cut(rest, "=")
		key = strings.TrimSpace(key)
		if !ok || strings.ContainsAny(key, " \t") {
			return nil, &usageError{text: fmt.Sprintf("%s %q: want key=value of %s", flag, text, strings.Join(groupKeys, ", "))}
		}
		if !contains(groupKeys, key) {
			return nil, &usageError{text: fmt.Sprintf("%s %q: there is no %s: want %s", flag, text, key, strings.Join(groupKeys, ", ")), hint: hintNearest(key, groupKeys)}
		}
		var value string
		if after != "" && (after[0] == '"' || after[0] == '\'') {
			end := strings.IndexByte(after[1:], after[0])
			if end < 0 {
				return nil, usagef("%s %q: the quote of %s does not end", flag, text, key)
			}
			value, rest = after[1:1+end], after[end+2:]
		} else if end := strings.IndexAny(after, " \t"); end >= 0 {
			value, rest = after[:end], after[end:]
		} else {
			value, rest = after, ""
		}
		if value == "" {
			return nil, usagef("%s %q: %s is empty", flag, text, key)
		}
		if (key == "since" || key == "until") && len(g.want[key]) > 0 {
			return nil, usagef("%s %q: %s stands twice", flag, text, key)
		}
		g.want[key] = append(g.want[key], value)
	}
	if len(g.want) == 0 {
		return nil, usagef("%s is empty: want key=value of %s", flag, strings.Join(groupKeys, ", "))
	}
	return g, nil
}

// find looks for the sessions of a group: those of people and of automation that began in its time, so that
// before and after share none.
func (g *group) find(r *reporter, flag string) error {
	first := func(key string) string { return strings.Join(g.want[key], "") }
	r.o.agents, r.o.projects, r.o.models, r.o.branches = g.want["agent"], g.want["project"], g.want["model"], g.want["branch"]
	var err error
	if r.since, err = r.instant(strings.TrimPrefix(flag, "--")+" since", first("since")); err != nil {
		return err
	}
	if r.until, err = r.instant(strings.TrimPrefix(flag, "--")+" until", first("until")); err != nil {
		return err
	}
	since := nullable(r.since)
	err = r.scope("")
	r.since, r.until = sql.Null[time.Time]{}, sql.Null[time.Time]{}
	r.o.agents, r.o.projects, r.o.models, r.o.branches = nil, nil, nil, nil
	if err != nil {
		return err
	}
	g.ids, err = column(r.e, r.conn, `SELECT c.session_id FROM scope AS c JOIN core.sessions_v1 AS s ON s.session_id = c.session_key
		WHERE s.session_kind IN ('user', 'automation') AND ($since::TIMESTAMPTZ IS NULL OR s.started_at >= $since::TIMESTAMPTZ) ORDER BY 1`, sql.Named("since", since))
	if err == nil && len(g.ids) == 0 {
		err = withHint(fmt.Errorf("%s: no session matches %s", flag, g.text), "agenttrace sessions lists them")
	}
	return err
}

func runDiffGroups(e *env, o reportOptions, textA, textB string) error {
	a, err := parseGroup("--a", textA)
	if err != nil {
		return err
	}
	b, err := parseGroup("--b", textB)
	if err != nil {
		return err
	}
	r, err := newReporter(e, &o, inputs{paths: o.dirs})
	if err != nil {
		return err
	}
	defer r.close()
	if err := a.find(r, "--a"); err != nil {
		return err
	}
	if err := b.find(r, "--b"); err != nil {
		return err
	}
	exec := func(q string) error { return r.conn.Exec(e.ctx, q) }
	for _, q := range []string{
		fmt.Sprintf(`CREATE OR REPLACE TEMP TABLE diff_members AS
			SELECT 'A' AS side, unnest(string_split(%s, ',')) AS session_id UNION ALL SELECT 'B', unnest(string_split(%s, ','))`,
			store.Quote(strings.Join(a.ids, ",")), store.Quote(strings.Join(b.ids, ","))),
		"CREATE OR REPLACE TEMP TABLE scope AS SELECT DISTINCT session_id, ('0x' || session_id)::UBIGINT AS session_key FROM diff_members",
		"CREATE OR REPLACE TEMP VIEW scoped_calls AS SELECT " + callCountsSQL + " FROM core.call_costs_v1 WHERE session_id IN (SELECT session_key FROM scope)",
	} {
		if err := exec(q); err != nil {
			return err
		}
	}
	r.part = true
	coverage, err := r.run("overview", "", "coverage")
	if err != nil {
		return err
	}
	sections, err := report.Sections("diffgroups")
	if err != nil {
		return err
	}
	tables, err := report.Run(e.ctx, r.conn, sections, func(name string) any {
		switch name {
		case "a":
			return sql.Named(name, strings.Join(a.ids, ","))
		case "b":
			return sql.Named(name, strings.Join(b.ids, ","))
		case "text_a":
			return sql.Named(name, a.text)
		case "text_b":
			return sql.Named(name, b.text)
		}
		return r.arg("")(name)
	})
	if err != nil {
		return err
	}
	rep := &report.Report{Name: "diff_groups", Title: "agenttrace diff of two groups", GeneratedAt: e.now(), Zone: r.zone, Tables: append(coverage, tables...)}
	shared := len(a.ids) + len(b.ids) - len(union(a.ids, b.ids))
	rep.Head = []report.Field{{Name: "versions", Value: versions()}, {Name: "notices", Value: r.notices()}, {Name: "a", Value: a.text}, {Name: "b", Value: b.text}, {Name: "shared_session_count", Value: shared}}
	rep.Lead = []string{"A is the reference, B is held against it.", r.coverageLine(rep)}
	if shared > 0 {
		rep.Lead = append(rep.Lead, fmt.Sprintf("Mind that %s in both groups.", map[bool]string{true: "1 session is", false: fmt.Sprintf("%d sessions are", shared)}[shared == 1]))
	}
	rep.Lead = append(rep.Lead, r.notices()...)
	return r.write(rep)
}

func union(a, b []string) map[string]bool {
	all := map[string]bool{}
	for _, list := range [][]string{a, b} {
		for _, s := range list {
			all[s] = true
		}
	}
	return all
}
