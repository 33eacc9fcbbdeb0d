package lake

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/agenttrace/agenttrace/schema"
	"github.com/agenttrace/agenttrace/schema/store"
	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// defaults are the relations that are exported when none is named: facts, and results that other engines
// then need not compute.
var defaults = []string{
	"sessions_v1", "projects_v1", "runs_v1", "turns_v1", "messages_v1", "model_calls_v1", "model_call_costs_v1", "tool_calls_v1", "commands_v1",
	"file_changes_v1", "file_reads_v1", "session_events_v1", "errors_v1",
	"session_metrics_v1", "run_metrics_v1", "turn_metrics_v1", "session_time_v1", "session_context_v1", "session_verification_v1",
	"session_health_v1", "session_health_v2", "health_explanations_v2", "anomalies_v1", "usage_by_day_v1",
}

// daily is the one macro among the tables, for days of UTC.
const daily = "usage_by_day_v1"

const rawPrefix = "raw_"

// A table is one relation as it is exported.
type table struct {
	name    string
	from    string // FROM and WHERE
	at      string // the instant that rows are sorted by
	month   string
	sum     string // checksum of the definition
	columns []exported
}

// An exported column is a Column and how it is computed.
type exported struct {
	Column
	expr string
}

func rawTables() []string {
	out := []string{rawPrefix + "sources"}
	for _, r := range schema.Rows() {
		out = append(out, rawPrefix+r.TableName())
	}
	return out
}

