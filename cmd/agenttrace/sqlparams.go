package main

import (
	"context"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/agenttrace/agenttrace/queries"
)

// sqlParams are the values bound to $name: those of -p, those of the common flags.
type sqlParams struct {
	given map[string]any // by -p: each has to be used
	flags map[string]any // by a flag: each has to be used, and the error names the flag
	quiet map[string]any // there if a query wants them
}

// parameters reads -p and the flags that bind a parameter.
func (o *sqlOptions) parameters(e *env, zone *time.Location) (sqlParams, error) {
	p := sqlParams{given: map[string]any{}, flags: map[string]any{}, quiet: map[string]any{"tz": zoneForSQL(zone, e.now())}}
	for _, text := range o.params {
		name, value, err := readParam(text)
		if err != nil {
			return p, err
		}
		p.given[name] = value
	}
	for name, text := range map[string]string{"since": o.since, "until": o.until} {
		if text == "" {
			continue
		}
		at, err := instant(name, text, zone, e.now())
		if err != nil {
			return p, err
		}
		p.flags[name] = at.UTC().Format("2006-01-02T15:04:05.999999Z07:00")
	}
	for name, list := range map[string][]string{"agent": o.agents, "project": o.projects, "model": o.models, "branch": o.branches} {
		switch len(list) {
		case 0:
		case 1:
			p.flags[name] = list[0]
		default:
			return p, usagef("$%s is one value: --%s can be given once here", name, name)
		}
	}
	for name := range p.flags {
		if _, both := p.given[name]; both {
			return p, usagef("--%s and -p %s=… cannot go together", name, name)
		}
	}
	return p, nil
}

// readParam reads name=value, or name=@file.
func readParam(text string) (name, value string, err error) {
	name, value, ok := strings.Cut(text, "=")
	name = strings.TrimPrefix(name, "$")
	if !ok || name == "" {
		return "", "", usagef("-p %s: want name=value", text)
	}
	if file, ok := strings.CutPrefix(value, "@"); ok {
		b, err := os.ReadFile(file)
		if err != nil {
			return "", "", err
		}
		value = string(b)
	}
	return name, value, nil
}

// value is what $name is bound to.
func (p sqlParams) value(name string) (any, bool) {
	for _, m := range []map[string]any{p.given, p.flags, p.quiet} {
		if v, ok := m[name]; ok {
			return v, true
		}
	}
	return nil, false
}

// checkUsed refuses values that no statement uses.
func (p sqlParams) checkUsed(statements []queries.Statement) error {
	used := map[string]bool{}
	for _, st := range statements {
		for _, param := range st.Params {
			used[param.Name] = true
		}
	}
	if idle := idleNames(p.given, used); len(idle) > 0 {
		return usagef("the query uses no parameter %s", strings.Join(idle, ", "))
	}
	if idle := idleNames(p.flags, used); len(idle) > 0 {
		return &usageError{
			text: fmt.Sprintf("--%s has no effect on agenttrace sql here: the query uses no $%s", idle[0], idle[0]),
			hint: fmt.Sprintf("the flag binds $%s, and the query says what to do with it", idle[0]),
		}
	}
	return nil
}

func idleNames(m map[string]any, used map[string]bool) []string {
	var out []string
	for name := range m {
		if !used[name] {
			out = append(out, name)
		}
	}
	sort.Strings(out)
	return out
}

// missing lists the parameters that nothing is bound to, in the order of their first use.
func (p sqlParams) missing(statements []queries.Statement) []queries.Param {
	var out []queries.Param
	seen := map[string]int{}
	for _, st := range statements {
		for _, param := range st.Params {
			if _, ok := p.value(param.Name); ok {
				continue
			}
			at, ok := seen[param.Name]
			if !ok {
				seen[param.Name] = len(out)
				out = append(out, param)
			} else if out[at].Type == "" {
				out[at].Type = param.Type
			}
		}
	}
	return out
}

// typed reports whether the text itself tells the type of each.
func typed(params []queries.Param) bool {
	for _, p := range params {
		if p.Type == "" {
			return false
		}
	}
	return true
}

// typeOf asks the engine for the types that the text does not tell.
func (r *sqlRun) typeOf(ctx context.Context, params []queries.Param, statements []queries.Statement) []queries.Param {
	for _, st := range statements {
		if len(st.Params) == 0 {
			continue
		}
		prepared, err := r.conn.Prepare(ctx, st.Text)
		if err != nil {
			continue // it may need a table that the statement before makes
		}
		for i := range params {
			if params[i].Type == "" {
				params[i].Type = prepared.Params[params[i].Name]
			}
		}
	}
	return params
}

// unbound is the error over parameters without a value.
func unbound(params []queries.Param) error {
	var names []string
	for _, p := range params {
		if p.Type == "" {
			p.Type = "VARCHAR unless cast"
		}
		names = append(names, fmt.Sprintf("$%s (%s)", p.Name, p.Type))
	}
	hint := "-p name=value binds one"
	if contains([]string{"since", "until", "agent", "project", "model", "branch"}, params[0].Name) {
		hint += fmt.Sprintf("; so does --%s", params[0].Name)
	}
	return &usageError{text: "unbound parameters: " + strings.Join(names, ", "), hint: hint}
}