// choose resolves names of relations: families stand for their current version, raw for all raw tables.
func choose(names []string) ([]string, error) {
	raw := rawTables()
	if len(names) == 0 {
		return append(raw, defaults...), nil
	}
	set, err := sqlfiles.Views()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, n := range names {
		n = strings.ToLower(strings.TrimSpace(n))
		switch {
		case n == "raw":
			out = append(out, raw...)
			continue
		case slices.Contains(raw, n):
			out = append(out, n)
			continue
		case n == daily || n == strings.TrimSuffix(daily, "_v1"):
			out = append(out, daily)
			continue
		}
		found := ""
		for _, d := range set.Definitions {
			if d.Name == n || d.Family == n && d.Status == sqlfiles.Current {
				if d.Params != nil {
					return nil, fmt.Errorf("%s takes arguments: ask it with agenttrace sql", n)
				}
				found = d.Name
			}
		}
		if found == "" {
			return nil, &UnknownError{Name: n, Known: known(set, raw)}
		}
		out = append(out, found)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// An UnknownError names a relation that is not there.
type UnknownError struct {
	Name  string
	Known []string
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("there is no relation %s to export", e.Name)
}

func known(set *sqlfiles.Set, raw []string) []string {
	out := append([]string{"raw", "usage_by_day"}, raw...)
	for _, d := range set.Definitions {
		if d.Params == nil {
			out = append(out, d.Family)
		}
	}
	return out
}

// describe works out how a relation is exported.
func (x *Export) describe(ctx context.Context, name string) (*table, error) {
	t := &table{name: name}
	relation := "main." + name
	raw, isRaw := strings.CutPrefix(name, rawPrefix)
	if isRaw {
		relation = "raw." + raw
	}
	if name == daily {
		relation = "main.usage_by_v1('day', 'UTC')"
	}
	columns, err := x.columnsOf(ctx, relation)
	if err != nil {
		return nil, err
	}
	isID := map[string]bool{} // ids are texts in the relations, and no words
	if !isRaw {
		set, err := sqlfiles.Views()
		if err != nil {
			return nil, err
		}
		d := set.Get(name)
		if name == daily {
			d = set.Get("usage_by_v1")
		}
		t.sum = d.DeepSum
		for _, c := range d.Columns {
			isID[c.Name] = strings.HasPrefix(c.Type, "UBIGINT")
		}
	}
	has := func(n string) bool {
		return slices.ContainsFunc(columns, func(c Column) bool { return c.Name == n })
	}
	t.from = "FROM " + relation + " AS r"
	if isRaw {
		x.rawTable(t, raw, has)
		if raw == "sources" {
			columns = append(columns, Column{Name: "content", Type: "VARCHAR"})
		}
		if raw == "commands" {
			// What the rules say of a command needs its text, which stays here.
			columns = append(columns, Column{Name: "rest", Type: "VARCHAR"}, Column{Name: "command_class", Type: "VARCHAR"},
				Column{Name: "verification_kind", Type: "VARCHAR"}, Column{Name: "is_destructive", Type: "BOOLEAN"})
		}
	} else {
		x.relation(t, has)
	}
	for _, c := range columns {
		policy := policyOf(c.Name, c.Type)
		if isID[c.Name] && policy == PolicyText {
			policy = PolicyKeep
		}
		if policy == PolicyOmit && !isRaw {
			policy = PolicyText
		}
		if policy == PolicyOmit || policy == PolicyText && isRaw && name == rawPrefix+"texts" && x.o.Content == "none" && c.Name == "body" {
			continue
		}
		t.columns = append(t.columns, x.column(c, policy, has))
	}
	return t, nil
}

// rawTable joins a raw table with its sources, which say whose and of which month a row is: a log file lies
// whole in the month in which it was last written to.
func (x *Export) rawTable(t *table, raw string, has func(string) bool) {
	t.from += " JOIN temp.lake_sources AS o USING (source_id)"
	t.month = "o.month"
	t.at = instantOf(has, "NULL::TIMESTAMPTZ")
	if has("session_id") {
		t.from += " LEFT JOIN temp.lake_sessions AS s ON s.session_key = r.session_id"
	}
	switch raw {
	case "sources":
		t.at = "r.modified_at"
	case "commands":
		t.from += " LEFT JOIN raw.command_texts AS x ON x.command_key = r.command_key LEFT JOIN raw.command_classes AS c ON c.command_key = r.command_key"
	case "texts":
		if x.o.Content == "none" {
			t.from += " WHERE false"
		}
	}
}

// relation finds the instant of each row: its own, that of its tool call, or the start of its session.
func (x *Export) relation(t *table, has func(string) bool) {
	t.at = "NULL::TIMESTAMPTZ"
	switch {
	case t.name == "projects_v1":
		t.from += " JOIN (SELECT project_id, min(started_at) AS at FROM temp.lake_sessions GROUP BY project_id) AS p USING (project_id)"
		t.at = "p.at"
	case t.name == daily:
		t.from += " WHERE r.machine_id = " + store.Quote(x.machine)
		t.at = "r.period AT TIME ZONE 'UTC'"
	case has("session_id"):
		t.from += " JOIN temp.lake_sessions AS s ON s.session_id = r.session_id"
		t.at = instantOf(has, "s.started_at")
		if has("tool_call_id") && t.at == "s.started_at" {
			x.calls = true
			t.from += " LEFT JOIN temp.lake_calls AS k ON k.tool_call_id = r.tool_call_id"
			t.at = "coalesce(k.at, s.started_at)"
		}
	}
	t.month = fmt.Sprintf("coalesce(strftime((%s) AT TIME ZONE 'UTC', '%%Y-%%m'), %s)", t.at, store.Quote(unknownMonth))
}

func instantOf(has func(string) bool, otherwise string) string {
	for _, c := range []string{"occurred_at", "requested_at", "started_at", "quarter_at"} {
		if has(c) {
			if otherwise == "NULL::TIMESTAMPTZ" {
				return "r." + c
			}
			return fmt.Sprintf("coalesce(r.%s, %s)", c, otherwise)
		}
	}
	return otherwise
}

// column is the expression that exports a column: of a type that every engine reads, with what its policy
// leaves of its values.
func (x *Export) column(c Column, policy string, has func(string) bool) exported {
	e := "r." + c.Name
	switch c.Name {
	case "content":
		e = store.Quote(x.o.Content)
	case "rest":
		e = "x.rest"
	case "command_class", "is_destructive":
		if has("command_key") {
			e = "c." + c.Name
		}
	case "verification_kind":
		if has("command_key") {
			e = "c.verification_kind"
		}
	}
	switch c.Type {
	case "UBIGINT":
		e, c.Type = "lower(hex("+e+"))", "VARCHAR"
	case "UBIGINT[]":
		e, c.Type = fmt.Sprintf("list_transform(%s, lambda id: lower(hex(id)))", e), "VARCHAR[]"
	case "HUGEINT":
		e, c.Type = e+"::BIGINT", "BIGINT"
	case "TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS":
		e, c.Type = e+"::TIMESTAMP AT TIME ZONE 'UTC'", "TIMESTAMP WITH TIME ZONE"
	}
	base := "''"
	if has("session_id") && !x.o.Anonymize {
		base = "coalesce(s.workspace, '')"
	}
	preview := x.o.Content == "preview"
	clean := redacted(e, c.Type)
	switch policy {
	case PolicyName:
		e = clean
	case PolicyProject:
		e = choice(x.o.Anonymize, fmt.Sprintf("lake_path(%s, '')", e), clean)
	case PolicyFolder:
		e = choice(x.o.Anonymize, fmt.Sprintf("lake_folder(%s)", e), clean)
	case PolicyUser:
		e = choice(x.o.Anonymize, fmt.Sprintf("lake_hash(%s)", e), clean)
	case PolicyHash:
		e = choice(x.o.Anonymize && c.Type == "VARCHAR", fmt.Sprintf("lake_hash(%s)", e), e)
	case PolicyPath:
		e = choice(preview, clean, fmt.Sprintf("lake_path(%s, %s)", e, base))
	case PolicyText:
		e = choice(preview, clean, "NULL::"+c.Type)
	case PolicyDetail:
		isPath := `regexp_matches(r.detail, '^(/|~|[A-Za-z]:[/\\])')`
		path := fmt.Sprintf("lake_path(r.detail, %s)", base)
		e = fmt.Sprintf("CASE WHEN %s THEN %s ELSE %s END", isPath, choice(preview, clean, path), clean)
		if x.o.Anonymize {
			e = fmt.Sprintf("CASE WHEN r.event IN ('branch_changed', 'workspace_changed') OR %s THEN %s ELSE %s END", isPath, "lake_path(r.detail, '')", clean)
		}
	}
	c.Policy = policy
	return exported{Column: c, expr: e}
}

// redacted hides secrets. What is shorter than any of them is not looked at.
func redacted(e, dataType string) string {
	if dataType == "VARCHAR[]" {
		return fmt.Sprintf("list_transform(%s, lambda t: CASE WHEN length(t) >= 8 THEN lake_redact(t) ELSE t END)", e)
	}
	return fmt.Sprintf("CASE WHEN length(%[1]s) >= 8 THEN lake_redact(%[1]s) ELSE %[1]s END", e)
}

func choice(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}
